"""Other tools' archives: taken in whole, byte for byte where they can be, or refused by name."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from archive.collection import Collection
from archive.errors import RecordError
from archive.importing.importer import Imported, Importer
from archive.importing.wacz import unpack_wacz
from archive.index import CaptureQuery
from archive.model import Capture
from archive.names import key_of, sibling
from archive.recovery import Recovered, adopt, take_over
from archive.verify import verify
from archive.warc.gzip import packed_members_of
from tests.archive.importing import samples
from tests.keeping import Place, place
from tests.validators import check_warcs

URLS = ["https://example.org/one", "https://example.org/two?b=2&a=1"]
ALL = CaptureQuery(url="https://example.org/", match="domain")


@pytest.fixture
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files that are taken in; what Pressmark makes of them lies elsewhere."""
    return tmp_path_factory.mktemp("theirs")


def _import(home: Path, *paths: Path, source: str = "imported") -> list[Imported]:
    """Take the files in, and bring them into the store."""

    async def main() -> list[Imported]:
        async with place(home) as here:
            importer = Importer(here.collection, here.spool, source)
            found = [_take(importer, here, path) for path in paths]
            assert await here.drain()
            for one in found:
                if one.spool is not None:
                    one.spool.close()
            assert verify(here.collection).findings == []
            return found

    return asyncio.run(main())


def _take(importer: Importer, here: Place, path: Path) -> Imported:
    found = importer.take_in(path)
    if found.spool is not None:
        take_over(found.spool, here.collection.index, here.uploader, Recovered())
    return found


def _captures(home: Path) -> list[Capture]:
    async def main() -> list[Capture]:
        async with place(home) as here:
            return list(here.collection.index.captures(ALL))

    return asyncio.run(main())


def _look(home: Path, look: Callable[[Collection], Any]) -> Any:
    async def main() -> Any:
        async with place(home) as here:
            return look(here.collection)

    return asyncio.run(main())


def _stored(home: Path) -> list[str]:
    files = (home / "collection").rglob("*")
    return sorted(path.name for path in files if path.is_file() and "-2019" in path.name)


def test_file_with_a_member_a_record_is_kept_byte_for_byte(tmp_path: Path, theirs: Path) -> None:
    path = samples.warcio_file(theirs / "theirs.warc.gz", URLS)
    (found,) = _import(tmp_path / "home", path)
    assert (len(found.segments), found.captures, found.known) == (1, 2, ())
    (name,) = found.segments
    assert name.startswith("imported-20190304050607000-")
    stored = tmp_path / "home" / "collection" / key_of(name)
    assert stored.read_bytes() == path.read_bytes()
    manifest = tmp_path / "home" / "collection" / key_of(sibling(name, "jsonl"))
    line = json.loads(manifest.read_text().splitlines()[0])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert line["imported"] == {
        "file": path.name,
        "size": path.stat().st_size,
        "sha256": digest,
    }
    assert check_warcs(tmp_path / "home" / "collection") == 1


def test_same_file_that_two_import_at_once_under_two_names_is_stored_once(
    tmp_path: Path, theirs: Path
) -> None:
    paths = [samples.warcio_file(theirs / "one.warc.gz", URLS), theirs / "other.warc.gz"]
    paths[1].write_bytes(paths[0].read_bytes())

    async def main() -> None:
        async with place(tmp_path / "home") as here:
            both = [Importer(here.collection, here.spool, "imported") for _ in paths]
            found = [one.take_in(path) for one, path in zip(both, paths, strict=True)]
            assert found[0].segments == found[1].segments != ()
            for one in found:
                assert one.spool is not None
                take_over(one.spool, here.collection.index, here.uploader, Recovered())
                assert await here.drain()
                assert list(one.spool.files("*.warc.gz")) == []
                one.spool.close()
            assert verify(here.collection).findings == []

    asyncio.run(main())


def test_file_that_came_back_without_its_manifest_is_known_to_be_stored(
    tmp_path: Path, theirs: Path
) -> None:
    """The power failed when it had been stored, and was being removed from the spool."""
    path = samples.warcio_file(theirs / "a.warc.gz", URLS)
    (found,) = _import(tmp_path / "home", path)
    (name,) = found.segments

    async def main() -> None:
        async with place(tmp_path / "home") as here:
            back = here.spool.path / name
            back.write_bytes(path.read_bytes())
            take_over(here.spool, here.collection.index, here.uploader, Recovered())
            assert await here.drain()
            assert not back.exists()
            assert verify(here.collection).findings == []

    asyncio.run(main())


def test_captures_are_found_and_read(tmp_path: Path, theirs: Path) -> None:
    _import(tmp_path / "home", samples.warcio_file(theirs / "a.warc.gz", URLS), source="old")
    captures = _captures(tmp_path / "home")
    assert [c.url for c in captures] == URLS
    assert {(c.timestamp, c.status, c.mime, c.source) for c in captures} == {
        ("20190304050607", 200, "text/html", "old")
    }
    assert {c.digest for c in captures} == {f"sha256:{hashlib.sha256(samples.PAGE).hexdigest()}"}
    bodies = _look(tmp_path / "home", lambda c: [c.open(one).body() for one in captures])
    assert bodies == [samples.PAGE] * 2


@pytest.mark.parametrize("layout", ["plain", "one member", "two members"])
def test_other_layouts_become_a_member_a_record_with_the_records_as_they_were(
    tmp_path: Path, theirs: Path, layout: str
) -> None:
    plain = samples.warcio_file(theirs / "a.warc", URLS, compressed=False)
    path, data = plain, plain.read_bytes()
    if layout != "plain":
        path = theirs / "a.warc.gz"
        half = len(data) // 2 if layout == "two members" else len(data)
        path.write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    (found,) = _import(tmp_path / "home", path)
    assert found.captures == 2
    stored = tmp_path / "home" / "collection" / key_of(found.segments[0])
    assert gzip.decompress(stored.read_bytes()) == data
    assert check_warcs(tmp_path / "home" / "collection") == 1


@pytest.mark.unsound_warcs  # they state no digests, which the check insists on
def test_records_of_every_kind_in_any_order(tmp_path: Path, theirs: Path) -> None:
    page = samples.http(samples.PAGE, "Content-Type: text/html", status="HTTP/2 200")
    chunked = samples.http(
        b"5\r\nhello\r\n0\r\n\r\n", "Content-Type: text/plain", "Transfer-Encoding: chunked"
    )
    url = "https://example.org/page"
    records = [
        samples.record("request", url, b"GET /page HTTP/2\r\nHost: example.org\r\n\r\n", number=2),
        samples.record("response", f"<{url}>", page, "Content-Type: application/http", number=3),
        samples.record(
            "revisit",
            url,
            samples.http(b"", status="HTTP/1.1 304 Not Modified"),
            "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/server-not-modified",
            f"WARC-Refers-To-Target-URI: {url}",
            f"WARC-Refers-To-Date: {samples.DATE}",
            "Content-Type: application/http",
            number=4,
        ),
        samples.record("response", "dns:example.org", b"example.org A 192.0.2.1", number=5),
        samples.record("resource", "urn:view:https://example.org/page", b"PNG", number=6),
        samples.record(
            "response",
            "https://example.org/chunked",
            chunked,
            "Content-Type: application/http",
            number=7,
        ),
        samples.record(
            "request",
            "https://example.org/never-answered",
            b"GET / HTTP/1.1\r\n\r\n",
            "WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-00000000ffff>",
            number=8,
        ),
    ]
    path = theirs / "mixed.warc.gz"
    path.write_bytes(samples.packed(*records))
    (found,) = _import(tmp_path / "home", path)
    captures = _captures(tmp_path / "home")
    assert found.captures == 3
    assert sorted((c.mime, c.status, c.request_length is not None) for c in captures) == [
        ("text/html", 200, True),
        ("text/plain", 200, False),
        ("warc/revisit", 304, False),
    ]
    hello = next(c for c in captures if c.mime == "text/plain")
    assert hello.digest == f"sha256:{hashlib.sha256(b'hello').hexdigest()}"
    bodies = _look(tmp_path / "home", lambda c: {c.open(one).body() for one in captures})
    assert bodies == {samples.PAGE, b"hello"}


def test_same_file_is_known_whatever_its_name_and_source(tmp_path: Path, theirs: Path) -> None:
    path = samples.warcio_file(theirs / "a.warc.gz", URLS)
    again = theirs / "b.warc.gz"
    again.write_bytes(path.read_bytes())
    (first,) = _import(tmp_path / "home", path)
    before = _stored(tmp_path / "home")
    (second,) = _import(tmp_path / "home", again, source="other")
    assert second.known == first.segments
    assert (second.segments, second.captures, second.spool) == ((), 0, None)
    assert _stored(tmp_path / "home") == before


def _damages(good: bytes) -> dict[str, bytes]:
    records = [gzip.decompress(one) for one in _split(good)]
    wrong = records[1].replace(b"What other tools", b"What others told")
    return {
        "cut": good[:-20],
        "flipped": good[:200] + bytes([good[200] ^ 0x55]) + good[201:],
        "junk behind": good + b"junk that is no member",
        "block changed": samples.packed(records[0], wrong, *records[2:]),
        "length wrong": samples.packed(
            records[0], records[1].replace(b"Content-Length: ", b"Content-Length: 9", 1)
        ),
        "no date": samples.packed(records[0], records[1].replace(b"WARC-Date", b"Warc-Dote", 1)),
        "no record id": samples.packed(records[0].replace(b"WARC-Record-ID", b"WARC-Rocerd-ID")),
        "plain, cut": b"".join(records)[:-3],
        "no WARC": b"<html>not a WARC</html>",
        "ARC": b"filedesc://x.arc 0.0.0.0 20190101000000 text/plain 76\n",
        "Zstandard": b"\x28\xb5\x2f\xfd....",
        "empty": b"",
    }


def _split(data: bytes) -> list[bytes]:

    return [packed for _, packed, _ in packed_members_of(BytesIO(data).read, "sample")]


DAMAGES = (
    "cut",
    "flipped",
    "junk behind",
    "block changed",
    "length wrong",
    "no date",
    "no record id",
    "plain, cut",
    "no WARC",
    "ARC",
    "Zstandard",
    "empty",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_leaves_nothing_and_is_named(
    tmp_path: Path, theirs: Path, damage: str
) -> None:
    path = samples.warcio_file(theirs / "a.warc.gz", URLS)
    damages = _damages(path.read_bytes())
    assert tuple(damages) == DAMAGES
    path.write_bytes(damages[damage])
    with pytest.raises(RecordError, match=r"a\.warc\.gz"):
        _import(tmp_path / "home", path)
    assert _stored(tmp_path / "home") == []
    assert list((tmp_path / "home" / "spool").iterdir()) == []
    assert _captures(tmp_path / "home") == []


@pytest.mark.parametrize("form", ["a member each", "one member", "plain"])
def test_file_that_was_cut_off_is_taken_in_behind_the_command_that_is_named(
    tmp_path: Path, theirs: Path, form: str
) -> None:
    """As wget and Heritrix leave one when they are interrupted."""
    path = samples.warcio_file(theirs / "a file.warc.gz", URLS)
    data = path.read_bytes()
    records = gzip.decompress(data)
    if form == "one member":
        data = gzip.compress(records)
    elif form == "plain":
        path, data = path.rename(theirs / "a file.warc"), records
    # The last is the request that belongs to the second page.
    path.write_bytes(data[:-20])
    with pytest.raises(RecordError, match="take another copy of the file, or import what") as found:
        _import(tmp_path / "home", path)
    command = str(found.value).split("`")[1]
    subprocess.run(command, shell=True, cwd=theirs, check=True, stderr=subprocess.DEVNULL)
    (whole,) = theirs.glob("whole-*")
    (taken,) = _import(tmp_path / "home", whole)
    assert taken.captures == 2
    assert {c.url for c in _captures(tmp_path / "home")} == set(URLS)


def test_package_is_taken_in_whole(tmp_path: Path, theirs: Path) -> None:
    one = samples.warcio_file(theirs / "one.warc.gz", URLS[:1]).read_bytes()
    two = samples.warcio_file(theirs / "two.warc", URLS[1:], compressed=False).read_bytes()
    path = samples.wacz(theirs / "p.wacz", {"one.warc.gz": one, "two.warc": two})
    (found,) = _import(tmp_path / "home", path)
    assert (len(found.segments), found.captures) == (2, 2)
    assert [c.url for c in _captures(tmp_path / "home")] == URLS


@pytest.mark.parametrize(
    ("name", "place"), [("b.warc.gz", " ends within the member at"), ("b.warc", ", record 5 is")]
)
def test_file_that_was_cut_off_in_a_package_is_named_as_it_is_known(
    tmp_path: Path, theirs: Path, name: str, place: str
) -> None:
    warc = samples.warcio_file(theirs / name, URLS, compressed=name.endswith(".gz"))
    path = samples.wacz(theirs / "p.wacz", {name: warc.read_bytes()[:-20]})
    with pytest.raises(RecordError) as found:
        _import(tmp_path / "home", path)
    assert str(found.value).startswith(f"p.wacz/archive/{name}{place}")
    assert "take another copy of the package, or unpack it and import" in str(found.value)
    assert "0.warc" not in str(found.value)


@pytest.mark.parametrize(
    "odd",
    [
        "second damaged",
        "digest",
        "unlisted",
        "missing",
        "traversal",
        "no package",
        "bzip2",
        "no name",
        "cut",
    ],
)
def test_package_that_is_not_what_it_says_is_refused_whole(
    tmp_path: Path, theirs: Path, odd: str
) -> None:
    one = samples.warcio_file(theirs / "one.warc.gz", URLS[:1]).read_bytes()
    path = theirs / "p.wacz"
    if odd == "second damaged":
        samples.wacz(path, {"one.warc.gz": one, "two.warc.gz": one[:-30]})
    elif odd == "digest":
        samples.wacz(path, {"one.warc.gz": one}, stated={"one.warc.gz": one + b"x"})
    elif odd == "missing":
        samples.wacz(path, {"one.warc.gz": one}, stated={"two.warc.gz": one})
    elif odd == "no package":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("archive/one.warc.gz", one)
    else:
        samples.wacz(path, {"one.warc.gz": one})
        with zipfile.ZipFile(path, "a") as file:
            if odd == "unlisted":
                file.writestr("archive/two.warc.gz", one)
            elif odd == "traversal":
                file.writestr("../../evil.warc.gz", one)
            elif odd == "bzip2":
                file.writestr("logs/zeros", b"\0" * (30 << 20), zipfile.ZIP_BZIP2)
            elif odd == "no name":
                file.open(zipfile.ZipInfo(""), "w").close()
    if odd == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RecordError, match=r"p\.wacz"):
        _import(tmp_path / "home", path)
    assert _stored(tmp_path / "home") == []
    assert list((tmp_path / "home" / "spool").iterdir()) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_package_with_any_byte_changed_is_whole_or_refused_by_name(
    tmp_path: Path, method: int
) -> None:
    path = samples.wacz(tmp_path / "p.wacz", {"one.warc": b"WARC/1.1" * 9})
    with zipfile.ZipFile(path) as package:
        files = {info.filename: package.read(info) for info in package.infolist()}
    with zipfile.ZipFile(path, "w", method) as package:
        for name, content in files.items():
            package.writestr(name, content)
        package.writestr("näme", b"")
    data = path.read_bytes()
    refusals = []
    for at, change in product(range(len(data)), (0x01, 0x80)):
        path.write_bytes(data[:at] + bytes([data[at] ^ change]) + data[at + 1 :])
        try:
            (copy,) = unpack_wacz(path, tmp_path)
        except RecordError as error:
            refusals.append(str(error))
        else:
            assert copy.path.read_bytes() == files["archive/one.warc"]
    assert len(refusals) > len(data)
    assert all("p.wacz" in refusal for refusal in refusals)


def test_process_that_dies_in_between_leaves_all_of_a_package_or_nothing(
    tmp_path: Path, theirs: Path
) -> None:
    """Before the one rename nothing is found, behind it recovery finds everything."""
    warcs = {
        f"{n}.warc.gz": samples.warcio_file(theirs / f"{n}.warc.gz", [url]).read_bytes()
        for n, url in enumerate(URLS)
    }
    path = samples.wacz(theirs / "p.wacz", warcs)
    for promoted in (False, True):
        home = tmp_path / str(promoted)

        async def life(home: Path, promoted: bool) -> None:
            async with place(home) as here:
                importer = Importer(here.collection, here.spool, "imported")
                if promoted:
                    found = importer.take_in(path)
                    assert found.spool is not None
                    found.spool.close()
                else:
                    folder = here.spool.prepare()
                    (folder / "imported-20190304050607000-aaaaaaaaaa.warc.gz").write_bytes(b"half")

        asyncio.run(life(home, promoted))
        assert _captures(home) == []

        async def next_start(home: Path) -> list[str]:
            async with place(home) as here:
                spools = await asyncio.to_thread(adopt, home, here.collection.index, here.uploader)
                assert await here.drain()
                for spool in spools:
                    spool.close()
                assert verify(here.collection).findings == []
                return [c.url for c in here.collection.index.captures(ALL)]

        assert asyncio.run(next_start(home)) == (URLS if promoted else [])
        assert list((home / "spool").iterdir()) == []
