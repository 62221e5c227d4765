"""Examples of the fact types of what is asked when an order is paid."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders import review_facts as reviews
from danshu.capabilities.orders.reviews import Wanted
from danshu.hub.paid_review_facts import PaidReviewSet

_ORDER = "019aa9d36b8070008000000000000002"
_EVENT = "019aa9d3-6b80-7000-8000-000000000002/2"
_AGAIN = "2026-11-22T11:05:00.000Z"

EXAMPLES: list[Struct] = [
    reviews.ReviewAsked(
        at="2026-11-22T11:00:01.000Z",
        event=_EVENT,
        no=1,
        parties=(
            reviews.AskedParty(
                due="2026-11-22T11:10:01.000Z",
                key=f"paid-{_ORDER}-1-risk",
                name="risk",
                otherwise="hold",
            ),
            reviews.AskedParty(key=f"paid-{_ORDER}-1-crm", name="crm", required=False),
        ),
    ),
    reviews.ReviewAnswered(
        code="full",
        party="logistics",
        reason="运力已满",
        reference="L000017",
        score=120,
        verdict="refused",
    ),
    reviews.ReviewOverdue(otherwise="hold", party="risk"),
    reviews.ReviewSettled(by="logistics", outcome="refused", reason="运力已满"),
    reviews.UndoAsked(key=f"paid-{_ORDER}-1-risk-undo1", no=1, party="risk"),
    reviews.UndoAnswered(again=_AGAIN, party="risk", reason="not now", undone=False),
    PaidReviewSet(
        on=True,
        parties=(Wanted(name="risk", otherwise="hold", within_s=600), Wanted(name="finance")),
        version=2,
    ),
]
