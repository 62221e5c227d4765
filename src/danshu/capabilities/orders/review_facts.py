"""The fact types of what is asked when an order is paid 已付款协同, on the order's stream."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class AskedParty(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party that is asked: under which key, whether it must agree, by when (RFC 3339, "" = no
    matter when), and what happens otherwise: wait, hold or pass.
    """

    due: str = ""
    key: str
    name: str
    otherwise: str = "wait"
    required: bool = True


@fact_type("paid_review.asked")
class ReviewAsked(Struct, frozen=True, kw_only=True):
    """付款协同: the parties were all asked at once, each by the event `event` (its id)."""

    at: str
    event: str
    no: int
    parties: tuple[AskedParty, ...]


@fact_type("paid_review.answered")
class ReviewAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """协同答复: a party agreed or refused. `reference` is its own number of it."""

    code: str = ""
    party: str
    reason: str = ""
    reference: str = ""
    score: int = 0
    verdict: str


@fact_type("paid_review.overdue")
class ReviewOverdue(Struct, frozen=True, kw_only=True):
    """协同超时: a party has not answered in time; the merchant's setting says what happens."""

    otherwise: str
    party: str


@fact_type("paid_review.settled")
class ReviewSettled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """协同结论: agreed (all that must have), refused (`by` a party), or cancelled (with the order,
    or by a person who asks anew). After the last two, what was agreed to is taken back.
    """

    by: str = ""
    outcome: str
    reason: str = ""


@fact_type("paid_review.undo_asked")
class UndoAsked(Struct, frozen=True, kw_only=True):
    """请求撤销: a party is asked to take back what it agreed to, for the `no`th time."""

    key: str
    no: int
    party: str


@fact_type("paid_review.undo_answered")
class UndoAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """撤销答复: a party has taken back what it agreed to, or would not; then it is asked again at
    `again` (RFC 3339).
    """

    again: str = ""
    party: str
    reason: str = ""
    undone: bool
