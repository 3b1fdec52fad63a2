"""The metrics for Prometheus, read from the store whenever somebody asks. The only door to its library.

None counts in memory: after a restart the figures are what they were.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from scheduler.engine.health import Health
from scheduler.store.status import MAY_BECOME

__all__ = ["CONTENT_TYPE_LATEST", "LATENESS", "Lateness", "metrics"]

LATENESS = (
    1.0,
    2.0,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    1800.0,
    7200.0,
)  # seconds: the upper bounds of the buckets
Lateness = tuple[
    Sequence[int], int, float
]  # how many are within each bound, how many there are, their seconds together


def metrics(health: Health, lateness: Lateness | None) -> bytes:
    """In Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(list(_families(health, lateness))))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: Sequence[Any]) -> None:
        self.families = families

    def collect(self) -> Iterable[Any]:
        return self.families


def _families(health: Health, lateness: Lateness | None) -> Iterable[Any]:
    yield GaugeMetricFamily(
        "termbell_healthy", "1 while nothing keeps posts from leaving in time", value=int(health.ok)
    )
    if health.fault:
        return
    deliveries = GaugeMetricFamily("termbell_deliveries", "Deliveries by status", labels=["status"])
    for name in MAY_BECOME:
        deliveries.add_metric([name], health.counts.get(name, 0))
    yield deliveries
    yield GaugeMetricFamily(
        "termbell_overdue",
        "Deliveries that are due and were not taken up",
        value=len(health.overdue),
    )
    yield GaugeMetricFamily(
        "termbell_oldest_overdue_seconds",
        "How long the first of them has been due",
        value=health.oldest_overdue,
    )
    yield GaugeMetricFamily(
        "termbell_accounts_held", "Accounts that wait for a login", value=len(health.held)
    )
    yield GaugeMetricFamily(
        "termbell_notifier_failing",
        "1 while notices cannot be told",
        value=int(health.notifier is not None),
    )
    if health.last_beat:
        yield GaugeMetricFamily(
            "termbell_last_beat_timestamp_seconds",
            "The daemon's last sign of life",
            value=health.last_beat.timestamp(),
        )
    if lateness:
        within, number, together = lateness
        buckets = [
            *((str(bound), float(count)) for bound, count in zip(LATENESS, within, strict=True)),
            ("+Inf", float(number)),
        ]
        yield HistogramMetricFamily(
            "termbell_lateness_seconds",
            "From the due time to the platform's answer, of what is published",
            buckets=buckets,
            sum_value=together,
        )
