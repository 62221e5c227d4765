"""The network that orders run over: warehouses, regions and the lanes between them, as arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.blocks import digest_block, freeze, pack_block
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN, LANE_MIN, REGIONS, WAREHOUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.model import Lane, Region

DAY_MIN: Final = 1_440
HANDLING_FEN: Final = 180


class Site(NamedTuple):
    """What routing knows of a warehouse: classes, work units a day, cut-off minute, handling; the
    kind of building (policy/fields.KINDS) and the region that it stands in.
    """

    code: str
    storage_bits: int
    capacity_units: int
    cutoff_min: int
    handling_fen: int = HANDLING_FEN
    kind: str = "ground"
    region: str = ""


class Network:
    """Warehouses (W, in the order given), regions (R) and lanes [R, W]; never changed once built.

    Money is int64 分, time float64 minutes. A lane that nobody declared is closed. `digest` names
    the content.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        regions: Sequence[Region],
        arrays: Mapping[str, NDArray[Any]],
    ) -> None:
        self.sites = tuple(Site(*site) for site in sites)
        self.regions = tuple(region.code for region in regions)
        self.region_names = tuple(region.name for region in regions)
        self.codes = tuple(site.code for site in self.sites)
        # By warehouse index, -1 being "unfulfilled": its code; the codes of a plan from there.
        self.code_at = (*self.codes, "")
        self.alone_at = (*((code,) for code in self.codes), ())
        self.warehouse_index = {code: index for index, code in enumerate(self.codes)}
        self.region_index = {code: index for index, code in enumerate(self.regions)}
        self.first_kg_fen: NDArray[np.int64] = arrays["first_kg_fen"]
        self.extra_kg_fen: NDArray[np.int64] = arrays["extra_kg_fen"]
        self.transit_min: NDArray[np.float64] = arrays["transit_min"]
        self.sd_min: NDArray[np.float64] = arrays["sd_min"]
        self.lane_open: NDArray[np.uint8] = arrays["lane_open"]
        self.storage_bits = freeze(np.array([s.storage_bits for s in self.sites], np.int64))
        self.cutoff_min = freeze(np.array([s.cutoff_min for s in self.sites], np.int64))
        self.handling_fen = freeze(np.array([s.handling_fen for s in self.sites], np.int64))

    @cached_property
    def digest(self) -> str:
        """Sha256 of the network's content, 64 hex digits."""
        return digest_block(pack_block(self.header(), self.arrays()))

    def capacity_units(self) -> NDArray[np.float64]:
        """Work units a day of each warehouse, a fresh array [W]: the start of a day's counter."""
        return np.array([site.capacity_units for site in self.sites], np.float64)

    def header(self) -> dict[str, Any]:
        """Codes and whole numbers of the network, as JSON writes them."""
        return {
            "sites": [list(site) for site in self.sites],
            "regions": [list(pair) for pair in zip(self.regions, self.region_names, strict=True)],
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The lane arrays by name."""
        return {
            "first_kg_fen": self.first_kg_fen,
            "extra_kg_fen": self.extra_kg_fen,
            "transit_min": self.transit_min,
            "sd_min": self.sd_min,
            "lane_open": self.lane_open,
        }


def build_network(
    sites: Sequence[Site], regions: Sequence[Region], lanes: Iterable[Lane]
) -> Network:
    """Lay master data out as arrays.

    Raises InputError `network` for too many or doubled codes, a lane between unknown ends, a lane
    told twice, and figures out of their limits.
    """
    _check_codes("warehouses", [site[0] for site in sites], WAREHOUSES)
    _check_codes("regions", [region.code for region in regions], REGIONS)
    for site in sites:
        _check_site(Site(*site))
    shape = (len(regions), len(sites))
    money = np.zeros((2, *shape), np.int64)
    time = np.zeros((2, *shape), np.float64)
    is_open = np.zeros(shape, np.uint8)
    rows = {region.code: index for index, region in enumerate(regions)}
    columns = {site[0]: index for index, site in enumerate(sites)}
    for lane in lanes:
        row, column = rows.get(lane.region), columns.get(lane.warehouse)
        if row is None or column is None:
            raise InputError("network", f"lane {lane.warehouse}>{lane.region} has an unknown end")
        if is_open[row, column]:
            raise InputError("network", f"lane {lane.warehouse}>{lane.region} is told twice")
        _check_lane(lane)
        is_open[row, column] = 1
        money[:, row, column] = (lane.first_kg_fen, lane.extra_kg_fen)
        time[:, row, column] = (lane.transit_min, lane.sd_min)
    return Network(
        sites,
        regions,
        {
            "first_kg_fen": freeze(money[0].copy()),
            "extra_kg_fen": freeze(money[1].copy()),
            "transit_min": freeze(time[0].copy()),
            "sd_min": freeze(time[1].copy()),
            "lane_open": freeze(is_open),
        },
    )


def _check_codes(what: str, codes: list[str], limit: int) -> None:
    if not 0 < len(codes) <= limit:
        raise InputError("network", f"{len(codes)} {what}, from 1 to {limit} are possible")
    if len(set(codes)) != len(codes):
        raise InputError("network", f"a code of {what} is told twice")


def _check_site(site: Site) -> None:
    if not (0 <= site.cutoff_min <= DAY_MIN and 0 <= site.handling_fen <= LANE_FEN):
        raise InputError("network", f"warehouse {site.code}: cut-off or handling out of range")
    if site.storage_bits < 0 or site.capacity_units < 0:
        raise InputError("network", f"warehouse {site.code}: classes or capacity below 0")


def _check_lane(lane: Lane) -> None:
    money = (lane.first_kg_fen, lane.extra_kg_fen)
    time = (lane.transit_min, lane.sd_min)
    if not all(0 <= fen <= LANE_FEN for fen in money):
        raise InputError("network", f"lane {lane.warehouse}>{lane.region}: tariff out of range")
    if not all(0 <= minutes <= LANE_MIN for minutes in time):
        raise InputError("network", f"lane {lane.warehouse}>{lane.region}: time out of range")
