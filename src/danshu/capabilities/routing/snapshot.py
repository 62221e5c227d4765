"""One moment of the network that decisions name by its digest: immutable and stored once."""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from danshu.capabilities.routing.blocks import (
    digest_block,
    find_span,
    freeze,
    pack_block,
    unpack_block,
)
from danshu.capabilities.routing.cold import find_watched
from danshu.capabilities.routing.model import Region
from danshu.capabilities.routing.nearness import mask_sensed, order_by_nearness
from danshu.capabilities.routing.network import Network, Site
from danshu.capabilities.routing.panel import Estimates, Panel
from danshu.capabilities.routing.score import CLASSES, Coefficients, ScoreTables, build_tables
from danshu.capabilities.routing.signals import Field, Signals
from danshu.capabilities.routing.variables import Per
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN, SNAPSHOT_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORM: Final = "danshu-routing-snapshot-1"
_COMMON: Final = ("network/", "prices/")
# Before what is stored without its common part; deflated data never begins so.
_OWN: Final = b"own1"


class Prices(NamedTuple):
    """Shadow prices in 分, for a unit of work and for a unit of stock.

    `mu_fen` is [W], `lambda_fen` [len(skus), W]; a SKU that is not listed costs nothing.
    """

    version: str
    mu_fen: NDArray[np.int64]
    skus: tuple[str, ...]
    lambda_fen: NDArray[np.int64]


class Cautions(NamedTuple):
    """What twin and resilience say against warehouses; either may only narrow.

    `veto` [classes, W] stops a storage class there (bits of score.VETOES). `surcharge_fen` [W]
    is what an alternative may cost more than a warehouse under the threshold of resilience.
    """

    veto: NDArray[np.uint8]
    surcharge_fen: NDArray[np.int64]


def no_cautions(network: Network) -> Cautions:
    """Nothing against any warehouse."""
    warehouses = len(network.codes)
    return Cautions(np.zeros((len(CLASSES), warehouses), np.uint8), np.zeros(warehouses, np.int64))


def no_prices(network: Network) -> Prices:
    """Prices of a network whose stock and capacity are nowhere scarce: all zero."""
    warehouses = len(network.codes)
    return Prices("none", np.zeros(warehouses, np.int64), (), np.zeros((0, warehouses), np.int64))


class Snapshot:
    """Network, resolved signals, prices and coefficients, and the tables made of them."""

    def __init__(
        self,
        network: Network,
        signals: Signals,
        prices: Prices | None = None,
        figures: Coefficients | None = None,
        policy: str = "",
        cautions: Cautions | None = None,
        panel: Panel | None = None,
    ) -> None:
        self.network = network
        self.signals = signals
        self.prices = _check_prices(prices or no_prices(network), network)
        self.figures = figures or Coefficients()
        self.policy = policy
        self.panel = panel
        self.panel_digest = panel.digest if panel else ""
        self.cautions = _check_cautions(cautions or no_cautions(network), network)
        self.price_rows = {sku: row for row, sku in enumerate(self.prices.skus)}
        self.tables = build_tables(
            network, signals, self.figures, self.prices.mu_fen, *self.cautions
        )
        self.engine_tables = _engine_tables(network, self.tables, self.prices, self.figures)

    def attach(self, panel: Panel) -> None:
        """Give a loaded snapshot the panel that it names. Raises InputError `scorers`."""
        if panel.digest != self.panel_digest:
            raise InputError("scorers", f"the snapshot names panel {self.panel_digest or 'none'}")
        self.panel = panel
        for name in ("estimates", "vote_figures"):
            self.__dict__.pop(name, None)

    @cached_property
    def watched(self) -> frozenset[tuple[int, int]]:
        """The (class, warehouse row) of cold zones that the canary counts decisions into."""
        return find_watched(self.network, self.signals)

    @cached_property
    def nearest(self) -> NDArray[np.int16]:
        """Warehouses of each region by nearness, [R, W]: S3's table."""
        return order_by_nearness(self.network)

    @cached_property
    def sensed_ok(self) -> NDArray[np.int64]:
        """For each sum of storage classes, the warehouses that everything but S4 allows."""
        return mask_sensed(self.tables.class_bits)

    @cached_property
    def estimates(self) -> Estimates | None:
        """What S2 says in this situation; None while the panel that is named is not attached."""
        panel = self.panel
        if panel is None:
            if self.panel_digest:
                return None
            panel = Panel(self.network.codes, self.network.regions)
        return panel.spread(self.network, self.signals)

    @cached_property
    def vote_figures(self) -> NDArray[np.int64]:
        """Whole numbers that votes are counted with."""
        figures, panel = self.figures, self.panel
        told = (
            figures.late_fen,
            figures.late_value_bp,
            figures.late_cap_fen,
            figures.wave_wait_min,
            figures.first_wave_min,
            figures.saturation_promise_min,
            panel.cost_error_fen if panel else 0,
            panel.limit_fen if panel else 0,
        )
        return freeze(np.array(told, np.int64))

    @cached_property
    def content(self) -> bytes:
        """The snapshot as one block of bytes; equal content gives equal bytes."""
        signals = self.signals
        header: dict[str, Any] = {
            "form": FORM,
            "network": self.network.header(),
            "taken_ms": signals.taken_ms,
            "valid_until_ms": signals.valid_until_ms,
            "sources": list(signals.sources),
            "fields": [[key, str(per)] for key, per in sorted(signals.fields)],
            "prices": {"version": self.prices.version, "skus": list(self.prices.skus)},
            "figures": msgspec.to_builtins(self.figures),
            "policy": self.policy,
        }
        arrays: dict[str, NDArray[Any]] = {
            f"network/{name}": array for name, array in self.network.arrays().items()
        }
        for (key, per), field in signals.fields.items():
            for name in Field._fields:
                arrays[f"signal/{key}/{per}/{name}"] = getattr(field, name)
        # what says nothing is not told: earlier snapshots keep their names
        for name, table in self.cautions._asdict().items():
            if table.any():
                arrays[f"cautions/{name}"] = table
        arrays["prices/mu_fen"] = self.prices.mu_fen
        arrays["prices/lambda_fen"] = self.prices.lambda_fen
        if self.panel_digest:
            header["panel"] = self.panel_digest
        return pack_block(header, arrays)

    @cached_property
    def digest(self) -> str:
        """Sha256 of `content`, 64 hex digits: the name that decisions refer to."""
        return digest_block(self.content)

    def dump(self) -> bytes:
        """The whole in bytes by itself: the content, deflated."""
        return zlib.compress(self.content, 1)

    def part(self) -> tuple[str, bytes]:
        """What snapshots of one network and its prices have in common, named by its SHA-256.

        It is most of a snapshot, and is stored once for all of them.
        """
        start, end = find_span(self.content, *_COMMON)
        told = self.content[start:end]
        return digest_block(told), told

    def dump_own(self) -> bytes:
        """The bytes to store beside `part`, deflated by itself: all else, and where that goes."""
        start, end = find_span(self.content, *_COMMON)
        own = start.to_bytes(8, "big") + self.content[:start] + self.content[end:]
        return _OWN + zlib.compress(own, 6)


def _engine_tables(
    network: Network, tables: ScoreTables, prices: Prices, figures: Coefficients
) -> tuple[Any, ...]:
    """The tables in the groups that the engines take: what an engine reads, and nothing else."""
    whole = np.array(
        [
            figures.late_fen,
            figures.late_value_bp,
            figures.late_cap_fen,
            figures.parcel_fen,
            figures.unfulfilled_fen,
            figures.wave_wait_min,
            figures.first_wave_min,
            figures.saturation_promise_min,
        ],
        np.int64,
    )
    # Masks as signed words: bit operations are the same, and compiled code mixes no signedness.
    return (
        (network.first_kg_fen, tables.extra_fen, tables.fixed_fen),
        (tables.eta_min, tables.pull),
        (network.handling_fen, tables.risk_fen, tables.mu_fen, tables.cutoff_min),
        (tables.lane_ok.view(np.int64), tables.class_ok.view(np.int64), tables.crowded),
        tables.worst_fen,
        prices.lambda_fen,
        freeze(whole),
    )


def load_snapshot(raw: bytes, digest: str = "") -> Snapshot:
    """Read stored bytes back.

    Raises InputError `snapshot` when they are damaged or are not the content that `digest` names.
    """
    content = _inflate(raw)
    if digest and digest_block(content) != digest:
        raise InputError("snapshot", f"the bytes are not those of snapshot {digest}")
    header, arrays = unpack_block(content)
    try:
        snapshot = _rebuild(header, arrays)
    except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
        raise InputError("snapshot", f"malformed snapshot: {error!r}") from error
    # Earlier versions wrote fewer fields: what was stored keeps the name that decisions know.
    snapshot.content = content
    return snapshot


def deflate_part(told: bytes) -> bytes:
    """The bytes to store of a common part."""
    return zlib.compress(told, 6)


def _inflate(raw: bytes) -> bytes:
    """Give the content of a whole, or of what is stored apart with its common part after it."""
    if not raw.startswith(_OWN):
        return _inflate_one(raw)[0]
    own, rest = _inflate_one(raw[len(_OWN) :])
    common = _inflate_one(rest)[0]
    start = 8 + int.from_bytes(own[:8], "big")
    return own[8:start] + common + own[start:]


def _inflate_one(raw: bytes) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(raw, SNAPSHOT_BYTES)
    except zlib.error as error:
        raise InputError("snapshot", f"not deflated data: {error}") from error
    if not inflater.eof:
        raise InputError("snapshot", f"cut short, or over {SNAPSHOT_BYTES} bytes")
    return content, inflater.unused_data


def _rebuild(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Snapshot:
    if header["form"] != FORM:
        raise ValueError(f"form {header['form']!r}")
    told = header["network"]
    network = Network(
        [Site(*site) for site in told["sites"]],
        [Region(code=code, name=name) for code, name in told["regions"]],
        {
            name.removeprefix("network/"): array
            for name, array in arrays.items()
            if name.startswith("network/")
        },
    )
    fields = {
        (key, Per(per)): Field(*(arrays[f"signal/{key}/{per}/{name}"] for name in Field._fields))
        for key, per in header["fields"]
    }
    signals = Signals(
        header["taken_ms"], fields, tuple(header["sources"]), header["valid_until_ms"]
    )
    prices = Prices(
        header["prices"]["version"],
        arrays["prices/mu_fen"],
        tuple(header["prices"]["skus"]),
        arrays["prices/lambda_fen"],
    )
    figures = msgspec.convert(header["figures"], Coefficients)
    silent = no_cautions(network)
    cautions = Cautions(
        arrays.get("cautions/veto", silent.veto),
        arrays.get("cautions/surcharge_fen", silent.surcharge_fen),
    )
    snapshot = Snapshot(network, signals, prices, figures, header["policy"], cautions)
    snapshot.panel_digest = header.get("panel", "")
    return snapshot


def _check_cautions(cautions: Cautions, network: Network) -> Cautions:
    silent = no_cautions(network)
    tables: tuple[tuple[NDArray[Any], NDArray[Any]], ...] = (
        (cautions.veto, silent.veto),
        (cautions.surcharge_fen, silent.surcharge_fen),
    )
    for told, none in tables:
        if told.shape != none.shape or told.dtype != none.dtype:
            raise InputError("cautions", f"cautions of {told.dtype} {told.shape}")
        freeze(told)
    if cautions.surcharge_fen.min(initial=0) < 0:
        raise InputError("cautions", "a surcharge is below 0")
    return cautions


def _check_prices(prices: Prices, network: Network) -> Prices:
    warehouses = len(network.codes)
    shapes = (prices.mu_fen.shape, prices.lambda_fen.shape)
    if shapes != ((warehouses,), (len(prices.skus), warehouses)):
        raise InputError("prices", f"prices of shape {shapes} for {warehouses} warehouses")
    for table in (prices.mu_fen, prices.lambda_fen):
        if table.size and (table.min() < 0 or table.max() > LANE_FEN):
            raise InputError("prices", f"a price is outside 0 to {LANE_FEN} fen")
        freeze(table)
    return prices
