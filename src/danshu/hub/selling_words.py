"""How the timeline tells of gifts and preorders, and of orders that an intercept rule stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import count, instant, text

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


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "gifts.decided": _given,
    "preorder.taken": _preordered,
}
