"""A state that is no database any more: waited for by nobody, said once, put right by a backup."""

from __future__ import annotations

from tests.acceptance.command import CONTACT, Pressmark
from tests.servers.routes import html, site


def test_damage_is_said_once_and_a_backup_ends_it(pressmark: Pressmark) -> None:
    pressmark.configure(f"{CONTACT}mirror: {pressmark.folder / 'second'}\n")
    state = pressmark.home / "state.db"
    _, server = site({"/": html("<p>A page.")})
    with server:
        url = f"{server.url}/"
        assert pressmark("archive", url).status == 0
        assert pressmark("state", "backup", "copy.gz").status == 0
        state.write_bytes(b"something else" * 1000)
        result = pressmark("archive", url)
        assert result.status == 3
        assert result.stderr.count("is damaged") == 1, result.stderr
        assert "trying for" not in result.stderr
        found = pressmark("status", "--json")
        assert found.status == 3
        assert found.line["state"]["error"] == found.line["mirror"]["error"]
        assert "is damaged" in found.line["state"]["error"]
        assert pressmark("status").text.count("is damaged") == 1
        assert found.line["spool"]["sealed"] > 0
        assert found.line["store"]["ok"] is True
        assert found.line["index"]["captures"] == 4
        assert pressmark("state", "restore", "copy.gz", "--replace").status == 0
        assert pressmark("archive", url).status == 0
    found = pressmark("status", "--json")
    assert (found.status, found.line["spool"]["sealed"]) == (0, 0)
    assert found.line["mirror"]["error"] is None


def test_it_is_shown_where_nothing_needs_it(pressmark: Pressmark) -> None:
    assert pressmark("state", "backup", "copy.gz").status == 0
    assert pressmark("status", "--json").line["state"] == {"ok": True, "error": None}
    (pressmark.home / "state.db").write_bytes(b"something else" * 1000)
    found = pressmark("status", "--json")
    assert (found.status, found.line["state"]["ok"]) == (3, False)
    assert "pressmark state restore --replace" in found.line["state"]["error"]
