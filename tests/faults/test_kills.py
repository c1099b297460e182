"""SIGKILL at random moments of a real crawl, into a folder and into S3 behind a faulty proxy."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options
from tests.faults.newsroom import PAGES, Newsroom
from tests.faults.trial import side_by_side
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, CutBody, Fault, FaultProxy, ResetAfter, ResetBefore

SEED = 20261122
SHORT_HOMES, FULL_HOMES = 1, 38
SHORT_S3_HOMES, FULL_S3_HOMES = 1, 14
KILLS = 4
"""One after another in the same home, each of a crawl that takes up what the one before left, goes
on where that was, and so may be over before it is killed."""

_PROMISES = 2 * PAGES + 2
_FAULTS: tuple[Fault, ...] = (Answer(503), ResetBefore(), ResetAfter(), CutBody(0))


def suffer(room: Newsroom, dice: random.Random) -> int:
    """Kill crawls in a home, then let one end; how many were killed. Raises Violation."""
    deaths = 0
    for _ in range(3 * KILLS):
        # Before the first promise there is recovery, behind the last the upload.
        after, delay = dice.randint(0, _PROMISES), dice.uniform(0, 0.1)
        print(f"{room.folder.name}: kill after {after} promises and {delay:.3f} s")
        deaths += room.kill_crawl(after, delay)
        room.check_crash()
        if deaths == KILLS:
            break
    status, errors = room.crawl()
    assert status == 0, errors
    room.check()
    return deaths


def kill_in_folders(tmp_path: Path, homes: int) -> int:
    """Deaths of crawls whose store is a folder."""

    def one(number: int) -> int:
        with Newsroom(tmp_path / f"home{number}") as room:
            deaths = suffer(room, random.Random(f"{SEED}/{number}"))
        if number:
            shutil.rmtree(room.folder)  # one is left for other people's tools
        return deaths

    return sum(side_by_side(one, range(homes)))


def kill_in_buckets(tmp_path: Path, s3: S3Server, homes: int) -> int:
    """Deaths of crawls whose store fails now and then, too."""

    def one(number: int) -> int:
        dice = random.Random(f"{SEED}/s3/{number}")
        uri = (s3.make_bucket(), "news")
        options = S3Options(
            endpoint_url=s3.endpoint_url,
            access_key_id=s3.access_key,
            secret_access_key=s3.secret_key,
        )
        with FaultProxy(s3.endpoint_url) as proxy:
            faults = 3 * KILLS
            for _ in range(faults):
                proxy.fault(dice.choice(_FAULTS), method=dice.choice(("PUT", "HEAD", "GET")))
            environment = s3.environment() | {
                "AWS_ENDPOINT_URL_S3": proxy.url,
                "PRESSMARK_COLLECTION": f"s3://{'/'.join(uri)}",
            }
            store = S3Store(*uri, options)
            with Newsroom(tmp_path / f"home{number}", store=store, environment=environment) as room:
                deaths = suffer(room, dice)
            store.close()
            print(f"home{number}: {proxy.broken} of {faults} faults")
            # Which request is the next of its kind depends on when the crawls die.
            assert proxy.broken > faults // 2, "most faults were not reached"
        return deaths

    return sum(side_by_side(one, range(homes)))


def test_crawls_into_a_folder_survive_kills(tmp_path: Path) -> None:
    assert kill_in_folders(tmp_path, SHORT_HOMES) == SHORT_HOMES * KILLS


def test_crawls_into_s3_survive_kills_and_faults(tmp_path: Path, s3: S3Server) -> None:
    assert kill_in_buckets(tmp_path, s3, SHORT_S3_HOMES) == SHORT_S3_HOMES * KILLS


@pytest.mark.slow
def test_crawls_into_a_folder_survive_many_kills(tmp_path: Path) -> None:
    assert kill_in_folders(tmp_path, FULL_HOMES) == FULL_HOMES * KILLS


@pytest.mark.slow
def test_crawls_into_s3_survive_many_kills_and_faults(tmp_path: Path, s3: S3Server) -> None:
    assert kill_in_buckets(tmp_path, s3, FULL_S3_HOMES) == FULL_S3_HOMES * KILLS
