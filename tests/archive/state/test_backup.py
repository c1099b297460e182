"""A backup goes from any database into any other, whole or not at all."""

from __future__ import annotations

import gzip
import itertools
import json
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from archive.errors import BackupDamaged, StateFailure, StateTaken
from archive.state import State, migrating
from archive.state.backup import back_up, from_plain, restore, to_plain
from archive.state.schema import HEAD, store_capabilities
from tests.archive.state.test_state import ROW, rows


def filled(url: str, count: int = 3) -> State:
    state = State(url)
    with state.writing() as connection:
        connection.execute(delete(store_capabilities))
        if count:
            connection.execute(
                insert(store_capabilities), [ROW | {"bucket": f"b-{n:05}"} for n in range(count)]
            )
    return state


def test_backup_is_restored_into_either_database(
    state_url: str, tmp_path: Path, postgres_url: str
) -> None:
    state = filled(state_url)
    written = back_up(state, tmp_path / "backup")
    state.close()
    assert (written.rows, written.revision) == (3, HEAD)
    for url in (f"sqlite:///{tmp_path}/other.db", postgres_url):
        other = State(url)
        # The same database, where it is PostgreSQL: then it holds something.
        assert restore(other, tmp_path / "backup", replace=True) == written
        other.close()
        assert [row["bucket"] for row in rows(url)] == ["b-00000", "b-00001", "b-00002"]
        assert rows(url)[0] == ROW | {"bucket": "b-00000"}


def test_backup_is_for_this_user_alone(state_url: str, tmp_path: Path) -> None:
    state = filled(state_url)
    back_up(state, tmp_path / "backup")
    state.close()
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == ["backup"]


def test_file_that_exists_is_replaced_only_when_asked(state_url: str, tmp_path: Path) -> None:
    state = filled(state_url)
    (tmp_path / "backup").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        back_up(state, tmp_path / "backup")
    assert (tmp_path / "backup").read_bytes() == b"mine"
    back_up(state, tmp_path / "backup", replace=True)
    assert restore(state, tmp_path / "backup", replace=True).rows == 3
    state.close()


def test_state_that_holds_rows_is_replaced_only_when_asked(state_url: str, tmp_path: Path) -> None:
    state = filled(state_url, 3)
    back_up(state, tmp_path / "backup")
    filled(state_url, 5).close()
    with pytest.raises(StateTaken, match="--replace"):
        restore(state, tmp_path / "backup")
    assert len(rows(state_url)) == 5
    restore(state, tmp_path / "backup", replace=True)
    assert len(rows(state_url)) == 3
    filled(state_url, 0).close()
    restore(state, tmp_path / "backup")
    assert len(rows(state_url)) == 3
    state.close()


def test_backup_while_others_write_is_of_one_moment(state_url: str, tmp_path: Path) -> None:
    """Each writer's transaction replaces all rows by some number of the same."""
    state = filled(state_url, 10)
    stop, written = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        writer = State(state_url)
        for turn in itertools.count():
            if stop.is_set():
                break
            with writer.writing() as connection:
                connection.execute(delete(store_capabilities))
                several = [ROW | {"bucket": f"{turn}-{n}"} for n in range(500)]
                connection.execute(insert(store_capabilities), several)
            written.release()
        writer.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for turn in range(10):
            assert turn % 3 != 2 or written.acquire(timeout=60), "the writer came to a stop"
            back_up(state, tmp_path / "backup", replace=True)
            lines = gzip.decompress((tmp_path / "backup").read_bytes()).splitlines()[1:-1]
            buckets = {json.loads(line)["row"]["bucket"] for line in lines}
            assert len(buckets) in (10, 500), turn
            assert len({bucket.split("-")[0] for bucket in buckets}) == 1, turn
    finally:
        stop.set()
        thread.join()
    state.close()


def test_many_rows(state_url: str, tmp_path: Path) -> None:
    """More than are entered at once."""
    state = filled(state_url, 2500)
    back_up(state, tmp_path / "backup")
    filled(state_url, 0).close()
    assert restore(state, tmp_path / "backup").rows == 2500
    state.close()
    assert len(rows(state_url)) == 2500


def damaged(data: bytes) -> dict[str, bytes]:
    plain = gzip.decompress(data)
    lines = plain.splitlines(keepends=True)

    def with_row(line: bytes) -> bytes:
        return gzip.compress(b"".join([lines[0], line + b"\n", *lines[2:]]))

    return {
        "empty": b"",
        "no gzip": b"something else",
        "cut": data[: len(data) // 2],
        "no end": gzip.compress(b"".join(lines[:-1])),
        "a row less": gzip.compress(b"".join([lines[0], *lines[2:]])),
        "a line more": gzip.compress(plain + lines[1]),
        "no head": gzip.compress(b"".join(lines[1:])),
        "no JSON": gzip.compress(lines[0] + b"?\n" + b"".join(lines[1:])),
        "no object": gzip.compress(lines[0] + b"[1]\n" + b"".join(lines[1:])),
        "other format": gzip.compress(
            plain.replace(b'"pressmark_state": 1', b'"pressmark_state": 2')
        ),
        "unknown table": gzip.compress(plain.replace(b'"store_capabilities"', b'"recipes"')),
        "deep": gzip.compress(lines[0] + b"[" * 100_000 + b"\n" + b"".join(lines[1:])),
        "no row": with_row(b'{"table": "store_capabilities"}'),
        "odd row": with_row(b'{"table": "store_capabilities", "row": [1]}'),
        "odd table": with_row(b'{"table": [1], "row": {}}'),
        "column less": gzip.compress(plain.replace(b'"bucket": "b-00001", ', b"")),
        "list": gzip.compress(plain.replace(b'"b-00001"', b"[1]")),
        "no base64": gzip.compress(plain.replace(b'"b-00001"', b'{"base64": 1}')),
        "odd base64": gzip.compress(plain.replace(b'"b-00001"', b'{"base64": "?"}')),
        "huge number": gzip.compress(plain.replace(b'"b-00001"', b"9" * 30)),
        "half a pair": gzip.compress(plain.replace(b'"b-00001"', b'"\\ud800"')),
        "unknown column": gzip.compress(plain.replace(b'"bucket"', b'"basket"')),
    }


def test_damaged_backup_changes_nothing(state_url: str, tmp_path: Path) -> None:
    state = filled(state_url, 3)
    file = tmp_path / "backup"
    back_up(state, file)
    before = rows(state_url)
    for name, data in damaged(file.read_bytes()).items():
        file.write_bytes(data)
        with pytest.raises(BackupDamaged, match="backup"):
            restore(state, file, replace=True)
        assert rows(state_url) == before, name
    state.close()


def test_backup_of_a_newer_pressmark_is_refused(state_url: str, tmp_path: Path) -> None:
    state = filled(state_url, 3)
    file = tmp_path / "backup"
    back_up(state, file)
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b'"0', b'"9')))
    with pytest.raises(StateFailure, match="newer Pressmark"):
        restore(state, file, replace=True)
    assert len(rows(state_url)) == 3
    state.close()


@pytest.mark.parametrize(
    "value", [bytes(range(256)), b"", "", "été 供应链 \x7f\n", None, True, False, 0, -(2**62), 0.1]
)
def test_every_kind_of_value_comes_back(value: object) -> None:
    found = from_plain(json.loads(json.dumps(to_plain(value))))
    assert (found, type(found)) == (value, type(value))


def test_backup_of_an_older_pressmark_is_brought_forward(state_url: str, tmp_path: Path) -> None:
    state = filled(state_url, 3)
    file = tmp_path / "backup"
    back_up(state, file)
    plain = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(plain.replace(f'"{HEAD}"'.encode(), b'"0001"')))
    assert restore(state, file, replace=True).revision == "0001"
    with state.reading() as connection:
        assert migrating.revision_of(connection) == HEAD
    state.close()
    assert len(rows(state_url)) == 3
