"""What if: the same order decided under other conditions, without writing anything.

On the stored world (`then`) the stock of a warehouse is known as far as the decision saw it: enough
for a line, or not. On today's world (`now`) it is today's, the order's own reservations given back.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.routing.batch import NO_PROMISE, Request, RequestLine
from danshu.capabilities.routing.decide import Decision, decide_batch, read_inputs
from danshu.capabilities.routing.policy.engine import Compiled, PolicyEngine, view_order
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.hub import decision_views as decisions
from danshu.hub.decision_views import DecisionPanel, Recorded
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import (
    EARLIEST_MS,
    LANE_FEN,
    LATEST_MS,
    LINE_QUANTITY,
    ORDER_LINES,
    SKU_CHARS,
    WAREHOUSES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from danshu.capabilities.orders.model import Order
    from danshu.capabilities.routing.ruling import Ruling
    from danshu.capabilities.routing.score import Coefficients
    from danshu.hub.world import World

_DAY_MIN: Final = 1_440
_UTC8_MIN: Final = 480  # as in routing.py
_MINUTE_MS: Final = 60_000

Weight = Annotated[int, Meta(ge=0, le=LANE_FEN)]


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of the score to try, None = as they are. 分, and 1/10,000 of the order's value."""

    late_fen: Weight | None = None
    late_value_bp: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    late_cap_fen: Weight | None = None
    risk_fen: Weight | None = None
    parcel_fen: Weight | None = None
    unfulfilled_fen: Weight | None = None


class Quantity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line to try."""

    line: Annotated[int, Meta(ge=1, le=ORDER_LINES)]
    quantity: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)]


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions to decide under. `fact` names the decision to compare with, "" the newest."""

    world: Literal["then", "now"] = "then"
    fact: Annotated[str, Meta(max_length=64)] = ""
    exclude_warehouses: Annotated[
        tuple[Annotated[str, Meta(max_length=SKU_CHARS)], ...], Meta(max_length=WAREHOUSES)
    ] = ()
    weights: Weights = Weights()
    at: Annotated[datetime.datetime, Meta(tz=True)] | None = None
    quantities: Annotated[tuple[Quantity, ...], Meta(max_length=ORDER_LINES)] = ()
    policy: Annotated[
        str,
        Meta(
            max_length=64,
            pattern=PLAIN,
            description="other policy: none, the digest of a set, the id of a draft; '' as it was",
        ),
    ] = ""


class Difference(Struct, frozen=True, kw_only=True):
    """Trial minus decision: cost in 分, by part, arrival in minutes; None where there is none."""

    total_fen: int
    parts_fen: dict[str, int]
    arrive_min: int | None
    on_time_permille: int | None
    is_same_plan: bool


class Tried(Struct, frozen=True, kw_only=True):
    """What would be decided, beside what was; nothing was written."""

    order: uuid.UUID
    world: str
    before: DecisionPanel
    after: DecisionPanel
    difference: Difference


def decide(
    world: World,
    id_: uuid.UUID,
    order: Order,
    recorded: Recorded,
    snapshot: Snapshot,
    trial: Trial,
    now_ms: int,
    policy: Compiled | None = None,
) -> Tried:
    """Decide a trial; `policy` is what `trial.policy` names. Raises InputError for a warehouse or
    line that is not there, and for more units than the stored world knows of.
    """
    was = recorded.decision
    here = world.snapshot if trial.world == "now" else snapshot
    changed = _weigh(here, trial.weights)
    at_ms = _moment(trial, now_ms if trial.world == "now" else recorded.decided_ms)
    asked = {q.line: q.quantity for q in trial.quantities}
    _check(trial, here, len(was.lines))
    if trial.world == "now":
        request, atp = _today(world, order, was, recorded.decided_ms, at_ms, asked)
        capacity = world.capacity.copy()
    else:
        request, atp, capacity = read_inputs(was, snapshot)
        request = _then(request, recorded.decided_ms, at_ms, asked)
    if request.ruling is not None and request.ruling.only:  # without the choice of a person
        request = msgspec.structs.replace(
            request, ruling=msgspec.structs.replace(request.ruling, only="")
        )
    for code in trial.exclude_warehouses:
        w = here.network.warehouse_index[code]
        atp[:, w] = 0
        capacity[w] = 0.0
    if trial.policy or trial.world == "now":
        request = msgspec.structs.replace(
            request, ruling=_rule(world, id_, order.channel, request, changed, trial, policy, at_ms)
        )
    minute = (at_ms // _MINUTE_MS + _UTC8_MIN) % _DAY_MIN
    (made,) = decide_batch(changed, [request], minute, atp, capacity).decisions
    before = decisions.show(recorded, snapshot, world)
    tried = Recorded(fact="", decided_ms=at_ms, decision=made)
    after = decisions.show(tried, changed, world, trial.exclude_warehouses)
    return Tried(
        order=id_,
        world=trial.world,
        before=before,
        after=after,
        difference=differ(before, after, is_same=was.plan == made.plan),
    )


def _rule(
    world: World,
    id_: uuid.UUID,
    channel: str,
    request: Request,
    snapshot: Snapshot,
    trial: Trial,
    policy: Compiled | None,
    at_ms: int,
) -> Ruling | None:
    """Ask the policy that the trial names, or the one that rules today."""
    view = view_order(
        channel,
        request.region,
        request.value_fen,
        request.promise_min,
        ((line.qty, line.weight_g, line.storage) for line in request.lines),
    )
    if trial.policy:
        return PolicyEngine(policy, snapshot).rule(view, at_ms) if policy else None
    return world.arms.ask(id_, view, at_ms)


def _moment(trial: Trial, ordinary_ms: int) -> int:
    if trial.at is None:
        return ordinary_ms
    at_ms = int(trial.at.timestamp() * 1000)
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        raise InputError("time", "an instant is between 2000 and 2100", "/at")
    return at_ms


def _check(trial: Trial, snapshot: Snapshot, lines: int) -> None:
    for i, code in enumerate(trial.exclude_warehouses):
        if code not in snapshot.network.warehouse_index:
            raise InputError("unknown_warehouse", f"no {code!r}", f"/exclude_warehouses/{i}")
    for i, q in enumerate(trial.quantities):
        if q.line > lines:
            raise InputError("no_line", f"no line {q.line}", f"/quantities/{i}/line")


def _weigh(snapshot: Snapshot, weights: Weights) -> Snapshot:
    asked = msgspec.structs.asdict(weights)
    told: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if not told:
        return snapshot
    figures: Coefficients = msgspec.structs.replace(
        snapshot.figures, version=f"{snapshot.figures.version}+trial", **told
    )
    return Snapshot(snapshot.network, snapshot.signals, snapshot.prices, figures, snapshot.policy)


def _promise(was_min: int, decided_ms: int, at_ms: int) -> int:
    """Give the minutes left of the promised delivery at another moment; 0 once it has passed."""
    if was_min < 0:
        return NO_PROMISE
    return max(0, was_min - (at_ms - decided_ms) // _MINUTE_MS)


def _then(request: Request, decided_ms: int, at_ms: int, asked: Mapping[int, int]) -> Request:
    lines = []
    for no, line in enumerate(request.lines, 1):
        units = asked.get(no, line.qty)
        if units > line.qty:
            raise InputError(
                "stock_unknown",
                "the stored world knows the stock up to the units that were asked; try `now`",
                "/quantities",
            )
        lines.append(line._replace(qty=units))
    return msgspec.structs.replace(
        request,
        lines=tuple(lines),
        promise_min=_promise(request.promise_min, decided_ms, at_ms),
    )


def _today(
    world: World, order: Order, was: Decision, decided_ms: int, at_ms: int, asked: Mapping[int, int]
) -> tuple[Request, np.ndarray[Any, np.dtype[np.int32]]]:
    """Give the request and today's stock, with what the order itself holds given back."""
    codes = list(dict.fromkeys(line.sku for line in was.lines))
    missing = [code for code in codes if code not in world.skus]
    if missing:
        raise InputError("unknown_sku", f"no SKU {missing[0]!r} any more")
    rows = {code: row for row, code in enumerate(codes)}
    atp = world.atp[[world.skus[code][0] for code in codes]].copy()
    for f in order.fulfilments:
        w = world.warehouse_no.get(f.warehouse, -1)
        if w < 0 or f.state in ("shipped", "delivered", "cancelled"):
            continue
        for share in f.shares:
            if share.sku in rows:
                atp[rows[share.sku], w] += share.quantity
    request = Request(
        region=was.region,
        promise_min=_promise(was.promise_min, decided_ms, at_ms),
        value_fen=was.value_fen,
        lines=tuple(
            RequestLine(
                line.sku, rows[line.sku], asked.get(no, line.qty), line.weight_g, line.storage
            )
            for no, line in enumerate(was.lines, 1)
        ),
    )
    return request, atp


def differ(before: DecisionPanel, after: DecisionPanel, *, is_same: bool) -> Difference:
    """Give what the second costs beside the first."""
    was, now = before.plans[0], after.plans[0]
    both = was.on_time_permille is not None and now.on_time_permille is not None
    return Difference(
        total_fen=now.total_fen - was.total_fen,
        parts_fen={k: now.parts_fen[k] - fen for k, fen in was.parts_fen.items()},
        arrive_min=_minutes(was.arrives, now.arrives),
        on_time_permille=(now.on_time_permille or 0) - (was.on_time_permille or 0)
        if both
        else None,
        is_same_plan=is_same,
    )


def _minutes(was: str, now: str) -> int | None:
    if not was or not now:
        return None
    return (epoch_ms(now) - epoch_ms(was)) // _MINUTE_MS
