"""What the facts of a review on payment change in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders import review_facts as facts
from danshu.capabilities.orders.review_model import Party, Review
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from danshu.capabilities.orders.model import Order


def _asked(order: Order, data: Any) -> Order:
    parties = tuple(
        Party(
            name=p.name,
            key=p.key,
            required=p.required,
            otherwise=p.otherwise,
            due_ms=epoch_ms(p.due) if p.due else 0,
        )
        for p in data.parties
    )
    asked_ms = epoch_ms(data.at)
    return replace(order, review=Review(asked_ms=asked_ms, no=data.no, parties=parties))


def _change(order: Order, name: str, **changes: Any) -> Order:
    review = order.review
    if review is None:
        return order
    parties = tuple(replace(p, **changes) if p.name == name else p for p in review.parties)
    return replace(order, review=replace(review, parties=parties))


def _answered(order: Order, data: Any) -> Order:
    return _change(
        order,
        data.party,
        state=data.verdict,
        reference=data.reference,
        reason=data.reason,
        score=data.score,
        due_ms=0,
    )


def _overdue(order: Order, data: Any) -> Order:
    return _change(order, data.party, late=True, due_ms=0)


def _settled(order: Order, data: Any) -> Order:
    if order.review is None:
        return order
    said = {"outcome": data.outcome, "by": data.by, "reason": data.reason}
    return replace(order, review=replace(order.review, **said))


def _undo_asked(order: Order, data: Any) -> Order:
    return _change(order, data.party, state="undoing", undos=data.no, again_ms=0)


def _undo_answered(order: Order, data: Any) -> Order:
    again_ms = epoch_ms(data.again) if data.again else 0
    state = "undone" if data.undone else "stuck"
    return _change(order, data.party, state=state, again_ms=again_ms, reason=data.reason)


STEPS: Final[dict[type[Struct], Callable[[Order, Any], Order]]] = {
    facts.ReviewAsked: _asked,
    facts.ReviewAnswered: _answered,
    facts.ReviewOverdue: _overdue,
    facts.ReviewSettled: _settled,
    facts.UndoAsked: _undo_asked,
    facts.UndoAnswered: _undo_answered,
}
