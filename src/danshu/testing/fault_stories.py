"""Orders as facts, right ones and ones that are wrong in one known way.

Each order's facts are made by the product's own fact types, and packed and written by its own
ledger. What a wrong one must be found as is its class and subject. Faults that a door would refuse
(a parcel packed after cancelling) come in no other way.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import facts, refund_facts
from danshu.capabilities.orders.model import RefundShare, Share
from danshu.kernel.fact import NO_HEAD, Actor, Said, pack
from danshu.ledger import write

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from danshu.kernel.fact import Packed

Connection = Any
ACTOR: Final = Actor(sub="faults", role="system")
NUMBERED: Final = "numbered"  # the shop that counts its orders one by one
COUNTED: Final = "wechat-miniprogram"  # its channel


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


class Source(Protocol):
    """Where wrong orders take what they need of the others."""

    last: Story | None

    @property
    def chance(self) -> random.Random:
        """Their randomness."""

    def count(self) -> int:
        """Take the next number of the shop that counts its own."""


def shares_of(story: Story) -> tuple[Share, ...]:
    """Give all units of an order."""
    return tuple(Share(line=n.no, quantity=n.quantity, sku=n.sku) for n in story.placed.lines)


def begin(story: Story) -> None:
    """Place an order and pay it."""
    story.say(story.placed, 50_000)
    story.say(facts.OrderPaid(amount=story.placed.total, at=""), 50_000)


def allocate(story: Story) -> None:
    """Place an order, pay it, and give all of it to one warehouse."""
    begin(story)
    planned = facts.Planned(no=1, shares=shares_of(story), warehouse="WH1")
    story.say(facts.OrderAllocated(fulfilments=(planned,)))


def live(story: Story, stage: int) -> None:
    """Let an order live up to a stage: 0 allocated … 5 delivered."""
    allocate(story)
    steps = (facts.OrderReleased, facts.OrderPicked, facts.OrderPacked)
    for nth, step in enumerate(steps[:stage]):
        story.say(
            step(fulfilment=1, shares=shares_of(story), warehouse="WH1"), 40_000 - nth * 5_000
        )
    if stage > 3:
        ship(story, "W" + story.subject[-12:])
    if stage > 4:
        delivered = facts.OrderDelivered(fulfilment=1, shares=shares_of(story), warehouse="WH1")
        story.say(delivered, 1_000)


def ship(story: Story, waybill: str, extra: int = 0, ago_ms: int = 20_000) -> None:
    """Hand the parcel over, with so many units more of the first line than were planned."""
    shares = shares_of(story)
    if extra:
        shares = (replace(shares[0], quantity=shares[0].quantity + extra), *shares[1:])
    shipped = facts.OrderShipped(
        carrier="C1", fulfilment=1, shares=shares, warehouse="WH1", waybill=waybill
    )
    story.say(shipped, ago_ms)


def _duplicate(source: Source, story: Story) -> str:
    assert source.last is not None
    of = source.last.placed
    story.placed = replace(
        story.placed, buyer=of.buyer, channel=of.channel, lines=of.lines, goods=of.goods,
        total=of.total, shop="shop", number=story.placed.number + "D",
    )  # fmt: skip
    live(story, 0)
    return story.subject


def _sku(_: Source, story: Story) -> str:
    first = replace(story.placed.lines[0], known=False, sku="??")
    lines = (first, *story.placed.lines[1:])
    story.placed = replace(story.placed, lines=lines, holds=("sku_unknown",))
    begin(story)
    return story.subject


def _amount(source: Source, story: Story) -> str:
    placed = story.placed
    way = source.chance.randrange(4)
    if way == 0:
        story.placed = replace(placed, goods=placed.goods + 1, total=placed.total + 1)
    elif way == 1:
        story.placed = replace(placed, total=placed.total - 1)
    elif way == 2:
        line = replace(placed.lines[0], paid=placed.lines[0].paid + 1)
        story.placed = replace(placed, lines=(line, *placed.lines[1:]))
    live(story, 0)
    if way == 3:
        story.say(facts.OrderPaid(amount=1, at=""))
    return story.subject


def _quantity(_: Source, story: Story) -> str:
    live(story, 3)
    ship(story, "W" + story.subject[-12:], extra=1)
    return story.subject + "/1"


def _address(_: Source, story: Story) -> str:
    story.placed = replace(story.placed, region="", holds=("region_unknown",))
    begin(story)
    return story.subject


def _cancel(story: Story) -> None:
    freed = facts.Planned(no=1, shares=shares_of(story), warehouse="WH1")
    story.say(facts.OrderCancelled(freed=(freed,), reason="buyer", shares=shares_of(story)))


def _illegal(_: Source, story: Story) -> str:
    live(story, 3)
    _cancel(story)
    packed = facts.OrderPacked(fulfilment=1, shares=shares_of(story), warehouse="WH1")
    story.say(packed, 1_000)
    return story.subject


def _backward(_: Source, story: Story) -> str:
    live(story, 4)
    delivered = facts.OrderDelivered(fulfilment=1, shares=shares_of(story), warehouse="WH1")
    story.say(delivered, 30_000)
    return story.subject + "/1"


def _void_waybill(_: Source, story: Story) -> str:
    live(story, 0)
    _cancel(story)
    story.say(facts.WaybillRecorded(carrier="C1", fulfilment=1, waybill="V" + story.subject[-12:]))
    return story.subject + "/1"


def _no_waybill(_: Source, story: Story) -> str:
    live(story, 3)
    ship(story, "")
    return story.subject + "/1"


def refund(story: Story, amount: int, units: int, receipt: str) -> None:
    """Pay money back for units of the first line."""
    line = story.placed.lines[0]
    share = RefundShare(amount=amount, line=line.no, quantity=units)
    story.say(
        refund_facts.RefundPaid(
            amount=amount, case="", reason="buyer", receipt=receipt, shares=(share,)
        )
    )


def _no_return(_: Source, story: Story) -> str:
    live(story, 5)
    line = story.placed.lines[0]
    refund(story, line.paid, line.quantity, "R" + story.subject[-12:])
    return story.subject


def _too_much(source: Source, story: Story) -> str:
    live(story, 0)
    total = story.placed.total
    if source.chance.random() < 0.5:
        refund(story, total + 1, 0, "R" + story.subject[-12:])
    else:
        for _ in range(2):
            refund(story, max(1, total // 4), 0, "R" + story.subject[-12:])
    return story.subject


def _gap(source: Source, story: Story) -> str:
    skipped = source.count()
    number = f"N{source.count():08d}"
    story.placed = replace(story.placed, channel=COUNTED, shop=NUMBERED, number=number)
    live(story, 0)
    return f"{COUNTED}/{NUMBERED}/{skipped}"


def _skew(source: Source, story: Story) -> str:
    allocate(story)
    released = facts.OrderReleased(fulfilment=1, shares=shares_of(story), warehouse="WH1")
    story.say(released, -source.chance.randint(61_000, 600_000))
    return story.subject


def _oversell(_: Source, story: Story) -> str:
    begin(story)
    return story.subject


FAULTS: Final[dict[str, Any]] = {
    "duplicate": _duplicate,
    "sku_mismatch": _sku,
    "amount_mismatch": _amount,
    "quantity_mismatch": _quantity,
    "address_mismatch": _address,
    "illegal_transition": _illegal,
    "backward_state": _backward,
    "waybill_without_order": _void_waybill,
    "shipped_without_waybill": _no_waybill,
    "refund_without_return": _no_return,
    "refund_above_paid": _too_much,
    "sequence_gap": _gap,
    "clock_skew": _skew,
    "oversell_attempt": _oversell,
}
"""How an order is made wrong, by class: takes a source and a story, gives the subject."""


def pack_story(story: Story, tenant: int) -> Packed:
    """Make the bytes of an order's facts, as one commit would."""
    return pack(
        story.said, stream=story.id, seq=0, head=NO_HEAD, actor=ACTOR, now_ms=story.now_ms,
        tenant=tenant,
    )  # fmt: skip


async def commit(connection: Connection, tenant: int, stories: Sequence[Story]) -> None:
    """Commit the facts of orders, all at once."""
    said = write.facts([tenant] * len(stories), [pack_story(s, tenant) for s in stories])
    await connection.execute(said.sql, said.params, binary=True)
