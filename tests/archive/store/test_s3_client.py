"""What the libraries below a client say."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from archive.store.s3_client import open_bucket
from archive.store.s3_options import S3Options


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", "boto3", "botocore", "urllib3")]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.NOTSET)
    yield
    for logger, level in before:
        logger.setLevel(level)


def _level(name: str) -> int:
    open_bucket("news", "", S3Options(access_key_id="a", secret_access_key="b")).client.close()
    return logging.getLogger(name).getEffectiveLevel()


def test_what_an_operator_silenced_stays_so() -> None:
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger("botocore").setLevel(logging.ERROR)
    assert (_level("boto3"), _level("botocore")) == (logging.CRITICAL, logging.ERROR)


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG])
def test_nothing_below_information_is_told(level: int) -> None:
    logging.getLogger().setLevel(level)
    logging.getLogger("urllib3").setLevel(level)
    assert (_level("botocore"), _level("urllib3")) == (logging.INFO, logging.INFO)
