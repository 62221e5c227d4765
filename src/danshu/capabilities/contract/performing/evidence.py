"""Is the evidence complete, fresh, from where it must come, and does it say what it must say?"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from danshu.capabilities.contract.actions import rules
from danshu.capabilities.contract.actions.catalogue import KINDS, SOURCES
from danshu.capabilities.contract.actions.rules import Verdict
from danshu.capabilities.contract.lint import parse_duration
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from danshu.capabilities.contract.actions.model import Action, Wanted
    from danshu.capabilities.contract.performing.model import Goods, Item

_ZONE: Final = ZoneInfo("Asia/Shanghai")  # an expiry date on a package is a day in China
# What makes up for another collector: what a person may type, a device may have read.
_STRONGER: Final = {
    "person": frozenset({"person", "device", "system"}),
    "device": frozenset({"device"}),
    "system": frozenset({"system"}),
}
_BY: Final = {
    "person": ("人", "a person"),
    "device": ("设备", "a device"),
    "system": ("系统", "a system"),
}


def missing(
    action: Action, items: Sequence[Item], goods: Sequence[Goods], now_ms: int
) -> Iterator[Refusal]:
    """Give what each demand still lacks, in the order of the action type."""
    for at, wanted in enumerate(action.evidence):
        clause = f"{action.action}@{action.version}/evidence/{at}"
        yield from _lacks(wanted, clause, items, goods, now_ms)


def _lacks(
    wanted: Wanted, clause: str, items: Sequence[Item], goods: Sequence[Goods], now_ms: int
) -> Iterator[Refusal]:
    zh, en = name(wanted.kind)
    of = [i for i in items if i.kind in wanted.kind.split("|")]
    right = [i for i in of if _fits(i, wanted)]
    if len(right) < len(of) and len(right) < wanted.min:
        yield _no(clause, "evidence_source", *_source_words(wanted, zh, en))
    fresh = [i for i in right if _is_fresh(i, wanted, now_ms)]
    lacking = list(_count(wanted, clause, fresh, goods))
    if lacking and len(fresh) < len(right):  # what was taken anew makes up for what grew old
        limit = wanted.max_age or wanted.within
        yield _no(
            clause,
            "evidence_old",
            f"{zh}须在完成前 {limit} 内取得,有 {len(right) - len(fresh)} 件过旧,请重取",
            f"{en}: collected within {limit} before the end; {len(right) - len(fresh)} too old",
        )
    yield from lacking
    if wanted.rule:
        yield from _rule(wanted, clause, fresh, now_ms)


def name(kind: str) -> tuple[str, str]:
    """Give a kind, or a choice of kinds, in Chinese and English."""
    known = [KINDS[k] for k in kind.split("|") if k in KINDS]
    return "或".join(k.zh for k in known) or kind, " or ".join(k.en for k in known) or kind


def _no(clause: str, code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause=clause)


def _fits(item: Item, wanted: Wanted) -> bool:
    by = _STRONGER.get(wanted.by, frozenset({wanted.by}))
    return item.by in by and (not wanted.source or item.source == wanted.source)


def _source_words(wanted: Wanted, zh: str, en: str) -> tuple[str, str]:
    if wanted.source:
        told = SOURCES.get(wanted.source)
        source_zh, source_en = (told.zh, told.en) if told else (wanted.source, wanted.source)
        return f"{zh}须来自{source_zh}", f"{en} must come from {source_en}"
    by_zh, by_en = _BY.get(wanted.by, (wanted.by, wanted.by))
    return f"{zh}须由{by_zh}采集", f"{en} must be collected by {by_en}"


def _is_fresh(item: Item, wanted: Wanted, now_ms: int) -> bool:
    limits = [parse_duration(w, "") for w in (wanted.within, wanted.max_age) if w]
    return not limits or now_ms - item.collected_ms <= min(limits)


def _count(
    wanted: Wanted, clause: str, fresh: Sequence[Item], goods: Sequence[Goods]
) -> Iterator[Refusal]:
    zh, en = name(wanted.kind)
    if wanted.per == "action":
        have = sum(i.count for i in fresh)
        if have < wanted.min:
            yield _no(
                clause,
                "evidence_missing",
                f"还差{zh} {wanted.min - have} 件",
                f"{en}: {wanted.min - have} missing",
            )
        return
    lots = {(i.sku, i.lot) for i in fresh if i.lot}
    for each in goods:
        mine = [i for i in fresh if i.sku == each.sku or i.line in each.lines]
        if wanted.per == "lot":
            mine = [i for i in mine if i.lot]
        have = sum(i.count for i in mine)
        if have < wanted.min:
            per_zh, per_en = ("批次", "lot") if wanted.per == "lot" else ("行", "line")
            yield _no(
                clause,
                "evidence_missing",
                f"{each.name}:每{per_zh}要{zh} {wanted.min} 件,还差 {wanted.min - have} 件",
                f"{each.name}: {en}, {wanted.min} for each {per_en}, {wanted.min - have} missing",
            )
        elif wanted.per == "lot":
            for sku, lot in sorted(lots):
                have = sum(i.count for i in mine if i.lot == lot)
                if sku == each.sku and have < wanted.min:
                    yield _no(
                        clause,
                        "evidence_missing",
                        f"{each.name} 批号 {lot}:还差{zh} {wanted.min - have} 件",
                        f"{each.name}, lot {lot}: {en}, {wanted.min - have} missing",
                    )


def _rule(wanted: Wanted, clause: str, fresh: Sequence[Item], now_ms: int) -> Iterator[Refusal]:
    """Check what each piece says; a quantity that nobody read is unproven, never right."""
    zh, en = name(wanted.kind)
    rule = rules.parse(wanted.rule)
    for item in fresh:
        values = _values(rule.quantity, item, fresh, now_ms)
        verdicts = {rules.evaluate(rule, value) for value in values}
        order = (Verdict.FAILED, Verdict.UNPROVEN)
        verdict = next((v for v in order if v in verdicts), Verdict.HELD)
        what = item.lot or item.value or f"#{item.no}"
        if verdict is Verdict.FAILED:
            yield _no(
                clause,
                "evidence_rule",
                f"{zh} {what}:不满足「{wanted.rule}」{_seen(rule.quantity, item)}",
                f"{en} {what}: fails {wanted.rule!r}{_seen(rule.quantity, item)}",
            )
        elif verdict is Verdict.UNPROVEN:
            yield _no(
                clause,
                "evidence_unproven",
                f"{zh} {what}:没有读到「{wanted.rule}」要的数值,属未证明",
                f"{en} {what}: the value that {wanted.rule!r} asks for was not read: unproven",
            )
        if rule.quantity == "count":
            return


def _seen(quantity: str, item: Item) -> str:
    return f" ({item.expiry})" if quantity == "expiry" and item.expiry else ""


def _values(
    quantity: str, item: Item, fresh: Sequence[Item], now_ms: int
) -> tuple[int | None, ...]:
    """Give the values that a rule is asked of: one, or the ends of a series."""
    if quantity == "temp":
        return item.low, item.high
    if quantity == "gap":
        return (item.gap_ms,)
    if quantity == "count":
        return (sum(i.count for i in fresh),)
    if quantity == "expiry":
        if not item.expiry:
            return (None,)
        # Good through the day that is printed on it.
        end = datetime.date.fromisoformat(item.expiry) + datetime.timedelta(days=1)
        at = datetime.datetime.combine(end, datetime.time(), _ZONE)
        return (rules.left_ms(int(at.timestamp() * 1000), now_ms),)
    try:
        return (int(item.value),)
    except ValueError:
        return (None,)
