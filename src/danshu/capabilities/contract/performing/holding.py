"""Was a quantity held all the while, as far as its samples show? Pure: no clock, no store.

A duty to keep (`holds`) is done when the series handed in covers the time from its first sample, or
the beginning of the act, until it was handed in. What was left for too long, or not shown, is said
with its time: nobody signs that something held which did not.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from danshu.capabilities.contract.actions import rules
from danshu.capabilities.contract.actions.rules import Verdict
from danshu.capabilities.contract.actions.spans import say
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action, Holds
    from danshu.capabilities.contract.actions.rules import Sample, Span

_ZONE: Final = ZoneInfo("Asia/Shanghai")


def missing(
    action: Action, samples: Sequence[Sample], *, began_ms: int, until_ms: int
) -> tuple[Refusal, ...]:
    """Give what keeps a duty from being shown as kept, the oldest first; nothing when it was.

    `until_ms` is when the last series was handed in: samples after it are a clock that is ahead.
    """
    holds = action.holds
    if holds is None:
        return ()
    taken = [s for s in samples if s.at_ms <= until_ms]
    if not taken:
        return (_no(action, "series_stale", *_STALE_WORDS),)
    first_ms = min(began_ms, *(s.at_ms for s in taken))
    _, spans = rules.hold(holds, taken, first_ms, until_ms)
    return tuple([_refuse(action, holds, span, until_ms) for span in spans])


_STALE_WORDS: Final = (
    "温度曲线里没有到现在为止的采样:请重新取曲线,并核对探头的时钟",
    "The series has no sample up to now: take it anew, and check the probe's clock",
)


def _refuse(action: Action, holds: Holds, span: Span, until_ms: int) -> Refusal:
    begun, ended = _clock(span.from_ms), _clock(span.until_ms)
    if span.verdict is Verdict.FAILED:
        low, high = _degrees(holds.low), _degrees(holds.high)
        worst = _degrees(span.value or 0)
        return _no(
            action,
            "range_left",
            f"{begun} 至 {ended} 温度在 {low}–{high} ℃ 之外(到过 {worst} ℃),"
            f"超过容许的{say(holds.tolerance, 'zh')}:没有守住,不能签;请呼叫主管",
            f"From {begun} to {ended} it was outside {low} to {high} °C ({worst} °C), longer than"
            f" {say(holds.tolerance, 'en')}: it was not held and is not signed; call the lead",
        )
    gap_zh, gap_en = say(holds.gap, "zh"), say(holds.gap, "en")
    if span.until_ms == until_ms:
        return _no(
            action,
            "series_stale",
            f"温度曲线只到 {begun},到交来时({ended})已超过{gap_zh}没有采样:请重新取曲线",
            f"The series ends at {begun}; by {ended}, when it was handed in, more than {gap_en}"
            " went without a sample: take it anew",
        )
    return _no(
        action,
        "series_gap",
        f"{begun} 至 {ended} 没有采样,超过{gap_zh}:属未证明,不能说守住了",
        f"No sample from {begun} to {ended}, longer than {gap_en}: unproven, and never called kept",
    )


def _no(action: Action, code: str, zh: str, en: str) -> Refusal:
    clause = f"{action.action}@{action.version}/holds"
    return Refusal(code=code, reason=zh, reason_en=en, clause=clause)


def _clock(ms: int) -> str:
    return f"{datetime.datetime.fromtimestamp(ms / 1000, _ZONE):%m-%d %H:%M:%S}"


def _degrees(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"
