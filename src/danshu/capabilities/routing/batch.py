"""A group of orders as arrays, and what an engine says of them.

Two engines answer alike, to the last 分: `kernel_numba` (compiled) and `reference` (plain
Python). The rules that both keep:

* A line may go to a warehouse without any reason bit against it. A warehouse is a candidate when it
  has work capacity for the whole order in one parcel: 1 + 0.5 a line.
* A plan puts every line into one parcel of one warehouse, at most one parcel a warehouse, or leaves
  it unfulfilled. Cost of a parcel: first kg, each further kg begun, handling, lateness, risk,
  prices, and for each parcel after the first a nuisance. An unfulfilled line costs
  `unfulfilled_fen` and the dearest freight that it could have had, so that no line stays behind
  because its freight is dear.
* A promise that ends today closes the warehouses past their cut-off; a promise within
  `saturation_promise_min` closes a region whose last mile is over `saturation_closed`.
* Up to SPLIT_LINES lines the plan is the cheapest of all (subset DP). Above, lines of one SKU
  travel together; lines with equal candidates form a unit; up to SPLIT_LINES units are planned
  exactly, more of them greedily (least cost a line) and improved by single moves.
* A ruling of policy (ruling.py) shuts warehouses, adds its surcharge to each parcel of a warehouse
  and to the penalty of a line its dearest one, and limits the parcels: exactly up to SPLIT_LINES
  units (where lines of one SKU would need two parcels of one warehouse, to a single parcel),
  greedily above.
* Ties go to the lowest warehouse index.
* Plan k + 1 is the best plan without the warehouses of plans 1 to k.
* Orders are decided in the order given; stock and capacity are taken as they go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.ruling import Ruling, steer
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

PLANS: Final = 3
MOVE_PASSES: Final = 8  # rounds of single moves over a greedy plan
PART_NAMES: Final = (
    "freight_first_fen",
    "freight_extra_fen",
    "handling_fen",
    "lateness_fen",
    "risk_fen",
    "split_fen",
    "price_fen",
    "unfulfilled_fen",
    "policy_fen",
)
NO_PROMISE: Final = -1


class RequestLine(NamedTuple):
    """A line to place: SKU, its row in the stock array (-1: none), units, grams a unit, class."""

    sku: str
    row: int
    qty: int
    weight_g: int
    storage: int = 1


class Request(Struct, frozen=True, kw_only=True):
    """An order to decide. `promise_min`: minutes until the promised delivery, -1 for none.
    `awaiting` are the warehouses whose cold zones take none of its goods before a temperature has
    confirmed those before: the stock shows none there. `cut` names, for each line, the line of the
    order (from 1) that it is or is a part of; () = each is its own.
    """

    region: str
    promise_min: int
    value_fen: int
    lines: tuple[RequestLine, ...]
    ruling: Ruling | None = None
    awaiting: tuple[str, ...] = ()
    cut: tuple[int, ...] = ()


class Batch(NamedTuple):
    """Orders n and their lines m as arrays; lines of order i are line_start[i] to line_start[i+1].

    `promise_min` is inf for no promise. A region or SKU of -1 is unknown and can go nowhere.
    `price_row` is the line's row in the snapshot's lambda table, -1 for none.
    """

    region: NDArray[np.int32]  # [n]
    promise_min: NDArray[np.float64]  # [n]
    value_fen: NDArray[np.int64]  # [n]
    line_start: NDArray[np.int32]  # [n+1]
    sku: NDArray[np.int32]  # [m]
    qty: NDArray[np.int32]  # [m]
    weight_g: NDArray[np.int32]  # [m]
    storage: NDArray[np.int32]  # [m]
    price_row: NDArray[np.int32]  # [m]
    shut: NDArray[np.int64]  # [n], see ruling.Steering
    favour: NDArray[np.int32]  # [n]
    parcels_max: NDArray[np.int32]  # [n]
    surcharge_fen: NDArray[np.int64]  # [k, W]


class Routed(NamedTuple):
    """What an engine decided; `warehouse[0]` is the plan: reserve (sku, warehouse, qty) by it.

    `totals_fen` is -1 where there is no further plan; a plan that ships nothing is a plan. `can`
    has bit w where the warehouse has stock for the line alone, `room` where it has capacity. Of the
    lines of one order with the same SKU the first has `twin` 1, and in `held` the units in stock,
    at most the units asked; elsewhere `held` is undefined.
    """

    warehouse: NDArray[np.int16]  # [PLANS, m], -1 = unfulfilled
    parts_fen: NDArray[np.int64]  # [n, len(PART_NAMES)], of the chosen plan
    totals_fen: NDArray[np.int64]  # [n, PLANS]
    can: NDArray[np.int64]  # [m], 64 bits
    room: NDArray[np.int64]  # [n], 64 bits
    held: NDArray[np.int32]  # [m, W]
    twin: NDArray[np.uint8]  # [m]


class Engine(Protocol):
    """Decide a batch; take from `atp` [S, W] and `capacity` [W]; fill `out`."""

    def __call__(
        self,
        snapshot: Snapshot,
        batch: Batch,
        minute: int,
        atp: NDArray[np.int32],
        capacity: NDArray[np.float64],
        out: Routed,
    ) -> None: ...


def build_batch(snapshot: Snapshot, requests: Sequence[Request]) -> Batch:
    """Lay requests out as arrays."""
    regions, prices = snapshot.network.region_index, snapshot.price_rows
    lines = [line for request in requests for line in request.lines]
    starts = [0]
    for request in requests:
        starts.append(starts[-1] + len(request.lines))
    promises = np.array([request.promise_min for request in requests], np.float64)
    promises[promises < 0] = np.inf
    if lines:
        skus, rows, qtys, weights, classes = zip(*lines, strict=True)
    else:
        skus, rows, qtys, weights, classes = ((),) * 5
    count = len(lines)
    steering = steer(snapshot.network, [request.ruling for request in requests])
    return Batch(
        region=np.array([regions.get(request.region, -1) for request in requests], np.int32),
        promise_min=promises,
        value_fen=np.array([request.value_fen for request in requests], np.int64),
        line_start=np.array(starts, np.int32),
        sku=np.array(rows, np.int32),
        qty=np.array(qtys, np.int32),
        weight_g=np.array(weights, np.int32),
        storage=np.array(classes, np.int32),
        price_row=np.array([prices.get(sku, -1) for sku in skus], np.int32)
        if prices
        else np.full(count, -1, np.int32),
        shut=steering.shut,
        favour=steering.favour,
        parcels_max=steering.parcels_max,
        surcharge_fen=steering.surcharge_fen,
    )


def empty_routed(orders: int, lines: int, warehouses: int) -> Routed:
    """Room for what an engine says; the engine writes all of it but `held` (see Routed)."""
    return Routed(
        warehouse=np.empty((PLANS, lines), np.int16),
        parts_fen=np.empty((orders, len(PART_NAMES)), np.int64),
        totals_fen=np.empty((orders, PLANS), np.int64),
        can=np.empty(lines, np.int64),
        room=np.empty(orders, np.int64),
        held=np.empty((lines, warehouses), np.int32),
        twin=np.empty(lines, np.uint8),
    )


def check_stock(snapshot: Snapshot, atp: NDArray[np.int32], capacity: NDArray[np.float64]) -> None:
    """Refuse live counters that compiled code would read out of bounds. Raises ProgramError."""
    warehouses = len(snapshot.network.codes)
    if atp.dtype != np.int32 or atp.ndim != 2 or atp.shape[1] != warehouses:
        raise ProgramError(f"atp is {atp.dtype} {atp.shape}, int32 [S, {warehouses}] is needed")
    if capacity.dtype != np.float64 or capacity.shape != (warehouses,):
        raise ProgramError(f"capacity is {capacity.dtype} {capacity.shape}")
