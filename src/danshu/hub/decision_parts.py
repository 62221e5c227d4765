"""What stands beside a decision's plans: lines cut by units, and the same decision once more."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.decide import Decision, replay

if TYPE_CHECKING:
    from danshu.capabilities.routing.snapshot import Snapshot

_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Recorded(Struct, frozen=True, kw_only=True):
    """A decision as a fact holds it."""

    fact: str
    decided_ms: int
    decision: Decision


class CutPart(Struct, frozen=True, kw_only=True):
    """Units of a cut line and where they go, "" = nowhere."""

    warehouse: str
    units: int


class CutLine(Struct, frozen=True, kw_only=True):
    """A line that no warehouse held alone, and how its units were cut 拆行."""

    sku: str
    units: int
    parts: tuple[CutPart, ...]


def name_cut(decision: Decision) -> tuple[CutLine, ...]:
    """Give the lines of a decision that were cut, in their order."""
    parts: dict[int, list[int]] = {}
    for n, of in enumerate(decision.cut):
        parts.setdefault(of, []).append(n)
    return tuple(
        CutLine(
            sku=decision.lines[places[0]].sku,
            units=sum(decision.lines[n].qty for n in places),
            parts=tuple(
                CutPart(warehouse=decision.plan[n][1], units=decision.lines[n].qty) for n in places
            ),
        )
        for places in parts.values()
        if len(places) > 1
    )


class Replay(Struct, frozen=True, kw_only=True):
    """The same decision once more on the stored snapshot. Digests are SHA-256 of the records.

    `agrees`: the other engine, written apart, chose the same; `took_us` is this replay's time.
    """

    fact: str
    equal: bool
    recorded_sha256: str
    replayed_sha256: str
    snapshot: str
    code: str
    engine: str
    other_engine: str
    agrees: bool
    took_us: int


def decide_again(recorded: Recorded, snapshot: Snapshot) -> Replay:
    """Decide again from the record, by its engine and by the other one; compare the bytes."""
    decision = recorded.decision
    before = _encode(decision)
    begun = time.perf_counter_ns()
    again = replay(decision, snapshot)
    took_us = (time.perf_counter_ns() - begun) // 1_000
    other = "python" if decision.engine == "numba" else "numba"
    apart = replay(msgspec.structs.replace(decision, engine=other), snapshot)
    return Replay(
        fact=recorded.fact,
        equal=_encode(again) == before,
        recorded_sha256=hashlib.sha256(before).hexdigest(),
        replayed_sha256=hashlib.sha256(_encode(again)).hexdigest(),
        snapshot=decision.snapshot,
        code=decision.code,
        engine=decision.engine,
        other_engine=other,
        agrees=apart.plan == decision.plan and apart.plans == decision.plans,
        took_us=took_us,
    )
