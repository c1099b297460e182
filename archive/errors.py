"""Errors of Pressmark; each says what the caller should do.

None of them is an OSError: Scrapy retries that, and would fetch a page again for a full disk.

ArchiveError
+- UrlError                not a URL that can be archived: correct it, do not retry
+- ParameterError          a request asks for what cannot be understood or is not there: correct it
+- AddressRefused          the guard forbids the address: do not retry; see `allow_networks`
+- NotArchived             no capture of that URL: answer 404, do not retry
+- NothingToCompare        one version of an article only: answer 404, do not retry
+- Withheld                archived, and not to be shown: answer 451, without the reason
+- RestrictionUnknown      no restriction of that id: see `pressmark restrict --list`
+- RestrictionLifted       that restriction has been lifted already: nothing is left to do
+- RecordError             a record, or a line about one, cannot be read: tell the audit
|  +- DigestMismatch       bytes changed since writing: never serve them, repair from another store
|  +- RevisitUnresolved    the record a revisit points to is missing: answer 502, tell the audit
+- TakesLong               not done within the bound that was asked with: ask where it may take long
+- ContentError            a body cannot be decoded: offer the payload as it was sent
+- ServerError             the web server cannot listen there: choose another address
+- WriteError              a capture could not be kept: stop the crawl
+- SourceBusy              another process crawls that source: retry when it has ended
+- JobUnknown              no job of that id, or none any more: submit another one
+- JobNotRetried           a job that waits, runs or succeeded cannot be retried: look at it
+- QueueFull               no room for another job: try again later
+- SavingOff               this server archives nothing: configure it, or ask another one
+- IndexFailure            the index cannot be used
|  +- IndexUnavailable     locked, unreachable or damaged: retry later, or rebuild it
|  |  +- IndexDamaged      what is there is no whole database: rebuild it
|  +- IndexOutdated        written by another version: `pressmark rebuild-index`
|  +- SegmentUnknown       no row of that segment: `pressmark rebuild-index`
+- StateFailure            the state is locked, unreachable, damaged or newer: as the message says
|  +- StateDamaged         what is there is no whole database: restore the last backup, do not retry
|  +- StateTaken           restoring would replace what it holds: ask for that
+- TokenNameTaken          a token of that name is in force: revoke it, or choose another name
+- TokenUnknown            no token of that name or id: see `pressmark token list`
+- BackupDamaged           a backup of the state is not whole: take another one
+- StoreError              the object store refused or failed
   +- KeyInvalid           a key outside the permitted alphabet: a bug of the caller
   +- KeyMissing           no such object: do not retry
   +- KeyTaken             conditional put lost: read the object, compare sha256
   +- BucketMissing        no such bucket or folder: create it, or correct `collection`
   +- FilesMissing         empty, or without files that it had: mount the disk; keep the spool
   +- OtherCollection      another one than the index is of: correct `collection`; keep the spool
   +- AccessDenied         wrong key or no permission: correct the credentials
   +- ObjectDamaged        stored bytes are not those that were sent: never acknowledge, retry
   +- StoreUnavailable     network, 5xx or a full disk: keep the spool, retry with backoff
   |  +- SpooledElsewhere   in the spool of another machine: ask there, or wait for its upload
   +- StoreUnsupported     the server, or this Pressmark, cannot do that: see `pressmark doctor`

`TimestampError` (archive.timestamps), `MemberDamaged` and `MemberTooLarge` (archive.warc.gzip),
`FieldError` (archive.warc.writing), `DecisionNewer` (archive.restrictions.objects), `PoolClosed`,
`WorkerError` and `WorkerLost` (pipelines.text), and the guard's refusals (crawler.guard.errors)
stand where they are raised, and derive from these.

`config.errors.ConfigurationError` stands apart, because `config` imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.restrictions.model import Restriction


class ArchiveError(Exception):
    """Root of the tree above."""


class UrlError(ArchiveError):
    """Not an http or https URL with a host. The message names the URL and what is wrong with it."""


class ParameterError(ArchiveError):
    """A parameter of a request is missing, is not understood, or names what there is not."""


class AddressRefused(ArchiveError):
    """The guard forbids the address that a host resolved to (private, loopback, ...)."""

    def __init__(self, host: str, address: str) -> None:
        place = host if host == address else f"{host} is at {address}, which"
        super().__init__(
            f"{place} is not a public address; "
            "add its network to allow_networks if you mean to archive it"
        )
        self.host = host
        self.address = address


class NotArchived(ArchiveError):
    """The collection holds no capture of that URL, or none that fits what was asked for."""

    def __init__(self, url: str, detail: str = "") -> None:
        super().__init__(f"{url} is not in the collection{detail and f': {detail}'}")
        self.url = url
        self.detail = detail


class NothingToCompare(ArchiveError):
    """Of an article there is one version, or none at other times; the message says since when."""


class Withheld(ArchiveError):
    """What was asked for is archived, and decisions in force withhold it.

    The message is for everybody: the reasons in `restrictions` are for administrators alone.
    """

    def __init__(self, url: str, restrictions: Iterable[Restriction] = ()) -> None:
        super().__init__(
            f"{url} is in the collection, and withheld by a decision of those who keep it: ask them"
        )
        self.url = url
        self.restrictions = tuple(restrictions)

    @property
    def reasons(self) -> str:
        """For administrators alone: which decisions, and why."""
        return "; ".join(f"{one.id}: {one.reason}" for one in self.restrictions)


class RestrictionUnknown(ArchiveError):
    """There is no restriction of that id to lift."""

    def __init__(self, id_: str) -> None:
        super().__init__(
            f"there is no restriction {id_!r}: `pressmark restrict --list` names those there are"
        )
        self.id = id_


class RestrictionLifted(ArchiveError):
    """That restriction withholds nothing any more: somebody has lifted it."""

    def __init__(self, id_: str, when: str) -> None:
        """`when`: for people, such as `2026-11-22 09:30:00 UTC`."""
        super().__init__(
            f"the restriction {id_!r} was lifted on {when} already: "
            "`pressmark restrict --list` tells which are in force"
        )
        self.id = id_


class RecordError(ArchiveError):
    """A WARC record cannot be read where the index says it is, or a line of its side files."""


class DigestMismatch(RecordError):
    """The bytes are not those whose digest was noted when they were written."""


class RevisitUnresolved(RecordError):
    """A revisit record refers to a record that is not in the collection."""


class TakesLong(ArchiveError):
    """What was asked for with a bound is larger, or has to be read where only the index is."""


class ContentError(ArchiveError):
    """A transfer or content coding cannot be undone; the payload or raw block can still be had."""


class WriteError(ArchiveError):
    """A capture could not be kept: stop the crawl. What was acknowledged before is safe."""

    def __init__(self, what: str, cause: BaseException) -> None:
        # Errors of our own say themselves what to do.
        remedy = (
            "; check the disk and the permissions of `home`" if isinstance(cause, OSError) else ""
        )
        super().__init__(f"could not archive {what}: {cause}{remedy}")
        self.what = what
        self.cause = cause


class ServerError(ArchiveError):
    """The web server cannot listen on the address that was asked for."""


class SourceBusy(ArchiveError):
    """Another process of the home is crawling the source."""

    def __init__(self, source: str, process: str) -> None:
        super().__init__(
            f"{source} is being crawled by process {process or 'unknown'}: wait until it has "
            "ended, or stop it, then try again"
        )


class JobUnknown(ArchiveError):
    """There is no job of that id, or it ended so long ago that it is not remembered."""

    def __init__(self, job: str) -> None:
        super().__init__(
            f"there is no job {job[:80]!r}: ended jobs are remembered for a while only; "
            "submit it again"
        )
        self.job = job


class JobNotRetried(ArchiveError):
    """Only a job that failed or was cancelled can be tried again."""

    def __init__(self, job: str, state: str) -> None:
        super().__init__(
            f"job {job} is in state {state!r}: only one that failed or was cancelled can be "
            "retried; submit a new one instead"
        )
        self.job = job


class QueueFull(ArchiveError):
    """As many jobs wait as the queue takes."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} jobs wait already, and no more can: try again later")
        self.waiting = waiting


class SavingOff(ArchiveError):
    """The server was started without anything that could archive."""

    def __init__(self) -> None:
        super().__init__(
            "this server archives nothing: set `contact` in its pressmark.yaml, so that site "
            "owners can reach somebody, and start it again"
        )


class IndexFailure(ArchiveError):
    """The index cannot be used; the objects are not touched by that."""


class IndexUnavailable(IndexFailure):
    """The index database is locked, unreachable or damaged."""


class IndexDamaged(IndexUnavailable):
    """What lies in the place of the index is no database, or not a whole one."""


class IndexOutdated(IndexFailure):
    """The index was written by another version of Pressmark; it is a cache and can be rebuilt."""


class SegmentUnknown(IndexFailure):
    """The index has no segment of that file name."""

    def __init__(self, filename: str) -> None:
        super().__init__(f"{filename} is not in the index: run `pressmark rebuild-index`")
        self.filename = filename


class StateFailure(ArchiveError):
    """The state database is locked, unreachable, damaged, or of a revision that is not known here.

    The archive itself can be read without it.
    """


class StateDamaged(StateFailure):
    """What lies in the place of the state is no database, or not a whole one."""


class StateTaken(StateFailure):
    """The state holds rows that a backup would replace."""


class TokenNameTaken(ArchiveError):
    """A token of that name is in force."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is a token {name} already: choose another name, or revoke that one first with "
            f"`pressmark token revoke {name}`"
        )


class TokenUnknown(ArchiveError):
    """No token has that name or id."""

    def __init__(self, name_or_id: str) -> None:
        super().__init__(f"there is no token {name_or_id!r}: `pressmark token list` names them")


class BackupDamaged(ArchiveError):
    """A file is no backup of the state, or not the whole of one."""


class StoreError(ArchiveError):
    """The object store refused or failed. `key` is the object's key, "" for the whole store."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class KeyInvalid(StoreError):
    """The key has a character or a segment that not every store can hold."""


class KeyMissing(StoreError):
    """There is no object of that key."""


class KeyTaken(StoreError):
    """There is an object of that key already; objects are created, never changed."""


class BucketMissing(StoreError):
    """The bucket does not exist."""


class FilesMissing(StoreError):
    """The store lacks files that were stored in it: it is another one, or lost them."""


class OtherCollection(StoreError):
    """The store holds another collection than the one that the index is of."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"{uri} is another collection than the one that the index is of, and nothing is "
            "written to it: correct `collection`, `home` or `database`; if it is really meant, "
            "run `pressmark rebuild-index --forget-missing`"
        )


class AccessDenied(StoreError):
    """The store does not accept the credentials, or they do not permit the operation."""


class ObjectDamaged(StoreError):
    """What the store holds is not what was sent to it."""


class StoreUnavailable(StoreError):
    """The store cannot be reached, is overloaded, or has no room; what is spooled stays spooled."""


class SpooledElsewhere(StoreUnavailable):
    """What is asked for lies in the spool of another machine, and not yet in the store."""

    def __init__(self, filename: str, node: str | None) -> None:
        super().__init__(
            f"{filename} is still in the spool of {node}: ask there, or wait until it is uploaded"
        )
        self.node = node


class StoreUnsupported(StoreError):
    """The store does not offer the operation, or holds a format that this Pressmark cannot read."""
