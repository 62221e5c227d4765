"""The fact types of the health board 能力健康度: incidents, maintenance windows, thresholds."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("health_incident.changed")
class HealthIncidentChanged(Struct, frozen=True, kw_only=True):
    """健康度事件变更: a core metric took a graver or milder colour, or is well again (`state`
    closed). `value` is in the metric's unit, `culprit` what was worst of it.
    """

    culprit: str
    level: str
    metric: str
    state: str
    value: str


@fact_type("health_window.changed")
class HealthWindowChanged(Struct, frozen=True, kw_only=True):
    """维护窗口变更: alerts of a scope are suppressed from `begins` until `ends` (RFC 3339), with a
    reason; `state` ended: a person ended it before its time.

    `scope` is all, a metric, or a far side as connector:… or webhook:…
    """

    begins: str
    ends: str
    reason: str
    scope: str
    state: str


@fact_type("health_thresholds.changed")
class HealthThresholdsChanged(Struct, frozen=True, kw_only=True):
    """健康度阈值变更: from where a metric is blue, yellow, red, in its unit ("" never); `own`
    false: from where it was as shipped.
    """

    blue: str
    metric: str
    own: bool
    red: str
    yellow: str
