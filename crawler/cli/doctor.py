"""The examinations of `pressmark doctor`; each ends in one line and, where it failed, a remedy."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from archive.agreement import check_ours, compare
from archive.errors import ArchiveError
from archive.files import write_durably
from archive.spooled import free_space, spool_usage
from archive.state import State
from archive.state.schema import HEAD
from archive.store.refusals import disk_remedy
from archive.timestamps import now
from config.quantities import show_count, show_size
from config.schema import Configuration
from crawler.cli.checks import Check
from crawler.cli.exits import UNAVAILABLE, WRONG_USAGE, exit_status
from crawler.cli.store_checks import mirror_checks, store_checks
from crawler.opening import existing_index, store_of

_CLOCK_SECONDS = 120
_COMPARED = 100_000
"""Files of the store whose names are compared with the index: some ten seconds of a distant one."""


def examine(configuration: Configuration) -> list[Check]:
    """Every examination, in an order in which the first failure is likely the cause of the rest."""
    checks: list[Check] = []
    for name, examination in _EXAMINATIONS.items():
        try:
            checks += examination(configuration)
        except ArchiveError as error:
            told = any(check.detail == str(error) for check in checks)
            detail = "not compared, for the reason above" if told else str(error)
            checks.append(Check(name=name, ok=False, detail=detail, exit_status=exit_status(error)))
        except OSError as error:
            checks.append(Check(name=name, ok=False, detail=str(error), exit_status=UNAVAILABLE))
    return checks


def _contact(configuration: Configuration) -> Iterator[Check]:
    if configuration.contact:
        yield Check(name="contact", ok=True, detail=configuration.agent)
    else:
        yield Check(
            name="contact",
            ok=False,
            detail="no contact is configured",
            remedy="set `contact` in pressmark.yaml; `pressmark init` writes one",
            exit_status=WRONG_USAGE,
        )


def _home(configuration: Configuration) -> Iterator[Check]:
    home = Path(configuration.home).absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home) as folder:
            write_durably(Path(folder) / "probe", b"probe")
    except OSError as error:
        yield Check(
            name="home",
            ok=False,
            detail=f"cannot write into {home}: {error.strerror}",
            remedy=disk_remedy(error, "home"),
            exit_status=UNAVAILABLE,
        )
        return
    free, least = free_space(home), configuration.spool.min_free
    room = f"{home}, {show_size(free)} free"
    enough = free >= least
    below = f"below {show_size(least)} (`spool.min_free`)"
    remedy = "" if enough else f"make room: {below} crawls pause"
    yield Check(name="home", ok=enough, detail=room, remedy=remedy)


def _spool(configuration: Configuration) -> Iterator[Check]:
    left = [spool for spool in spool_usage(Path(configuration.home)) if not spool.alive]
    waiting = sum(spool.sealed + spool.open for spool in left)
    files = show_count(waiting, "file of ended processes waits", "files of ended processes wait")
    detail = files if waiting else "nothing waits"
    remedy = "the next `archive` or `crawl` takes up what waits" if waiting else ""
    yield Check(name="spool", ok=True, detail=detail, remedy=remedy)


def _index(configuration: Configuration) -> Iterator[Check]:
    index = existing_index(configuration)
    if index is None:
        # Whether there should be one is asked of the store, below.
        yield Check(name="index", ok=True, detail="no index yet; the first capture makes it")
        return
    try:
        counts = index.counts()
        software = index.software
    finally:
        index.close()
    captures = show_count(counts.captures, "capture")
    detail = f"{captures}, {show_count(counts.documents, 'document')}; {software}"
    yield Check(name="index", ok=True, detail=detail)
    missing = counts.unextracted
    yield Check(
        name="texts",
        ok=True,
        detail=f"{show_count(missing, 'page has', 'pages have')} none yet"
        if missing
        else "no page lacks its text",
        remedy="`pressmark doctor --repair` makes the texts" if missing else "",
    )


def _state(configuration: Configuration) -> Iterator[Check]:
    state = State(configuration.state_url)
    state.close()
    yield Check(name="state", ok=True, detail=f"{state.name}, revision {HEAD}")


def _agreement(configuration: Configuration) -> Iterator[Check]:
    """Whether the index speaks of this store: an empty one of either looks like all well."""
    store, index = store_of(configuration), existing_index(configuration)
    try:
        check_ours(store, index, mirrored=bool(configuration.mirror))
        found = compare(store, index, _COMPARED)
    finally:
        if index is not None:
            index.close()
        store.close()
    details, remedies = [], []
    if found.missing:
        number = f"{len(found.missing)} of {found.stored} files"
        details.append(f"the store lacks {number} that the index names, as {found.missing[0]}")
        remedies.append(_bring_back(mirrored=bool(configuration.mirror)))
    if found.unknown:
        there = "the index lacks" if index else "no index speaks of"
        number = f"{len(found.unknown)} files"
        details.append(f"the store has {number} that {there}, as {found.unknown[0]}")
        remedies.append("run `pressmark rebuild-index`")
    if not details:
        them = "it" if found.stored == 1 else "them"
        there = f"the store has {them}" if found.stored else "the store has none"
        if not found.listing.whole:
            there = (
                f"of the first {len(found.listing.keys)} in the store none is missing or unknown"
            )
        details.append(f"the index names {show_count(found.stored, 'stored file')}, {there}")
    yield Check(
        name="index and store",
        ok=not remedies,
        detail="; ".join(details),
        remedy="; then ".join(remedies),
    )


def _bring_back(*, mirrored: bool) -> str:
    source = "the mirror by `pressmark verify --repair`" if mirrored else "a backup"
    return (
        f"mount its disk, or correct `collection`; else bring the files back from {source}; "
        "if they are lost, run `pressmark rebuild-index --forget-missing`"
    )


def _clock(configuration: Configuration) -> Iterator[Check]:
    """Timestamps are evidence: compare with the store's own clock where it has one."""
    url = configuration.s3.endpoint_url
    if not url or not configuration.collection_uri.startswith("s3:"):
        yield Check(name="clock", ok=True, detail=f"{now():%Y-%m-%d %H:%M:%S} UTC, not compared")
        return
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("HEAD", "/")
        date = connection.getresponse().getheader("Date")
        theirs = parsedate_to_datetime(date) if date else now()
    except (HTTPException, ValueError, OSError):
        # Certificates and reachability are the examination of the store.
        yield Check(name="clock", ok=True, detail="the store's clock could not be read")
        return
    finally:
        connection.close()
    apart = abs((now() - theirs).total_seconds())
    yield Check(
        name="clock",
        ok=apart < _CLOCK_SECONDS,
        detail=f"{apart:.0f} s from the store's clock",
        remedy="" if apart < _CLOCK_SECONDS else "set this machine's clock (NTP)",
    )


def _network(configuration: Configuration) -> Iterator[Check]:
    networks = ", ".join(str(network) for network in configuration.allow_networks)
    detail = f"open besides public addresses: {networks}" if networks else "public addresses only"
    yield Check(name="guard", ok=True, detail=f"{detail}; node {socket.gethostname()}")


_EXAMINATIONS: dict[str, Callable[[Configuration], Iterator[Check]]] = {
    "contact": _contact,
    "home": _home,
    "spool": _spool,
    "index": _index,
    "state": _state,
    "store": store_checks,
    "index and store": _agreement,
    "mirror": mirror_checks,
    "clock": _clock,
    "guard": _network,
}
