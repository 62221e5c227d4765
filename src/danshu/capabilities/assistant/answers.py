"""Sentences from what the tools gave: one function a kind of question, in both languages.

Figures stand as they were given; names that others chose are quoted; nothing is inferred.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.assistant import causes
from danshu.capabilities.assistant.foreseen import due, saved, short
from danshu.capabilities.assistant.sheet import (
    NO_CAUSE_EN,
    NO_CAUSE_ZH,
    Sheet,
    quote,
    rate,
    span,
    yuan,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from danshu.capabilities.assistant.model import AnswerCite, Asked, CitedAnswer, Seen

    Kinds = Mapping[str, tuple[str, str]]
_STATES: Final = {
    "placed": ("已下单", "placed"),
    "confirmed": ("已确认", "confirmed"),
    "paid": ("已付款", "paid"),
    "held": ("挂起", "on hold"),
    "allocated": ("已占库", "allocated"),
    "released": ("已下发仓库", "released"),
    "picked": ("已拣货", "picked"),
    "packed": ("已打包", "packed"),
    "shipped": ("已揽收", "shipped"),
    "delivered": ("已签收", "delivered"),
    "completed": ("已完成", "completed"),
    "cancelled": ("已取消", "cancelled"),
    "return_requested": ("申请退货", "return requested"),
}
_PROMISES: Final = {
    "running": ("计时中", "running"),
    "paused": ("停表", "paused"),
    "pending": ("未起算", "not begun"),
    "kept": ("守约", "kept"),
    "late": ("迟了", "late"),
    "broken": ("落空", "broken"),
    "borderline": ("待判", "to be judged"),
    "excused": ("免责", "excused"),
    "superseded": ("已被替代", "superseded"),
}
_STEPS: Final = (
    ("released", "下发仓库", "released"),
    ("picked", "拣货", "picked"),
    ("packed", "打包", "packed"),
    ("shipped", "揽收", "shipped"),
    ("delivered", "签收", "delivered"),
)


def answer(asked: Asked, seen: Mapping[str, Seen], kinds: Kinds) -> CitedAnswer:
    """Answer a question from what was looked up; `kinds` are the words of findings."""
    return _BY_KIND[asked.kind](asked, seen, kinds)


def _order(asked: Asked, seen: Mapping[str, Seen], kinds: Kinds) -> CitedAnswer:
    sheet = Sheet(asked.kind, seen)
    if not sheet.has("order"):
        return sheet.close(
            f"没有订单{quote(asked.ref)}，或你不能看它。",
            f"There is no order {asked.ref[:64]}, or you may not see it.",
        )
    order = seen["order"].data
    cites = [*sheet.cites("order"), *_facts(sheet, f"order.{order['state']}")]
    zh, en = _STATES.get(order["state"], (order["state"], order["state"]))
    sheet.say(
        f"订单 {order['number']} 现在{zh}，{order['units']} 件，{yuan(order['total'])}。",
        f"Order {order['number']} is {en}: {order['units']} units, {yuan(order['total'])}.",
        cites,
    )
    for parcel in order["parcels"]:
        _parcel(sheet, parcel)
    for promise in order["promises"]:
        if promise["started"]:
            _promise(sheet, promise)
    if asked.kind == "late_order":
        _why_late(sheet, order, kinds)
    return sheet.close()


def _facts(sheet: Sheet, *types: str) -> list[AnswerCite]:
    """The facts of these types that were read, the newest first; the order where there is none."""
    found = [c for c in sheet.cites("evidence") if c.kind == "fact" and c.label in types]
    return found[::-1][:3] or list(sheet.cites("order"))


def _parcel(sheet: Sheet, parcel: dict[str, Any]) -> None:
    done = [(step, zh, en, parcel[step]) for step, zh, en in _STEPS if parcel[step]]
    where = quote(parcel["name"] or parcel["warehouse"])
    if not done:
        sheet.say(
            f"{where}的包裹 {parcel['units']} 件，还没有下发。",
            f"The parcel of {parcel['units']} units at {parcel['warehouse']} is not released.",
            _facts(sheet, "order.allocated"),
        )
        return
    step, zh, en, at = done[-1]
    sheet.say(
        f"{where}的包裹最近一步是{zh}，{_clock(at)}。",
        f"The last step of the parcel at {parcel['warehouse']}: {en}, {_clock(at)}.",
        _facts(sheet, f"order.{step}"),
    )


def _promise(sheet: Sheet, promise: dict[str, Any]) -> None:
    zh, en = _PROMISES.get(promise["state"], (promise["state"], promise["state"]))
    name = promise["name"]
    late_zh = late_en = ""
    if promise["gap_ms"] and promise["state"] in ("late", "broken"):
        told_zh, told_en = span(promise["gap_ms"])
        late_zh, late_en = f"，迟 {told_zh}", f", late by {told_en}"
    due = f"，{_clock(promise['due'])} 到期" if promise["due"] else ""
    until = f", due {_clock(promise['due'])}" if promise["due"] else ""
    sheet.say(
        f"承诺{quote(name['zh'])}：{zh}{due}{late_zh}。",
        f"Promise {name['en']}: {en}{until}{late_en}.",
        _facts(sheet, f"promise.{promise['state']}", "promise.started"),
    )


def _why_late(sheet: Sheet, order: dict[str, Any], kinds: Kinds) -> None:
    """What facts show of the time that went: the longest stretch of a parcel, holds, findings."""
    for parcel in order["parcels"]:
        _longest(sheet, order, parcel)
    if order["holds"]:
        n = len(order["holds"])
        sheet.say(
            f"订单上还有 {n} 个挂起原因没有解除。",
            f"{n} reasons still hold the order.",
            sheet.cites("order"),
        )
    if sheet.has("findings"):
        for finding in sheet.seen["findings"].data[:5]:
            zh, en = kinds.get(finding["kind"], (finding["kind"], finding["kind"]))
            cites = [c for c in sheet.cites("findings") if c.ref == str(finding["no"])]
            sheet.say(
                f"这张订单有异常「{zh}」，{_clock(finding['at'])} 起。",
                f"This order has a finding: {en}, since {_clock(finding['at'])}.",
                cites,
            )
    sheet.say(NO_CAUSE_ZH, NO_CAUSE_EN, sheet.cites("order"))


def _longest(sheet: Sheet, order: dict[str, Any], parcel: dict[str, Any]) -> None:
    began = order["paid_at"] or order["placed"]
    points = [("付款", "payment", began)]
    points += [(zh, en, parcel[step]) for step, zh, en in _STEPS if parcel[step]]
    times = [(zh, en, causes.millis(at)) for zh, en, at in points]
    stretches = [
        (after - before, zh, en, next_zh, next_en)
        for (zh, en, before), (next_zh, next_en, after) in pairwise(times)
        if before is not None and after is not None
    ]
    if not stretches:
        return
    ms, zh, en, next_zh, next_en = max(stretches)
    told_zh, told_en = span(ms)
    sheet.say(
        f"时间最长的一段是{zh}到{next_zh}，{told_zh}。",
        f"The longest stretch is from {en} to {next_en}: {told_en}.",
        _facts(sheet, *[f"order.{step}" for step, _, __ in _STEPS], "order.paid"),
    )


def _anomalies(asked: Asked, seen: Mapping[str, Seen], kinds: Kinds) -> CitedAnswer:
    sheet = Sheet(asked.kind, seen)
    if not sheet.has("findings"):
        return sheet.close()
    rows = seen["findings"].data
    if not rows:
        return sheet.close("没有待处理的异常。", "No finding waits.")
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(str(row["kind"]), []).append(row)
    for kind, some in sorted(by_kind.items(), key=lambda one: -len(one[1]))[:8]:
        zh, en = kinds.get(kind, (kind, kind))
        numbers = {str(r["no"]) for r in some}
        risk = sum(int(r["risk_fen"]) for r in some)
        sheet.say(
            f"「{zh}」待处理 {len(some)} 件，涉及 {yuan(risk)}。",
            f"{en}: {len(some)} waiting, {yuan(risk)} at risk.",
            [c for c in sheet.cites("findings") if c.ref in numbers],
        )
    return sheet.close()


def _overview(asked: Asked, seen: Mapping[str, Seen], _: Kinds) -> CitedAnswer:
    sheet = Sheet(asked.kind, seen)
    if not sheet.has("board"):
        return sheet.close()
    figures = seen["board"].data["figures"]
    cites = sheet.cites("board")
    orders, promises, errors = figures["orders"], figures["promises"], figures["exceptions"]
    sheet.say(
        f"今天 {orders['count']} 单，{yuan(orders['amount_fen'])}。",
        f"{orders['count']} orders today, {yuan(orders['amount_fen'])}.",
        cites,
    )
    decided = promises["kept"] + promises["broken"]
    sheet.say(
        f"近 {promises['hours']} 小时守约 {promises['kept']} 条、未守约 {promises['broken']} 条"
        f"（{rate(promises['kept'], decided)}）。",
        f"In {promises['hours']} h {promises['kept']} promises kept, {promises['broken']} not"
        f" ({rate(promises['kept'], decided)}).",
        cites,
    )
    sheet.say(
        f"待处理的例外 {errors['count']} 件，挂起 {errors['held']} 单。",
        f"{errors['count']} exceptions wait, {errors['held']} orders are on hold.",
        cites,
    )
    return sheet.close()


def _figure(asked: Asked, seen: Mapping[str, Seen], _: Kinds) -> CitedAnswer:
    sheet = Sheet(asked.kind, seen)
    if not sheet.has("figure"):
        return sheet.close()
    got = seen["figure"].data
    figures = got["figures"]
    if not figures:
        reason, reason_en = got["reason"], got["reason_en"]
        choices = "、".join(c["title"]["zh"] for c in got["choices"][:4])
        choices_en = ", ".join(c["title"]["en"] for c in got["choices"][:4])
        zh = reason or (f"这个问题可以有几种口径：{choices}。" if choices else "")
        en = reason_en or (f"It could be one of: {choices_en}." if choices else "")
        return sheet.close(zh, en)
    zh, en = figures["title"]["zh"], figures["title"]["en"]
    since, last = got["window"]["since"], got["window"]["last"]
    when_zh, when_en = (f"{since} 至 {last} ", f" {since} to {last}") if since else ("", "")
    cites = sheet.cites("figure")
    unit = figures["unit"]
    if figures["total"] is not None:
        value = _value(figures["total"], unit)
        was = _value(figures["previous"], unit) if figures["previous"] is not None else ""
        sheet.say(
            f"{when_zh}{zh}：{value}{f'，前一期 {was}' if was else ''}。",
            f"{en}{when_en}: {value}{f', before {was}' if was else ''}.",
            cites,
        )
    for row in figures["rows"][:8]:
        if row["value"] is None or not row["keys"]:
            continue
        name_zh = " · ".join(
            quote(n["zh"] or k) for n, k in zip(row["names"], row["keys"], strict=True)
        )
        name_en = " · ".join(n["en"] or k for n, k in zip(row["names"], row["keys"], strict=True))
        value = _value(row["value"], unit)
        sheet.say(f"{name_zh}：{value}。", f"{name_en}: {value}.", cites)
    return sheet.close()


def _value(value: int | float, unit: str) -> str:
    if unit == "thousandths":
        return f"{value / 10:.1f}%"
    if unit == "fen":
        return yuan(int(value))
    return f"{value:,}"


def _clock(text: str) -> str:
    return text[5:16].replace("T", " ") + " UTC" if text.endswith("Z") else text[5:16]


_BY_KIND: Final[dict[str, Callable[[Asked, Mapping[str, Seen], Kinds], CitedAnswer]]] = {
    "order": _order,
    "late_order": _order,
    "on_time": causes.explain,
    "short": short,
    "due": due,
    "saved": saved,
    "anomalies": _anomalies,
    "overview": _overview,
    "figure": _figure,
}
