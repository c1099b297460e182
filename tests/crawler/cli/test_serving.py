"""`serve`: what it says when it is ready."""

from __future__ import annotations

from contextlib import closing

from archive.web.server import listen
from config.serve import Serve
from crawler.cli.serving import _rate, _reached


def test_all_addresses_of_a_machine_are_named_by_one_that_can_be_opened() -> None:
    with closing(listen("0.0.0.0", 0)) as listening:
        port = listening.getsockname()[1]
        told = _reached(Serve(), listening)
        with_port = _reached(Serve(replay_port=8091), listening)
    assert told.startswith(f"http://127.0.0.1:{port}, and port {port} of every address")
    assert "set `serve.replay_port`" in told
    assert "replay" not in with_port


def test_one_address_is_named_as_it_is() -> None:
    with closing(listen("127.0.0.1", 0)) as listening:
        assert _reached(Serve(), listening) == f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_rates_on_loopback_are_those_that_were_chosen() -> None:
    assert (_rate(Serve(), "save_rate", local=True), _rate(Serve(), "search_rate", local=True)) == (
        0,
        0,
    )
    assert _rate(Serve(save_rate=30), "save_rate", local=True) == 30
    assert _rate(Serve(), "save_rate", local=False) == 30
