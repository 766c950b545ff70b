"""Requests to the API, counted for Prometheus, which reads Ocean's /metrics."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from transport.outages import Outages
from transport.request_limiter import RequestLimiter


class Traffic(Collector):
    """Counts of the requests of one instance. No label holds an address or anything secret.

    `requests` counts by outcome: `2xx` to `5xx`, `429`, `timeout` or `error` (no answer). `skipped`
    are those that were not sent, because their endpoint is down.
    """

    def __init__(self, limiter: RequestLimiter, outages: Outages) -> None:
        self.requests: Counter[str] = Counter()
        self.retries = 0
        self.skipped = 0
        self._limiter = limiter
        self._outages = outages

    def answered(self, status: int) -> None:
        """Count a response by its status."""
        self.requests["429" if status == 429 else f"{status // 100}xx"] += 1

    def collect(self) -> Iterator[Metric]:
        """Give the metrics as they are now, when Prometheus asks."""
        yield GaugeMetricFamily(
            "ocean_custom_concurrency_limit",
            "Requests that may be in flight to the API at once; below maxConcurrentRequests "
            "while the API refuses more",
            self._limiter.limit,
        )
        requests = CounterMetricFamily(
            "ocean_custom_requests", "Requests sent to the API by outcome", labels=["outcome"]
        )
        for outcome, count in sorted(self.requests.items()):
            requests.add_metric([outcome], count)
        yield requests
        yield CounterMetricFamily(
            "ocean_custom_retries", "Requests to the API that were repeated", self.retries
        )
        yield GaugeMetricFamily(
            "ocean_custom_endpoints_down",
            "Endpoints of the mapping that are down, in this run",
            self._outages.down,
        )
        yield CounterMetricFamily(
            "ocean_custom_skipped",
            "Requests that were not sent, because their endpoint is down",
            self.skipped,
        )
        yield CounterMetricFamily(
            "ocean_custom_throttled_seconds",
            "Seconds that requests waited for a pace or a pause that the API or "
            "maxRequestsPerSecond asks for, summed over requests",
            self._limiter.throttled,
        )
