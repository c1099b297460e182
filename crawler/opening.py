"""Opening the collection that a configuration names; without what only capturing needs."""

from __future__ import annotations

from pathlib import Path

from archive.collection import Collection
from archive.errors import NotArchived
from archive.index import Index
from archive.state.capabilities import RememberedCapabilities
from archive.store.base import Store
from archive.store.open import open_store
from archive.store.s3_options import S3Options
from config.schema import Configuration


def open_collection(configuration: Configuration, *, asked: str | None = None) -> Collection:
    """Store and index that the configuration names. Raises StoreError, IndexFailure.

    `asked`: what a reader wants; an index that is not there is then not made. Raises NotArchived.
    """
    file = Path(configuration.index_url.removeprefix("sqlite:///"))
    if asked is not None and not file.exists():
        raise NotArchived(
            asked,
            f"there is no index {file}; go where your pressmark.yaml is, name it by "
            "PRESSMARK_CONFIG, or run `pressmark rebuild-index` if the index was lost",
        )
    return Collection(store_of(configuration), Index(configuration.index_url))


def store_of(configuration: Configuration) -> Store:
    """The object store that the configuration names, not yet asked anything. Raises StoreError."""
    s3 = configuration.s3
    secret, token = s3.secret_access_key, s3.session_token
    return open_store(
        configuration.collection_uri,
        S3Options(
            endpoint_url=s3.endpoint_url,
            region=s3.region,
            access_key_id=s3.access_key_id,
            secret_access_key=secret.get_secret_value() if secret else None,
            session_token=token.get_secret_value() if token else None,
            ca_bundle=str(s3.ca_bundle) if s3.ca_bundle else None,
            addressing_style=s3.addressing_style,
        ),
        RememberedCapabilities(configuration.state_url),
    )
