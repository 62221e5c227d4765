"""What the sentences of requests, powers and notices are filled with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.contract.actions import catalogue
from danshu.hub.figures import Names, Told, money, promises, text
from danshu.hub.power_words import ENDS, REQUESTS
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def _words(named: Mapping[str, catalogue.Named]) -> dict[str, Words]:
    return {code: Words(zh=n.zh, en=n.en) for code, n in named.items()}


_POWERS: Final = _words(catalogue.POWERS)
_KINDS: Final = _POWERS | REQUESTS
_PARTIES: Final = _words({**catalogue.PARTIES, **catalogue.ROLES})


def _asked(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    kind = names.word(_KINDS, d.kind)
    amount = getattr(d, "amount", 0)
    by = getattr(d, "by", "link")
    return ("merchant" if by == "merchant" else ""), [
        text("request", kind),
        *([money("amount", amount, names.currency)] if amount else [text("amount", "")]),
        text("reason", getattr(d, "reason", "")),
    ]


def _entitled(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return "", [
        promises(datas, names),
        text("power", names.actions.get(d.action) or names.word(_POWERS, d.action)),
        text("holder", names.word(_PARTIES, getattr(d, "holder", ""))),
        text("reason", names.word(ENDS, getattr(d, "reason", ""))),
    ]


def _noticed(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return "", [
        promises(datas, names),
        text("to", names.word(_PARTIES, d.to)),
        text("reason", names.word(ENDS, getattr(d, "reason", ""))),
    ]


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    **dict.fromkeys(
        ("request.made", "request.accepted", "request.declined", "request.withdrawn"), _asked
    ),
    **dict.fromkeys(("power.opened", "power.used", "power.ended"), _entitled),
    **dict.fromkeys(("notice.sent", "notice.refused", "notice.abandoned"), _noticed),
}
