"""After-sales by link 买家申请售后: what whoever holds an order's link may ask for, and did.

Whoever holds a link is a third party whose word proves nothing of who they are (grade D). They ask
within the law's and the merchant's days for what was received; the merchant decides as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import windows
from danshu.capabilities.after_sales.machines import machine_of
from danshu.capabilities.after_sales.model import (
    CLAIM,
    COMPENSATION,
    WITH_GOODS,
)
from danshu.capabilities.after_sales.windows import Bought
from danshu.capabilities.orders import facts as order_facts
from danshu.capabilities.orders import refunding, supplements
from danshu.capabilities.stock.model import Storage
from danshu.hub import (
    after_sales_settings,
    after_sales_views,
)
from danshu.kernel import fact
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import BUYER_CASES, CUSTOMER_COMMITS
from danshu.ledger import prove

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.capabilities.orders.model import Order
    from danshu.hub.after_sales_settings import Asking
    from danshu.hub.after_sales_views import CaseRow
    from danshu.hub.views import Seen
    from danshu.hub.world import World
    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_HOUR_MS: Final = 3_600_000
BUYER: Final = "buyer"


class Askable(Struct, frozen=True, kw_only=True):
    """A line that something may be asked about: at most so many units; whether it was received."""

    line: int
    title: str
    units: int
    received: bool
    exempt: str


class ReasonOffered(Struct, frozen=True, kw_only=True):
    """A reason that may still be given for some line, and within how many days after receipt."""

    reason: str
    days: int


class CaseSeen(Struct, frozen=True, kw_only=True):
    """A case as its customer sees it; of free text the merchant's answer alone. Minor units."""

    id: str
    kind: str
    state: str
    reason: str
    opened: str
    due: str
    amount: int
    units: int
    answer: str
    waybill: str
    outcome: str
    may_send: bool
    may_withdraw: bool


class CustomerCases(Struct, frozen=True, kw_only=True):
    """What stands in the part 售后 of the page: the form where something may be asked for, what was
    asked for, where goods go back to, and what a dearer exchange still asks for (minor units).
    """

    lines: tuple[Askable, ...]
    reasons: tuple[ReasonOffered, ...]
    cases: tuple[CaseSeen, ...]
    return_to: str
    supplement: int

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not (self.lines or self.cases)


async def read_facts(connection: Connection, tenant: int, order: uuid.UUID) -> list[Fact]:
    """Read what was said of an order, as far as the page does."""
    found = []
    for commit in await prove.locate(connection, tenant, order, 0, CUSTOMER_COMMITS):
        for each in commit:
            try:
                found.append(fact.read(each.body))
            except ProgramError:  # of a type that a newer version says
                continue
    return found


def received(facts: Iterable[Fact]) -> dict[int, int]:
    """Give when the last units of each line were received, epoch ms: never later than was told."""
    at: dict[int, int] = {}
    for each in facts:
        if isinstance(each.data, order_facts.OrderDelivered):
            ms = min(epoch_ms(each.occurred), epoch_ms(each.time))
            for share in each.data.shares:
                at[share.line] = max(at.get(share.line, 0), ms)
    return at


def exempt(world: World, asking: Asking, sku: str) -> str:
    """Say why goods don't go back without a reason: by the merchant's word, else as stored."""
    told = asking.exempt.get(sku, "")
    if told or sku not in world.skus:
        return told
    storage = world.skus[sku][1].storage
    if storage in (Storage.CHILLED, Storage.FROZEN):
        return "perishable"
    return "licensed" if storage is Storage.LICENSED else ""


def bought_of(world: World, asking: Asking, order: Order, at: dict[int, int]) -> dict[int, Bought]:
    """Give by line when it was received, and why it can't go back without a reason."""
    return {
        n.no: Bought(line=n.no, received_ms=at.get(n.no, 0), exempt=exempt(world, asking, n.sku))
        for n in order.lines
    }


def askable_of(order: Order, bought: dict[int, Bought]) -> list[Askable]:
    """Give the lines that something may be asked about, with their units."""
    held = refunding.money(order)
    found = []
    for n in order.lines:
        money, line = held.line(n.no), bought[n.no]
        left = money.units_left if money else 0
        if line.received_ms:
            left = min(left, n.delivered - n.returned)
        else:
            left = min(left, n.quantity - n.cancelled)
        if left > 0:
            found.append(
                Askable(
                    line=n.no,
                    title=n.title or n.sku,
                    units=left,
                    received=bool(line.received_ms),
                    exempt=line.exempt,
                )
            )
    return found


async def read(
    connection: Connection,
    world: World,
    seen: Seen,
    facts: Iterable[Fact],
    now_ms: int,
    *,
    erased: bool,
) -> CustomerCases:
    """Read it. Once personal data was erased, nothing new may be asked for by link."""
    settings = await after_sales_settings.read(connection, world.tenant)
    asking, order = settings.asking, seen.order
    rows = await after_sales_views.of_order(connection, world.tenant, seen.id)
    bought = bought_of(world, asking, order, received(facts))
    lines: list[Askable] = []
    reasons: list[ReasonOffered] = []
    may_ask = asking.by_link and not erased and order.paid and order.kind == "order"
    if may_ask and not order.cancelled and len(_of_buyer(rows)) < BUYER_CASES:
        lines = askable_of(order, bought)
        reasons = [
            ReasonOffered(reason=w.reason, days=windows.days(w.reason, asking.windows, now_ms))
            for w in windows.windows()
            if any(
                windows.refuse(kind, w.reason, bought[n.line], asking.windows, now_ms) is None
                for n in lines
                for kind in windows.KINDS
            )
        ]
    shown = tuple(_seen(row) for row in rows if row.kind not in (CLAIM, COMPENSATION))
    return CustomerCases(
        lines=tuple(lines) if reasons else (),
        reasons=tuple(reasons),
        cases=shown,
        return_to=asking.return_to,
        supplement=supplements.due_of(order) if supplements.SUPPLEMENT in order.holds else 0,
    )


def _of_buyer(rows: Iterable[CaseRow]) -> list[CaseRow]:
    return [row for row in rows if row.origin == BUYER]


def _seen(row: CaseRow) -> CaseSeen:
    case = row.case
    events = {e.event for e in machine_of(case.kind).edges if e.source == case.state}
    return CaseSeen(
        id=str(row.id),
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        opened=row.opened,
        due=row.due,
        amount=row.amount,
        units=sum(n.quantity for n in case.lines),
        answer=case.answer if case.state == "refused" else "",
        waybill=case.waybill if case.state not in ("asked", "proposed") else "",
        outcome=case.outcome,
        may_send="send_back" in events and case.kind in WITH_GOODS,
        may_withdraw="withdraw" in events and row.origin == BUYER,
    )
