"""A merchant's day from a seed: orders, payments, picking, shipping, counts, restarts, clocks.

The script (what happens, when, to which order) follows from the seed alone. What runs side by side
may be interleaved differently by the database; every interleaving has to keep the invariants.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.commands import Command
from danshu.capabilities.stock.facts import Moved
from danshu.capabilities.stock.model import StockLevel
from danshu.hub import clocks, shelves
from danshu.hub.compose import Hub
from danshu.hub.requests import CONFLICT, Answer, Request
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import NotAvailable, Refusal, UnknownOutcome
from danshu.kernel.fact import Actor
from danshu.ledger.write import connect
from danshu.ports.channel import Draft, DraftKind, DraftLine, Receiver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

MINUTE_MS: Final = 60_000
CHANNELS: Final = ("taobao", "jd", "pdd", "douyin", "api")
PEOPLE: Final = Actor(sub="simulation", role="operator", grade="B")
# What may happen to an order, and how often: forward mostly, some of it out of turn.
ACTS: Final = {
    "release": 14,
    "pick": 14,
    "pack": 13,
    "recall": 2,
    "ship": 12,
    "deliver": 11,
    "complete": 4,
    "cancel": 7,
    "allocate": 8,
    "pay": 9,
    "confirm": 3,
    "hold": 3,
    "unhold": 4,
    "waybill": 3,
    "report_damage": 2,
    "compensate": 1,
}
FORWARD: Final = ("release", "pick", "pack", "ship", "deliver", "complete")
EVENTS: Final = {
    "orders": 16,
    "act": 40,
    "walk": 30,
    "again": 6,
    "count": 3,
    "receive": 3,
    "restart": 1,
}
_UNSURE: Final = (UnknownOutcome, NotAvailable)


class Clock:
    """The only clock of the day: epoch milliseconds."""

    def __init__(self, start_ms: int) -> None:
        self.ms = start_ms

    def __call__(self) -> int:
        """Read it."""
        return self.ms


class Stage(Struct, kw_only=True, frozen=True):
    """Where the day plays. `disturb` is called before each group of events, to break things."""

    urls: tuple[str, ...]  # one hub each
    tenant: int
    skus: tuple[str, ...]
    warehouses: tuple[str, ...]
    places: tuple[tuple[str, str], ...]  # province, city
    start_ms: int
    groups: int = 120
    disturb: Callable[[random.Random], None] | None = None


class Tally(Struct, kw_only=True):
    """What came of it. `orders`: number -> id as answered, the same whenever it was asked."""

    orders: dict[str, uuid.UUID] = {}
    acts: int = 0
    refusals: int = 0
    unsure: int = 0
    repeats: int = 0
    restarts: int = 0
    fired: int = 0
    end_ms: int = 0


class Day:
    """One day on a stage."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._rng = random.Random(f"day/{seed}")
        self._clock = Clock(stage.start_ms)
        self._hubs: list[Hub] = []
        self._drafts: dict[str, Draft] = {}
        self._pending: set[str] = set()  # asked for, and never answered for certain
        self._timekeepers = [Worlds(url, self._clock) for url in stage.urls]
        self.tally = Tally()

    async def play(self) -> Tally:
        """Live the day; at its end every order that was asked for has an answer."""
        for url in self._stage.urls:
            self._hubs.append(await self._open(url))
        try:
            for _ in range(self._stage.groups):
                if self._stage.disturb:
                    self._stage.disturb(self._rng)
                happenings = [self._draw() for _ in range(self._rng.randint(1, 6))]
                await asyncio.gather(*(happen() for happen in happenings))
                self._clock.ms += self._rng.randint(1, 40) * MINUTE_MS
                if self._rng.random() < 0.6:
                    await asyncio.gather(*(self._ring(n) for n in range(len(self._hubs))))
            await self._settle()
        finally:
            for hub in self._hubs:
                await hub.close()
        self.tally.end_ms = self._clock.ms
        return self.tally

    async def _open(self, url: str) -> Hub:
        hub = Hub(url, self._clock)
        await hub.start()
        return hub

    def _draw(self) -> Callable[[], Awaitable[None]]:
        """Draw what happens next, and to whom; nothing is drawn after the first of them runs."""
        rng = self._rng
        kind = rng.choices(list(EVENTS), list(EVENTS.values()))[0]
        hub = rng.randrange(len(self._hubs))
        known = list(self._drafts)
        if kind == "act" and known:
            number = rng.choice(known[-60:])
            command, minutes = self._command(number), rng.choice((0, 0, 0, 5, 37, 300))
            return lambda: self._act(hub, number, command, minutes)
        if kind == "walk" and known:
            number, steps = rng.choice(known), rng.randint(1, len(FORWARD))
            walked = [self._told(number, event) for event in FORWARD[:steps]]
            return lambda: self._walk(hub, number, walked)
        if kind == "again" and known:
            numbers = rng.sample(known, min(len(known), 5))
            return lambda: self._repeat(numbers)
        if kind == "count":
            levels = self._levels()
            return lambda: self._count(hub, levels)
        if kind == "receive":
            warehouse, moved = rng.choice(self._stage.warehouses), self._moves()
            return lambda: self._receive(hub, warehouse, moved)
        if kind == "restart" and len(self._hubs) > 1:
            return lambda: self._restart(hub)
        drafts = [self._draft() for _ in range(rng.choice((1, 1, 2, 3, 12)))]
        return lambda: self._place(hub, drafts)

    def _draft(self) -> Draft:
        rng = self._rng
        number = f"{rng.choice('ABC')}{len(self._drafts):05d}"
        lines = []
        for i in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
            sku = rng.choice(self._stage.skus[: rng.choice((3, len(self._stage.skus)))])
            if rng.random() < 0.01:
                sku = "NOT-IN-MASTER-DATA"
            n = rng.randint(1, 3)
            lines.append(
                DraftLine(line=str(i), sku=sku, title="示例", quantity=n, price=100, paid=100 * n)
            )
        total = sum(100 * n.quantity for n in lines)
        paid = rng.random() < 0.75
        province, city = rng.choice(self._stage.places)
        now_ms = self._clock()
        made = Draft(
            kind=DraftKind.RETURN if rng.random() < 0.02 else DraftKind.ORDER,
            channel=rng.choice(CHANNELS),
            number=number,
            status="simulated",
            lines=tuple(lines),
            goods=total,
            discount=0,
            postage=0,
            total=total,
            paid=total if paid else 0,
            created_ms=now_ms - rng.randint(0, 30) * MINUTE_MS,
            paid_ms=now_ms - rng.randint(0, 9) * MINUTE_MS if paid else 0,
            ship_by_ms=now_ms + rng.randint(1, 72) * 60 * MINUTE_MS if rng.random() < 0.2 else 0,
            receiver=Receiver(name="张示例", province=province, city=city, detail="示例路 1 号"),
        )
        self._drafts[number] = made
        self._pending.add(number)
        return made

    def _command(self, number: str) -> Command:
        return self._told(number, self._rng.choices(list(ACTS), list(ACTS.values()))[0])

    def _told(self, number: str, event: str) -> Command:
        return Command(
            event=event,
            by="simulation",
            reason={"hold": "risk_review", "cancel": "buyer", "report_damage": "broken"}.get(
                event, ""
            ),
            waybill=f"SF{number}" if event in ("ship", "waybill") else "",
            carrier="sf" if event in ("ship", "waybill") else "",
            amount=self._drafts[number].total if event == "pay" else 100,
        )

    def _levels(self) -> list[StockLevel]:
        rng = self._rng
        return [
            StockLevel(
                warehouse=rng.choice(self._stage.warehouses),
                sku=sku,
                on_hand=rng.randint(0, 60),
                safety=rng.choice((0, 0, 2)),
                in_transit=rng.randint(0, 5),
            )
            for sku in rng.sample(self._stage.skus, 3)
        ]

    def _moves(self) -> list[Moved]:
        rng = self._rng
        skus = rng.sample(self._stage.skus, 2)
        return [Moved(sku=sku, on_hand=rng.choice((-3, 5, 20))) for sku in skus]

    def _request(self, draft: Draft, strict: bool = False) -> Request:
        raw = msgspec.json.encode(draft)
        return Request(
            tenant=self._stage.tenant,
            key=f"{draft.channel}//{draft.number}",
            digest=hashlib.sha256(raw).digest(),
            draft=draft,
            raw=raw,
            actor=Actor(sub=f"channel:{draft.channel}"),
            strict=strict,
        )

    async def _place(self, hub: int, drafts: Sequence[Draft], strict: bool = False) -> None:
        try:
            outcomes = await self._hubs[hub].place([self._request(d, strict) for d in drafts])
        except NotAvailable:  # the node is closing
            self.tally.unsure += len(drafts)
            return
        for draft, outcome in zip(drafts, outcomes, strict=True):
            self._heard(draft.number, outcome)

    def _heard(self, number: str, outcome: Any) -> None:
        if isinstance(outcome, _UNSURE):
            self.tally.unsure += 1
            return
        if not isinstance(outcome, Answer):
            raise AssertionError(f"{number}: {outcome!r}")
        if self.tally.orders.setdefault(number, outcome.order) != outcome.order:
            raise AssertionError(f"{number} is two orders")
        self._pending.discard(number)

    async def _repeat(self, numbers: Sequence[str]) -> None:
        """Every hub hears the same orders again at once; one hears another body under a key."""
        drafts = [self._drafts[n] for n in numbers]
        self.tally.repeats += len(drafts)
        await asyncio.gather(
            *(
                self._place(n, drafts if n % 2 else drafts[::-1], strict=True)
                for n in range(len(self._hubs))
            )
        )
        changed = msgspec.structs.replace(drafts[0], status="changed")
        try:
            (outcome,) = await self._hubs[0].place([self._request(changed, strict=True)])
        except NotAvailable:
            return
        if outcome != CONFLICT and not isinstance(outcome, _UNSURE):
            # the first body may never have been written: then this one is the order
            if drafts[0].number not in self._pending:
                raise AssertionError(f"{drafts[0].number}: another body was taken: {outcome!r}")
            self._drafts[drafts[0].number] = changed
            self._heard(drafts[0].number, outcome)

    async def _act(self, hub: int, number: str, command: Command, minutes: int) -> None:
        id_ = self.tally.orders.get(number)
        if id_ is None:
            return
        told = msgspec.structs.replace(command, occurred_ms=self._clock() - minutes * MINUTE_MS)
        try:
            outcome = await self._hubs[hub].act(self._stage.tenant, id_, told, PEOPLE)
        except _UNSURE:
            self.tally.unsure += 1
            return
        self.tally.acts += 1
        self.tally.refusals += isinstance(outcome, Refusal)

    async def _walk(self, hub: int, number: str, commands: Sequence[Command]) -> None:
        for command in commands:
            await self._act(hub, number, command, 0)

    async def _count(self, hub: int, levels: Sequence[StockLevel]) -> None:
        try:
            async with self._hubs[hub].connection() as connection:
                await shelves.count_stock(connection, self._stage.tenant, levels, "count", PEOPLE)
        except (*_UNSURE, psycopg.OperationalError):
            self.tally.unsure += 1
        self._hubs[hub].worlds.distrust({self._stage.tenant})

    async def _receive(self, hub: int, warehouse: str, moved: Sequence[Moved]) -> None:
        tenant = self._stage.tenant
        try:
            async with self._hubs[hub].connection() as connection:
                await shelves.receive_stock(connection, tenant, warehouse, moved, "receipt", PEOPLE)
        except (*_UNSURE, psycopg.OperationalError):
            self.tally.unsure += 1

    async def _restart(self, hub: int) -> None:
        """One node ends, settling what it had decided, and another takes its place."""
        old = self._hubs[hub]
        self._hubs[hub] = await self._open(self._stage.urls[hub])
        await old.close()
        self.tally.restarts += 1

    async def _ring(self, keeper: int) -> bool:
        """One worker's look at the clocks; False when its connection broke."""
        connection = await connect(self._stage.urls[keeper])
        try:
            while fired := await clocks.fire(connection, self._timekeepers[keeper], self._clock()):
                self.tally.fired += fired
            return True
        except psycopg.OperationalError:
            self.tally.unsure += 1
            return False
        finally:
            await connection.close()

    async def _settle(self) -> None:
        """Ask again for whatever nobody answered for certain, then let the clocks ring."""
        for _ in range(100):
            if not self._pending:
                break
            left = [self._drafts[n] for n in sorted(self._pending)]
            await self._place(0, left)
        else:
            raise AssertionError(f"never answered: {sorted(self._pending)[:5]}")
        while not await self._ring(0):
            pass


async def live(stage: Stage, seed: int) -> Tally:
    """Live one day; raises AssertionError when an answer contradicts another."""
    try:
        return await Day(stage, seed).play()
    except BaseException as error:
        error.add_note(f"the day of seed {seed}")
        raise
