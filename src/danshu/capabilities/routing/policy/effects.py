"""What a graph may say, and how its effects become one ruling.

Effects accumulate over the graphs of a set: forbidden warehouses are joined, preferences added,
the least limit of parcels holds, the first reason to hold or to review stands. None of them can
open what a hard constraint closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.ruling import Ruling
from danshu.kernel.limits import LANE_FEN, ORDER_LINES, POLICY_EFFECTS, TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Name = Literal[
    "keep", "forbid", "require", "prefer", "avoid", "hold", "review", "parcels_max", "tell"
]

WORDS: Final[dict[Name, tuple[str, str]]] = {
    "keep": ("不变", "leave as it is"),
    "forbid": ("禁用", "forbid"),
    "require": ("只用", "use only"),
    "prefer": ("优先", "prefer"),
    "avoid": ("避让", "avoid"),
    "hold": ("暂停", "hold"),
    "review": ("转人工", "ask for review"),
    "parcels_max": ("限制拆单", "limit parcels"),
    "tell": ("提示", "tell"),
}
SELECTS: Final = frozenset({"forbid", "require", "prefer", "avoid"})
WEIGHS: Final = frozenset({"prefer", "avoid"})
REASONED: Final = frozenset({"hold", "review", "tell"})


class PolicyEffect(Struct, frozen=True, kw_only=True):
    """One effect. `where` selects warehouses (an expression on one, "" = all), `fen` is the weight
    of a preference, `most` the parcels, `reason` the words for people, `rule` where it was said.
    """

    effect: Name
    where: str = ""
    fen: int = 0
    most: int = 0
    reason: str = ""
    rule: str = ""


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
    if one.effect in REASONED and not one.reason.strip():
        return Told(code="effect_reason", value=one.effect)
    if len(one.reason) > TEXT_CHARS or len(one.where) > TEXT_CHARS:
        return Told(code="effect_long", value=one.effect)
    return one


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
    )


def _bound(fen: int) -> int:
    return min(max(fen, -LANE_FEN), LANE_FEN)
