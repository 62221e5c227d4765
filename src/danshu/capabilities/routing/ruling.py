"""What policy says of one order, as the engines take it: where not, how dear, how many parcels.

A ruling narrows and weighs; it can open nothing. The engines apply it after the hard constraints:
a forbidden warehouse is as if it had no lane, and a preference is made of surcharges on all other
warehouses, so that a favoured one never pays for a parcel that nobody needs. What can go nowhere
stays unfulfilled and is named; a preference alone never leaves a line behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN, ORDER_LINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network

FREE: Final = -1  # no preference


class Calling(Struct, frozen=True, kw_only=True):
    """A negotiation that policy wants: so many windows of so many minutes, offers for so long."""

    windows: int
    window_min: int
    expiry_s: int


class Ruling(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The effects of a policy set on one order; equal rulings may be one object.

    `policy` is the set's SHA-256, `rules` name what was hit, in order. `forbid` are warehouses,
    `prefer` (code, 分 in favour, negative = against), `parcels_max` 0 for no limit. `hold` and
    `review` are reasons, "" for none; `tell` are words for people. `negotiate` is a call to be
    opened once the order is placed; it changes no route. `only` is the warehouse that a person
    chose, "" for none: all others are shut, and what policy forbids or prefers steers no more.
    """

    policy: str
    rules: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    prefer: tuple[tuple[str, int], ...] = ()
    parcels_max: int = 0
    hold: str = ""
    review: str = ""
    tell: tuple[str, ...] = ()
    negotiate: Calling | None = None
    only: str = ""


class Steering(NamedTuple):
    """Rulings as arrays beside a batch of n orders; W warehouses, k different preferences.

    `surcharge_fen` rows are >= 0 with a least of 0. Engines trust the bounds that are checked here.
    """

    shut: NDArray[np.int64]  # [n], 64 bits: forbidden warehouses
    favour: NDArray[np.int32]  # [n], row of surcharge_fen, FREE for none
    parcels_max: NDArray[np.int32]  # [n], 0 = as many as are cheapest
    surcharge_fen: NDArray[np.int64]  # [k, W]


def steer(network: Network, rulings: Sequence[Ruling | None]) -> Steering:
    """Lay rulings out. A code that the network does not know is nobody's warehouse.

    Raises InputError `ruling` for a preference outside +-LANE_FEN or a negative limit.
    """
    count = len(rulings)
    shut, favour = np.zeros(count, np.int64), np.full(count, FREE, np.int32)
    most = np.zeros(count, np.int32)
    if not any(rulings):
        return Steering(shut, favour, most, np.zeros((0, len(network.codes)), np.int64))
    rows: list[list[int]] = []
    known: dict[int, tuple[int, int, int]] = {}
    for n, ruling in enumerate(rulings):
        if ruling is None:
            continue
        if id(ruling) not in known:
            known[id(ruling)] = _lay_out(network, ruling, rows)
        shut[n], favour[n], most[n] = known[id(ruling)]
    table = np.array(rows, np.int64).reshape(len(rows), len(network.codes))
    return Steering(shut, favour, most, table)


def _lay_out(network: Network, ruling: Ruling, rows: list[list[int]]) -> tuple[int, int, int]:
    """Give mask, row and limit of one ruling; a preference becomes a new row."""
    if not 0 <= ruling.parcels_max <= ORDER_LINES:
        raise InputError("ruling", f"a limit of {ruling.parcels_max} parcels")
    mask = 0
    if ruling.only:
        for code, row in network.warehouse_index.items():
            mask |= 0 if code == ruling.only else 1 << row
        return mask - ((1 << 64) if mask >> 63 else 0), FREE, 0
    for code in ruling.forbid:
        w = network.warehouse_index.get(code)
        mask |= 0 if w is None else 1 << w
    mask -= (1 << 64) if mask >> 63 else 0
    favours = [0] * len(network.codes)
    for code, fen in ruling.prefer:
        if not -LANE_FEN <= fen <= LANE_FEN:
            raise InputError("ruling", f"a preference of {fen} fen for {code!r}")
        if (w := network.warehouse_index.get(code)) is not None:
            favours[w] += fen
    if not any(favours):
        return mask, FREE, ruling.parcels_max
    best = max(favours)
    rows.append([min(best - fen, LANE_FEN) for fen in favours])
    return mask, len(rows) - 1, ruling.parcels_max
