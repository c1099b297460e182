"""What both origins answer about archived pages, over HTTP."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from archive.web.bodies import HELD
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.replay.staging import AT, HTML, PNG, Stage, file, html, staged
from tests.archive.web.serving import served
from tests.exchanges import response

SITE = "http://news.example"
PAGE = "<title>T</title><iframe src=/x></iframe>"
LONG = f"{PAGE}{' ' * HELD}"
GZIP = b"Content-Encoding: gzip"
MESSAGES = [
    html(f"{SITE}/", PAGE, b"Set-Cookie: a=1", b"X-Frame-Options: DENY", b"Refresh: 0"),
    html(f"{SITE}/", "<p>later", seconds=60),
    (f"{SITE}/gone", response(b"<p>gone", HTML, status=b"410 Gone"), 0),
    (f"{SITE}/odd", response(b"odd", b"Content-Type: text/plain", status=b"999 Odd"), 0),
    (f"{SITE}/moved", response(b"", b"Location: /?q=1#part", status=b"302 Found"), 0),
    (f"{SITE}/mail", response(b"x", b"Location: mailto:a@b.example", status=b"302 Found"), 0),
    (
        f"{SITE}/circle",
        response(b"x", b"Location: https://news.example/circle", status=b"301 M"),
        0,
    ),
    (
        f"{SITE}/coded",
        response(
            gzip.compress("<p>ночь".encode("cp1251")),
            b"Content-Type: text/html;charset=windows-1251",
            b"Content-Encoding: gzip",
        ),
        0,
    ),
    html(f"{SITE}/long", LONG),
    (f"{SITE}/long-coded", response(gzip.compress(LONG.encode()), HTML, GZIP), 0),
    (f"{SITE}/mislabelled", response(PAGE.encode(), HTML, GZIP), 0),
    (f"{SITE}/bare", response(b"  <!DOCTYPE html><p>x"), 0),
    (f"{SITE}/bare-coded", response(gzip.compress(b"<html><p>x"), GZIP), 0),
    (f"{SITE}/bytes", response(b"\0\1"), 0),
    file(f"{SITE}/a.png", PNG, "image/png"),
    html(f"{SITE}/withheld", "<p>a secret"),
    (f"{SITE}/to-withheld", response(b"", b"Location: withheld", status=b"302 Found"), 0),
    ("http://tls.example/", response(b"", b"Location: https://tls.example/", status=b"301 M"), 0),
    html("https://tls.example/", "<p>over TLS", seconds=30),
    (
        "http://www.example/",
        response(b"", b"Location: https://www.example/", status=b"301 M"),
        0,
    ),
    (
        "https://www.example/",
        response(b"", b"Location: https://home.example/", status=b"301 M"),
        5,
    ),
    html("https://home.example/", "<p>home", seconds=6),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage"), MESSAGES) as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as made:
        yield made


class Asking:
    """Both origins of a stage, by the second port."""

    def __init__(self, stage: Stage, client: httpx.Client) -> None:
        self.stage = stage
        self.main = stage.by_address
        self.replay = f"http://127.0.0.1:{stage.replay_port}"
        self._client = client

    def raw(self, url: str, at: str = AT, **headers: str) -> httpx.Response:
        return self.get(self.replay, f"/raw/{at}/{url}", **headers)

    def get(self, origin: str, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(method, f"{origin}{path}", headers=named)


@pytest.fixture
def asking(stage: Stage, client: httpx.Client) -> Asking:
    return Asking(stage, client)


# What goes wrong


def is_ours(answer: httpx.Response) -> bool:
    return (
        answer.headers["content-security-policy"] == "default-src 'none'"
        and answer.headers["x-content-type-options"] == "nosniff"
        and "Traceback" not in answer.text
    )


def test_a_defect_shows_nothing_of_itself(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("archive.web.replay.app.answer", fails)
    answer = asking.raw(f"{SITE}/")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert is_ours(answer)


# What the worker is given


@pytest.mark.parametrize(
    ("url", "status"), [(f"{SITE}/", "200"), (f"{SITE}/gone", "410"), (f"{SITE}/odd", "999")]
)
def test_any_capture_is_given_with_its_status_beside(asking: Asking, url: str, status: str) -> None:
    answer = asking.raw(url)
    assert answer.status_code == 200
    assert answer.headers["x-archive-status"] == status
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_headers_of_the_site_are_not_passed_on(asking: Asking) -> None:
    answer = asking.raw(f"{SITE}/")
    assert answer.headers.keys().isdisjoint({"set-cookie", "x-frame-options", "refresh"})


def test_frames_are_left_to_the_wrapper(asking: Asking) -> None:
    assert asking.raw(f"{SITE}/").text == PAGE.replace("src", "archived-src")
    assert asking.raw(f"{SITE}/a.png").content == PNG


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (f"{SITE}/moved", f"{SITE}/?q=1#part"),
        (f"{SITE}/mail", None),
        (f"{SITE}/circle", None),
        ("http://tls.example/", None),
        ("http://www.example/", "https://home.example/"),
    ],
)
def test_where_a_redirect_leads_is_told(asking: Asking, url: str, location: str | None) -> None:
    assert asking.raw(url).headers.get("x-archive-location") == location


def test_a_redirect_to_https_gives_what_is_there(asking: Asking) -> None:
    answer = asking.raw("http://tls.example/")
    assert (answer.text, answer.headers["x-archive-status"]) == ("<p>over TLS", "200")


def test_codings_are_undone_and_character_sets_kept(asking: Asking) -> None:
    answer = asking.raw(f"{SITE}/coded", accept_encoding="gzip")
    assert answer.headers["content-type"] == "text/html;charset=windows-1251"
    assert "content-encoding" not in answer.headers
    assert answer.content == "<p>ночь".encode("cp1251")


@pytest.mark.parametrize("path", ["/long", "/long-coded"])
def test_markup_that_is_too_long_to_be_changed_is_a_file(
    asking: Asking, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asking.raw(f"{SITE}{path}").text == LONG.replace("src", "archived-src")
    monkeypatch.setattr("archive.web.replay.answers._LONGEST_MARKUP", HELD)
    answer = asking.raw(f"{SITE}{path}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (answer.headers["x-archive-status"], answer.text) == ("200", LONG)


def test_a_page_that_takes_too_much_to_be_decoded_is_a_file(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.web.bodies.DECODED_LIMIT", HELD)
    answer = asking.raw(f"{SITE}/long-coded")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert gzip.decompress(answer.content) == LONG.encode()


def test_a_page_that_was_sent_without_its_coding_is_shown(asking: Asking) -> None:
    answer = asking.raw(f"{SITE}/mislabelled")
    assert answer.headers["content-type"] == HTML.partition(b": ")[2].decode()
    assert answer.text == PAGE.replace("src", "archived-src")


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/bare", "text/html"),
        ("/bare-coded", "text/html"),
        ("/bytes", "application/octet-stream"),
    ],
)
def test_what_has_no_media_type_is_given_one(asking: Asking, path: str, media: str) -> None:
    assert asking.raw(f"{SITE}{path}").headers["content-type"] == media
    # Both origins see the same in it.
    text = asking.get(asking.main, f"/web/{AT}/{SITE}{path}").text
    assert (f"{asking.replay}/view/" in text) == (media == "text/html")


@pytest.mark.parametrize(
    ("url", "at", "status"),
    [
        (f"{SITE}/never", AT, 404),
        ("ftp://news.example/", AT, 400),
        (f"{SITE}/", "2026", 400),
        (f"{SITE}/", f"{AT}id_", 400),
    ],
)
def test_what_cannot_be_given_is_told(asking: Asking, url: str, at: str, status: int) -> None:
    answer = asking.raw(url, at)
    assert answer.status_code == status
    assert "x-archive-status" not in answer.headers
    assert answer.headers["content-type"].startswith(("text/plain", "text/html"))


def test_nearest_in_time_whatever_the_scheme(asking: Asking) -> None:
    answer = asking.raw("https://news.example/", f"{AT[:8]}235959")
    assert answer.text == "<p>later"
    assert answer.headers["x-archive-url"] == f"{SITE}/"


def test_what_is_withheld_is_given_to_no_page(asking: Asking) -> None:
    url = f"{SITE}/withheld"
    assert asking.raw(url).text == "<p>a secret"
    withhold(asking.stage.site.collection, url=url)
    for path in (url, f"{SITE}/to-withheld"):
        answer = asking.raw(path)
        if answer.status_code == 200:
            answer = asking.raw(answer.headers["x-archive-location"])
        assert answer.status_code == 451
        assert "secret" not in answer.text
    assert asking.get(asking.main, f"/web/{AT}/{url}").status_code == 451


def test_no_archived_script_becomes_a_worker(asking: Asking) -> None:
    assert asking.raw(f"{SITE}/a.png", service_worker="script").status_code == 403


def test_the_policy_lets_a_page_load_nothing_but_what_the_worker_answers(asking: Asking) -> None:
    policy = asking.raw(f"{SITE}/").headers["x-archive-policy"]
    parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert parts["default-src"] == parts["script-src"] == parts["form-action"] == "'none'"
    assert parts["frame-src"] == "'self'"
    assert parts["frame-ancestors"] == f"'self' {asking.main}"


# The origin of the replay


@pytest.mark.parametrize("path", ["/sw.js", "/wrapper.js", "/wrapper.css", "/health"])
def test_what_the_replay_consists_of(asking: Asking, path: str) -> None:
    assert asking.get(asking.replay, path).status_code == 200


@pytest.mark.parametrize(
    ("status", "path"),
    [
        *[(404, path) for path in (
            "/", f"/r/{AT}/{SITE}/", f"/x/{AT}/{SITE}/", f"/web/{AT}id_/{SITE}/",
            "/api/v1/captures", "/cdx?url=x", "/login", "/static/x", "/metrics",
        )],
        # Saving takes more than reading, which is all that is allowed here.
        (401, "/save"),
        (401, "/jobs"),
    ],
)  # fmt: skip
def test_the_replay_has_nothing_else(asking: Asking, status: int, path: str) -> None:
    answer = asking.get(asking.replay, path)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("status", "path"), [(401, "/raw/x"), (401, "/view/x"), (405, "/"), (401, "/sw.js")]
)
def test_nothing_can_be_sent_to_the_replay(asking: Asking, status: int, path: str) -> None:
    answer = asking.get(asking.replay, path, method="POST")
    assert answer.status_code == status
    if status == 405:
        assert is_ours(answer)
        assert answer.headers["allow"] == "GET, HEAD"


def test_whoever_opens_a_view_by_itself_is_led_to_the_banner(asking: Asking) -> None:
    answer = asking.get(asking.replay, f"/view/{AT}/{SITE}/?a=%2F", sec_fetch_dest="document")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{asking.main}/web/{AT}/{SITE}/?a=%2F"


def test_only_the_main_origin_frames_a_view(asking: Asking) -> None:
    policy = asking.get(asking.replay, f"/view/{AT}/{SITE}/").headers["content-security-policy"]
    assert f"frame-ancestors {asking.main}" in policy


# The main origin


def test_a_page_is_framed_and_is_a_memento(asking: Asking) -> None:
    answer = asking.get(asking.main, f"/web/{AT}/{SITE}/")
    assert answer.status_code == 200
    assert answer.headers["memento-datetime"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert 'rel="original"' in answer.headers["link"]
    assert f"frame-src {asking.replay}" in answer.headers["content-security-policy"]
    assert f'src="{asking.replay}/view/{AT}/{SITE}/"' in answer.text
    assert PAGE not in answer.text


def test_head_of_a_framed_page(asking: Asking) -> None:
    path = f"/web/{AT}/{SITE}/"
    head, full = asking.get(asking.main, path, method="HEAD"), asking.get(asking.main, path)
    assert head.content == b""
    drop = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in drop} == {
        k: v for k, v in full.headers.items() if k not in drop
    }


@pytest.mark.parametrize("modifier", ["if_", "mp_"])
def test_without_a_banner_for_those_who_frame(asking: Asking, modifier: str) -> None:
    text = asking.get(asking.main, f"/web/{AT}{modifier}/{SITE}/").text
    assert 'id="banner"' not in text
    assert f"{asking.replay}/view/" in text


@pytest.mark.parametrize("modifier", ["id_", "im_", "cs_", "js_"])
def test_modifiers_of_files_give_what_was_sent(asking: Asking, modifier: str) -> None:
    assert asking.get(asking.main, f"/web/{AT}{modifier}/{SITE}/").text == PAGE


def test_what_is_no_page_is_given_as_it_was_sent(asking: Asking) -> None:
    assert asking.get(asking.main, f"/web/{AT}/{SITE}/a.png").content == PNG


@pytest.mark.parametrize("time", ["*", "2026*"])
def test_a_star_leads_to_all_captures(asking: Asking, time: str) -> None:
    answer = asking.get(asking.main, f"/web/{time}/{SITE}/?a=b&c")
    assert answer.status_code == 302
    assert answer.headers["location"] == "/captures?url=http%3A%2F%2Fnews.example%2F%3Fa%3Db%26c"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (f"{SITE}/moved", f"/web/{AT}/{SITE}/?q=1#part"),
        ("http://tls.example/", f"/web/{AT[:-2]}30/https://tls.example/"),
        (f"{SITE}/circle", None),
        (f"{SITE}/mail", None),
    ],
)
def test_redirects_stay_within_and_never_lead_to_themselves(
    asking: Asking, url: str, location: str | None
) -> None:
    answer = asking.get(asking.main, f"/web/{AT}/{url}")
    assert answer.status_code in (301, 302)
    expected = None if location is None else asking.main + location
    assert answer.headers.get("location") == expected


def test_a_name_without_a_replay_says_so(asking: Asking, stage: Stage) -> None:
    """As where the server listens on one port, and is asked by a name without a dot."""
    alone = replace(stage.site, settings=replace(stage.site.settings, replay_port=None))
    with served(alone) as running:
        text = running.get(f"/web/{AT}/{SITE}/").text
    assert "This page cannot be shown here" in text
    assert "<iframe" not in text
