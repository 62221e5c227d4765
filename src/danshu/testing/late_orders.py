"""A merchant whose lateness has known causes: sources as the log would have given them, and for
each order the chance to be late that these causes give it.

How long an order takes is a lognormal time: warehouse, distance, hour, weight, load of the last
day, and how its carrier does that week move its middle, the rest is noise. Nobody can tell lateness
better than that chance does; how well it does is the ceiling of any model.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.assets.sources import FOLDED
from danshu.hub import asset_files, asset_index
from danshu.hub.asset_files import Disk
from danshu.hub.asset_index import Index, Piece
from danshu.hub.learning_frames import Masters

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PROMISE: Final = "door72h"
HALF: Final = "2026h2"
_DAY_MS: Final = 86_400_000
_LIMIT_H: Final = 72.0
_SIGMA: Final = 0.32
_HOUSES: Final = (("WH-BJ", 116.4, 39.9), ("WH-SH", 121.5, 31.2), ("WH-GZ", 113.3, 23.1))
_CARRIERS: Final = ("SF", "YTO", "ZTO", "JD")
_CHANNELS: Final = ("taobao", "jd", "pdd", "douyin")
_PLACES: Final = (
    ("110000", 116.4, 39.9), ("120000", 117.2, 39.1), ("210000", 123.4, 41.8),
    ("310000", 121.5, 31.2), ("320000", 118.8, 32.1), ("330000", 120.2, 30.3),
    ("350000", 119.3, 26.1), ("370000", 117.0, 36.7), ("420000", 114.3, 30.6),
    ("440000", 113.3, 23.1), ("500000", 106.6, 29.6), ("510000", 104.1, 30.6),
    ("610000", 108.9, 34.3), ("650000", 87.6, 43.8),
)  # fmt: skip
MASTERS: Final = Masters(
    goods=tuple((f"SKU-{n:02d}", 200 + 150 * n) for n in range(20)),
    houses=tuple((code, round(x * 1e6), round(y * 1e6)) for code, x, y in _HOUSES),
    centres=tuple((code, round(x * 1e6), round(y * 1e6)) for code, x, y in _PLACES),
)


class Told(NamedTuple):
    """Orders by stream as text: the chance to be late, and whether it was."""

    chance: dict[str, float]
    was_late: dict[str, bool]


class Drawn(NamedTuple):
    """Orders as columns, in the order of time (epoch ms, minutes)."""

    streams: list[bytes]
    created: NDArray[np.int64]
    buyer: NDArray[np.int64]
    house: NDArray[np.int64]
    place: NDArray[np.int64]
    carrier: NDArray[np.int64]
    channel: NDArray[np.int64]
    sku: NDArray[np.int64]
    units: NDArray[np.int64]
    hand_min: Floats
    took_min: Floats
    chance: Floats


def write(folder: Path, orders: int, days: int, end_ms: int, seed: int = 1) -> Told:
    """Write the sources of a merchant into its folder; its orders end at `end_ms`, and only what
    was recorded by then is in them.
    """
    drawn = draw(orders, days, end_ms, seed)
    rows = _rows(drawn, end_ms)
    files = {}
    for name in FOLDED:
        table = _table(name, rows.get(name, {}))
        if table.num_rows:
            files[name] = asset_files.put_table(
                Disk(), folder, f"sources/{name}/{HALF}-000000.parquet", table
            )
    end = max(file.rows for file in files.values())
    index = Index(format="drawn", pieces=(Piece(half=HALF, no=0, end=end, files=files),))
    asset_index.write(Disk(), folder, index, None)
    spelt = [spell(stream) for stream in drawn.streams]
    late = drawn.took_min > _LIMIT_H * 60
    return Told(
        chance=dict(zip(spelt, drawn.chance.tolist(), strict=True)),
        was_late=dict(zip(spelt, late.tolist(), strict=True)),
    )


def rows(orders: int, days: int, end_ms: int, seed: int = 1) -> dict[str, list[tuple[Any, ...]]]:
    """Give the same sources as rows, in the order of their columns."""
    told = _rows(draw(orders, days, end_ms, seed), end_ms)
    found = {}
    for name, columns in told.items():
        table = _table(name, columns)
        listed = [column.to_pylist() for column in table.columns]
        uuids = [n for n, field in enumerate(table.schema.names) if field in ("stream", "order")]
        for n in uuids:
            listed[n] = [each if isinstance(each, bytes) else each.bytes for each in listed[n]]
        found[name] = list(zip(*listed, strict=True))
    return found


def returned(rows: dict[str, list[tuple[Any, ...]]], count: int) -> list[tuple[Any, ...]]:
    """Give rows of `return_lines` of the first orders, recorded a day after they were placed."""
    return [
        (HALF, n, bytes(15) + bytes([n + 1]), 1, r[4] + _DAY_MS, r[5] + _DAY_MS, "drawn", r[2], 1,
         "SKU-01", 1, 0)
        for n, r in enumerate(rows["orders"][:count])
    ]  # fmt: skip


def draw(orders: int, days: int, end_ms: int, seed: int) -> Drawn:
    """Draw the orders; equal arguments give equal ones."""
    rng = np.random.default_rng(seed)
    begin = end_ms - days * _DAY_MS
    # some days sell three times as much: that is when warehouses fill
    weight = np.where(rng.random(days) < 0.08, 3.0, 1.0) * rng.uniform(0.8, 1.2, days)
    day = np.sort(rng.choice(days, orders, p=weight / weight.sum()))
    within = np.sort(rng.beta(2.2, 1.6, orders) * _DAY_MS * 0.98)
    created = begin + day * _DAY_MS + rng.permutation(within).astype(np.int64)
    created = np.sort(created).astype(np.int64)
    place = rng.choice(len(_PLACES), orders)
    house = np.where(rng.random(orders) < 0.75, _nearest()[place], rng.choice(3, orders))
    carrier = rng.choice(4, orders, p=[0.35, 0.3, 0.2, 0.15])
    sku, units = rng.choice(20, orders), 1 + rng.poisson(0.6, orders)
    load = _load(created, house)
    # how a carrier does wanders from week to week, and nobody announces it
    weeks = days // 7 + 2
    wander = np.cumsum(rng.normal(0.0, 0.11, (4, weeks)), axis=1)
    week = ((created - begin) // (7 * _DAY_MS)).astype(np.int64)
    hour = (created + 28_800_000) // 3_600_000 % 24
    middle = (
        math.log(36.0)
        + np.array([0.0, 0.06, 0.14])[house]
        + np.array([-0.18, 0.05, 0.1, -0.02])[carrier]
        + wander[carrier, week]
        + 0.28 * np.log1p(_kilometres()[place, house] / 500.0)
        + 0.16 * (hour >= 18)
        + 0.18 * np.minimum(load, 3.0)
        + 0.05 * np.log(np.array([w for _, w in MASTERS.goods])[sku] * units / 1_000.0)
    )
    took = np.exp(middle + _SIGMA * rng.normal(size=orders))
    z = (middle - math.log(_LIMIT_H)) / _SIGMA
    chance = np.array([0.5 * math.erfc(-each / math.sqrt(2.0)) for each in z.tolist()])
    return Drawn(
        streams=[hashlib.blake2b(f"{seed}/{n}".encode(), digest_size=16).digest()
                 for n in range(orders)],
        created=created, buyer=rng.choice(max(orders // 3, 1), orders), house=house, place=place,
        carrier=carrier, channel=rng.choice(4, orders), sku=sku, units=units,
        hand_min=took * 60 * rng.uniform(0.25, 0.45, orders), took_min=took * 60, chance=chance,
    )  # fmt: skip


def _load(created: NDArray[np.int64], house: NDArray[np.int64]) -> Floats:
    """Orders of the last day in the same warehouse, over what is usual there."""
    load = np.zeros(len(created))
    for no in range(len(_HOUSES)):
        mine = np.flatnonzero(house == no)
        times = created[mine]
        count = np.arange(len(mine)) - np.searchsorted(times, times - _DAY_MS)
        load[mine] = count / max(float(np.median(count)), 1.0) - 1.0
    return np.maximum(load, 0.0)


def _kilometres() -> Floats:
    x = np.array([[p[1] - h[1] for h in _HOUSES] for p in _PLACES])
    y = np.array([[p[2] - h[2] for h in _HOUSES] for p in _PLACES])
    found: Floats = 111.0 * np.hypot(0.85 * x, y)
    return found


def _nearest() -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.argmin(_kilometres(), axis=1)
    return found


def spell(stream: bytes) -> str:
    h = stream.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _rows(drawn: Drawn, end_ms: int) -> dict[str, dict[str, Any]]:
    """Lay out what was recorded by the end, as columns of each source."""
    created = drawn.created
    shipped = created + (drawn.hand_min * 60_000).astype(np.int64)
    arrived = created + (drawn.took_min * 60_000).astype(np.int64)
    due = created + int(_LIMIT_H * 3_600_000)
    houses = np.array([code for code, _, _ in _HOUSES])[drawn.house]
    carriers = np.array(_CARRIERS)[drawn.carrier]
    skus = np.array([code for code, _ in MASTERS.goods])[drawn.sku]
    price = 3_000 + 500 * drawn.sku
    late = drawn.took_min > _LIMIT_H * 60

    def at(moment: NDArray[np.int64], **columns: Any) -> dict[str, Any]:
        """A source's rows, as far as they were recorded by the end."""
        known = moment + 900 <= end_ms
        streams = [s for s, has in zip(drawn.streams, known.tolist(), strict=True) if has]
        told = {
            name: value[known] if isinstance(value, np.ndarray) else value
            for name, value in columns.items()
        }
        return {"stream": streams, "occurred": moment[known], "recorded": moment[known] + 900,
                **told}  # fmt: skip

    def step(name: str, moment: NDArray[np.int64]) -> dict[str, Any]:
        return at(moment, step=name, fulfilment=1, warehouse=houses, carrier=carriers,
                  units=drawn.units)  # fmt: skip

    verdict = np.where(late, "broken", "kept")
    judged = np.where(late, due, arrived)
    return {
        "orders": at(
            created, channel=np.array(_CHANNELS)[drawn.channel],
            buyer=np.array([f"{b:016x}" for b in drawn.buyer]), created=created,
            region=np.array([code for code, _, _ in _PLACES])[drawn.place], kind="order",
            currency="CNY", total=price * drawn.units, lines=1, units=drawn.units,
        ),
        "lines": at(created, line=1, sku=skus, quantity=drawn.units, price=price,
                    paid=price * drawn.units, known=1, origin="placed"),
        "allocations": at(created + 500, act="allocated", fulfilment=1, warehouse=houses, line=1,
                          sku=skus, units=drawn.units),
        "arrangements": at(created + 5_000, fulfilment=1, carrier=carriers),
        "promises": _join(
            at(created, seq=2, code=PROMISE, event="made", version=1, started=created, due=due),
            at(judged, seq=5, code=PROMISE, event=verdict, due=due, gap=arrived - due),
        ),
        "steps": _join(step("shipped", shipped), step("delivered", arrived)),
    }  # fmt: skip


def _join(*parts: dict[str, Any]) -> dict[str, Any]:
    names = {name for part in parts for name in part}
    whole: dict[str, Any] = {name: [] for name in names}
    for part in parts:
        rows = len(part["stream"])
        for name in names:
            value = part.get(name, 0)
            is_column = isinstance(value, np.ndarray | list)
            whole[name].append(list(value) if is_column else [value] * rows)
    return {name: [each for part in parts_ for each in part] for name, parts_ in whole.items()}


def _table(name: str, told: dict[str, Any]) -> Any:
    """Make the Arrow table of a source; what is not said is "", 0 or the nil UUID."""
    import pyarrow as pa

    schema = asset_files.schema_of(FOLDED[name].columns)
    rows = len(told.get("stream", ()))
    nothing = {pa.string(): "", pa.int64(): 0, pa.int32(): 0, pa.uuid(): bytes(16)}
    said = {"half": HALF, "fact": np.arange(rows), "seq": 1, "who": "drawn", **told}
    arrays = []
    for field in schema:
        value = said.get(field.name, nothing[field.type])
        if not isinstance(value, np.ndarray | list):
            value = [value] * rows
        kind = pa.binary(16) if field.type == pa.uuid() else field.type
        made = pa.array(list(value), kind)
        arrays.append(
            pa.ExtensionArray.from_storage(field.type, made) if kind != field.type else made
        )
    return pa.Table.from_arrays(arrays, schema=schema)
