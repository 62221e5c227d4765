"""Where a reading belongs in a merchant's network: places of the world become subjects.

`ad:CODE` is an administrative division (GB/T 2260, 6 digits): its prefecture's region and the
warehouses that stand there; a province's code means all of its regions. `gh:HASH` is a geohash:
the region whose centre is nearest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from danshu.capabilities.routing.signals import region_subject, warehouse_subject
from danshu.capabilities.routing.variables import BY_KEY, ZONES, Per, Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.model import Region
    from danshu.capabilities.stock.model import Warehouse

_CODE: Final = 6
_MUNICIPAL: Final = ("11", "12", "31", "50")  # one region each: 北京 天津 上海 重庆
_BASE32: Final = "0123456789bcdefghjkmnpqrstuvwxyz"
_FAR_DEG: Final = 3.0  # a cell further than this from every centre belongs to none


class Places:
    """The warehouses and regions of one merchant, to find subjects in."""

    def __init__(self, warehouses: Sequence[Warehouse], regions: Sequence[Region]) -> None:
        self._regions = {region.code: region for region in regions}
        self._warehouses = {warehouse.code for warehouse in warehouses}
        self._standing: dict[str, list[str]] = {}
        for warehouse in warehouses:
            self._standing.setdefault(warehouse.region, []).append(warehouse.code)
        # a warehouse may stand where nobody orders
        self._known = {*self._regions, *self._standing}
        self._centres = [r for r in regions if r.lng_udeg or r.lat_udeg]
        self._cells: dict[str, str] = {}

    def find(self, key: str, subject: str) -> tuple[str, ...]:
        """Give the subjects that a reading is about; () when the network has no such place."""
        kind, _, name = subject.partition(":")
        per = BY_KEY[key].per
        if kind in ("ad", "gh"):
            codes = self._of_code(name) if kind == "ad" else self._of_cell(name)
            if key == "policy_compliance":
                # what is true of a district does not close its whole prefecture
                codes = [code for code in codes if name in (code, code[:2] + "0000")]
            found: list[str] = []
            if Per.REGION in per:
                found += [region_subject(code) for code in codes if code in self._regions]
            if Per.WAREHOUSE in per:
                standing = [w for code in codes for w in self._standing.get(code, ())]
                found += [warehouse_subject(code) for code in standing]
            return tuple(found)
        return (subject,) if kind in per and self._has(Per(kind), name) else ()

    def _has(self, per: Per, name: str) -> bool:
        if per is Per.WAREHOUSE:
            return name in self._warehouses
        if per is Per.REGION:
            return name in self._regions
        if per is Per.LANE:
            warehouse, _, region = name.partition(">")
            return warehouse in self._warehouses and region in self._regions
        words = name.split("/")
        in_zone = len(words) == 3 and words[1] in ZONES and bool(words[2])
        return in_zone and words[0] in self._warehouses and bool(Zone(words[1]))

    def _of_code(self, code: str) -> list[str]:
        if len(code) != _CODE or not code.isdigit():
            return []
        if code[:2] in _MUNICIPAL:
            code = code[:2] + "0000"
        elif code.endswith("0000") and code not in self._known:
            return sorted(known for known in self._known if known[:2] == code[:2])
        # some counties are regions themselves (省直辖县级); else the prefecture is meant
        return [known for known in (code, code[:4] + "00") if known in self._known][:1]

    def _of_cell(self, cell: str) -> list[str]:
        if cell not in self._cells:
            self._cells[cell] = self._nearest(cell)
        return [self._cells[cell]] if self._cells[cell] else []

    def _nearest(self, cell: str) -> str:
        centre = centre_of(cell)
        if centre is None:
            return ""
        lng, lat = centre
        shrink = math.cos(math.radians(lat))
        nearest, far = "", _FAR_DEG
        for region in self._centres:
            away = math.hypot((region.lng_udeg / 1e6 - lng) * shrink, region.lat_udeg / 1e6 - lat)
            if away < far:
                nearest, far = region.code, away
        return nearest


def centre_of(cell: str) -> tuple[float, float] | None:
    """Give the centre (lng, lat) of a geohash; None for what is none."""
    if not 1 <= len(cell) <= 12:
        return None
    spans = [[-180.0, 180.0], [-90.0, 90.0]]
    axis = 0
    for letter in cell:
        number = _BASE32.find(letter)
        if number < 0:
            return None
        for bit in (16, 8, 4, 2, 1):
            span = spans[axis]
            middle = (span[0] + span[1]) / 2
            span[0 if number & bit else 1] = middle
            axis ^= 1
    return sum(spans[0]) / 2, sum(spans[1]) / 2
