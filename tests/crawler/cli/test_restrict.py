"""`restrict`, and `--withheld` of `list` and `get`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive.collection import Collection
from tests.crawler.cli.command import Command
from tests.exchanges import page, response
from tests.keeping import archive_messages

URL = "https://example.org/a"
REASON = "Die Quelle ist in Gefahr"


@pytest.fixture
def captured(collection: Collection) -> str:
    """Two captures of URL, one of another page; the digest of the second."""
    captures = archive_messages(
        collection,
        (URL, page("one"), 0),
        (URL, page("two"), 3600),
        ("https://example.org/b", response(b"moved", b"Location: /a", status=b"301 Moved"), 0),
    )
    return captures[1].digest


def _line(out: bytes) -> dict[str, object]:
    line: dict[str, object] = json.loads(out)
    return line


@pytest.mark.usefixtures("captured")
def test_what_is_withheld_is_for_the_operator_alone(command: Command) -> None:
    status, out, err = command("restrict", URL, "--to", "20261122103000", "--reason", REASON)
    assert (status, err) == (0, "")
    id_, told, what = out.decode().strip().split("  ")
    assert (told, what) == ("1 capture withheld", f"{URL} to 20261122103000")
    assert len(command("list", URL)[1].splitlines()) == 1
    assert b"two" in command("get", URL, "--at", "20261122100000")[1]
    status, out, err = command("list", URL, "--withheld")
    assert (status, len(out.splitlines())) == (0, 2)
    assert err.count(f"withheld by {id_}: {REASON}") == 1
    status, out, err = command("get", URL, "--at", "20261122100000", "--withheld")
    assert (status, b"one" in out) == (0, True)
    assert REASON in err
    status, out, err = command("get", URL, "--withheld")
    assert (status, b"two" in out, err) == (0, True, "")


@pytest.mark.usefixtures("captured")
def test_a_decision_that_fits_no_capture_is_said_to(command: Command) -> None:
    status, out, err = command("restrict", "example.org/never", "--reason", REASON)
    assert status == 0
    assert b"0 captures withheld  http://example.org/never" in out
    assert f"--lift {out.split()[0].decode()}" in err


@pytest.mark.usefixtures("captured")
def test_a_url_without_a_scheme_is_of_http(command: Command) -> None:
    assert len(command("list", "example.org", "--match", "domain")[1].splitlines()) == 3
    for name in ("get", "versions", "restrict"):
        arguments = ["--reason", REASON] if name == "restrict" else []
        assert command(name, "example.org/a", *arguments)[0] == 0
    assert command("list", "ftp://example.org/a")[0] == 2


def test_a_url_that_is_withheld_whole_is_said_to_be(command: Command, captured: str) -> None:
    assert command("restrict", URL, "--reason", REASON)[0] == 0
    for asked in (["list", URL], ["get", URL], ["get", URL, "--as", "json"]):
        status, out, err = command(*asked)
        assert (status, out) == (1, b"")
        assert "--withheld" in err
        assert REASON not in err
    # A redirect to it is shown, and not followed.
    assert b"moved" in command("get", "https://example.org/b")[1]
    status, out, _ = command("restrict", captured, "--reason", "another", "--json")
    assert (status, _line(out)["captures"]) == (0, 1)
    err = command("get", URL, "--withheld")[2]
    assert REASON in err
    assert "another" in err


@pytest.mark.usefixtures("captured")
def test_the_list_tells_what_became_of_each(command: Command) -> None:
    first = _line(command("restrict", URL, "--reason", REASON, "--json")[1])
    second = _line(
        command("restrict", URL, "--match", "host", "--until", "2999", "--reason", "x", "--json")[1]
    )
    assert (first["captures"], second["captures"]) == (2, 3)
    status, out, _ = command("restrict", "--lift", str(first["id"]), "--reason", "settled")
    assert (status, b"lifted; 2 captures" in out) == (0, True)
    rows = command("restrict", "--list")[1].decode().splitlines()
    lines = [_line(line) for line in command("restrict", "--list", "--json")[1].splitlines()]
    lifted = lines[0]["lifted"]
    assert isinstance(lifted, dict)
    when = f"{lifted['created'][:10]} {lifted['created'][11:16]} UTC"
    assert rows == [
        f"{first['id']}  lifted {when}: settled  {URL}  {REASON}",
        f"{second['id']}  in force  {URL} (host) until 29990101000000  x",
    ]
    assert [one["in_force"] for one in lines] == [False, True]
    assert list(lines[0]) == [
        "id", "url", "match", "from", "to", "digest", "until", "reason", "created", "in_force",
        "lifted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([URL], "a reason is missing"),
        ([URL, "--reason", " "], "a reason is missing"),
        (["--reason", REASON], "digest of a payload"),
        (
            ["ftp://example.org", "--reason", REASON],
            "'ftp://example.org' is not an http or https URL",
        ),
        (["sha256:abc", "--reason", REASON], "64 hex digits"),
        (["sha256:" + "a" * 64, "--match", "host", "--reason", REASON], "go with a URL"),
        ([URL, "--until", "2020", "--reason", REASON], "is over already"),
        ([URL, "--from", "2026", "--to", "2025", "--reason", REASON], "`from` is later than `to`"),
        (["--list", "--reason", REASON], "--list goes without --reason"),
        ([URL, "--lift", "x"], "--lift goes without URL"),
        (["--lift", "x"], "--lift goes with --reason"),
        (["--lift", "x", "--reason", " "], "--lift goes with --reason"),
        (["--list", "--lift", "x"], "--list goes without --lift"),
        ([URL, "--match", "all", "--reason", REASON], "--match"),
    ],
)
def test_wrong_usage_withholds_nothing(command: Command, arguments: list[str], said: str) -> None:
    Path("data").mkdir()
    status, out, err = command("restrict", *arguments)
    assert (status, out) == (2, b"")
    assert said in err
    assert not list(Path("data").rglob("access"))


def test_what_is_not_restricted_cannot_be_lifted(command: Command) -> None:
    Path("data").mkdir()
    unknown = "20261122093000123-k3m5p7r2t4"
    status, out, err = command("restrict", "--lift", unknown, "--reason", "settled")
    assert (status, out) == (1, b"")
    assert "pressmark restrict --list" in err


def test_what_is_lifted_already_is_not_lifted_again(command: Command) -> None:
    Path("data").mkdir()
    made = _line(command("restrict", URL, "--reason", REASON, "--json")[1])
    lift = ("restrict", "--lift", str(made["id"]), "--reason")
    assert command(*lift, "settled")[0] == 0
    written = sorted(Path("data/collection/access").rglob("*.json"))
    status, out, err = command(*lift, "once more")
    assert (status, out) == (1, b"")
    assert f"the restriction '{made['id']}' was lifted on " in err
    assert "Traceback" not in err
    assert sorted(Path("data/collection/access").rglob("*.json")) == written
    listed = _line(command("restrict", "--list", "--json")[1])["lifted"]
    assert isinstance(listed, dict)
    assert listed["reason"] == "settled"


def test_the_object_can_be_read_without_us(command: Command) -> None:
    Path("data").mkdir()
    made = _line(command("restrict", URL, "--match", "prefix", "--reason", REASON, "--json")[1])
    (path,) = Path("data/collection/access").rglob("*.json")
    assert path.name == f"{made['id']}.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    assert (fields["url"], fields["match"], fields["reason"]) == (URL, "prefix", REASON)


def test_a_store_that_is_away_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    Path("pressmark.yaml").write_text("collection: s3://nowhere/x\n", encoding="utf-8")
    status, out, err = command("restrict", URL, "--reason", REASON)
    assert (status, out) == (3, b"")
    assert "nothing is withheld" in err
    status, out, err = command("restrict", "--list")
    assert (status, out) == (3, b"")
    assert "elsewhere" in err
