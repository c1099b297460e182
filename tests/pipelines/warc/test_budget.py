"""The bound on bytes in flight: first come first served, and nothing is lost by cancelling."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from pipelines.warc.budget import ByteBudget


async def _turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _waiting(budget: ByteBudget, size: int) -> asyncio.Task[None]:
    task = asyncio.create_task(budget.take(size))
    await _turn()
    return task


def test_what_fits_passes_and_the_rest_waits_for_its_turn() -> None:
    async def main() -> None:
        budget = ByteBudget(100)
        first = await _waiting(budget, 60)
        second = await _waiting(budget, 50)
        small = await _waiting(budget, 10)
        assert first.done()
        # It would fit, but others came first: large ones must not wait for ever.
        assert not second.done()
        assert not small.done()
        budget.give(60)
        await _turn()
        assert second.done()
        assert small.done()

    asyncio.run(main())


def test_what_is_larger_than_all_passes_alone() -> None:
    async def main() -> None:
        budget = ByteBudget(100)
        assert (await _waiting(budget, 1000)).done()
        other = await _waiting(budget, 1)
        assert not other.done()
        budget.give(1000)
        await _turn()
        assert other.done()

    asyncio.run(main())


def test_cancelled_waiter_neither_takes_nor_blocks() -> None:
    async def main() -> None:
        budget = ByteBudget(100)
        await budget.take(100)
        gone, other = await _waiting(budget, 90), await _waiting(budget, 90)
        gone.cancel()
        await _turn()
        budget.give(100)
        await _turn()
        assert other.done()
        assert not other.cancelled()
        budget.give(90)
        assert (await _waiting(budget, 100)).done()

    asyncio.run(main())


def test_turn_that_comes_with_the_cancelling_is_given_back() -> None:
    async def main() -> None:
        budget = ByteBudget(100)
        await budget.take(100)
        gone = await _waiting(budget, 100)
        budget.give(100)  # its turn has come, but it has not run yet
        gone.cancel()
        await _turn()
        assert gone.cancelled()
        assert (await _waiting(budget, 100)).done()

    asyncio.run(main())


@given(st.lists(st.integers(0, 150), max_size=25))
def test_all_pass_in_the_end_and_never_too_many_at_once(sizes: list[int]) -> None:
    async def main() -> None:
        budget, taken, peak = ByteBudget(100), 0, 0

        async def hold(size: int) -> None:
            nonlocal taken, peak
            await budget.take(size)
            taken += size
            peak = max(peak, taken)
            await asyncio.sleep(0)
            taken -= size
            budget.give(size)

        async with asyncio.timeout(5):
            await asyncio.gather(*map(hold, sizes))
        assert peak <= max([100, *sizes])
        assert (await _waiting(budget, 100)).done()

    asyncio.run(main())
