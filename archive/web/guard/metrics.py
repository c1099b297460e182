"""Numbers for Prometheus, at `/metrics`; docs/operations.md says what each means."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from importlib.metadata import version

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.errors import ArchiveError
from archive.index import Counts

logger = logging.getLogger(__name__)

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# When a series began is nothing that anybody has asked for.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # of the library


class Metrics:
    """Of one server, in a registry of its own: a process may have several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "pressmark_http_requests",
            "Requests that were answered.",
            ("route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "pressmark_http_request_seconds",
            "Time from the head of a request to the end of its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._bytes = Counter(
            "pressmark_http_response_bytes",
            "Bytes of bodies that were sent.",
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "pressmark_http_requests_in_flight",
            "Requests that are being answered.",
            registry=self.registry,
        )
        build = Gauge(
            "pressmark_build_info", "1, with the version.", ("version",), registry=self.registry
        )
        build.labels(version("pressmark")).set(1)
        ProcessCollector(registry=self.registry)
        # Children of the two with labels: looking one up costs more than counting.
        self._counters: dict[tuple[str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def count(self, counts: Callable[[], Counts]) -> None:
        """Tell also how much there is in the collection, by asking that."""
        self.registry.register(_Amounts(counts))

    def answered(self, route: str, status: int, seconds: float, size: int) -> None:
        """One request is over; `status` 0: the client went away before an answer."""
        kind = status // 100
        counter = self._counters.get((route, kind))
        if counter is None:
            counter = self._requests.labels(route, f"{kind}xx" if kind else "gone")
            self._counters[route, kind] = counter
        counter.inc()
        histogram = self._histograms.get(route)
        if histogram is None:
            histogram = self._histograms[route] = self._seconds.labels(route)
        histogram.observe(seconds)
        self._bytes.inc(size)

    def text(self) -> bytes:
        """Prometheus text format 0.0.4. Reads the index: not for the event loop."""
        return prometheus_client.generate_latest(self.registry)


class _Amounts(Collector):
    """How much there is in the collection."""

    def __init__(self, counts: Callable[[], Counts]) -> None:
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Nothing: to be registered must not count millions of rows."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Without them where the index is away: the rest is wanted all the more then."""
        try:
            found = self._counts()
        except ArchiveError as error:
            logger.warning("metrics lack the collection: %s", error)
            return
        for name, number in (
            ("captures", found.captures),
            ("documents", found.documents),
            ("segments", found.segments),
        ):
            yield GaugeMetricFamily(f"pressmark_{name}", f"{name.title()} in the index.", number)
