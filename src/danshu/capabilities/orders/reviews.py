"""Decides what is asked when an order is paid 已付款协同: a saga without a workflow engine.

All parties are asked at once and the order is held. Once all that must agree have, it goes on; once
one refuses, the others take back what they agree to, now or later, and a person sees why. So it
ends agreed, or with everything undone, in whatever order the answers come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.orders import facts, holding
from danshu.capabilities.orders import review_facts as said_of
from danshu.capabilities.orders.commands import Done, conclude
from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.model import Order, State, stage
from danshu.capabilities.orders.review_model import HOLD, PASS, WAIT, Party, Review
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WAITING: Final = "paid_review"
REFUSED: Final = "paid_review_refused"
OVERDUE: Final = "paid_review_overdue"
HOLDS: Final = (WAITING, REFUSED, OVERDUE)
"""The holds of a review: it is under way, somebody refused, a person decides whether to wait."""
STAGES: Final = ("", "tail")
"""Of which payments it is asked: the whole, or what completes it."""
AGREED: Final = "agreed"
CANCELLED: Final = "cancelled"
NOT_NOW: Final = Refusal(
    code="review_not_open",
    reason="该订单没有等待这一答复的协同",
    reason_en="No review of this order waits for that answer",
    clause="paid_review.open",
)
REVIEWED: Final = Refusal(
    code="reviewed_already",
    reason="该订单已发起付款协同",
    reason_en="The parties were asked about this order already",
    clause="paid_review.once",
)
STILL_OPEN: Final = Refusal(
    code="review_open",
    reason="协同还没有结论,或还有一方没有撤销完",
    reason_en="The review is open, or not all of it is undone yet",
    clause="paid_review.again",
)


class Wanted(Struct, frozen=True, kw_only=True):
    """A party as the merchant's setting names it; `within_s` 0 = it may take any time."""

    name: str
    required: bool = True
    within_s: int = 0
    otherwise: str = WAIT


def ask(
    order: Order, id_: str, parties: Sequence[Wanted], event: str, now_ms: int
) -> Done | Refusal:
    """Ask the parties of a paid order, once; with `required` ones it is held until they agree.

    `id_` is the order's stream in hex, `event` the id of the event that they are asked by.
    """
    if order.review is not None and order.review.outcome != CANCELLED:
        return REVIEWED
    if order.kind != "order" or stage(order) is State.CANCELLED:
        return NOT_NOW
    no = order.review.no + 1 if order.review is not None else 1
    asked = said_of.ReviewAsked(
        at=rfc3339(now_ms),
        event=event,
        no=no,
        parties=tuple(
            said_of.AskedParty(
                name=p.name,
                key=f"paid-{id_}-{no}-{p.name}",
                required=p.required,
                otherwise=p.otherwise,
                due=rfc3339(now_ms + p.within_s * 1000) if p.within_s else "",
            )
            for p in parties
        ),
    )
    datas: list[Struct] = [asked]
    if any(p.required for p in parties):
        datas += hold(order, WAITING)
    return _go_on(conclude(order, datas, 0))


def hold(order: Order, reason: str) -> list[Struct]:
    """Say that it is held for `reason` alone of a review's; nothing where it has left the house."""
    lifted = [facts.OrderUnheld(reason=h) for h in order.holds if h in HOLDS and h != reason]
    if reason in order.holds or stage(order) >= State.SHIPPED:
        return list(lifted)
    return [*lifted, holding.held(holding.rule_for(reason, None))]


def answer(order: Order, data: said_of.ReviewAnswered, key: str) -> Done | Refusal:
    """Take a party's answer to the call `key`; an answer that is there already changes nothing."""
    party = _find(order, data.party)
    if party is None or party.key != key or party.state != "asked":
        return NOT_NOW
    return _go_on(conclude(order, [data], 0))


def answer_undo(order: Order, data: said_of.UndoAnswered) -> Done | Refusal:
    """Take a party's answer to having been asked to undo."""
    party = _find(order, data.party)
    if party is None or party.state != "undoing":
        return NOT_NOW
    return conclude(order, [data], 0)


def ring(order: Order, now_ms: int) -> Done:
    """Let time pass: parties are overdue, and those that would not undo are asked again."""
    review = order.review
    datas: list[Struct] = []
    for p in review.parties if review is not None else ():
        is_due = 0 < p.due_ms <= now_ms
        if p.state == "asked" and is_due and review is not None and not review.outcome:
            datas.append(said_of.ReviewOverdue(party=p.name, otherwise=p.otherwise))
        elif p.state == "stuck" and 0 < p.again_ms <= now_ms:
            datas.append(_undo(p))
    return _go_on(conclude(order, datas, 0)) if datas else Done(order=order, said=())


def end(order: Order, by: str, reason: str) -> list[Struct]:
    """Say that a review is over because its order is, or because it is asked anew; what was agreed
    to is undone. Nothing where there is none, or it ended so already.
    """
    review = order.review
    if review is None or review.outcome in ("refused", CANCELLED):
        return []
    over = said_of.ReviewSettled(outcome=CANCELLED, by=by, reason=reason)
    return [over, *_undo_all(evolve(order, over))]


def ask_again(order: Order, by: str) -> list[Struct] | Refusal:
    """Say that a refused review may be asked anew, once all of it is undone."""
    review = order.review
    if review is None or review.outcome != "refused" or not is_over(review):
        return STILL_OPEN
    return [said_of.ReviewSettled(outcome=CANCELLED, by=by, reason="again")]


def is_over(review: Review) -> bool:
    """Tell whether nobody's answer is awaited and nothing is left to be undone."""
    if not review.outcome or any(p.state in ("asked", "undoing", "stuck") for p in review.parties):
        return False
    return review.outcome == AGREED or all(p.state != "agreed" for p in review.parties)


def next_ms(order: Order) -> int:
    """Give when a review is to be looked at next, epoch ms; 0 = when somebody answers."""
    review = order.review
    if review is None:
        return 0
    due = [p.due_ms for p in review.parties if p.state == "asked" and not review.outcome]
    again = [p.again_ms for p in review.parties if p.state == "stuck"]
    return min((ms for ms in (*due, *again) if ms), default=0)


def _find(order: Order, name: str) -> Party | None:
    if order.review is None:
        return None
    return next((p for p in order.review.parties if p.name == name), None)


def _go_on(done: Done) -> Done:
    """Say what follows from how far the parties have come."""
    order = done.order
    review = order.review
    if review is None:
        return done
    datas = _follow(order, review)
    if not datas:
        return done
    more = conclude(order, datas, 0)
    return Done(order=more.order, said=(*done.said, *more.said), heard=done.heard)


def _follow(order: Order, review: Review) -> list[Struct]:
    if review.outcome:
        return _undo_all(order) if review.outcome != AGREED else []
    needed = [p for p in review.parties if p.required]
    no = next((p for p in needed if p.state == "refused"), None)
    if no is not None:
        over = said_of.ReviewSettled(outcome="refused", by=no.name, reason=no.reason)
        return [over, *_undo_all(order), *hold(order, REFUSED)]
    if all(p.state == "agreed" or (p.late and p.otherwise == PASS) for p in needed):
        lifted = [facts.OrderUnheld(reason=h) for h in order.holds if h in HOLDS]
        return [said_of.ReviewSettled(outcome=AGREED), *lifted]
    doubted = any(p.late and p.otherwise == HOLD and p.state == "asked" for p in needed)
    # a person who has let it go on is not asked twice
    return hold(order, OVERDUE) if doubted and WAITING in order.holds else []


def _undo_all(order: Order) -> list[Struct]:
    parties: Iterable[Party] = order.review.parties if order.review is not None else ()
    return [_undo(p) for p in parties if p.state == "agreed"]


def _undo(party: Party) -> said_of.UndoAsked:
    no = party.undos + 1
    return said_of.UndoAsked(party=party.name, no=no, key=f"{party.key}-undo{no}")
