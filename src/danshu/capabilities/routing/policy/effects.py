"""What a graph may say, and how its effects become one ruling.

Effects accumulate over the graphs of a set: forbidden warehouses are joined, preferences added,
the least limit of parcels holds, the first reason to hold or to review and the first wish to
negotiate stand. None of them can open what a hard constraint closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.ruling import Calling, Ruling
from danshu.kernel.limits import (
    LANE_FEN,
    NEGOTIATION_REPLY_MAX_MS,
    NEGOTIATION_WINDOW_LEAST_MIN,
    NEGOTIATION_WINDOW_MOST_MIN,
    NEGOTIATION_WINDOWS,
    ORDER_LINES,
    POLICY_EFFECTS,
    TEXT_CHARS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Name = Literal[
    "keep",
    "forbid",
    "require",
    "prefer",
    "avoid",
    "hold",
    "review",
    "reject",
    "parcels_max",
    "tell",
    "negotiate",
]

WORDS: Final[dict[Name, tuple[str, str]]] = {
    "keep": ("不变", "leave as it is"),
    "forbid": ("禁用", "forbid"),
    "require": ("只用", "use only"),
    "prefer": ("优先", "prefer"),
    "avoid": ("避让", "avoid"),
    "hold": ("暂停", "hold"),
    "review": ("转人工", "ask for review"),
    "reject": ("拒单", "reject"),
    "parcels_max": ("限制拆单", "limit parcels"),
    "tell": ("提示", "tell"),
    "negotiate": ("协商时窗", "negotiate the window"),
}
SELECTS: Final = frozenset({"forbid", "require", "prefer", "avoid"})
WEIGHS: Final = frozenset({"prefer", "avoid"})
REASONED: Final = frozenset({"hold", "review", "reject", "tell"})
STOPS: Final = ("reject", "hold", "review")  # of an intercept rule, the gravest first
OF_KIND: Final[dict[str, frozenset[str]]] = {
    "routing": frozenset(WORDS) - {"reject"},
    "intercept": frozenset({"keep", *STOPS, "tell"}),
}


class PolicyEffect(Struct, frozen=True, kw_only=True):
    """One effect. `where` selects warehouses (an expression on one, "" = all), `fen` is the weight
    of a preference, `most` the parcels, `reason` the words for people, `rule` where it was said.
    `windows` of `window_min` minutes are negotiated, offers come for `expiry_s` seconds.
    """

    effect: Name
    where: str = ""
    fen: int = 0
    most: int = 0
    reason: str = ""
    rule: str = ""
    windows: int = 0
    window_min: int = 0
    expiry_s: int = 0


class Told(Struct, frozen=True, kw_only=True):
    """What is wrong with an effect: a code of data/policy_findings.yaml, and a value."""

    code: str
    value: str = ""


def read(result: Any) -> list[PolicyEffect] | Told:
    """Read the effects of a graph's result: fields at its root, or a list under `effects`."""
    if not isinstance(result, dict):
        return Told(code="effect_shape", value=str(result)[:64])
    rows = result.get("effects")
    if rows is None:
        rows = [result] if "effect" in result else []
    if not isinstance(rows, list) or len(rows) > POLICY_EFFECTS:
        return Told(code="effect_shape", value="effects")
    out = []
    for row in rows:
        one = _read_one(row)
        if isinstance(one, Told):
            return one
        if one.effect != "keep":
            out.append(one)
    return out


def _read_one(row: Any) -> PolicyEffect | Told:
    if not isinstance(row, dict):
        return Told(code="effect_shape", value=str(row)[:64])
    known = {k: v for k, v in row.items() if k in PolicyEffect.__struct_fields__ and v is not None}
    try:
        one = msgspec.convert(known, PolicyEffect)
    except msgspec.ValidationError as error:
        return Told(code="effect_shape", value=str(error)[:120])
    if one.effect in WEIGHS and not 0 < one.fen <= LANE_FEN:
        return Told(code="effect_fen", value=str(one.fen))
    if one.effect == "parcels_max" and not 0 < one.most <= ORDER_LINES:
        return Told(code="effect_most", value=str(one.most))
    if one.effect == "negotiate":
        wrong = _refuse_call(one)
        if wrong is not None:
            return wrong
    if one.effect in REASONED and not one.reason.strip():
        return Told(code="effect_reason", value=one.effect)
    if len(one.reason) > TEXT_CHARS or len(one.where) > TEXT_CHARS:
        return Told(code="effect_long", value=one.effect)
    return one


def _refuse_call(one: PolicyEffect) -> Told | None:
    if not 2 <= one.windows <= NEGOTIATION_WINDOWS:
        return Told(code="effect_windows", value=str(one.windows))
    if not NEGOTIATION_WINDOW_LEAST_MIN <= one.window_min <= NEGOTIATION_WINDOW_MOST_MIN:
        return Told(code="effect_window_min", value=str(one.window_min))
    if not 0 < one.expiry_s * 1_000 <= NEGOTIATION_REPLY_MAX_MS:
        return Told(code="effect_expiry", value=str(one.expiry_s))
    return None


def settle(
    effects: Sequence[PolicyEffect],
    codes: Sequence[str],
    select: Callable[[str], frozenset[str]],
    policy: str,
) -> Ruling | None:
    """Make one ruling of effects; None when nothing was said. `select` finds the warehouses of a
    `where`.
    """
    if not effects:
        return None
    forbid: set[str] = set()
    prefer: dict[str, int] = {}
    limits = [e.most for e in effects if e.effect == "parcels_max"]
    for one in effects:
        if one.effect not in SELECTS:
            continue
        chosen = select(one.where)
        if one.effect == "forbid":
            forbid |= chosen
        elif one.effect == "require":
            forbid |= set(codes) - chosen
        else:
            sign = 1 if one.effect == "prefer" else -1
            for code in chosen:
                prefer[code] = prefer.get(code, 0) + sign * one.fen
    return Ruling(
        policy=policy,
        rules=tuple(dict.fromkeys(e.rule for e in effects if e.rule)),
        forbid=tuple(sorted(forbid)),
        prefer=tuple((code, _bound(fen)) for code, fen in sorted(prefer.items()) if fen),
        parcels_max=min(limits, default=0),
        hold=next((e.reason for e in effects if e.effect == "hold"), ""),
        review=next((e.reason for e in effects if e.effect == "review"), ""),
        tell=tuple(dict.fromkeys(e.reason for e in effects if e.effect == "tell")),
        negotiate=next((_call(e) for e in effects if e.effect == "negotiate"), None),
    )


def _call(one: PolicyEffect) -> Calling:
    return Calling(windows=one.windows, window_min=one.window_min, expiry_s=one.expiry_s)


def _bound(fen: int) -> int:
    return min(max(fen, -LANE_FEN), LANE_FEN)
