"""The solver of a replan, in a process of its own: placing orders never waits for it.

    python -m danshu.hub.replan_child TENANT FOLDER

with the database's URL on standard input. Reads the merchant's world and open orders, plans them,
tries prices, writes `plan.json` and `prices.block` into the folder. Each line of standard output
is {"stage", "share"}. It writes nothing to the database.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.blocks import digest_block
from danshu.capabilities.routing.replan import forecast, gate, solve
from danshu.hub import masters, open_orders, prices
from danshu.kernel.errors import InputError
from danshu.kernel.limits import PRICE_TRIAL_ORDERS
from danshu.ledger.write import connect

if TYPE_CHECKING:
    from danshu.capabilities.routing.replan.cells import Orders, Problem
    from danshu.capabilities.routing.replan.duals import Duals
    from danshu.capabilities.routing.replan.solve import Plan
    from danshu.capabilities.routing.snapshot import Prices
    from danshu.hub.open_orders import OpenOrders
    from danshu.hub.world import World

PLAN: Final = "plan.json"
PRICES: Final = "prices.block"
_NICE: Final = 10
_ACTIVE_NO: Final = "select no, extract(epoch from made) from prices where tenant=%s and active"


class Move(Struct, frozen=True, array_like=True):
    """An order that goes elsewhere: warehouses before and after, what that saves, 分."""

    id: uuid.UUID
    was: tuple[str, ...]
    becomes: tuple[str, ...]
    gain_fen: int


class Load(Struct, frozen=True, kw_only=True):
    """What a warehouse gets in the plan: orders, and of all work the share in permille."""

    warehouse: str
    orders: int
    share_permille: int


class Tried(Struct, frozen=True, kw_only=True):
    """A trial of the shadow gate; `no` 0 = the new prices, 分."""

    no: int
    orders: int
    myopic_fen: int
    priced_fen: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What the child found. Money in 分: `before_fen` is the orders' cost as they stand (what lies
    in a closed warehouse counts as left behind), `after_fen` that of the plan with what moving
    costs; `digest` names the inputs.
    """

    orders: int
    lines: int
    pinned: int
    before_fen: int
    after_fen: int
    bound_fen: int
    exact: bool
    digest: str
    snapshot: str
    moves: tuple[Move, ...]
    loads: tuple[Load, ...]
    trials: tuple[Tried, ...]


def tell(stage: str, share: float) -> None:
    """Say how far it is."""
    sys.stdout.write(msgspec.json.encode({"stage": stage, "share": round(share, 3)}).decode())
    sys.stdout.write("\n")
    sys.stdout.flush()


async def read_inputs(
    url: str, tenant: int, switching_fen: int
) -> tuple[World, OpenOrders, Prices | None, int]:
    """Read the merchant's world, open orders and prices in force."""
    now_ms = time.time_ns() // 1_000_000
    connection = await connect(url, "danshu replan")
    try:
        world = await masters.load(connection, tenant, time.monotonic(), now_ms)
        opened = await open_orders.read(connection, world, now_ms, switching_fen)
        active = await prices.active(connection, tenant, world.snapshot.network)
        row = await (await connection.execute(_ACTIVE_NO, (tenant,))).fetchone()
    finally:
        await connection.close()
    return world, opened, active, int(row[0]) if row else 0


def plan(
    world: World, opened: OpenOrders, active: Prices | None, active_no: int
) -> tuple[Outcome, bytes]:
    """Plan open orders and try prices; gives the outcome and the new prices' block."""
    snapshot, problem = world.snapshot, opened.problem
    made = solve.solve(snapshot, problem, tell)
    tell("trial", 0.0)
    codes = [""] * len(problem.atp)
    for code, (row, _) in world.skus.items():
        codes[row] = code
    network_codes = snapshot.network.codes
    told = look_ahead(world, problem, made)
    candidate = gate.make_prices("", codes, told)
    block = prices.dump(network_codes, candidate)
    trials = [
        trial
        for no, tried in ((active_no, active), (0, candidate))
        if tried is not None and (trial := try_prices(world, problem, codes, no, tried))
    ]
    outcome = Outcome(
        orders=len(opened.ids),
        lines=len(problem.orders.sku),
        pinned=opened.pinned,
        before_fen=int(made.was_fen.sum()),
        after_fen=made.cost_fen,
        bound_fen=made.bound_fen,
        exact=made.is_proven,
        digest=opened.digest(snapshot.digest),
        snapshot=snapshot.digest,
        moves=tuple(list_moves(network_codes, opened, made)),
        loads=tuple(weigh(network_codes, problem, made)),
        trials=tuple(trials),
    )
    return outcome, block


def look_ahead(world: World, problem: Problem, made: Plan) -> Duals:
    """Price what may come, as the open orders are a sample of it, on what the plan leaves.

    Without open orders there is nothing to expect, and the plan's own prices stand.
    """
    orders = problem.orders
    if not len(orders.region):
        return made.prices
    regions = len(world.snapshot.network.regions)
    seen = np.bincount(orders.region, minlength=regions).astype(np.float64)
    weight, storage = np.ones(len(problem.atp), np.int32), np.ones(len(problem.atp), np.int32)
    for row, sku in world.skus.values():
        weight[row], storage[row] = sku.weight_g, int(sku.storage)
    known = np.isfinite(orders.promise_min)
    promise = float(np.median(orders.promise_min[known])) if known.any() else float("inf")
    goods = forecast.Goods(weight, storage, int(np.median(orders.value_fen)), promise)
    rate = np.bincount(orders.sku, orders.qty, minlength=len(problem.atp)).astype(np.float64)
    atp, capacity = problem.atp.copy(), problem.capacity.copy()
    take(problem, made, atp, capacity)
    # Drawn from the inputs' own size: equal inputs give equal prices.
    rng = np.random.default_rng(len(orders.region))
    futures = [forecast.draw(goods, seen / seen.sum(), rate, rng) for _ in range(forecast.FUTURES)]
    return forecast.price_futures(
        world.snapshot, futures, problem.minute, atp, np.maximum(capacity, 0.0)
    )


def take(problem: Problem, made: Plan, atp: Any, capacity: Any) -> None:
    """Take from stock and work what the plan needs."""
    orders, wh = problem.orders, made.warehouse
    has = wh >= 0
    np.subtract.at(atp, (orders.sku[has], wh[has]), orders.qty[has])
    owner = np.repeat(np.arange(len(orders.region)), np.diff(orders.line_start))
    parcels = np.unique(np.stack([owner[has], wh[has]]), axis=1)[1].astype(np.int64)
    wide = len(capacity)
    capacity -= np.bincount(parcels, minlength=wide) + 0.5 * np.bincount(wh[has], minlength=wide)


def try_prices(
    world: World, problem: Problem, codes: list[str], no: int, tried: Prices
) -> Tried | None:
    """Decide the newest open orders with and without prices; None for prices nobody may use."""
    recent = newest(problem, PRICE_TRIAL_ORDERS)
    try:
        trial = gate.compare(world.snapshot, recent, codes, tried)
    except InputError:
        return None
    return Tried(
        no=no, orders=trial.orders, myopic_fen=trial.myopic_fen, priced_fen=trial.priced_fen
    )


def newest(problem: Problem, count: int) -> Problem:
    """Give the problem of the newest orders alone; the stock of the others stays with them."""
    orders = problem.orders
    total = len(orders.region)
    if total <= count:
        return problem
    first = total - count
    cut = int(orders.line_start[first])
    atp, capacity = problem.atp.copy(), problem.capacity.copy()
    older = orders.was[:cut]
    has = older >= 0
    np.subtract.at(atp, (orders.sku[:cut][has], older[has]), orders.qty[:cut][has])
    capacity -= 1.5 * np.bincount(older[has].astype(np.int64), minlength=len(capacity))
    return problem._replace(orders=cut_orders(orders, first), atp=atp, capacity=capacity)


def cut_orders(orders: Orders, first: int) -> Orders:
    """Give the orders from `first` on."""
    cut = int(orders.line_start[first])
    return orders._replace(
        region=orders.region[first:],
        promise_min=orders.promise_min[first:],
        value_fen=orders.value_fen[first:],
        shut=orders.shut[first:],
        favour=orders.favour[first:],
        parcels_max=orders.parcels_max[first:],
        line_start=(orders.line_start[first:] - cut).astype(np.int32),
        sku=orders.sku[cut:],
        qty=orders.qty[cut:],
        weight_g=orders.weight_g[cut:],
        storage=orders.storage[cut:],
        was=orders.was[cut:],
    )


def list_moves(codes: tuple[str, ...], opened: OpenOrders, made: Plan) -> list[Move]:
    """List the orders that go elsewhere, those that save most first."""
    orders = opened.problem.orders
    gain = made.was_fen - made.becomes_fen
    found = np.flatnonzero(made.moves)
    moves = []
    for number in found[np.argsort(-gain[found], kind="stable")].tolist():
        lines = slice(int(orders.line_start[number]), int(orders.line_start[number + 1]))
        moves.append(
            Move(
                id=opened.ids[number],
                was=_name(codes, orders.was[lines]),
                becomes=_name(codes, made.warehouse[lines]),
                gain_fen=int(gain[number]),
            )
        )
    return moves


def _name(codes: tuple[str, ...], places: Any) -> tuple[str, ...]:
    return tuple(codes[w] for w in sorted(set(places.tolist())) if w >= 0)


def weigh(codes: tuple[str, ...], problem: Problem, made: Plan) -> list[Load]:
    """Tell each warehouse's share of the plan: the weights that are published."""
    has = made.warehouse >= 0
    lines = np.bincount(made.warehouse[has].astype(np.int64), minlength=len(codes))
    owner = np.repeat(np.arange(len(problem.orders.region)), np.diff(problem.orders.line_start))
    parcels = np.unique(np.stack([owner[has], made.warehouse[has]]), axis=1)[1]
    orders = np.bincount(parcels.astype(np.int64), minlength=len(codes))
    total = max(int(lines.sum()), 1)
    return [
        Load(
            warehouse=code,
            orders=int(orders[w]),
            share_permille=round(1_000 * int(lines[w]) / total),
        )
        for w, code in enumerate(codes)
    ]


def main(tenant: int, folder: Path, switching_fen: int, url: str) -> None:
    """Do the work of one replan."""
    os.nice(_NICE)
    tell("read", 0.0)
    world, opened, active, active_no = asyncio.run(read_inputs(url, tenant, switching_fen))
    outcome, block = plan(world, opened, active, active_no)
    (folder / PRICES).write_bytes(block)
    (folder / PLAN).write_bytes(msgspec.json.encode(outcome))
    assert digest_block(block)
    tell("done", 1.0)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.stdin.readline().strip())
    except psycopg.Error as error:
        sys.exit(f"replan: {error}")
