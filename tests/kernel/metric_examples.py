"""Full examples of the facts of metrics, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import metric_facts as metrics

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    metrics.MetricPublished(
        approved_by="person:019aa9d3-6b80-7000-8000-000000000004",
        code="on_time_rate",
        digest="d7" * 32,
        drafted_by="person:019aa9d3-6b80-7000-8000-000000000003",
        effective="2026-11-22T16:00:00.000Z",
        rule="企业会计准则第14号 收入 第三十二条",
        version=2,
    ),
    metrics.MetricRetired(code="on_time_rate", digest="d7" * 32, reason="口径换版", version=2),
    metrics.MetricReported(
        as_of="2026-11-22T10:59:00.000Z",
        asked="a1" * 32,
        digest="b2" * 32,
        metrics=("gmv", "net_revenue"),
        name="十月经营月报",
        report="019aa9d3-6b80-7000-8000-000000000009",
    ),
]
