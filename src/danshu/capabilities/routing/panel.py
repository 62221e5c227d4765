"""What the second scorers know, as one block of bytes: content-addressed, named by snapshots.

S2 speaks by tables: minutes until the door at three quantiles, for each part of the day, each
situation (how bad the weather, how high the backlog), region and warehouse. They are worked out
when a model was fitted; a snapshot picks its own situation out of them, so that a decision reads
three numbers a warehouse and no model.

S4, the twin, is no part of it: it speaks by the snapshot's cautions.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.blocks import digest_block, freeze, pack_block, unpack_block
from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.signals import alert_level
from danshu.capabilities.routing.variables import Per
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.signals import Signals

    Shorts = NDArray[np.int16]
    Ints = NDArray[np.int64]

FORM: Final = "danshu-scorers-1"
UNKNOWN: Final = -1  # a radius or an error that nobody could measure
QUANTILES: Final = (0.1, 0.5, 0.9)
PARTS: Final = 12  # of the day, two hours each
PART_MIN: Final = 1_440 // PARTS
WEATHERS: Final = 3  # levels 0-1, 2, 3-4 at the worse end
HEAPED_MIN: Final = 120  # a backlog from here is high
SITUATIONS: Final = WEATHERS * 2
CLUSTERS: Final = 4
MINUTES_MAX: Final = 30_000  # of an estimate, so that it fits 16 bits
# Why S2 says nothing.
UNFITTED: Final = "unfitted"
NO_EXTRA: Final = "no_extra"
TOO_FEW: Final = "too_few"
WORSE: Final = "worse"


class Panel:
    """S2's tables, radii and limits. Minutes int16, -1 where nothing is known.

    `eta_min` is [PARTS, SITUATIONS, R, W, quantiles] or empty with the reason in `absent`,
    `radius_min` [classes, W]. `cost_error_fen` is the 90 % quantile of |cost error|; a decision
    with a margin below it escalates when more than `limit_fen` of its value is at risk.
    """

    def __init__(
        self,
        codes: tuple[str, ...],
        regions: tuple[str, ...],
        *,
        eta_min: Shorts | None = None,
        radius_min: Ints | None = None,
        cost_error_fen: int = UNKNOWN,
        limit_fen: int = 0,
        absent: str = "",
        version: str = "",
        deliveries: int = 0,
    ) -> None:
        self.codes, self.regions = codes, regions
        self.eta_min = eta_min
        self.absent = absent if eta_min is not None else absent or UNFITTED
        if radius_min is None:
            radius_min = np.full((len(CLASSES), len(codes)), UNKNOWN, np.int64)
        self.radius_min = freeze(radius_min)
        self.cost_error_fen, self.limit_fen = cost_error_fen, limit_fen
        self.version, self.deliveries = version, deliveries
        self._last: tuple[tuple[str, bytes], Estimates] | None = None

    @cached_property
    def content(self) -> bytes:
        """The panel as one block; equal content gives equal bytes."""
        header = {
            "form": FORM,
            "warehouses": list(self.codes),
            "regions": list(self.regions),
            "cost_error_fen": self.cost_error_fen,
            "limit_fen": self.limit_fen,
            "absent": self.absent,
            "version": self.version,
            "deliveries": self.deliveries,
        }
        arrays: dict[str, NDArray[Any]] = {"radius_min": self.radius_min}
        if self.eta_min is not None:
            arrays["eta_min"] = self.eta_min
        return pack_block(header, arrays)

    @cached_property
    def digest(self) -> str:
        """Sha256 of `content`, 64 hex digits."""
        return digest_block(self.content)

    def spread(self, network: Network, signals: Signals) -> Estimates:
        """S2's estimates for a network in the situation that the signals tell; the last are kept,
        as most snapshots tell of the same situation.
        """
        where = situations(network, signals)
        key = (network.digest, where.tobytes())
        if self._last is None or self._last[0] != key:
            self._last = (key, self._spread(network, where))
        return self._last[1]

    def _spread(self, network: Network, where: Ints) -> Estimates:
        shape = (PARTS, len(network.regions), len(network.codes))
        radius = np.full((len(CLASSES), len(network.codes)), UNKNOWN, np.int32)
        columns = [network.warehouse_index.get(code, -1) for code in self.codes]
        known = [w for w, column in enumerate(columns) if column >= 0]
        radius[:, [columns[w] for w in known]] = self.radius_min[:, known]
        tables = np.full((len(QUANTILES), *shape), UNKNOWN, np.int32)
        if self.eta_min is not None:
            rows = [network.region_index.get(code, -1) for code in self.regions]
            here = [r for r, row in enumerate(rows) if row >= 0]
            to = np.ix_([rows[r] for r in here], [columns[w] for w in known])
            found = where[to]
            at = np.ix_(here, known)
            for part in range(PARTS):
                picked = self.eta_min[part][(found, at[0], at[1])]
                for quantile in range(len(QUANTILES)):
                    tables[quantile, part][to] = picked[..., quantile]
        low, middle, high = (freeze(np.ascontiguousarray(table)) for table in tables)
        return Estimates(low, middle, high, freeze(radius))


class Estimates(NamedTuple):
    """S2 for one snapshot: minutes at each quantile [PARTS, R, W] and the radius [classes, W]."""

    low: NDArray[np.int32]
    middle: NDArray[np.int32]
    high: NDArray[np.int32]
    radius: NDArray[np.int32]


def situations(network: Network, signals: Signals) -> NDArray[np.int64]:
    """The situation of each lane, [R, W]: weather at its worse end, backlog at its warehouse."""
    origin = _weather(signals.field("wx_alert", Per.WAREHOUSE, network).value)
    goal = _weather(signals.field("wx_alert", Per.REGION, network).value)
    heaped = signals.field("pick_backlog", Per.WAREHOUSE, network).value >= HEAPED_MIN
    worse = np.maximum(origin[None, :], goal[:, None])
    return worse * 2 + heaped.astype(np.int64)[None, :]


def _weather(values: NDArray[np.float64]) -> NDArray[np.int64]:
    levels = np.array([alert_level(value) for value in values.tolist()], np.int64)
    return np.clip(levels - 1, 0, WEATHERS - 1)


def load_panel(raw: bytes, digest: str = "") -> Panel:
    """Read a panel. Raises InputError `scorers` when it is damaged or not the one named."""
    if digest and digest_block(raw) != digest:
        raise InputError("scorers", f"the bytes are not those of panel {digest}")
    header, arrays = unpack_block(raw)
    try:
        codes, regions = tuple(header["warehouses"]), tuple(header["regions"])
        eta, radius = arrays.get("eta_min"), arrays["radius_min"]
        shape = (PARTS, SITUATIONS, len(regions), len(codes), len(QUANTILES))
        if header["form"] != FORM or (eta is not None and eta.shape != shape):
            raise ValueError(
                f"form {header['form']!r}, tables {None if eta is None else eta.shape}"
            )
        if radius.shape != (len(CLASSES), len(codes)):
            raise ValueError(f"radii of shape {radius.shape}")
        panel = Panel(
            codes,
            regions,
            eta_min=eta,
            radius_min=radius,
            cost_error_fen=header["cost_error_fen"],
            limit_fen=header["limit_fen"],
            absent=header["absent"],
            version=header["version"],
            deliveries=header["deliveries"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("scorers", f"malformed panel: {error!r}") from error
    panel.content = raw
    return panel
