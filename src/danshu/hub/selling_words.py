"""How the timeline tells of gifts and preorders, and of orders that an intercept rule stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import count, instant, text
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.hub.figures import Names, Told

SOLD: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "gifts.decided": (
        "gift",
        "赠品",
        "Gifts",
        "随单赠送 {units} 件({rules})",
        "{units} units go along ({rules})",
    ),
    "gifts.decided/none": (
        "gift",
        "赠品未送",
        "No gift",
        "符合赠品规则,但没有可送的({rules})",
        "A gift rule was met and had nothing to give ({rules})",
    ),
    "preorder.taken": (
        "clock",
        "预订",
        "Preorder",
        "{units} 件预订,{arrives} 到货后发出",
        "{units} units are sold ahead, they arrive {arrives}",
    ),
    "allowances.changed": (
        "gift",
        "限量名额变动",
        "Limited units moved",
        "归还限量名额 {back} 件,另占用 {taken} 件",
        "{back} limited units were given back, {taken} taken",
    ),
    "order.intercepted": (
        "pause",
        "错单拦截",
        "Intercepted",
        "拦截规则集第 {no} 版:{reason}",
        "Intercept rules no. {no}: {reason}",
    ),
    "order.intercepted/reject": (
        "pause",
        "规则拒单",
        "Rejected by a rule",
        "拦截规则集第 {no} 版:{reason};已付款的待退款,未付款的取消",
        "Intercept rules no. {no}: {reason}; what is paid is to be refunded, else it is cancelled",
    ),
    "order.let_pass": (
        "play",
        "误拦放行",
        "Let pass: a false alarm",
        "核实后放行:{reason} {note}",
        "Let go on after a look: {reason} {note}",
    ),
}
INTERCEPTED: Final[dict[str, Words]] = {
    "intercept_hold": Words(zh="拦截规则挂起", en="Held by an intercept rule"),
    "intercept_review": Words(zh="拦截规则转人工", en="An intercept rule asks for review"),
    "intercept_reject": Words(zh="拦截规则拒单,待退款", en="Rejected by a rule, to be refunded"),
}
PASSES: Final[dict[str, Words]] = {
    "real_buyer": Words(zh="买家已核实", en="The buyer is real"),
    "address_confirmed": Words(zh="地址已核对", en="The address is right"),
    "price_right": Words(zh="价格没有错", en="The price is right"),
    "quantity_wanted": Words(zh="买家确实要这么多", en="The buyer wants that many"),
    "not_listed": Words(zh="不是名单上的人", en="Not the one who is listed"),
    "other": Words(zh="其他", en="Another reason"),
}


def _given(datas: Sequence[Any], names: Names) -> Told:
    given = [one for d in datas for one in d.given]
    kept = [one for d in datas for one in d.kept]
    rules = names.join(dict.fromkeys(one.rule for one in (given or kept)))
    variant = "" if given else "none"
    return variant, [count("units", sum(one.units for one in given)), text("rules", rules)]


def _preordered(datas: Sequence[Any], names: Names) -> Told:
    lines = [line for d in datas for line in d.lines]
    return "", [
        count("units", sum(line.units for line in lines)),
        instant("arrives", max(line.arrives for line in lines)),
    ]


def _changed(datas: Sequence[Any], names: Names) -> Told:
    del names
    used = [c.used for d in datas for c in d.changes]
    back, taken = -sum(u for u in used if u < 0), sum(u for u in used if u > 0)
    return "", [count("back", back), count("taken", taken)]


def _intercepted(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    variant = "reject" if d.effect == "reject" else ""
    return variant, [count("no", d.no), text("reason", names.join(d.reasons))]


def _let_pass(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return "", [text("reason", names.word(PASSES, d.reason)), text("note", d.note)]


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "gifts.decided": _given,
    "preorder.taken": _preordered,
    "allowances.changed": _changed,
    "order.intercepted": _intercepted,
    "order.let_pass": _let_pass,
}
