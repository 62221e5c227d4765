"""`danshu bench intake`: typed orders a second by the product's own path, and what it costs to
hear, see and measure.

One process takes texts in, 32 at a time: kept, read by the lexicon of 2,000 SKUs, judged by a
sandbox that lets them go, placed on the straight line of an order and told. What the sandbox
samples, and what is doubted, waits for a person and is counted apart. The floor places the same
orders ready-made, in the same number at a time. CPU is that of the process (not of the database).
What an utterance, a page and a waveform cost comes from `bench speech`, `vision` and `sensor` in
small; where an extra is missing the figure says which.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import importlib
import importlib.util
import random
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.bench import rig
from danshu.bench.report import Report, make_report, percentile, read_machine
from danshu.capabilities.intake import sandbox
from danshu.hub import compose, names, original_placing, originals
from danshu.hub.original_rows import Row
from danshu.hub.requests import Answer, Request
from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.stock.model import Sku
    from danshu.hub.compose import Hub
    from danshu.ports.modality import Draft

SECONDS: Final = 10
BUDGET: Final = {"lost": 0.0, "wrong": 0.0}
_AT_ONCE: Final = 32
_STORE: Final = names.DirectoryEntry(
    kind="store",
    code="S-1",
    name="人民广场店",
    address=names.Contact(
        name="店长", phone="13800000000", province="上海市", city="上海市", detail="西藏中路 1 号"
    ),
)
_TRUSTED: Final = (
    "insert into sandbox_counters(tenant,key,modality,version,stage,accepted,reviewed)"
    " values(%s,%s,'text',%s,'auto',5000,5000)"
)
_SETTINGS: Final = {"shared_buffers": "256MB", "max_wal_size": "2GB"}
_BESIDE: Final = (
    ("speech", "cpu_s_per_utterance", "speech"),
    ("vision", "cpu_s_per_page", "vision"),
    ("sensor", "cpu_ms_per_wave", "core"),
)
_CHEAP_FEN: Final = 15_000  # three lines of nine are below the sandbox's limit
_KINDS: Final = ("个", "件", "盒")


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure for about `seconds` (10), then the floor for as long; `size` bounds the orders."""
    machine = read_machine()
    with rig.lend_store(_SETTINGS) as store:
        compose.prepare(store.url)
        told = asyncio.run(_measure(store.url, seconds or SECONDS, size or 1_000_000))
    figures, floor = told
    for bench, figure, extra in _BESIDE:
        figures[figure] = _measure_beside(bench, figure, extra)
    return make_report("intake", figures=figures, floor=floor, budget=BUDGET, machine=machine)


def _measure_beside(bench: str, figure: str, extra: str) -> Any:
    if importlib.util.find_spec(f"danshu.bench.{bench}") is None:
        return f"skipped: no bench {bench}"
    try:
        report = importlib.import_module(f"danshu.bench.{bench}").run(None, 1)
    except (NotAvailable, ImportError) as error:
        return f"skipped: the extra {extra} is missing ({error})"
    return report.figures.get(figure, "skipped: not told")


async def _measure(url: str, seconds: int, size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    from danshu.bench import place

    tenant, _ = await rig.furnish(url, "intake", place.plenty())
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await names.put(connection, tenant, "directory", [_STORE], rig.BENCH)
        text = originals.modality("text")
        key = sandbox.Key(modality="text", version=text.version, models=(), device_class="")
        await connection.execute(_TRUSTED, (tenant, sandbox.name(key), text.version))
    async with compose.open_hub(url) as hub:
        work = _Work(hub, tenant)
        await work.send_one()  # the lexicon and the world are loaded
        work.forget()
        figures = await _repeat(work.send_one, seconds, size)
        floor = await _repeat(work.place_one, seconds, size)
        figures["lost"] = figures["orders"] - work.placed - work.sampled - work.doubted
        figures |= {"sampled": work.sampled, "doubted": work.doubted, "wrong": work.wrong}
    figures["text_orders_per_s"] = round(work.placed / figures.pop("took_s"), 1)
    floor["text_orders_per_s"] = round(floor["orders"] / floor.pop("took_s"), 1)
    return figures, floor


class _Work:
    """What one process does again and again."""

    def __init__(self, hub: Hub, tenant: int) -> None:
        self.placed = self.sampled = self.doubted = self.wrong = 0
        self._hub, self._tenant = hub, tenant
        self._random = random.Random(8)
        self._skus = _distinct()
        self._made: list[Draft] = []

    def draw(self) -> tuple[str, list[tuple[str, int]]]:
        """Draw a text and what it orders."""
        lines = []
        for sku in self._random.sample(self._skus, self._random.choice((1, 1, 2, 3))):
            lines.append((sku, self._random.randint(2, 9)))
        kind = self._random.choice(_KINDS)
        said = ",".join([f"{n}{kind}{sku.name}" for sku, n in lines])
        return f"人民广场店要{said}", [(sku.code, n) for sku, n in lines]

    async def send_one(self) -> None:
        """Send a text and look at what became of it."""
        row, right = await self.send(*self.draw())
        if row.state == "ordered" and row.draft is not None:
            self.placed += 1
            self.wrong += [(n.sku, n.quantity) for n in row.draft.lines] != right
            self._made.append(row.draft)
        elif row.reasons == ("sampled",):
            self.sampled += 1
        else:
            self.doubted += row.state == "review"

    async def send(
        self, text: str, right: list[tuple[str, int]]
    ) -> tuple[Row, list[tuple[str, int]]]:
        """Take a text in and read it; gives how it stands and what it should be."""
        row = await originals.receive(
            self._hub,
            self._tenant,
            modality="text",
            body=text.encode(),
            media_type="text/plain",
            name="",
            source={"store": "S-1", "via": "api"},
            actor=rig.BENCH,
            key="",
        )
        assert isinstance(row, Row)
        return await originals.read(self._hub, self._tenant, row.id), right

    def forget(self) -> None:
        """Count from here."""
        self.placed = self.sampled = self.doubted = self.wrong = 0

    async def place_one(self) -> None:
        """Place a draft that was read before, ready-made."""
        draft = self._made[self._random.randrange(len(self._made))]
        raw = msgspec.json.encode(draft)
        number = uuid.uuid4().hex
        made = original_placing.to_channel(
            await self._hub.worlds.ensure(self._tenant), _blank(number), draft, _KNOWN
        )
        request = Request(
            tenant=self._tenant,
            key=f"floor/{number}",
            digest=hashlib.sha256(raw).digest(),
            draft=made,
            raw=raw,
            actor=rig.BENCH,
        )
        told = await self._hub.batch.submit(request)
        assert isinstance(told, Answer), told


_KNOWN: Final = original_placing.Known(
    {}, original_placing.Place("store", _STORE.code, _STORE.name, "", _STORE.address)
)


def _blank(number: str) -> Row:
    """Give a row of an original that was never kept: the floor has none."""
    empty: dict[str, Any] = dict.fromkeys(Row.__struct_fields__, "")
    return Row(
        **{
            **empty,
            "id": uuid.UUID(number),
            "received": datetime.datetime.fromtimestamp(0, datetime.UTC),
        }
    )


def _distinct() -> list[Sku]:
    """Give ambient SKUs whose names no other has: an order of one of them can be told apart."""
    from danshu.testing import merchant

    counted: dict[str, int] = {}
    skus = merchant.skus()
    for sku in skus:
        counted[sku.name] = counted.get(sku.name, 0) + 1
    return [
        s for s in skus if counted[s.name] == 1 and int(s.storage) == 1 and s.price_fen < _CHEAP_FEN
    ]


async def _repeat(one: Callable[[], Awaitable[None]], seconds: int, size: int) -> dict[str, Any]:
    """Do it again and again, so many at a time; gives how many, how long each took, and CPU."""
    took_ms: list[float] = []
    end_s = time.perf_counter() + seconds
    cpu_s, began_s = time.process_time(), time.perf_counter()

    async def work() -> None:
        while time.perf_counter() < end_s and len(took_ms) < size:
            started_s = time.perf_counter()
            await one()
            took_ms.append((time.perf_counter() - started_s) * 1000)

    await asyncio.gather(*[work() for _ in range(_AT_ONCE)])
    took_ms.sort()
    return {
        "orders": len(took_ms),
        "took_s": time.perf_counter() - began_s,
        "cpu_us_per_order": (time.process_time() - cpu_s) * 1e6 / max(1, len(took_ms)),
        "p50_ms": percentile(took_ms, 0.5),
        "p99_ms": percentile(took_ms, 0.99),
    }
