"""Opening the collection that a configuration names; without what only capturing needs."""

from __future__ import annotations

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


def open_collection(
    configuration: Configuration, *, asked: str | None = None, index_url: str | None = None
) -> Collection:
    """Store and index that the configuration names. Raises StoreError, IndexFailure.

    `asked`: what a reader wants; an index that is not there is then not made. Raises NotArchived.
    `index_url`: another index.
    """
    if asked is not None and not Index.exists(configuration.index_url):
        file = configuration.index_url.removeprefix("sqlite:///")
        place = "in the database" if "://" in file else file
        raise NotArchived(
            asked,
            f"there is no index {place}; go where your pressmark.yaml is, name it by "
            "PRESSMARK_CONFIG, or run `pressmark rebuild-index` if the index was lost",
        )
    store, mirror = store_of(configuration), mirror_of(configuration)
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


def _opened(configuration: Configuration, uri: str, setting: str = "collection") -> Store:
    s3 = configuration.s3
    secret, token = s3.secret_access_key, s3.session_token
    return open_store(
        uri,
        S3Options(
            endpoint_url=s3.endpoint_url,
            region=s3.region,
            access_key_id=s3.access_key_id,
            secret_access_key=secret.get_secret_value() if secret else None,
            session_token=token.get_secret_value() if token else None,
            ca_bundle=str(s3.ca_bundle) if s3.ca_bundle else None,
            addressing_style=s3.addressing_style,
            protection=_protection(s3),
        ),
        RememberedCapabilities(configuration.state_url),
        setting=setting,
    )


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
