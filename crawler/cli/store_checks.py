"""What `pressmark doctor` examines in the store and in its mirror."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from archive.errors import StoreError
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store
from archive.store.mirror import check_mirror_filled
from config.quantities import show_count
from config.schema import Configuration
from crawler.cli.checks import Check
from crawler.cli.exits import UNAVAILABLE
from crawler.cli.output import show_moment
from crawler.opening import mirror_of, store_of

if TYPE_CHECKING:
    from archive.store.s3_protecting import Protector

_ABILITIES = {
    "create_only": (
        "create-only",
        "the store refuses to overwrite",
        (
            "degraded: the store overwrites; each write asks first whether the object exists, and "
            "two machines at once are kept apart by unique names alone"
        ),
    ),
    "ranged_reads": (
        "ranged reads",
        "a part of an object can be read alone",
        (
            "degraded: the store answers a range with the whole object; reading one snapshot "
            "transfers its whole WARC file"
        ),
    ),
    "notes_digests": (
        "noted digests",
        "the store tells the digest that was sent with an object",
        (
            "degraded: the store forgets the digest that is sent with an object; each upload is "
            "read back whole"
        ),
    ),
    "checks_arrivals": (
        "arrivals",
        "the store refuses bytes that changed on their way",
        (
            "degraded: the store takes bytes that changed on their way; only the check after "
            "each upload finds that"
        ),
    ),
}


def store_checks(configuration: Configuration) -> Iterator[Check]:
    """Whether the store answers, what it was seen to do, and whether it protects as asked."""
    store = store_of(configuration)
    try:
        store.check()
        yield Check(name="store", ok=True, detail=f"{store.uri} answers")
        yield from _s3_checks(store)
    except StoreError as error:
        yield Check(name="store", ok=False, detail=str(error), exit_status=UNAVAILABLE)
    finally:
        store.close()


def _s3_checks(store: Store, whose: str = "") -> Iterator[Check]:
    """What a server was seen to do just now; of a folder nothing, which is what POSIX says."""
    if not store.uri.startswith("s3:"):
        return
    # Importing boto3 takes as long as all the rest together, and folders do without.
    from archive.store.s3 import S3Store

    seen = store.probe()
    for field, (name, able, unable) in _ABILITIES.items():
        yield Check(name=whose + name, ok=True, detail=able if getattr(seen, field) else unable)
    if isinstance(store, S3Store):
        yield from _protection(store.protector, whose)


def _protection(protector: Protector, whose: str) -> Iterator[Check]:
    wanted = protector.wanted
    if wanted.retention:
        yield _holds(
            f"{whose}object lock",
            f"a scratch object under {wanted.retention.mode} could not be deleted",
            "the store took a retention and did not keep to it",
            "use a bucket that was created with Object Lock, or take `s3.object_lock` out",
            protector.retains,
        )
    if wanted.encryption:
        yield _holds(
            f"{whose}encryption",
            f"a scratch object was encrypted by {wanted.encryption.algorithm}",
            "the store did not encrypt a scratch object as it was asked to",
            "use a service that encrypts, or take `s3.encryption` out",
            protector.encrypts,
        )


def _holds(name: str, able: str, unable: str, remedy: str, probe: Callable[[], bool]) -> Check:
    try:
        holds = probe()
    except StoreError as error:
        return Check(name=name, ok=False, detail=str(error), remedy=remedy)
    return Check(
        name=name, ok=holds, detail=able if holds else unable, remedy="" if holds else remedy
    )


def mirror_checks(configuration: Configuration) -> Iterator[Check]:
    """Whether the second store may be copied to, how far it has caught up, and what it does."""
    mirror = mirror_of(configuration)
    if mirror is None:
        return
    waiting = MirrorWaitingList(configuration.state_url, mirror.uri)
    try:
        mirror.check()
        number, since = waiting.count()
        begun = waiting.is_compared()
        if begun:
            check_mirror_filled(mirror)
        if not begun:
            detail = f"{mirror.uri} answers; the next capture begins to fill it"
        elif since is not None:
            waits = show_count(number, "object waits", "objects wait")
            detail = f"{mirror.uri} answers; {waits} for it since {show_moment(since)}"
        else:
            detail = f"{mirror.uri} answers and has everything"
        yield Check(name="mirror", ok=True, detail=detail)
        yield from _s3_checks(mirror, "mirror: ")
    except StoreError as error:
        yield Check(name="mirror", ok=False, detail=str(error), exit_status=UNAVAILABLE)
    finally:
        waiting.close()
        mirror.close()
