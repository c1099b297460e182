"""Which origin is asked, and where the other one is."""

from __future__ import annotations

import pytest

from archive.web.replay.origins import Origins

NAMED = Origins()
CHOSEN = Origins(public_url="https://archive.example.org", replay_host="pages.example.net")
PORTS = Origins(port=8080, replay_port=8081)
BEHIND = Origins(public_url="https://archive.example.org", port=8080, replay_port=8443)


@pytest.mark.parametrize(
    ("origins", "main", "replay"),
    [
        (NAMED, "https://archive.example.org", "https://replay.archive.example.org"),
        (NAMED, "http://archive.localhost:8080", "http://replay.archive.localhost:8080"),
        (CHOSEN, "https://archive.example.org", "https://pages.example.net"),
        (PORTS, "http://127.0.0.1:8080", "http://127.0.0.1:8081"),
        (PORTS, "http://[::1]:8080", "http://[::1]:8081"),
        (PORTS, "http://localhost:8080", "http://localhost:8081"),
        (PORTS, "http://archive.localhost:8080", "http://replay.archive.localhost:8080"),
        (BEHIND, "https://archive.example.org", "https://archive.example.org:8443"),
    ],
)
def test_each_is_found_from_the_other(origins: Origins, main: str, replay: str) -> None:
    assert origins.replay_of(main) == replay
    assert origins.main_of(replay) == main
    host = replay.partition("://")[2]
    port = origins.replay_port if f":{origins.replay_port}" in host else 8080
    assert origins.is_replay(host, ("127.0.0.1", port))
    assert not origins.is_replay(main.partition("://")[2], ("127.0.0.1", 8080))


@pytest.mark.parametrize("main", ["http://localhost:8080", "http://127.0.0.1", "http://archive"])
def test_a_name_without_a_sibling_has_no_replay(main: str) -> None:
    assert NAMED.replay_of(main) is None


@pytest.mark.parametrize("replay", ["https://pages.example.net", "http://127.0.0.1"])
def test_what_frames_a_replay_of_another_name_must_be_said(replay: str) -> None:
    assert Origins(replay_host="pages.example.net").main_of(replay) is None


@pytest.mark.parametrize("host", ["REPLAY.archive.example.org:443", "replay.archive.example.org."])
def test_a_name_is_the_same_however_it_is_written(host: str) -> None:
    assert NAMED.is_replay(host, None)


def test_whoever_comes_by_the_second_port_is_at_the_replay() -> None:
    assert PORTS.is_replay("127.0.0.1:8080", ("127.0.0.1", 8081))
    assert PORTS.is_replay("", ("127.0.0.1", 8081))
    assert not PORTS.is_replay("127.0.0.1:8081", ("127.0.0.1", 8080))


def test_a_server_that_is_called_replay_is_no_replay_of_itself() -> None:
    named = Origins(public_url="https://replay.example.org")
    assert not named.is_replay("replay.example.org", None)
    assert named.is_replay("replay.replay.example.org", None)
