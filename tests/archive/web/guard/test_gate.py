"""Who is let through: by scope, by token, by cookie, and from which site."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import httpx
import pytest

from archive.errors import StateFailure
from archive.tokens import Tokens
from archive.web.grants import ENTRANCE
from archive.web.guard import register
from tests.archive.web.guard.conftest import Held, Serving

READ = "/web/timemap/link/http://example.org/"
SAVE = "/save/status/spn2-0"
ADMIN = "/api/v1/restrictions"
LOCAL = {"local": True}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@pytest.fixture
def _read_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server reads the tokens anew with each request."""
    monkeypatch.setattr(register, "FRESH", -1.0)


def passes(answer: httpx.Response) -> bool:
    """Whether a handler was asked, whatever it said."""
    return answer.status_code not in (400, 401, 403)


@pytest.mark.parametrize(
    ("settings", "path", "status"),
    [
        (LOCAL, READ, None),
        (LOCAL, SAVE, None),
        (LOCAL, ADMIN, 401),
        (LOCAL, "/metrics", None),
        ({}, READ, 401),
        ({}, "/", 401),
        ({}, "/nothing/like/this", 401),
        ({}, SAVE, 401),
        ({}, ADMIN, 401),
        ({}, "/metrics", 401),
        ({}, "/health", None),
        ({}, "/login", None),
        ({"public_read": True}, READ, None),
        ({"public_read": True}, SAVE, 401),
        ({"public_read": True}, "/save/http://example.org/", 401),
        ({"public_read": True}, "/save", 401),
        ({"public_read": True}, "/%73ave", 401),
        ({"public_read": True}, "/metrics", 401),
        ({"public_read": True}, ADMIN, 401),
    ],
)
def test_who_shows_nothing(
    serving: Serving, settings: dict[str, object], path: str, status: int | None
) -> None:
    answer = serving(**settings).get(path)
    if status is None:
        assert passes(answer)
    else:
        assert answer.status_code == status
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_scopes_include_those_below(serving: Serving, held: dict[str, Held]) -> None:
    server = serving()
    paths = {"read": READ, "save": SAVE, "admin": ADMIN}
    allowed = {}
    for scope in paths:
        secret = held[scope].secret
        answers = {
            name: server.client.get(server.url + path, headers=bearer(secret))
            for name, path in paths.items()
        }
        allowed[scope] = [name for name, answer in answers.items() if passes(answer)]
        for name, answer in answers.items():
            if name not in allowed[scope]:
                assert answer.status_code == 403
                assert f'scope="{name}"' in answer.headers["www-authenticate"]
                assert f"for-{scope}" in answer.text
    assert allowed == {
        "read": ["read"],
        "save": ["read", "save"],
        "admin": ["read", "save", "admin"],
    }


def test_changing_what_no_row_names_takes_admin(serving: Serving, held: dict[str, Held]) -> None:
    secret = held["save"].secret
    server = serving()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = server.client.request(method, server.url + "/anything", headers=bearer(secret))
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "value",
    [
        "Bearer {}",
        "bearer   {}",
        "LOW key:{}",
        "LOW {}:anything",
        "Basic {basic}",
    ],
)
def test_ways_to_show_a_token(serving: Serving, value: str, held: dict[str, Held]) -> None:
    secret = held["read"].secret
    basic = b64encode(f"user:{secret}".encode()).decode()
    header = value.format(secret, basic=basic)
    assert passes(serving().get(READ, authorization=header))


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer nonsense",
        "Bearer pressmark_" + "a" * 40,
        "LOW pressmark_x:pressmark_y",
        "Basic !!!",
        "Basic",
        "Digest x",
        "LOW mine:theirs",
        "\xff",
    ],
)
def test_what_is_no_token_opens_nothing(serving: Serving, header: str) -> None:
    server = serving()
    answer = server.client.get(
        server.url + READ, headers={b"authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401


def test_keys_of_other_services_do_no_harm_where_all_is_open(serving: Serving) -> None:
    server = serving(local=True)
    assert passes(server.get(SAVE, authorization="LOW theirkey:theirsecret"))
    assert server.get(SAVE, authorization="Bearer wrong").status_code == 401


@pytest.mark.usefixtures("_read_always")
def test_revoked_token_ends_while_the_server_runs(serving: Serving, tokens: Tokens) -> None:
    server = serving()
    _, revoked = tokens.create("revoked", "read")
    assert passes(server.get(READ, authorization=f"Bearer {revoked}"))
    tokens.revoke("revoked")
    assert server.get(READ, authorization=f"Bearer {revoked}").status_code == 401


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer pressmark_x"}, {"cookie": "pressmark_session=x"}]
)
def test_health_asks_no_database(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    server = serving()

    async def asked(_: str) -> None:
        raise StateFailure("asked")

    for name in ("by_secret", "by_id"):
        monkeypatch.setattr(server.site.tokens, name, asked)
    monkeypatch.setattr(server.site.grants, "read", lambda *_: "an id")
    assert server.get("/health", **headers).json() == {"status": "ok"}
    # What is asked of everything else.
    assert server.get(READ, **headers).status_code == 503
    assert server.client.post(f"{server.url}/health", headers=headers).status_code == 503


def test_what_a_proxy_passes_on_is_not_local(serving: Serving) -> None:
    server = serving(local=True)
    for name in ("x_forwarded_for", "forwarded", "x_real_ip", "via"):
        assert server.get(READ, **{name: "127.0.0.1"}).status_code == 401


@pytest.mark.parametrize(
    ("host", "local", "known"),
    [
        ("localhost", True, True),
        ("LOCALHOST:80", True, True),
        ("replay.localhost:80", True, True),
        ("127.0.0.9", True, True),
        ("[::1]:80", True, True),
        ("attacker.example", True, False),
        ("localhost.attacker.example", True, False),
        ("192.0.2.1", True, False),
        ("192.0.2.1", False, True),
        ("[2001:db8::1]:80", False, True),
        ("attacker.example", False, False),
        ("archive.example.org", False, True),
        ("archive.example.org.", False, True),
        ("replay.archive.example.org", False, True),
        ("x.wild.example", False, True),
        ("wild.example", False, False),
        ("xwild.example", False, False),
        ("public.example", False, True),
        ("a/b", False, False),
        ("[", False, False),
        ("user@localhost", False, False),
    ],
)
def test_names_that_the_server_answers_to(
    serving: Serving, host: str, local: bool, known: bool
) -> None:
    server = serving(
        local=local,
        public_read=True,
        hosts=("archive.example.org", "*.wild.example"),
        public_url="https://public.example",
    )
    answer = server.get(READ, host=host)
    assert (answer.status_code != 400) == known
    assert server.get("/health", host=host).status_code in (200, 400)


def test_any_name_where_that_is_chosen(serving: Serving) -> None:
    assert passes(serving(public_read=True, hosts=("*",)).get(READ, host="any.example"))


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, False),
        ({"sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "same-site"}, True),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, False),
        ({"origin": "null"}, True),
        ({"origin": "http://attacker.example"}, True),
        ({"origin": "http://{host}"}, False),
        ({"origin": "https://{host}"}, True),
    ],
)
def test_other_sites_cannot_make_the_server_act(
    serving: Serving, headers: dict[str, str], refused: bool
) -> None:
    server = serving(local=True)
    host = server.url.removeprefix("http://")
    sent = {name.replace("_", "-"): value.format(host=host) for name, value in headers.items()}
    acts = [("POST", "/save"), ("GET", "/save/http://example.org/"), ("POST", "/login")]
    for method, path in acts:
        answer = server.client.request(method, server.url + path, headers=sent)
        # What is said to a login without a token is not about its site.
        assert ("another site" in answer.text) == refused
        assert not refused or answer.status_code == 403
    looked = server.client.get(server.url + READ, headers=sent)
    assert looked.status_code == 404


def test_a_token_in_the_header_is_no_browser_of_somebody_else(
    serving: Serving, held: dict[str, Held]
) -> None:
    secret = held["save"].secret
    server = serving()
    headers = bearer(secret) | {"sec-fetch-site": "cross-site"}
    assert passes(server.client.post(server.url + "/save", headers=headers))


def sign_in(
    server_url: str, secret: str, client: httpx.Client, onward: str = "/"
) -> httpx.Response:
    form = {"token": secret, "next": onward}
    return client.post(f"{server_url}/login", data=form, headers={"sec-fetch-site": "same-origin"})


def test_browser_signs_in_and_out(serving: Serving, held: dict[str, Held]) -> None:
    secret = held["read"].secret
    server = serving()
    page = server.get("/web/timemap/link/http://x.org/?a=1&b=2", accept="text/html")
    assert page.status_code == 401
    assert "What you asked for takes a token" in page.text
    assert '<a href="/login">Sign in</a>' in page.text
    assert "What you asked for" not in server.get("/login", accept="text/html").text
    assert 'value="/web/timemap/link/http://x.org/?a=1&amp;b=2"' in page.text
    below_api = server.get("/api/v1/sources", accept="text/html")
    assert (below_api.status_code, below_api.json()["status"]) == (401, 401)
    answer = sign_in(server.url, secret, server.client, READ)
    assert (answer.status_code, answer.headers["location"]) == (303, READ)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie
    assert secret not in cookie
    assert passes(server.get(READ))
    shown = server.get("/login", accept="text/html").text
    assert "Token <bdi>for-read</bdi>" in shown
    assert "Sign out" in shown
    assert "What you asked for takes a token" not in shown
    assert ">Sign in</a>" not in shown
    refused = server.get("/jobs", accept="text/html")
    assert (refused.status_code, "Use another token" in refused.text) == (403, True)
    assert 'href="/login?next=%2Fjobs"' in refused.text
    out = server.client.post(server.url + "/logout", headers={"sec-fetch-site": "same-origin"})
    assert out.status_code == 303
    assert server.get(READ).status_code == 401


@pytest.mark.parametrize(
    "path", ["/web/2026/http://x.org/a%2Fb%3Fc", "/web/2026/http://x.org/caf%C3%A9?q=%C3%A9"]
)
def test_signing_in_leads_to_the_very_address(
    serving: Serving, held: dict[str, Held], path: str
) -> None:
    server = serving()
    page = server.get(path, accept="text/html")
    assert (page.status_code, f'name="next" value="{path}"' in page.text) == (401, True)
    sign_in(server.url, held["read"].secret, server.client)
    page = server.get(f"/jobs/{path}", accept="text/html")
    assert page.status_code == 403
    assert f'href="/login?next={quote(f"/jobs/{path}", safe="")}"' in page.text


@pytest.mark.usefixtures("_read_always")
def test_revoking_the_token_ends_its_sessions(serving: Serving, tokens: Tokens) -> None:
    _, secret = tokens.create("leaves", "read")
    server = serving()
    sign_in(server.url, secret, server.client)
    assert passes(server.get(READ))
    tokens.revoke("leaves")
    assert server.get(READ).status_code == 401


def test_session_that_was_changed_opens_nothing(serving: Serving, held: dict[str, Held]) -> None:
    reader, boss, secret = held["read"].token, held["admin"].token, held["read"].secret
    server = serving()
    sign_in(server.url, secret, server.client)
    (session,) = server.client.cookies.values()
    server.client.cookies.clear()
    forged = session.replace(reader.id, boss.id)
    # Other servers of the host have cookies of their own there.
    among = f'a={{"x": [1;2]}}; ;b; pressmark_session={session}; c="'
    assert server.get(READ, cookie=among).status_code == 404
    for value in (forged, session[:-1], "", "session.-.99999999999.x", '"'):
        assert server.get(READ, cookie=f"pressmark_session={value}").status_code == 401


def test_cookie_alone_saves_nothing_by_a_link(serving: Serving, held: dict[str, Held]) -> None:
    """Over plain http to another machine browsers send no Sec-Fetch-Site."""
    secret = held["save"].secret
    server = serving()
    sign_in(server.url, secret, server.client)
    assert server.get("/save/http://example.org/").status_code == 403
    basic = b64encode(f"any:{secret}".encode()).decode()
    assert passes(server.get("/save/http://example.org/", authorization=f"Basic {basic}"))
    same = {"sec_fetch_site": "same-origin"}
    assert passes(server.get("/save/http://example.org/", **same))


def test_cookie_over_https_is_secure_and_bound_to_the_host(
    serving: Serving, held: dict[str, Held]
) -> None:
    secret = held["read"].secret
    server = serving(public_url="https://archive.example.org")
    cookie = sign_in(server.url, secret, server.client).headers["set-cookie"]
    assert cookie.startswith("__Host-pressmark_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_wrong_token_at_the_login(serving: Serving) -> None:
    server = serving()
    answer = sign_in(server.url, "pressmark_<b>", server.client)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "onward", ["//evil.example/", "/\\evil.example", "https://evil.example", "", "/a\r\nX: y"]
)
def test_login_leads_to_no_other_host(serving: Serving, onward: str, held: dict[str, Held]) -> None:
    secret = held["read"].secret
    server = serving()
    assert sign_in(server.url, secret, server.client, onward).headers["location"] == "/"


REPLAY = {"host": "replay.archive.example.org"}


@pytest.mark.usefixtures("_read_always")
def test_replay_origin_is_handed_the_right_to_read(serving: Serving, tokens: Tokens) -> None:
    token, secret = tokens.create("boss", "admin")
    server = serving(public_url="http://archive.example.org")
    assert server.get(READ, **REPLAY).status_code == 401
    ticket = server.site.grants.issue("ticket", token.id)
    way = f"{ENTRANCE}{ticket}/web/timemap/link/http://x.org/%2F?a=%20&b"
    entered = server.get(way, **REPLAY)
    assert entered.status_code == 303
    assert entered.headers["location"] == "/web/timemap/link/http://x.org/%2F?a=%20&b"
    cookie = entered.headers["set-cookie"].partition(";")[0]
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert passes(server.get(READ, cookie=cookie, **REPLAY))
    assert server.get(SAVE, cookie=cookie, **REPLAY).status_code == 403
    assert server.get(ADMIN, cookie=cookie, **REPLAY).status_code == 403
    # Nor does the cookie count anywhere else, nor a session there.
    assert server.get(READ, cookie=cookie, host="archive.example.org").status_code == 401
    session = f"pressmark_session={server.site.grants.issue('session', token.id)}"
    assert server.get(READ, cookie=session, **REPLAY).status_code == 401
    assert server.get(ADMIN, authorization=f"Bearer {secret}", **REPLAY).status_code == 403
    tokens.revoke("boss")
    assert server.get(READ, cookie=cookie, **REPLAY).status_code == 401


def test_way_into_the_replay_that_is_not_ours(serving: Serving, held: dict[str, Held]) -> None:
    token = held["read"].token
    server = serving(public_url="http://archive.example.org")
    grants = server.site.grants
    for ticket, rest in (
        ("x", "/view/"),
        (grants.issue("session", token.id), "/view/"),
        (grants.issue("ticket", token.id), "//evil.example/"),
        (grants.issue("ticket", token.id), "/%5Cevil.example/"),
        (grants.issue("ticket", token.id), ""),
    ):
        answer = server.get(f"{ENTRANCE}{ticket}{rest}", **REPLAY)
        assert answer.headers.get("location", "/")[:2] not in ("//", "/\\")
        assert answer.status_code == (303 if "%5C" in rest else 403)


def test_there_is_no_saving_at_the_replay_origin_of_a_local_server(serving: Serving) -> None:
    server = serving(local=True)
    assert passes(server.get(READ, host="replay.localhost"))
    assert server.get(SAVE, host="replay.localhost").status_code == 401
