"""Opening the collection that a configuration names; without what only capturing needs."""

from __future__ import annotations

from dataclasses import replace

from archive.collection import Collection
from archive.errors import NotArchived
from archive.index import Index
from archive.state.capabilities import RememberedCapabilities
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store
from archive.store.mirror import MirroredStore
from archive.store.open import open_store
from archive.store.s3_options import S3Options
from archive.store.s3_protection import Encryption, Protection, Retention
from config.s3 import S3
from config.schema import Configuration

PARTIAL = (
    "the index was begun anew and lacks files that the store has: run `pressmark rebuild-index`"
)

_READ_TIMEOUT = 10.0
_ATTEMPTS = 2
"""Where somebody waits for the answer."""


def open_collection(
    configuration: Configuration,
    *,
    asked: str | None = None,
    index_url: str | None = None,
    waited_for: bool = False,
) -> Collection:
    """Store and index that the configuration names. Raises StoreError, IndexFailure.

    `asked`: what a reader wants; an index that is not there is then not made. Raises NotArchived.
    `index_url`: another index. `waited_for`: somebody waits for each answer of the store, and
    rather hears soon that it does not answer.
    """
    if asked is not None and not Index.exists(configuration.index_url):
        file = configuration.index_url.removeprefix("sqlite:///")
        place = "in the database" if "://" in file else file
        raise NotArchived(
            asked,
            f"there is no index {place}; go where your pressmark.yaml is, name it by "
            "PRESSMARK_CONFIG, or run `pressmark rebuild-index` if the index was lost",
        )
    store = _opened(configuration, configuration.collection_uri, waited_for=waited_for)
    mirror = mirror_of(configuration)  # nobody waits for it: a thread copies to it
    if mirror is not None:
        waiting = MirrorWaitingList(configuration.state_url, mirror.uri)
        store = MirroredStore(store, mirror, waiting, folder=configuration.home)
    return Collection(store, Index(index_url or configuration.index_url), mirror)


def existing_index(configuration: Configuration) -> Index | None:
    """The index that the configuration names; None: there is none, and none is made.

    Raises IndexFailure.
    """
    url = configuration.index_url
    return Index(url) if Index.exists(url) else None


def store_of(configuration: Configuration) -> Store:
    """The object store that the configuration names, not yet asked anything. Raises StoreError."""
    return _opened(configuration, configuration.collection_uri)


def mirror_of(configuration: Configuration) -> Store | None:
    """The second store, reached as the first one is; None: there is none. Raises StoreError."""
    mirror = configuration.mirror
    return _opened(configuration, mirror, setting="mirror") if mirror else None


def _opened(
    configuration: Configuration,
    uri: str,
    setting: str = "collection",
    *,
    waited_for: bool = False,
) -> Store:
    s3 = configuration.s3
    secret, token = s3.secret_access_key, s3.session_token
    options = S3Options(
        endpoint_url=s3.endpoint_url,
        region=s3.region,
        access_key_id=s3.access_key_id,
        secret_access_key=secret.get_secret_value() if secret else None,
        session_token=token.get_secret_value() if token else None,
        ca_bundle=str(s3.ca_bundle) if s3.ca_bundle else None,
        addressing_style=s3.addressing_style,
        protection=_protection(s3),
    )
    if waited_for:
        options = replace(options, read_timeout=_READ_TIMEOUT, attempts=_ATTEMPTS)
    memory = RememberedCapabilities(configuration.state_url)
    return open_store(uri, options, memory, setting=setting)


def _protection(s3: S3) -> Protection:
    lock, encryption = s3.object_lock, s3.encryption
    return Protection(
        retention=Retention(
            mode="COMPLIANCE" if lock.mode == "compliance" else "GOVERNANCE", days=lock.days
        )
        if lock.mode and lock.days
        else None,
        encryption=Encryption(algorithm=encryption.algorithm, key_id=encryption.key)
        if encryption.algorithm
        else None,
    )
