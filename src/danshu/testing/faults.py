"""Injected faults: many orders that are right, and among them some that are wrong in one known way.

Each order's facts are made by the product's own fact types and packed by its own packer; an
expected finding is (class, subject). What the sentinel says is compared with it: recall and
precision by class. `danshu bench sentinel --faults` and the tests use the same generator.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import facts, refund_facts
from danshu.capabilities.orders.model import Line, RefundShare, Share
from danshu.kernel import ids
from danshu.kernel.fact import NO_HEAD, Actor, Said, pack, rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from danshu.kernel.fact import Packed

Connection = Any
Key = tuple[str, str]
ACTOR: Final = Actor(sub="faults", role="system")
NUMBERED: Final = "numbered"  # the shop that counts its orders one by one
_HOUR_MS: Final = 3_600_000
_CHUNK: Final = 2_000
_READ: Final = "select class, subject from findings where tenant=%s"


class Story(Struct):
    """One order in the making: its facts, and how it came about."""

    id: uuid.UUID
    placed: facts.OrderPlaced
    said: list[Said]
    now_ms: int

    def say(self, data: Struct, ago_ms: int = 0) -> None:
        """Say a fact that happened so long before it was recorded."""
        self.said.append(Said(data=data, occurred_ms=self.now_ms - ago_ms))

    @property
    def subject(self) -> str:
        """What a finding about this order as a whole is known by."""
        return self.id.hex


class Score(Struct, frozen=True, kw_only=True):
    """How one class did: faults, findings, and those that are both."""

    faults: int
    findings: int
    right: int

    @property
    def recall(self) -> float:
        """Of the faults, those found."""
        return self.right / self.faults if self.faults else 1.0

    @property
    def precision(self) -> float:
        """Of the findings, those that are faults."""
        return self.right / self.findings if self.findings else 1.0


class Injection:
    """Makes orders and faults of a seed, one a millisecond from `now_ms` on, in batches; remembers
    what must be found.
    """

    def __init__(self, seed: int, now_ms: int) -> None:
        self.expected: set[Key] = set()
        self._random = random.Random(seed)
        self._now_ms = now_ms
        self._no = 0
        self._numbered = 0
        self._last: Story | None = None

    def make(self, orders: int, faults: int) -> Iterator[list[Story]]:
        """Give `orders` orders in chunks, `faults` of them wrong, each class as often."""
        kinds = [_FAULTS[n % len(_FAULTS)] for n in range(faults)]
        self._random.shuffle(kinds)
        at = set(self._random.sample(range(2, orders), faults))
        chunk: list[Story] = []
        for n in range(orders):
            chunk.append(self._one(kinds.pop() if n in at else None))
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _one(self, fault: tuple[str, Callable[[Injection, Story], str]] | None) -> Story:
        story = self._order(may_count=fault is None)
        if fault is not None:
            kind, spoil = fault
            subject = spoil(self, story)
            self.expected.add((kind, subject))
        else:
            _live(story, self._random.randrange(6))
            self._last = story
        return story

    def _order(self, *, may_count: bool) -> Story:
        """Give an order that was placed and paid, whose amounts agree."""
        r = self._random
        self._no += 1
        self._now_ms += 1
        lines = []
        for no in range(1, r.randint(1, 3) + 1):
            price, quantity = r.randint(100, 20_000), r.randint(1, 4)
            lines.append(
                Line(
                    no=no,
                    sku=f"SKU-{r.randrange(2000):04d}",
                    quantity=quantity,
                    price=price,
                    paid=price * quantity,
                )
            )
        goods = sum(n.price * n.quantity for n in lines)
        is_numbered = may_count and r.random() < 0.05
        if is_numbered:
            self._numbered += 1
        number = f"N{self._numbered:08d}" if is_numbered else f"F{self._no:010d}"
        placed = facts.OrderPlaced(
            buyer=f"buyer-{self._no}",
            channel=r.choice(("taobao", "jd", "douyin")),
            created=rfc3339(self._now_ms - 60_000),
            currency="CNY",
            discount=0,
            goods=goods,
            key=f"faults/{self._no}",
            lines=tuple(lines),
            number=number,
            postage=0,
            region="330100",
            shop=NUMBERED if is_numbered else "shop",
            total=goods,
        )
        if is_numbered:
            placed = replace(placed, channel="wechat-miniprogram")
        id_ = ids.uuid7(self._now_ms, r.randbytes(10))
        return Story(id_, placed, [], self._now_ms)

    def skip_number(self) -> int:
        """Skip one number of the shop that counts its own."""
        self._numbered += 1
        return self._numbered

    @property
    def last(self) -> Story:
        """The last order that was right."""
        assert self._last is not None
        return self._last

    @property
    def chance(self) -> random.Random:
        """The generator's own randomness."""
        return self._random


def _shares(story: Story) -> tuple[Share, ...]:
    return tuple(Share(line=n.no, quantity=n.quantity, sku=n.sku) for n in story.placed.lines)


def _begin(story: Story) -> None:
    story.say(story.placed, 50_000)
    story.say(facts.OrderPaid(amount=story.placed.total, at=""), 50_000)


def _allocate(story: Story) -> None:
    _begin(story)
    planned = facts.Planned(no=1, shares=_shares(story), warehouse="WH1")
    story.say(facts.OrderAllocated(fulfilments=(planned,)))


def _live(story: Story, stage: int) -> None:
    """Let an order live up to a stage: 0 allocated … 5 delivered."""
    _allocate(story)
    steps = (facts.OrderReleased, facts.OrderPicked, facts.OrderPacked)
    for nth, step in enumerate(steps[:stage]):
        story.say(step(fulfilment=1, shares=_shares(story), warehouse="WH1"), 40_000 - nth * 5_000)
    if stage > 3:
        _ship(story, "W" + story.subject[-12:])
    if stage > 4:
        delivered = facts.OrderDelivered(fulfilment=1, shares=_shares(story), warehouse="WH1")
        story.say(delivered, 1_000)


def _ship(story: Story, waybill: str, extra: int = 0, ago_ms: int = 20_000) -> None:
    shares = _shares(story)
    if extra:
        shares = (replace(shares[0], quantity=shares[0].quantity + extra), *shares[1:])
    shipped = facts.OrderShipped(
        carrier="C1", fulfilment=1, shares=shares, warehouse="WH1", waybill=waybill
    )
    story.say(shipped, ago_ms)


def _duplicate(source: Injection, story: Story) -> str:
    of = source.last.placed
    story.placed = replace(
        story.placed, buyer=of.buyer, channel=of.channel, lines=of.lines, goods=of.goods,
        total=of.total, shop="shop", number=story.placed.number + "D",
    )  # fmt: skip
    _live(story, 0)
    return story.subject


def _sku(_: Injection, story: Story) -> str:
    first = replace(story.placed.lines[0], known=False, sku="??")
    lines = (first, *story.placed.lines[1:])
    story.placed = replace(story.placed, lines=lines, holds=("sku_unknown",))
    _begin(story)
    return story.subject


def _amount(source: Injection, story: Story) -> str:
    placed = story.placed
    way = source.chance.randrange(4)
    if way == 0:
        story.placed = replace(placed, goods=placed.goods + 1, total=placed.total + 1)
    elif way == 1:
        story.placed = replace(placed, total=placed.total - 1)
    elif way == 2:
        line = replace(placed.lines[0], paid=placed.lines[0].paid + 1)
        story.placed = replace(placed, lines=(line, *placed.lines[1:]))
    _live(story, 0)
    if way == 3:
        story.say(facts.OrderPaid(amount=1, at=""))
    return story.subject


def _quantity(_: Injection, story: Story) -> str:
    _live(story, 3)
    _ship(story, "W" + story.subject[-12:], extra=1)
    return story.subject + "/1"


def _address(_: Injection, story: Story) -> str:
    story.placed = replace(story.placed, region="", holds=("region_unknown",))
    _begin(story)
    return story.subject


def _cancel(story: Story) -> None:
    freed = facts.Planned(no=1, shares=_shares(story), warehouse="WH1")
    story.say(facts.OrderCancelled(freed=(freed,), reason="buyer", shares=_shares(story)))


def _illegal(_: Injection, story: Story) -> str:
    _live(story, 3)
    _cancel(story)
    packed = facts.OrderPacked(fulfilment=1, shares=_shares(story), warehouse="WH1")
    story.say(packed, 1_000)
    return story.subject


def _backward(_: Injection, story: Story) -> str:
    _live(story, 4)
    delivered = facts.OrderDelivered(fulfilment=1, shares=_shares(story), warehouse="WH1")
    story.say(delivered, 30_000)
    return story.subject + "/1"


def _void_waybill(_: Injection, story: Story) -> str:
    _live(story, 0)
    _cancel(story)
    story.say(facts.WaybillRecorded(carrier="C1", fulfilment=1, waybill="V" + story.subject[-12:]))
    return story.subject + "/1"


def _no_waybill(_: Injection, story: Story) -> str:
    _live(story, 3)
    _ship(story, "")
    return story.subject + "/1"


def _refund(story: Story, amount: int, units: int, receipt: str) -> None:
    line = story.placed.lines[0]
    share = RefundShare(amount=amount, line=line.no, quantity=units)
    story.say(
        refund_facts.RefundPaid(
            amount=amount, case="", reason="buyer", receipt=receipt, shares=(share,)
        )
    )


def _no_return(_: Injection, story: Story) -> str:
    _live(story, 5)
    line = story.placed.lines[0]
    _refund(story, line.paid, line.quantity, "R" + story.subject[-12:])
    return story.subject


def _too_much(source: Injection, story: Story) -> str:
    _live(story, 0)
    total = story.placed.total
    if source.chance.random() < 0.5:
        _refund(story, total + 1, 0, "R" + story.subject[-12:])
    else:
        for _ in range(2):
            _refund(story, max(1, total // 4), 0, "R" + story.subject[-12:])
    return story.subject


def _gap(source: Injection, story: Story) -> str:
    skipped = source.skip_number()
    number = f"N{source.skip_number():08d}"
    story.placed = replace(story.placed, channel="wechat-miniprogram", shop=NUMBERED, number=number)
    _live(story, 0)
    return f"wechat-miniprogram/{NUMBERED}/{skipped}"


def _skew(source: Injection, story: Story) -> str:
    _allocate(story)
    released = facts.OrderReleased(fulfilment=1, shares=_shares(story), warehouse="WH1")
    story.say(released, -source.chance.randint(61_000, 600_000))
    return story.subject


def _oversell(_: Injection, story: Story) -> str:
    _begin(story)
    return story.subject


_FAULTS: Final[tuple[tuple[str, Any], ...]] = (
    ("duplicate", _duplicate),
    ("sku_mismatch", _sku),
    ("amount_mismatch", _amount),
    ("quantity_mismatch", _quantity),
    ("address_mismatch", _address),
    ("illegal_transition", _illegal),
    ("backward_state", _backward),
    ("waybill_without_order", _void_waybill),
    ("shipped_without_waybill", _no_waybill),
    ("refund_without_return", _no_return),
    ("refund_above_paid", _too_much),
    ("sequence_gap", _gap),
    ("clock_skew", _skew),
    ("oversell_attempt", _oversell),
)
KINDS: Final = tuple(kind for kind, _ in _FAULTS)
"""Classes whose faults are facts of orders."""


def pack_story(story: Story, tenant: int) -> Packed:
    """Make the bytes of an order's facts, as one commit would."""
    return pack(
        story.said, stream=story.id, seq=0, head=NO_HEAD, actor=ACTOR, now_ms=story.now_ms,
        tenant=tenant,
    )  # fmt: skip


async def commit(connection: Connection, tenant: int, stories: list[Story]) -> None:
    """Commit the facts of orders, all at once."""
    said = write.facts([tenant] * len(stories), [pack_story(s, tenant) for s in stories])
    await connection.execute(said.sql, said.params, binary=True)


async def score(connection: Connection, tenant: int, expected: set[Key]) -> dict[str, Score]:
    """Compare what was found with what must be, by class."""
    found = {tuple(r) for r in await (await connection.execute(_READ, (tenant,))).fetchall()}
    by: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, _ in expected:
        by[kind]["faults"] += 1
    for kind, _ in found:
        by[kind]["findings"] += 1
    for kind, _ in found & expected:
        by[kind]["right"] += 1
    return {
        kind: Score(faults=n["faults"], findings=n["findings"], right=n["right"])
        for kind, n in sorted(by.items())
    }
