from __future__ import annotations

import os
import re
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigurationError
from config.load import config_file, load
from config.schema import Configuration
from config.template import render

NOTHING: dict[str, str] = {}
SECRET = "hunter2hunter2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str | bytes, name: str = "pressmark.yaml") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def problems(text: str | bytes, folder: Path, environ: dict[str, str] = NOTHING) -> list[str]:
    """The lines of the message, without the folder."""
    file = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load(file, environ)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_defaults_without_a_file(folder: Path) -> None:
    configuration = load(environ=NOTHING)
    assert configuration.home == folder / "data"
    assert configuration.collection_uri == str(folder / "data/collection")
    assert configuration.index_url == f"sqlite:///{folder}/data/index.db"
    assert configuration.state_url == f"sqlite:///{folder}/data/state.db"
    assert configuration.agent == "Pressmark/0.1.0"
    assert configuration.text.workers == len(os.sched_getaffinity(0))
    assert configuration.sources == ()


@pytest.mark.parametrize(
    "text",
    ["public_read: true", "serve: {public_read: true}", "public_read: true\nserve: {port: 1}"],
)
def test_public_read_may_stand_in_two_places(folder: Path, text: str) -> None:
    write(folder, text)
    assert load(environ=NOTHING).serve.public_read
    write(folder, "serve: {port: 1}")
    assert not load(environ=NOTHING).serve.public_read


def test_which_file_is_read(folder: Path) -> None:
    assert config_file(environ=NOTHING) is None
    write(folder, "contact: c@example.org")
    write(folder, "contact: other@example.org", "other.yaml")
    assert load(environ=NOTHING).contact == "c@example.org"
    assert load(environ={"PRESSMARK_CONFIG": "other.yaml"}).contact == "other@example.org"
    assert load(environ={"PRESSMARK_CONFIG": ""}).contact == "c@example.org"
    assert load(folder / "other.yaml", NOTHING).contact == "other@example.org"


def test_a_named_file_that_is_missing(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^gone\.yaml: cannot be read: No such file"):
        load(environ={"PRESSMARK_CONFIG": "gone.yaml"})
    with pytest.raises(ConfigurationError, match="Is a directory"):
        load(folder, NOTHING)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeffcontact: a@example.org\n"])
def test_files_that_say_little(folder: Path, text: str) -> None:
    assert isinstance(load(write(folder, text), NOTHING), Configuration)


def test_the_example_of_the_documentation(folder: Path) -> None:
    file = write(
        folder,
        """
contact: https://example.org/about-our-archive
home: data
collection: s3://press-archive/main
mirror: file:///mnt/second
allow_networks: []
defaults: {delay: 1.0, concurrency: 2, robots: obey, depth: 1, limit: 1000,
           schedule: every 2h, requisites: true}
sources:
  - name: bhrrc
    seeds: [https://www.business-humanrights.org/en/latest-news/]
    feeds: []
    sitemaps: []
    sections: []
    include: ["/en/latest-news/"]
    schedule: "0 */2 * * *"
  - name: other
    feeds: [https://example.org/feed.xml]
    delay: 0
""",
    )
    configuration = load(file, NOTHING)
    assert configuration.agent == "Pressmark/0.1.0 (+https://example.org/about-our-archive)"
    assert configuration.collection_uri == "s3://press-archive/main"
    bhrrc = configuration.source("bhrrc")
    assert (bhrrc.schedule, bhrrc.delay) == ("0 */2 * * *", 1.0)
    assert configuration.source("other").schedule == "every 2h"
    assert configuration.source("other").delay == 0


def test_what_a_source_says_wins_even_where_it_says_the_usual(folder: Path) -> None:
    file = write(
        folder,
        "defaults: {robots: ignore, schedule: every 1h, limit: 5}\n"
        "sources: [{name: a, seeds: [http://x.example/], robots: obey, schedule: null}]",
    )
    source = load(file, NOTHING).source("a")
    assert (source.robots, source.schedule, source.limit) == ("obey", None, 5)


def test_an_unknown_source_names_the_known_ones(folder: Path) -> None:
    file = write(folder, "sources: [{name: bhrrc, seeds: [http://x.example/]}]")
    with pytest.raises(ConfigurationError) as caught:
        load(file, NOTHING).source("bhrc")
    assert str(caught.value) == ("there is no source 'bhrc' (did you mean 'bhrrc'?); known: bhrrc")
    with pytest.raises(ConfigurationError, match="none is configured"):
        Configuration().source("x")


def test_relative_folders_count_from_the_file_or_from_the_working_directory(folder: Path) -> None:
    inner = folder / "etc"
    inner.mkdir()
    file = write(inner, "collection: kept\ns3: {ca_bundle: ca.pem}\ndatabase: sqlite:///x/i.db")
    configuration = load(file, NOTHING)
    assert configuration.home == inner / "data"
    assert configuration.collection_uri == str(inner / "kept")
    assert configuration.s3.ca_bundle == inner / "ca.pem"
    assert configuration.index_url == f"sqlite:///{inner}/x/i.db"
    assert configuration.state_url == f"sqlite:///{inner}/x/i-state.db"
    environ = {
        "PRESSMARK_HOME": "h",
        "PRESSMARK_COLLECTION": "c",
        "AWS_CA_BUNDLE": "b.pem",
        "PRESSMARK_DATABASE_URL": "sqlite:////abs/i.db",
    }
    configuration = load(file, environ)
    assert configuration.home == folder / "h"
    assert configuration.collection_uri == str(folder / "c")
    assert configuration.s3.ca_bundle == folder / "b.pem"
    assert configuration.index_url == "sqlite:////abs/i.db"


def test_the_own_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert load(write(folder, "home: ~/news"), NOTHING).home == Path("/somewhere/news")


def test_environment_variables_win(folder: Path) -> None:
    file = write(
        folder,
        "allow_networks: [10.0.0.0/8]\n"
        "s3: {access_key_id: old, secret_access_key: old, session_token: old, region: old}\n",
    )
    environ = {
        "PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8, ::1/128",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "second",
        "AWS_REGION": "first",
        "AWS_ENDPOINT_URL": "http://any.example",
        "AWS_ENDPOINT_URL_S3": "http://s3.example",
    }
    configuration = load(file, environ)
    assert configuration.allow_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    s3 = configuration.s3
    assert s3.secret_access_key is not None
    assert s3.secret_access_key.get_secret_value() == SECRET
    assert (s3.access_key_id, s3.region, s3.endpoint_url) == ("key", "first", "http://s3.example")
    assert s3.session_token is None, "the file's token belongs to the file's key"
    assert SECRET not in repr(configuration)


def test_an_empty_variable_counts_as_none(folder: Path) -> None:
    file = write(folder, "home: /h\nallow_networks: [10.0.0.0/8]")
    configuration = load(file, {"PRESSMARK_HOME": "", "PRESSMARK_ALLOW_NETWORKS": ""})
    assert configuration.home == Path("/h")
    assert configuration.allow_networks == (ip_network("10.0.0.0/8"),)


def test_a_wrong_variable_is_named(folder: Path) -> None:
    environ = {"PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8,home", "AWS_ENDPOINT_URL_S3": "s3.example"}
    with pytest.raises(ConfigurationError) as caught:
        load(environ=environ)
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        "environment variable AWS_ENDPOINT_URL_S3: endpoint_url: 's3.example' is not an http"
    )
    assert second.startswith(
        "environment variable PRESSMARK_ALLOW_NETWORKS: allow_networks: 'home' is not a network"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "contcat: x",
            "1:1: unknown key 'contcat' (did you mean 'contact'?); allowed here: allow_",
        ),
        ("contact: a@b\ns3:\n  regoin: x", "3:3: unknown key 'regoin' (did you mean 'region'?)"),
        ("home: 3", "1:7: home: 3 is not allowed; allowed: a folder"),
        ("home: a?b", "1:7: home: the name of this folder must not have a question mark"),
        ("text:", "1:1: text has no value; allowed: a mapping of keys"),
        ("limits: 32", "1:9: limits: 32 is not allowed; allowed: a mapping of keys"),
        ("limits: {page: 0}", "1:16: page: 0 is not allowed; allowed: a number of bytes above 0"),
        ("keep_secrets: 1", "1:15: keep_secrets: 1 is not allowed; allowed: true or false"),
        ("store_wait: soon", "1:13: store_wait: 'soon' is not a length of time; allowed: seconds"),
        ("collection: ftp://x", "1:13: collection: 'ftp://x' is not a place for a collection"),
        ("collection: s3://", "1:13: collection: 's3://' is not a place for a collection"),
        ('contact: "a\\nb"', "1:10: contact: 'a\\nb' cannot stand in a user agent"),
        ("defaults: {depth: true}", "1:19: depth: True is not allowed; allowed: a whole number"),
        ("defaults: {seeds: []}", "1:12: unknown key 'seeds'"),
        ("sources:", "1:1: sources has no value; allowed: a list of sources"),
        ("sources: [x]", "1:11: sources: 'x' is not allowed; allowed: a list of sources"),
        ("sources: [{seeds: [http://x]}]", "1:11: the key 'name' is missing; allowed: 1 to 40"),
        ("sources:\n- name: a", "2:3: source 'a' has nothing to start from: give at least one"),
        ("sources: [{name: A b, seeds: [http://x]}]", "1:18: name: 'A b' is not a name of a"),
        ("sources: [{name: ondemand, seeds: [http://x]}]", "1:18: name: 'ondemand' is reserved"),
        ("sources: [{name: a, seeds: http://x}]", "1:28: seeds: 'http://x' is not allowed; all"),
        ("sources: [{name: a, seeds: ['http:x']}]", "1:29: seeds: 'http:x' is not an http or"),
        (
            "sources:\n  - name: a\n    seeds: [http://x]\n    include:\n      - b\n      - '('",
            "6:9: include: '(' is not a regular expression: missing )",
        ),
        (
            "sources:\n  - {name: a, seeds: [http://x]}\n  - {name: a, seeds: [http://x]}",
            "3:12: there is a source 'a' already",
        ),
        ("home: a\nhome: b", "2:1: 'home' is given twice, first in line 1"),
        ("s3: {region: a, region: b}", "1:17: 'region' is given twice, first in line 1"),
        ("1: x", "1:1: a key must be a text"),
        ("- a", "1:1: a mapping of keys is expected here"),
        ("home: [", "1:8: this is not YAML: expected the node content, but found '<stream end>'"),
        ("defaults:\n  schedule: */2 * * * *", "2:14: this is not YAML: "),
        ("a: 1\n---\nb: 2", "2:1: this is not YAML: but found another document"),
        ("home: !!python/object:os.system x", "1:7: this is not YAML: could not determine a"),
        ("home: a\nb: \x07", "2:4: the character 7 is not allowed in YAML"),
        (b"home: a\nb: \xff", "2:4: this is not UTF-8"),
        ("database: postgresql://h", "1:11: database: this is not the URL of a PostgreSQL"),
        ("database: postgresql+asyncpg://h/db", "1:11: database: this is not the URL of a Postgr"),
        ("database: mysql://h/db", "1:11: database: this is not the URL of a database"),
    ],
)
def test_each_mistake_has_its_place_and_says_what_is_allowed(
    folder: Path, text: str | bytes, line: str
) -> None:
    (only,) = problems(text, folder)
    assert only.startswith(f"pressmark.yaml:{line}")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("defaults:\n\tdelay: 1", "put spaces in the place of the tab"),
        ("defaults:\n  delay: 1\n depth: 2", "keys that belong together begin in the same column"),
        ("home: a\n contact: b", "keys that belong together begin in the same column"),
        ("sources:\n  - name: a\n - name: b", "and so do the items of a list"),
        ("home: a: b", "a text with a colon and a space in it needs quotes"),
        ("sources: [{include: [*.html]}]", "a text that begins with * "),
        ("home: *x", "a text that begins with * "),
        ("user_agent: %x", "or % or @ or ` needs quotes"),
        ("contact: @x", "or % or @ or ` needs quotes"),
        ("home: !x", "or ! or % or @"),
        ("home: [", "found '<stream end>'"),
        ("home: 'a", "found unexpected end of stream"),
    ],
)
def test_what_is_no_yaml_is_told_with_the_remedy_of_that_mistake_alone(
    folder: Path, text: str, remedy: str
) -> None:
    (only,) = problems(text, folder)
    assert "this is not YAML" in only
    assert remedy in only
    hints = ("place of the tab", "in the same column", "begins with *", "stream")
    assert sum(hint in only for hint in hints) == 1


def test_all_mistakes_are_told_at_once_in_their_order(folder: Path) -> None:
    text = "hom: x\nstore_wait: soon\nlimits: {page: big, page: 3}\nkeep_secrets: perhaps"
    places = [line.split(": ")[0] for line in problems(text, folder)]
    assert places == [f"pressmark.yaml:{n}" for n in ("1:1", "2:13", "3:21", "4:15")]


@pytest.mark.parametrize(
    "text",
    [
        f"proxy: {SECRET}@x",
        f"proxy: ftp://u:{SECRET}@x/",
        f"database: postgresql://u:{SECRET}@h",
        f"database: postgresql://u:{SECRET}@h@/db",
        f"database: mysql://u:{SECRET}@h/db",
        f"collection: s3://u:{SECRET}@h/db",
        f"s3: {{secret_access_key: [{SECRET}]}}",
        f"s3: {{session_token: {{a: {SECRET}}}}}",
        f"secrets: {SECRET}",
        f"sources: [{{name: a, seeds: [http://x], headers: {{X-Key: [{SECRET}]}}}}]",
        f'sources: [{{name: a, seeds: [http://x], headers: {{X-Key: "{SECRET}\\n"}}}}]',
        f"sources: [{{name: a, seeds: [http://x], headers: {{X Key: {SECRET}}}}}]",
        f"sources: [{{name: a, seeds: ['htp://u:{SECRET}@x']}}]",
    ],
)
def test_no_secret_is_repeated(folder: Path, text: str) -> None:
    (only,) = problems(text, folder)
    assert SECRET not in only
    assert only.startswith("pressmark.yaml:1:")


def test_secrets_are_gathered_and_not_shown(folder: Path) -> None:
    file = write(
        folder,
        f"secrets: [{SECRET}]\nproxy: http://u:{SECRET}@p.example:3128\n"
        "sources: [{name: a, seeds: [http://x], headers: {X-Key: abcdefgh, X-Lang: en}}]",
    )
    configuration = load(file, NOTHING)
    assert configuration.secret_values == (SECRET, "abcdefgh")
    assert SECRET not in repr(configuration)
    assert "abcdefgh" not in repr(configuration)


def test_anchors_and_merged_keys_work_and_are_placed(folder: Path) -> None:
    text = (
        "sources:\n  - &a {name: a, seeds: [http://x], delay: 3}\n  - {<<: *a, name: b, delay: 4}\n"
    )
    sources = load(write(folder, text), NOTHING).sources
    assert [(s.name, s.delay) for s in sources] == [("a", 3), ("b", 4)]
    (only,) = problems(text.replace("delay: 4", "delay: x"), folder)
    assert only.startswith("pressmark.yaml:3:30: delay: 'x' is not")


def test_a_document_that_contains_itself(folder: Path) -> None:
    assert problems("s3: &a {region: *a}", folder)


@given(text=st.text())
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = write(tmp_path_factory.getbasetemp(), text)
    with suppress(ConfigurationError):
        load(file, NOTHING)


def test_the_configuration_does_not_change(folder: Path) -> None:
    configuration = load(environ=NOTHING)
    with pytest.raises(ValueError, match="frozen"):
        configuration.contact = "x"


def test_the_template_gives_the_defaults(folder: Path) -> None:
    contact = "https://example.org/\"'#:x"
    written = load(write(folder, render(contact)), NOTHING)
    assert written == Configuration(home=folder / "data", contact=contact)
    assert load(write(folder, render()), NOTHING).contact is None


def test_a_contact_is_checked_wherever_it_comes_from(folder: Path) -> None:
    configuration = load(write(folder, "store_wait: 5"), NOTHING).with_contact("a@example.org")
    assert (configuration.contact, configuration.store_wait) == ("a@example.org", 5)
    for refuse in (render, Configuration().with_contact):
        with pytest.raises(ConfigurationError, match="cannot be a contact"):
            refuse("a\r\nX-Injected: 1")
        with pytest.raises(ConfigurationError, match="cannot be a contact"):
            refuse("nonsense")


def test_the_dump_of_a_configuration_can_be_read_again(folder: Path) -> None:
    text = (
        "allow_networks: [10.0.0.0/8]\nsecrets: [abcdef]\ndefaults: {delay: 3}\n"
        "sources: [{name: a, seeds: [http://x], headers: {X-Key: abcdefgh}}]"
    )
    configuration = load(write(folder, text), NOTHING)
    assert Configuration.model_validate(configuration.model_dump()) == configuration


def test_the_template_shows_the_defaults(folder: Path) -> None:
    """Lines that begin with "#" and no space, or two, are keys that are commented out."""
    text = re.sub(r"^#(?! \S)", "", render("x@example.org"), flags=re.MULTILINE)
    text = text.replace("  endpoint_url: https://s3.example.org\n  region: us-east-1", "  {}")
    shown = load(write(folder, text), NOTHING)
    assert [source.name for source in shown.sources] == ["example"]
    usual = {"contact": "x@example.org", "sources": (), "collection": None}
    assert shown.collection_uri == str(folder / "data/collection")
    assert shown.model_copy(update=usual) == Configuration(
        home=folder / "data", contact="x@example.org"
    )


def test_protection_of_objects(tmp_path: Path) -> None:
    file = tmp_path / "pressmark.yaml"
    file.write_text(
        "s3:\n  object_lock: {mode: compliance, days: 30}\n"
        "  encryption: {algorithm: 'aws:kms', key: a}\n"
    )
    s3 = load(file, {}).s3
    assert (s3.object_lock.mode, s3.object_lock.days) == ("compliance", 30)
    assert (s3.encryption.algorithm, s3.encryption.key) == ("aws:kms", "a")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("object_lock: {mode: governance}", "give both mode and days"),
        ("object_lock: {days: 3}", "give both mode and days"),
        ("object_lock: {mode: legal, days: 3}", "governance or compliance"),
        ("object_lock: {mode: governance, days: 0}", "a whole number from 1"),
        ("encryption: {algorithm: rot13}", "AES256 or aws:kms"),
        ("encryption: {algorithm: AES256, key: a}", "a key goes with the algorithm aws:kms"),
        ("encryption: {key: a}", "a key goes with the algorithm aws:kms"),
    ],
)
def test_protection_that_cannot_be(tmp_path: Path, keys: str, said: str) -> None:
    file = tmp_path / "pressmark.yaml"
    file.write_text(f"contact: a@example.org\ns3:\n  {keys}\n")
    with pytest.raises(ConfigurationError) as error:
        load(file, {})
    assert said in str(error.value)
    assert ":3:" in str(error.value)


def test_where_the_state_is(tmp_path: Path) -> None:
    for database, state in (
        ("sqlite:////srv/news.db", "sqlite:////srv/news-state.db"),
        ("postgresql://archive@db/pressmark", "postgresql://archive@db/pressmark"),
    ):
        assert load(environ={"PRESSMARK_DATABASE_URL": database}).state_url == state
    assert load(environ={"PRESSMARK_HOME": str(tmp_path)}).state_url == (
        f"sqlite:///{tmp_path}/state.db"
    )
