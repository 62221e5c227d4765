"""Orders that are right and look as if they were not: what a detector must let pass.

One of each is beside every class of fault. They say in one commit what an order may live through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.orders import facts, parcel_facts, refund_facts
from danshu.capabilities.orders.model import Share
from danshu.testing.fault_stories import allocate, begin, live, refund, shares_of, ship

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.testing.fault_stories import Source, Story


def _same_buyer(source: Source, story: Story) -> None:
    """Somebody buys again at once, other goods."""
    assert source.last is not None
    story.placed = replace(story.placed, buyer=source.last.placed.buyer)
    live(story, 0)


def _same_goods(source: Source, story: Story) -> None:
    """Somebody else buys the same goods at once."""
    assert source.last is not None
    of = source.last.placed
    story.placed = replace(story.placed, lines=of.lines, goods=of.goods, total=of.total)
    live(story, 1)


def _aligned(_: Source, story: Story) -> None:
    """What master data did not know was added before anything else happened."""
    placed = story.placed
    first = replace(placed.lines[0], known=False)
    story.placed = replace(
        placed, lines=(first, *placed.lines[1:]), region="", holds=("sku_unknown", "region_unknown")
    )
    begin(story)
    story.say(facts.OrderAligned(lines=(1,), region=placed.region))
    _plan(story)


def _discounted(_: Source, story: Story) -> None:
    """Discount and postage, taxes on top, paid in two parts."""
    placed = story.placed
    off, postage, tax = min(100, placed.lines[0].paid), 600, 7
    first = replace(placed.lines[0], paid=placed.lines[0].paid - off)
    total = placed.goods - off + postage + tax
    story.placed = replace(
        placed, discount=off, postage=postage, total=total, lines=(first, *placed.lines[1:])
    )
    story.say(story.placed, 50_000)
    for stage, amount in (("deposit", total // 3), ("tail", total - total // 3)):
        story.say(facts.OrderPaid(amount=amount, at="", stage=stage), 50_000)
    _plan(story)


def _plan(story: Story) -> None:
    planned = facts.Planned(no=1, shares=shares_of(story), warehouse="WH1")
    story.say(facts.OrderAllocated(fulfilments=(planned,)))


def _in_two(_: Source, story: Story) -> None:
    """One parcel became two, and each left with what it should."""
    allocate(story)
    first, *others = shares_of(story)
    kept = (replace(first, quantity=1), *others)
    left = replace(first, quantity=first.quantity - 1)
    parcels = [(1, kept)]
    if left.quantity:
        part = facts.Planned(no=2, shares=(left,), warehouse="WH1")
        story.say(parcel_facts.FulfilmentSplit(fulfilment=1, kept=kept, parts=(part,)))
        parcels.append((2, (left,)))
    else:
        parcels = [(1, shares_of(story))]
    for no, shares in parcels:
        shipped = facts.OrderShipped(
            carrier="C1", fulfilment=no, shares=shares, warehouse="WH1",
            waybill=f"W{no}{story.subject[-12:]}",
        )  # fmt: skip
        story.say(shipped, 20_000)


def _partly_cancelled(_: Source, story: Story) -> None:
    """One unit was given up, the rest went out."""
    first = story.placed.lines[0]
    more = replace(first, quantity=first.quantity + 1, paid=first.paid + first.price)
    placed = story.placed
    story.placed = replace(
        placed, lines=(more, *placed.lines[1:]), goods=placed.goods + first.price,
        total=placed.total + first.price,
    )  # fmt: skip
    allocate(story)
    one = (Share(line=1, quantity=1, sku=first.sku),)
    freed = facts.Planned(no=1, shares=one, warehouse="WH1")
    story.say(facts.OrderCancelled(freed=(freed,), reason="buyer", shares=one))
    whole = shares_of(story)
    rest = (replace(whole[0], quantity=whole[0].quantity - 1), *whole[1:])
    for step in (facts.OrderReleased, facts.OrderPicked, facts.OrderPacked):
        story.say(step(fulfilment=1, shares=rest, warehouse="WH1"), 10_000)
    refund(story, more.price, 1, "R" + story.subject[-12:])


def _picked_again(_: Source, story: Story) -> None:
    """It was called back and picked anew, so that it was packed first and picked later."""
    live(story, 3)
    shares = shares_of(story)
    story.say(facts.OrderRecalled(fulfilment=1, shares=shares, warehouse="WH1"), 25_000)
    story.say(facts.OrderPicked(fulfilment=1, shares=shares, warehouse="WH1"), 15_000)
    story.say(facts.OrderPacked(fulfilment=1, shares=shares, warehouse="WH1"), 12_000)


def _number_first(_: Source, story: Story) -> None:
    """The waybill's number was known long before the parcel left."""
    live(story, 3)
    waybill = "W" + story.subject[-12:]
    story.say(facts.WaybillRecorded(carrier="C1", fulfilment=1, waybill=waybill), 30_000)
    ship(story, "")


def _returned(_: Source, story: Story) -> None:
    """The goods came back before their money went back."""
    live(story, 5)
    line = story.placed.lines[0]
    back = (Share(line=1, quantity=line.quantity, sku=line.sku),)
    story.say(
        refund_facts.GoodsReturned(case="", outcome="restock", shares=back, warehouse="WH1"), 500
    )
    refund(story, line.paid, line.quantity, "R" + story.subject[-12:])


def _lost(_: Source, story: Story) -> None:
    """The carrier lost the parcel, and all of the money went back, in two parts."""
    live(story, 4)
    shares = shares_of(story)
    lost = parcel_facts.ShipmentLost(fulfilment=1, shares=shares, warehouse="WH1")
    story.say(lost, 1_000)
    total = story.placed.total
    refund(story, total - total // 2, story.placed.lines[0].quantity, "R1" + story.subject[-12:])
    refund(story, total // 2, 0, "R2" + story.subject[-12:])


def _bit_ahead(source: Source, story: Story) -> None:
    """A clock half a minute ahead is a clock, no trouble."""
    allocate(story)
    released = facts.OrderReleased(fulfilment=1, shares=shares_of(story), warehouse="WH1")
    story.say(released, -source.chance.randint(1_000, 59_000))


def _awaiting(source: Source, story: Story) -> None:
    """Nothing is reserved: it is held, not paid, announced, or given up."""
    way = source.chance.randrange(4)
    placed = story.placed
    if way == 0:
        story.placed = replace(
            placed, lines=tuple(replace(n, arrives="2030-01-01T00:00:00Z") for n in placed.lines)
        )
    if way == 1:
        story.say(story.placed, 50_000)
        return
    begin(story)
    if way == 2:
        story.say(facts.OrderHeld(reason="review"))
    elif way == 3:
        story.say(facts.OrderCancelled(reason="buyer", shares=shares_of(story)))


LOOKALIKES: Final[tuple[Callable[[Source, Story], None], ...]] = (
    _same_buyer,
    _same_goods,
    _aligned,
    _discounted,
    _in_two,
    _partly_cancelled,
    _picked_again,
    _number_first,
    _returned,
    _lost,
    _bit_ahead,
    _awaiting,
)
"""How an order is made to look wrong."""
