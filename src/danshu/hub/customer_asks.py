"""What whoever holds a link may ask for, has asked for, and has a right to since a breach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions.catalogue import POWERS
from danshu.capabilities.orders import model
from danshu.hub import (
    buyer_requests,
    powers,
    request_acts,
    request_settings,
    substitute_offers,
)
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from danshu.hub.views import Seen

Connection = psycopg.AsyncConnection[Any]


class Asked(Struct, frozen=True, kw_only=True):
    """A request as its customer sees it; what they wrote is not shown again. `word` names what a
    power gives, "" for the kinds that the page has words for.
    """

    no: int
    kind: str
    word: str
    state: str
    asked: str
    reason: str
    amount: int
    may_withdraw: bool


class Entitled(Struct, frozen=True, kw_only=True):
    """An open power: the promise that was broken, and what the buyer may do."""

    code: str
    action: str
    word: str


class Substitute(Struct, frozen=True, kw_only=True):
    """What would stand in for units that are short; `paid` for all of it, minor units."""

    no: int
    instead: str
    title: str
    units: int
    paid: int
    until: str


class CustomerAsks(Struct, frozen=True, kw_only=True):
    """What stands in the part 申请 of the page; forms that would be refused are not there."""

    may_address: bool
    may_damage: bool
    powers: tuple[Entitled, ...]
    requests: tuple[Asked, ...]
    offers: tuple[Substitute, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        shown = self.powers or self.requests or self.offers
        return not (self.may_address or self.may_damage or shown)


def _word(action: str, lang: str) -> str:
    named = POWERS.get(action)
    return action if named is None else named.en if lang == "en" else named.zh


def _offers(order: model.Order, at_ms: int) -> tuple[Substitute, ...]:
    titles = {n.no: n.title or n.sku for n in order.lines}
    return tuple(
        Substitute(
            no=o.no,
            instead=titles.get(o.line, ""),
            title=o.title or o.sku,
            units=o.quantity,
            paid=o.paid,
            until=rfc3339(o.until_ms),
        )
        for o in order.offers
        if substitute_offers.is_open(order, o, at_ms)
    )


async def read(
    connection: Connection, tenant: int, seen: Seen, lang: str, at_ms: int, *, erased: bool
) -> CustomerAsks:
    """Read it. Once personal data was erased, nothing new may be asked for by link."""
    settings = await request_settings.read(connection, tenant)
    found = await buyer_requests.of_order(connection, tenant, seen.id)
    opened = await powers.of_order(connection, tenant, seen.id)
    waiting = {each.kind for each in found if each.state == "asked"}
    order = seen.order
    arrived = model.stage(order) in (model.State.DELIVERED, model.State.COMPLETED)
    return CustomerAsks(
        may_address=settings.address
        and not erased
        and request_acts.ADDRESS not in waiting
        and request_acts.why_not_address(order) is None,
        may_damage=settings.damage
        and not erased
        and arrived
        and request_acts.DAMAGE not in waiting
        and request_acts.covering(seen.promises) is not None,
        powers=tuple(
            Entitled(code=p.code, action=p.action, word=_word(p.action, lang))
            for p in opened
            if p.state == "open" and p.holder == "buyer" and not erased
        ),
        requests=tuple(
            Asked(
                no=each.no,
                kind=each.kind,
                word=""
                if each.kind in (request_acts.ADDRESS, request_acts.DAMAGE)
                else _word(each.kind, lang),
                state=each.state,
                asked=each.asked,
                reason=each.reason,
                amount=each.amount,
                may_withdraw=each.state == "asked" and each.kind == request_acts.ADDRESS,
            )
            for each in found
        ),
        offers=() if erased else _offers(order, at_ms),
    )
