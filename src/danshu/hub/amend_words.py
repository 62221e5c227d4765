"""The timeline's words of amendments, and the ways out of what refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import Names, Told, count, instant, money, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AMENDED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "order.amended": (
        "edit",
        "改单",
        "Amended",
        "改了 {what}({reason}),应付 {total}",
        "{what} changed ({reason}); {total} in all",
    ),
    "order.amended/owed": (
        "edit",
        "改单,应退",
        "Amended, money owed back",
        "改了 {what}({reason}),应付 {total},多付 {owed}",
        "{what} changed ({reason}); {total} in all, {owed} paid too much",
    ),
    "order.amended/due": (
        "edit",
        "改单,待补款",
        "Amended, supplement due",
        "改了 {what}({reason}),应付 {total},待补 {due}",
        "{what} changed ({reason}); {total} in all, {due} still due",
    ),
    "order.amended/place": (
        "edit",
        "改单",
        "Amended",
        "改了 {what}({reason}),退回 {units} 件重新分仓",
        "{what} changed ({reason}); {units} units decided again",
    ),
    "substitute.offered": (
        "swap",
        "征询替代",
        "Substitute offered",
        "问买家可否换成 {units} 件 {sku},{until} 前回复",
        "The buyer is asked whether {units} of {sku} may come instead, until {until}",
    ),
    "substitute.accepted": (
        "check",
        "买家同意替代",
        "Substitute accepted",
        "凭订单链接同意,随即改单",
        "By the order's link; the order was amended at once",
    ),
    "substitute.declined": (
        "rollback",
        "买家不同意替代",
        "Substitute declined",
        "继续等原商品",
        "The line waits on",
    ),
    "substitute.ended": (
        "clock",
        "征询结束",
        "Offer ended",
        "买家没有回复,继续等原商品",
        "Nobody answered; the line waits on",
    ),
    "substitute.ended/withdrawn": (
        "rollback",
        "撤回征询",
        "Offer withdrawn",
        "商家撤回,继续等原商品",
        "The merchant took it back; the line waits on",
    ),
}
_PARTS: Final = (
    ("lines", "商品", "the goods"),
    ("now", "金额", "the amounts"),
    ("receiver", "收货信息", "the receiver"),
    ("wanted", "送达日期", "the date"),
)
# Why the system amends: a request that was accepted names itself.
_ASKED: Final = "address_change:"


def _amended(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    is_en = names.lang == "en"
    told = [en if is_en else zh for name, zh, en in _PARTS if getattr(d, name)]
    if d.lines and len(told) > 1 and told[1] in ("金额", "the amounts"):
        told.pop(1)
    asked = "the buyer asked" if is_en else "买家申请"
    figures = [
        text("what", names.join(told)),
        text("reason", asked if d.reason.startswith(_ASKED) else d.reason),
        money("total", d.now.total if d.now else 0, names.currency),
        money("owed", d.owed, names.currency),
        money("due", d.due, names.currency),
        count("units", sum(s.quantity for p in d.freed for s in p.shares)),
    ]
    variant = "due" if d.due and d.now else "owed" if d.owed and d.now else ""
    return variant or ("" if d.now else "place"), figures


def _offered(datas: Sequence[Any], _: Names) -> Told:
    d = datas[-1]
    figures = [
        count("units", d.quantity),
        text("sku", d.title or d.sku),
        instant("until", d.until),
    ]
    return "", figures


def _answered(_: Sequence[Any], __: Names) -> Told:
    return "", []


def _ended(datas: Sequence[Any], _: Names) -> Told:
    return ("withdrawn" if datas[-1].reason == "withdrawn" else ""), []


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "order.amended": _amended,
    "substitute.offered": _offered,
    "substitute.accepted": _answered,
    "substitute.declined": _answered,
    "substitute.ended": _ended,
}
