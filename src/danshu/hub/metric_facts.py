"""The fact types of metrics: formulas published and taken back, reports that were kept."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("metric.published")
class MetricPublished(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """发布口径: from `effective` (RFC 3339) on the metric is counted by this formula; `digest`
    (hex) is of its canonical bytes, `rule` the rule that it follows. `approved_by` wrote none of
    it.
    """

    approved_by: str
    code: str
    digest: str
    drafted_by: str
    effective: str
    rule: str = ""
    version: int


@fact_type("metric.retired")
class MetricRetired(Struct, frozen=True, kw_only=True):
    """停用口径: from now on the version before holds again, or the shipped formula; what was asked
    of days before stays with the formula of then.
    """

    code: str
    digest: str
    reason: str
    version: int


@fact_type("metric.reported")
class MetricReported(Struct, frozen=True, kw_only=True):
    """存报表: these metrics came to these figures, as known at `as_of` (RFC 3339). `asked` and
    `digest` (hex) are SHA-256 of the question's and of the figures' canonical bytes.
    """

    as_of: str
    asked: str
    digest: str
    metrics: tuple[str, ...]
    name: str
    report: str
