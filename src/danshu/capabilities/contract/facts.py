"""The fact types of a promise's life, in the order's own stream. Instants are RFC 3339, UTC.

Fields are alphabetical in the bytes; add fields only with defaults. `code` names the promise in
its order.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class Pinned(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One promise as pinned. `definition` and `text` are SHA-256 in hex; no `started` = 未起表."""

    code: str
    definition: str
    due: str = ""
    lang: str = "zh"
    ship_by: str = ""
    started: str = ""
    text: str
    version: int


class Marked(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An event: `occurred` as its source claims, `recorded` as the hub took it in."""

    err_ms: int = 0
    event: str
    occurred: str
    recorded: str
    self_declared: bool = False
    source: str = ""


@fact_type("promise.made")
class PromiseMade(Struct, frozen=True, kw_only=True):
    """立约: every promise that the order carries."""

    promises: tuple[Pinned, ...]


@fact_type("promise.started")
class PromiseStarted(Struct, frozen=True, kw_only=True):
    """起表: the start event came, the clock runs."""

    by: Marked
    code: str
    due: str


@fact_type("promise.noted")
class PromiseNoted(Struct, frozen=True, kw_only=True):
    """记录: done, and no verdict changes: the clock has not started, or the duty had ended."""

    by: Marked
    code: str


@fact_type("promise.warned")
class PromiseWarned(Struct, frozen=True, kw_only=True):
    """预警: warning level `level` (from 1) was reached, `left_ms` before the deadline."""

    code: str
    due: str
    left_ms: int
    level: int


@fact_type("promise.paused")
class PromisePaused(Struct, frozen=True, kw_only=True):
    """暂停: the clock stands; it goes on at `until` at the latest."""

    by: Marked
    code: str
    due: str
    until: str


@fact_type("promise.resumed")
class PromiseResumed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """续走: the clock goes on. Without `by` the cap of the pause has ended it."""

    at: str
    by: Marked | None = None
    code: str
    due: str


@fact_type("promise.kept")
class PromiseKept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """兑现: done in time, `gap_ms` <= 0. `self_declared`: on the beneficiary's own word."""

    by: Marked
    code: str
    due: str
    gap_ms: int
    self_declared: bool = False


@fact_type("promise.broken")
class PromiseBroken(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """违约: the deadline passed. `by` when the breach was learnt from a stop that ends the duty."""

    by: Marked | None = None
    code: str
    due: str


@fact_type("promise.late")
class PromiseLate(Struct, frozen=True, kw_only=True):
    """逾期履行: done after the breach, `gap_ms` after the deadline."""

    by: Marked
    code: str
    due: str
    gap_ms: int


@fact_type("promise.borderline")
class PromiseBorderline(Struct, frozen=True, kw_only=True):
    """临界: the error of the clock spans the deadline; a person decides."""

    by: Marked
    code: str
    due: str
    gap_ms: int


@fact_type("promise.compared")
class PromiseCompared(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """对照: an event that does not stop the clock, kept beside the one that does.

    `verdict` is what it would have said, "" while the clock has not started.
    """

    by: Marked
    code: str
    gap_ms: int = 0
    verdict: str = ""


@fact_type("promise.corrected")
class PromiseCorrected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """更正: an earlier verdict `was` is `verdict` now; the earlier fact stays where it is.

    `reason`: late_evidence, better_source, pause_changed, order_ended.
    """

    by: Marked | None = None
    code: str
    due: str
    reason: str
    verdict: str
    was: str


@fact_type("promise.amended")
class PromiseAmended(Struct, frozen=True, kw_only=True):
    """变更: by the consumer's consent (`consent` names its fact) the promise falls due at `due`
    instead of `before` (民法典 543). Without a consent no deadline moves.
    """

    before: str
    code: str
    consent: str
    due: str


@fact_type("promise.superseded")
class PromiseSuperseded(Struct, frozen=True, kw_only=True):
    """终止: the order ended before the promise fell due."""

    by: Marked
    code: str
    was: str


@fact_type("promise.ruled")
class PromiseRuled(Struct, frozen=True, kw_only=True):
    """裁定: a person decided (临界 → 兑现/违约, 违约 → 免责) on a stated ground."""

    code: str
    ground: str
    verdict: str
    was: str
