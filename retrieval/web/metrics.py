"""What the server tells of itself, for Prometheus: counts and times, never who or what."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5, 3, 10, 30)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        """All at zero."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cbir_requests_total", "Requests", ["method", "route", "status"], registry=self.registry
        )
        self.work_s = Histogram(
            "cbir_work_seconds",
            "Time at a desk, waiting included",
            ["kind"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.generation = Gauge("cbir_generation", "Live generation", registry=self.registry)
        self.cases = Gauge("cbir_cases", "Cases of the live generation", registry=self.registry)
        self.waiting = Gauge("cbir_waiting", "Requests that wait", registry=self.registry)

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Counts how long something takes, if it comes to its end."""
        began = time.perf_counter()
        yield
        self.work_s.labels(kind).observe(time.perf_counter() - began)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)
