"""Why this warehouse: a decision as the order page shows it, its plans, its map, its replay."""

from __future__ import annotations

import uuid
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.routing import tables
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.routing.explain import VariableView, WarehouseView, explain
from danshu.capabilities.routing.plans import PlanView, view_plans
from danshu.capabilities.routing.reasons import Reason, read_reasons
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.snapshot import Snapshot, load_snapshot
from danshu.hub import panels, views
from danshu.hub.decision_parts import CutLine, name_cut
from danshu.hub.decision_parts import Recorded as Recorded
from danshu.kernel import fact
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.kernel.limits import RETRY_AFTER_S, SNAPSHOTS_KEPT, STREAM_FACTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from danshu.capabilities.routing.scorers.vote import Votes
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
Role = Literal["chosen", "candidate", "dearer", "stopped", "out", "excluded"]
# A warehouse that several reasons rule out is counted once, under the first of these.
_GRAVEST: Final = (
    Reason.WEATHER,
    Reason.TEMPERATURE,
    Reason.PROOF,
    Reason.BREAKER,
    Reason.CANARY,
    Reason.TWIN,
    Reason.DISAGREE,
    Reason.STALE_SAFETY,
    Reason.REGION,
    Reason.POLICY,
    Reason.EQUIPMENT,
    Reason.LABOUR,
    Reason.CARRIER,
    Reason.LANE,
    Reason.STORAGE,
    Reason.CAPACITY,
    Reason.CUTOFF,
    Reason.STOCK,
)
_STOPS: Final = int(
    Reason.WEATHER
    | Reason.TEMPERATURE
    | Reason.PROOF
    | Reason.BREAKER
    | Reason.CANARY
    | Reason.TWIN
    | Reason.POLICY
    | Reason.DISAGREE
    | Reason.STALE_SAFETY
    | Reason.REGION
    | Reason.EQUIPMENT
    | Reason.LABOUR
)
_DEARER: Final = ("dearer", "可发,但更贵", "could ship, at a higher cost")
_LEFT: Final = ("left", "可发,人工指定了别处", "could ship, a person chose another")
_EXCLUDED: Final = ("excluded", "试算中排除", "excluded from the trial")


class ParcelArrival(Struct, frozen=True, kw_only=True):
    """A parcel of a plan. `on_time_permille` is None without a promised delivery."""

    warehouse: str
    arrives: str
    sd_min: int
    on_time_permille: int | None


class PlanShown(Struct, frozen=True, kw_only=True):
    """A plan: cost in 分 by part, when the last parcel arrives, the chance of its weakest one.

    `lines` are (line number, warehouse, "" = unfulfilled).
    """

    total_fen: int
    parts_fen: dict[str, int]
    warehouses: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]
    arrives: str
    on_time_permille: int | None
    parcels: tuple[ParcelArrival, ...]


class ReasonCount(Struct, frozen=True, kw_only=True):
    """How many warehouses were not taken for this reason above all."""

    code: str
    zh: str
    en: str
    count: int
    stops: bool


class MapNode(Struct, frozen=True, kw_only=True):
    """A warehouse on the map, in micro-degrees, with what it would have cost alone (分).

    `stopped`: ruled out for safety or rule; `out`: for stock, capacity, lane and the like.
    """

    code: str
    name: str
    lng_udeg: int
    lat_udeg: int
    role: Role
    reason: str
    reasons: tuple[str, ...]
    alone_fen: int | None
    more_fen: int | None


class VotesShown(Struct, frozen=True, kw_only=True):
    """What the scorers said of the chosen plan: see routing's Votes. `spoke` of them stand by it in
    `agree`; `escalates`: the order was held for a person.
    """

    spoke: int
    agree: int
    s1_min: int
    s2_min: int
    s2_absent: str
    s2_plan: int
    radius_min: int
    s3: tuple[str, ...]
    s3_same: bool
    s4: int
    risk_permille: int
    reason: str
    spared: bool
    escalates: bool


class DecisionPanel(Struct, frozen=True, kw_only=True):
    """One decision. `fact` names it; `votes` are the other scorers', None before they spoke;
    `ruling` is what policy said of the order, by the set that it names, None for nothing; `policy`
    the set that rules on the snapshot. `defaults` are the keys of variables that no source told.
    `cut` are the lines that no warehouse held alone.
    """

    fact: str
    decided: str
    code: str
    engine: str
    snapshot: str
    observed: str
    weights: str
    policy: str
    prices: str
    ruling: Ruling | None
    region: str
    minute: int
    promise_min: int
    value_fen: int
    margin_fen: int
    votes: VotesShown | None
    plans: tuple[PlanShown, ...]
    counted: tuple[ReasonCount, ...]
    nodes: tuple[MapNode, ...]
    signals: tuple[VariableView, ...]
    signals_total: int
    defaults: tuple[str, ...]
    cut: tuple[CutLine, ...]


class OrderDecision(Struct, frozen=True, kw_only=True):
    """The newest decision of an order, or the one asked for; None where it was never routed."""

    order: uuid.UUID
    facts: tuple[str, ...]
    decision: DecisionPanel | None


_kept: OrderedDict[str, Snapshot] = OrderedDict()


async def read_recorded(
    connection: Connection, tenant: int, id_: uuid.UUID
) -> tuple[Recorded, ...]:
    """Read the decisions of an order, oldest first."""
    found = []
    for numbered in await views.read_facts(connection, tenant, id_, 0, STREAM_FACTS):
        if b'"type":"route.decided"' in numbered.body:
            read = fact.read(numbered.body)
            if isinstance(read.data, Decision):
                found.append(
                    Recorded(fact=read.id, decided_ms=epoch_ms(read.time), decision=read.data)
                )
    return tuple(found)


def pick(recorded: Sequence[Recorded], name: str) -> Recorded:
    """Give the decision of a fact, the newest for "". Raises InputError `no_decision`."""
    found = [r for r in recorded if not name or r.fact == name]
    if not found:
        raise InputError("no_decision", "the order was never routed, or not by this fact")
    return found[-1]


async def read_snapshot(connection: Connection, tenant: int, digest: str) -> Snapshot:
    """Read the snapshot that a decision of this tenant names; a few stay in memory.

    Raises NotAvailable when it is not kept.
    """
    snapshot = _kept.get(digest)
    if snapshot is None:
        cursor = await connection.execute(
            tables.READ_SNAPSHOT, (tenant, bytes.fromhex(digest)), binary=True
        )
        row = await cursor.fetchone()
        if row is None:
            raise NotAvailable(f"snapshot {digest} is not kept", RETRY_AFTER_S)
        snapshot = load_snapshot(bytes(row[0]), digest)
        if not await panels.attach(connection, tenant, snapshot):
            raise NotAvailable(f"the scorers of snapshot {digest} are not kept", RETRY_AFTER_S)
        _kept[digest] = snapshot
        while len(_kept) > SNAPSHOTS_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(digest)
    return snapshot


def show(
    recorded: Recorded, snapshot: Snapshot, world: World, excluded: Collection[str] = ()
) -> DecisionPanel:
    """Describe a decision on its snapshot; places and names are those of the world as it is."""
    decision = recorded.decision
    told = explain(decision, snapshot)
    # chosen by a person every other warehouse was shut for it, so there is no second plan
    is_chosen = decision.ruling is not None and bool(decision.ruling.only)
    plans = view_plans(decision, snapshot)[: 1 if is_chosen else None]
    chosen = {code for _, code in decision.plan if code}
    others = {code for p in plans[1:] for _, code in p.lines if code}
    places = {w.code: w for w in world.warehouses}
    nodes = []
    counts: Counter[tuple[str, str, str, bool]] = Counter()
    for view in told.warehouses:
        role, reason = _role(view, chosen, others, excluded)
        if is_chosen and reason is _DEARER:
            reason = _LEFT
        place = places.get(view.code)
        nodes.append(
            MapNode(
                code=view.code,
                name=place.name if place else view.code,
                lng_udeg=place.lng_udeg if place else 0,
                lat_udeg=place.lat_udeg if place else 0,
                role=role,
                reason=reason[0],
                reasons=tuple(r.code for r in view.reasons),
                alone_fen=sum(view.alone_fen.values()) if view.alone_fen else None,
                more_fen=sum(view.more_fen.values()) if view.more_fen else None,
            )
        )
        if role not in ("chosen", "candidate"):
            counts[(*reason, role == "stopped")] += 1
    return DecisionPanel(
        fact=recorded.fact,
        decided=rfc3339(recorded.decided_ms),
        code=decision.code,
        engine=decision.engine,
        snapshot=decision.snapshot,
        observed=rfc3339(snapshot.signals.taken_ms),
        weights=snapshot.figures.version,
        policy=snapshot.policy,
        prices=snapshot.prices.version,
        ruling=decision.ruling,
        region=decision.region,
        minute=decision.minute,
        promise_min=decision.promise_min,
        value_fen=decision.value_fen,
        margin_fen=0 if is_chosen else decision.margin_fen,
        votes=show_votes(decision.votes),
        plans=tuple(_plan(p, recorded.decided_ms) for p in plans),
        counted=tuple(
            ReasonCount(code=code, zh=zh, en=en, count=n, stops=stops)
            for (code, zh, en, stops), n in counts.most_common()
        ),
        nodes=tuple(nodes),
        signals=told.variables,
        signals_total=len({v.number for v in told.variables}),
        defaults=tuple(
            dict.fromkeys(v.key for v in told.variables if v.status == "declared_default")
        ),
        cut=name_cut(decision),
    )


def show_votes(votes: Votes | None) -> VotesShown | None:
    """Show votes with every figure, and count who stands by the plan."""
    if votes is None:
        return None
    stands = [True, votes.s3_same]
    if votes.s2_min >= 0:
        stands.append(votes.s2_plan == 0)
    if votes.s4 >= 0:
        stands.append(votes.s4 == 0)
    told = {name: getattr(votes, name) for name in votes.__struct_fields__}
    return VotesShown(**told, spoke=len(stands), agree=sum(stands), escalates=votes.escalates)


def _role(
    view: WarehouseView, chosen: set[str], others: set[str], excluded: Collection[str]
) -> tuple[Role, tuple[str, str, str]]:
    if view.code in chosen:
        return "chosen", ("", "", "")
    if view.code in excluded:
        return "excluded", _EXCLUDED
    if view.code in others:
        return "candidate", ("", "", "")
    if not view.bits:
        return "dearer", _DEARER
    gravest = next(bit for bit in _GRAVEST if view.bits & bit)
    (text,) = read_reasons(int(gravest))
    stopped: Role = "stopped" if int(gravest) & _STOPS else "out"
    return stopped, (text.code, text.zh, text.en)


def _plan(plan: PlanView, decided_ms: int) -> PlanShown:
    parcels = tuple(
        ParcelArrival(
            warehouse=p.warehouse,
            arrives=rfc3339(decided_ms + p.arrive_min * 60_000),
            sd_min=p.sd_min,
            on_time_permille=p.on_time_permille,
        )
        for p in plan.parcels
    )
    odds = [p.on_time_permille for p in parcels if p.on_time_permille is not None]
    return PlanShown(
        total_fen=plan.total_fen,
        parts_fen=plan.parts_fen,
        warehouses=tuple(dict.fromkeys(code for _, code in plan.lines if code)),
        lines=plan.lines,
        arrives=max((p.arrives for p in parcels), default=""),
        on_time_permille=min(odds, default=None),
        parcels=parcels,
    )
