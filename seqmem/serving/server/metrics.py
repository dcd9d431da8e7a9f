"""What Prometheus is told."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

__all__ = ["CONTENT_TYPE", "Metrics"]


class Metrics:
    """Counts of one server: a registry of its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("model", "method", "status")
        self.requests: Counter = Counter(
            "seqmem_requests", "Requests answered.", labels, registry=self._registry
        )
        self.seconds: Histogram = Histogram(
            "seqmem_request_seconds",
            "From the head of a request to its answer.",
            ("method",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self._registry,
        )
        self.running: Gauge = Gauge("seqmem_requests_running", "Requests held now.", registry=self._registry)
        self.rows: Counter = Counter("seqmem_rows", "Rows forecast.", ("model",), registry=self._registry)
        self.log_rows: Counter = Counter(
            "seqmem_forecast_log_rows", "Forecasts written to the log.", registry=self._registry
        )
        self.log_dropped: Counter = Counter(
            "seqmem_forecast_log_dropped", "Forecasts that the log has lost.", registry=self._registry
        )
        self._versions = Gauge(
            "seqmem_versions_available", "Versions that answer.", ("model",), registry=self._registry
        )

    def text(self, versions: Mapping[str, int]) -> bytes:
        """All of it in Prometheus's text format.

        Args:
            versions: how many versions of each model answer now.
        """
        self._versions.clear()
        for name, number in versions.items():
            self._versions.labels(name).set(number)
        return generate_latest(self._registry)
