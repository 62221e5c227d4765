"""What decisions brought, and what incidents cost, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.coe import words
from danshu.capabilities.coe.weekly import CoeCite, CoeSentence
from danshu.kernel import shares

if TYPE_CHECKING:
    from danshu.capabilities.coe.weekly import CoeCited, Decided, Happened


def say_decided(one: Decided) -> CoeSentence:
    """Say what a decision brought, or that it can't be told yet, and how that is known."""
    zh, en = _brought(one)
    return CoeSentence(
        key=f"{one.kind}:{one.ref}",
        zh=f"{one.zh}：{zh}",
        en=f"{one.en}: {en}",
        cites=(CoeCite(kind=_cited(one), ref=one.ref, label=one.label),),
    )


def _cited(one: Decided) -> CoeCited:
    return "order" if one.kind == "override" else one.kind


def _brought(one: Decided) -> tuple[str, str]:
    if one.worth_fen is not None:
        fen = words.yuan(one.worth_fen)
        zh = "净省" if one.worth_fen >= 0 else "净亏"
        return (
            f"{zh} {fen}（{one.measured_zh}）。",
            f"{fen} net ({one.measured_en}).",
        )
    if one.split is not None:
        kept, of, kept_before, of_before = one.split
        if min(of, of_before) >= shares.SIDE_MIN:
            return _split(kept, of, kept_before, of_before)
    if one.measured_zh:
        return f"{one.measured_zh}。", f"{one.measured_en}."
    return "还量不出来。", "not measurable yet."


def _split(kept: int, of: int, kept_before: int, of_before: int) -> tuple[str, str]:
    low, high = shares.newcombe(kept, of, kept_before, of_before)
    span = f"{words.points(round(1000 * low))}–{words.points(round(1000 * high))}"
    now, before = words.percent(kept, of), words.percent(kept_before, of_before)
    if low > 0:
        zh, en = "见效", "it paid"
    elif high < 0:
        zh, en = "变差", "it got worse"
    else:
        zh, en = "看不出差别", "no difference seen"
    return (
        f"此后决定的订单兑现 {now}（{kept}/{of}），此前 {before}（{kept_before}/{of_before}），"
        f"95% 区间 {span} 个百分点：{zh}（前后相比，同期的别的变化也在里面）。",
        f"orders decided since kept {now} ({kept}/{of}), before it {before}"
        f" ({kept_before}/{of_before}), 95 % interval {span} points: {en} (before and after;"
        " whatever else changed is in it).",
    )


def say_happened(one: Happened) -> CoeSentence:
    """Say what happened, how often, and what it put at risk."""
    zh = "金额未知" if one.risk_fen is None else f"涉及 {words.yuan(one.risk_fen)}"
    en = "amount unknown" if one.risk_fen is None else f"{words.yuan(one.risk_fen)} at risk"
    return CoeSentence(
        key=f"{one.kind}:{one.ref}",
        zh=f"{one.zh}：{one.times} 次，{zh}。",
        en=f"{one.en}: {one.times} times, {en}.",
        cites=(CoeCite(kind=one.kind, ref=one.ref),),
    )
