"""Decide orders, and say it in records that replay to the same bytes.

The engine's arrays serve the desk (reserve by them); the Decision serves the fact, the explanation
and the replay. A Decision holds integers and strings only.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.batch import (
    Batch,
    Engine,
    Request,
    RequestLine,
    Routed,
    build_batch,
    check_stock,
    empty_routed,
)
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.scorers.vote import Budget, Votes, recorded, write_votes
from danshu.kernel.errors import InputError, ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

CODE: Final = "routing-1"  # changes whenever equal inputs may give another decision
ENGINE: Final = "numba"
_ENGINES: Final = {"numba": "kernel_numba", "python": "reference"}


class DecidedLine(Struct, frozen=True, array_like=True):
    """A line as it was decided; `can`: mask, in hex, of warehouses with stock for it alone."""

    sku: str
    qty: int
    weight_g: int
    storage: int
    can: str


class PlanTotal(Struct, frozen=True, array_like=True):
    """A plan's cost in 分 and the codes of its warehouses, in the order of their index."""

    total_fen: int
    warehouses: tuple[str, ...]


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order, decided: inputs, plan, cost and what else there was.

    Inputs: `snapshot` (digest), `region`, `promise_min` (-1: none), `minute` of the local day,
    `value_fen`, `lines`, `room` (mask, in hex, of warehouses with capacity), `held` (for a SKU on
    several lines: number of its first line, then units in stock by warehouse, at most those asked),
    `ruling` (what policy said; left out for nothing), `awaiting` (warehouses whose cold zones wait
    for a confirming temperature: `can` leaves them out for cold lines), `cut` (where lines were cut
    by units over several warehouses: for each of `lines`, the line that it is part of, from 1).
    `votes` is what the other scorers said of the plan; a record without was made before they spoke.
    Output: `plan` (line number from 1, warehouse code, "" = unfulfilled), `parts_fen` (as
    batch.PART_NAMES, without the last where that is 0), `plans` (up to three, the chosen first),
    `margin_fen` (second - first, 0 when there is no second).
    """

    code: str
    engine: str
    held: tuple[tuple[int, ...], ...]
    lines: tuple[DecidedLine, ...]
    margin_fen: int
    minute: int
    parts_fen: tuple[int, ...]
    plan: tuple[tuple[int, str], ...]
    plans: tuple[PlanTotal, ...]
    promise_min: int
    region: str
    room: str
    snapshot: str
    value_fen: int
    ruling: Ruling | None = None
    votes: Votes | None = None
    awaiting: tuple[str, ...] = ()
    cut: tuple[int, ...] = ()


class Decided(NamedTuple):
    """A batch, decided: the records, and the arrays to reserve by.

    Line i of the batch wants `batch.qty[i]` of stock row `batch.sku[i]` at warehouse
    `routed.warehouse[0, i]` (-1: unfulfilled).
    """

    decisions: list[Decision]
    batch: Batch
    routed: Routed


@cache
def find_engine(name: str) -> Engine:
    """The engine of that name; "numba" compiles once on a machine (some 15 s), then loads."""
    if name not in _ENGINES:
        raise ProgramError(f"no routing engine {name!r}, there are {sorted(_ENGINES)}")
    engine: Engine = import_module(f"danshu.capabilities.routing.{_ENGINES[name]}").route
    return engine


def route_batch(
    snapshot: Snapshot,
    batch: Batch,
    minute: int,
    atp: NDArray[np.int32],
    capacity: NDArray[np.float64],
    engine: str = ENGINE,
) -> Routed:
    """Decide a batch of ready arrays at `minute` of the local day.

    Takes what it plans from `atp` [S, W] (int32) and `capacity` [W] (float64), order by order.
    """
    check_stock(snapshot, atp, capacity)
    routed = empty_routed(len(batch.region), len(batch.sku), len(capacity))
    find_engine(engine)(snapshot, batch, minute, atp, capacity, routed)
    return routed


def decide_batch(
    snapshot: Snapshot,
    requests: Sequence[Request],
    minute: int,
    atp: NDArray[np.int32],
    capacity: NDArray[np.float64],
    engine: str = ENGINE,
    budget: Budget | None = None,
) -> Decided:
    """Decide a group of orders in the order given, and write the records; with a budget the other
    scorers vote.
    """
    batch = build_batch(snapshot, requests)
    routed = route_batch(snapshot, batch, minute, atp, capacity, engine)
    votes = write_votes(snapshot, batch, minute, routed, budget) if budget else None
    written = write_decisions(snapshot, requests, minute, routed, engine, votes)
    return Decided(written, batch, routed)


def write_decisions(
    snapshot: Snapshot,
    requests: Sequence[Request],
    minute: int,
    routed: Routed,
    engine: str,
    votes: Sequence[Votes] | None = None,
) -> list[Decision]:
    """Write the records of what an engine said of `requests`, and the scorers of that."""
    digest = snapshot.digest
    codes, alone = snapshot.network.code_at, snapshot.network.alone_at
    rows = routed.warehouse.tolist()
    cans = routed.can.view(np.uint64).tolist()
    rooms = routed.room.view(np.uint64).tolist()
    parts, totals = routed.parts_fen.tolist(), routed.totals_fen.tolist()
    twins = routed.twin.any()
    decisions = []
    end = 0
    for order, request in enumerate(requests):
        start, end = end, end + len(request.lines)
        total = totals[order]
        plans = []
        for fen, row in zip(total, rows, strict=True):
            if fen >= 0:
                used = row[start:end]
                one = used.count(used[0]) == len(used) if used else False
                plans.append(PlanTotal(fen, alone[used[0]] if one else _name_used(used, codes)))
        decisions.append(
            Decision(
                snapshot=digest,
                region=request.region,
                promise_min=request.promise_min,
                minute=minute,
                value_fen=request.value_fen,
                lines=tuple(
                    [
                        DecidedLine(sku, qty, weight_g, storage, hex(can))
                        for (sku, _, qty, weight_g, storage), can in zip(
                            request.lines, cans[start:end], strict=True
                        )
                    ]
                ),
                room=hex(rooms[order]),
                held=_write_held(routed, start, end) if twins else (),
                plan=tuple(enumerate([codes[w] for w in rows[0][start:end]], 1)),
                parts_fen=tuple(parts[order] if parts[order][-1] else parts[order][:-1]),
                plans=tuple(plans),
                margin_fen=total[1] - total[0] if len(plans) > 1 else 0,
                code=CODE,
                engine=engine,
                ruling=request.ruling,
                votes=votes[order] if votes else None,
                awaiting=request.awaiting,
                cut=request.cut,
            )
        )
    return decisions


def _name_used(lines: list[int], codes: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of the warehouses of a plan that uses several, or leaves lines behind."""
    return tuple([codes[w] for w in sorted(set(lines)) if w >= 0])


def replay(decision: Decision, snapshot: Snapshot) -> Decision:
    """Decide again from the recorded inputs; equal bytes, or the record or the code has changed.

    Raises InputError `replay` when `snapshot` is not the one that the decision names, or the record
    cannot be read.
    """
    if snapshot.digest != decision.snapshot:
        raise InputError("replay", f"the decision was made on snapshot {decision.snapshot}")
    request, atp, capacity = read_inputs(decision, snapshot)
    engine = decision.engine if decision.engine in _ENGINES else ENGINE
    budget = recorded(decision.votes) if decision.votes else None
    decided = decide_batch(snapshot, [request], decision.minute, atp, capacity, engine, budget)
    return decided.decisions[0]


def read_inputs(
    decision: Decision, snapshot: Snapshot
) -> tuple[Request, NDArray[np.int32], NDArray[np.float64]]:
    """Rebuild request, stock and capacity, as far as the decision saw them."""
    warehouses = len(snapshot.network.codes)
    rows: dict[str, int] = {}
    for line in decision.lines:
        rows.setdefault(line.sku, len(rows))
    atp = np.zeros((len(rows), warehouses), np.int32)
    try:
        held = {decision.lines[first - 1].sku: units for first, *units in decision.held}
        for line in decision.lines:
            mask = int(line.can, 16)
            stock = held.get(line.sku) or [line.qty * (mask >> w & 1) for w in range(warehouses)]
            atp[rows[line.sku]] = stock
        room = int(decision.room, 16)
    except (IndexError, ValueError) as error:
        raise InputError("replay", f"the record cannot be read: {error}") from error
    work = 1.0 + 0.5 * len(decision.lines)
    capacity = np.array([work * (room >> w & 1) for w in range(warehouses)], np.float64)
    request = Request(
        region=decision.region,
        promise_min=decision.promise_min,
        value_fen=decision.value_fen,
        lines=tuple(
            RequestLine(line.sku, rows[line.sku], line.qty, line.weight_g, line.storage)
            for line in decision.lines
        ),
        ruling=decision.ruling,
        awaiting=decision.awaiting,
        cut=decision.cut,
    )
    return request, atp, capacity


def _write_held(routed: Routed, start: int, end: int) -> tuple[tuple[int, ...], ...]:
    """Stock of SKUs on several lines; where there is none at all, the masks say so already."""
    marked = np.flatnonzero(routed.twin[start:end])
    held = ((int(n) + 1, *routed.held[start + n].tolist()) for n in marked)
    return tuple(entry for entry in held if any(entry[1:]))
