"""Why promises were broken, as far as facts say: counts, who held the order, findings of that time.

Nothing is said to be a cause: a finding of the same time and place is said to be that, and the rest
is said to be without support.
"""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.assistant.model import AnswerCite
from danshu.capabilities.assistant.sheet import NO_CAUSE_EN, NO_CAUSE_ZH, Sheet, quote, rate, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.assistant.model import Asked, CitedAnswer, Seen

    Kinds = Mapping[str, tuple[str, str]]

_AXES: Final = ("warehouse", "carrier", "channel")
_HOLDERS: Final = {
    "merchant": ("商家", "the merchant"),
    "warehouse": ("仓库", "the warehouse"),
    "carrier": ("承运商", "the carrier"),
    "buyer": ("买家", "the buyer"),
    "platform": ("平台", "the platform"),
}


def explain(
    asked: Asked, seen: Mapping[str, Seen], kinds: Mapping[str, tuple[str, str]]
) -> CitedAnswer:
    """Say how promises went in a span, of whoever the question names, and what facts lie beside."""
    sheet = Sheet("on_time", seen)
    axis, group = _named(sheet, asked.text)
    everyone = _groups(sheet, "warehouse")
    mine = [group] if group else everyone
    total, kept = _sum(mine, "total"), _sum(mine, "kept")
    if not total:
        return sheet.close(
            f"{asked.span.zh}没有裁定过的承诺，无从说起。",
            f"No promise was decided {asked.span.en}, so there is nothing to tell.",
        )
    zh, en = _name(group)
    late, broken = _sum(mine, "late"), _sum(mine, "broken")
    sheet.say(
        f"{zh}{asked.span.zh}裁定了 {total} 条承诺，守约 {kept} 条（{rate(kept, total)}），"
        f"迟了 {late} 条，落空 {broken} 条。",
        f"{en}: {total} promises were decided {asked.span.en}, {kept} kept"
        f" ({rate(kept, total)}), {late} late, {broken} broken.",
        sheet.cites(axis),
    )
    if group:
        _compare(sheet, group, everyone if axis == "warehouse" else _groups(sheet, axis), axis)
    else:
        _worst(sheet)
    _holders(sheet, axis, group, asked)
    _findings(sheet, axis, group, asked, kinds)
    sheet.say(NO_CAUSE_ZH, NO_CAUSE_EN, sheet.cites(axis))
    return sheet.close()


def _groups(sheet: Sheet, axis: str) -> list[dict[str, Any]]:
    return list(sheet.seen[axis].data["items"]) if sheet.has(axis) else []


def _named(sheet: Sheet, text: str) -> tuple[str, dict[str, Any] | None]:
    """Find the group that the question names, the longest name first."""
    lower = text.lower()
    found: list[tuple[int, str, dict[str, Any]]] = []
    for axis in _AXES:
        for group in _groups(sheet, axis):
            for name in (group["key"], group["name_zh"], group["name_en"]):
                for spelt in _spellings(str(name)):
                    if spelt.lower() in lower:
                        found.append((len(spelt), axis, group))
    if not found:
        return "warehouse", None
    _, axis, group = max(found, key=lambda one: one[0])
    return axis, group


def _spellings(name: str) -> list[str]:
    """A name as people say it: 北京中心仓 is also 北京中心, 北京仓, 北京."""
    if len(name) < 2:
        return []
    said = [name]
    if name.endswith("仓") and len(name) > 2:
        said += [name[:-1], name[:2] + "仓", name[:2]]
    return said


def _name(group: dict[str, Any] | None) -> tuple[str, str]:
    if group is None:
        return "全部", "All"
    return quote(group["name_zh"] or group["key"]), str(group["name_en"] or group["key"])


def _sum(groups: Sequence[dict[str, Any]], field: str) -> int:
    return sum(int(g[field]) for g in groups)


def _compare(
    sheet: Sheet, group: dict[str, Any], groups: Sequence[dict[str, Any]], axis: str
) -> None:
    others = [g for g in groups if g["key"] != group["key"]]
    total, kept = _sum(others, "total"), _sum(others, "kept")
    if not total:
        return
    sheet.say(
        f"同期其余 {len(others)} 家合计 {total} 条，守约率 {rate(kept, total)}。",
        f"The {len(others)} others had {total} in that time, of which {rate(kept, total)} kept.",
        sheet.cites(axis),
    )


def _worst(sheet: Sheet) -> None:
    for axis, zh, en in (("warehouse", "仓", "warehouse"), ("carrier", "承运商", "carrier")):
        groups = [g for g in _groups(sheet, axis) if g["late"] + g["broken"]]
        if not groups:
            continue
        worst = max(groups, key=lambda g: (g["late"] + g["broken"], g["key"]))
        bad = worst["late"] + worst["broken"]
        told_zh, told_en = _name(worst)
        sheet.say(
            f"未守约最多的{zh}是{told_zh}：{worst['total']} 条中 {bad} 条。",
            f"The {en} with most not kept is {told_en}: {bad} of {worst['total']}.",
            sheet.cites(axis),
        )


def _holders(sheet: Sheet, axis: str, group: dict[str, Any] | None, asked: Asked) -> None:
    """In whose hands orders were when their promise fell due, and how late they were."""
    if not sheet.has("late"):
        return
    rows = [r for r in sheet.seen["late"].data if _is_of(r["promise"], axis, group, asked)]
    held: Counter[str] = Counter()
    for row in rows:
        held.update(s["holder"] for s in row["way"] if s["had_due"])
    if not held:
        return
    orders = {str(r["promise"]["order"]) for r in rows}
    cites = [c for c in sheet.cites("late") if c.ref in orders]
    counts_zh = "，".join(f"{_holder(h)[0]} {n} 条" for h, n in held.most_common())
    counts_en = ", ".join(f"{_holder(h)[1]} {n}" for h, n in held.most_common())
    worst_zh, worst_en = span(max(int(r["promise"]["gap_ms"]) for r in rows))
    sheet.say(
        f"查了其中迟到的 {len(rows)} 条，到期那一刻订单在：{counts_zh}；最久迟了 {worst_zh}。",
        f"Of {len(rows)} late ones looked at, when due the order was with: {counts_en};"
        f" the latest by {worst_en}.",
        cites,
    )


def _holder(code: str) -> tuple[str, str]:
    return _HOLDERS.get(code, (code, code))


def _is_of(row: dict[str, Any], axis: str, group: dict[str, Any] | None, asked: Asked) -> bool:
    at = millis(row["at"])
    if at is not None and not asked.span.since_ms <= at < asked.span.until_ms:
        return False
    return group is None or row.get(axis) in (group["key"], group["name_zh"])


def _findings(
    sheet: Sheet,
    axis: str,
    group: dict[str, Any] | None,
    asked: Asked,
    kinds: Kinds,
) -> None:
    """Findings of the same time and place, by kind. That they lie there is all that is said."""
    if not sheet.has("findings"):
        return
    rows = [f for f in sheet.seen["findings"].data if _overlaps(f, axis, group, asked)]
    counted = Counter(str(f["kind"]) for f in rows)
    for kind, n in counted.most_common(3):
        zh, en = kinds.get(kind, (kind, kind))
        numbers = {str(f["no"]) for f in rows if f["kind"] == kind}
        cites = [c for c in sheet.cites("findings") if c.ref in numbers]
        sheet.say(
            f"同一时间{'、同一处' if group else ''}有异常「{zh}」{n} 件。",
            f"In that time{' and place' if group else ''} there were {n} findings: {en}.",
            cites,
        )


def _overlaps(
    finding: dict[str, Any], axis: str, group: dict[str, Any] | None, asked: Asked
) -> bool:
    began, ended = millis(finding["at"]), millis(finding["ended"])
    if began is None or began >= asked.span.until_ms:
        return False
    if ended is not None and ended < asked.span.since_ms:
        return False
    if group is None:
        return True
    return finding.get(axis, "") in (group["key"], group["name_zh"])


def millis(text: object) -> int | None:
    """Read an instant as the API writes it; None for none."""
    try:
        moment = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)


def cite_order(order: Mapping[str, Any]) -> AnswerCite:
    """Cite an order by a row that has its id and number."""
    ref = str(order["order"])
    return AnswerCite(kind="order", ref=ref, label=str(order["number"]), path=f"/orders/{ref}")
