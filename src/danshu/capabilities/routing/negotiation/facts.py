"""The fact types of a negotiation's life, on a stream of its own. Instants are RFC 3339, UTC.

`negotiation.opened` is caused by the decision that it is about; every message names its party, the
id under which it came and the SHA-256 (hex) of what it said, so that a message that comes twice is
heard once. Personal data is in none of them: a place is a warehouse and a region.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class Window(Struct, frozen=True, kw_only=True):
    """A window of delivery that is on offer. `consent`: it ends after what was promised, so that
    only the consumer's consent makes it possible.
    """

    consent: bool
    end: str
    id: str
    incentive_fen: int
    start: str


class Leg(Struct, frozen=True, kw_only=True):
    """What is to be carried: a fulfilment order from a warehouse to a region. `cold`: nobody
    without cold equipment may offer.
    """

    cold: bool
    dropoff: str
    fulfilment: int
    pickup: str
    weight_g: int


class Fallback(Struct, frozen=True, kw_only=True):
    """The default 默认: what stands whenever nobody is found in time; nobody is asked for it.

    `end` is when delivery was promised by, "" without such a promise.
    """

    carrier: str
    cost_fen: int
    end: str


class Weights(Struct, frozen=True, kw_only=True):
    """What a score is made with: 分 of a late delivery, of a refusal after the award, minutes of
    the arrival's deviation; `ceiling_fen` is the most that a score may be, 0 for no limit.
    """

    ceiling_fen: int
    deviation_min: int
    late_fen: int
    reroute_fen: int


class Score(Struct, frozen=True, kw_only=True):
    """A proposal's score in 分 and its parts: fee + late + incentive + refusal."""

    fee_fen: int
    incentive_fen: int
    late_fen: int
    proposal: str
    refusal_fen: int
    total_fen: int


@fact_type("negotiation.opened")
class NegotiationOpened(Struct, frozen=True, kw_only=True):
    """发出征询: invited parties may propose until `reply_by`; by `award_by` it is settled, or the
    default stands. An invitation to make offers 要约邀请 (民法典 473).
    """

    award_by: str
    decision: str
    fallback: Fallback
    leg: Leg
    offer_fen: int
    order: str
    parties: tuple[str, ...]
    reply_by: str
    weights: Weights
    windows: tuple[Window, ...]


@fact_type("negotiation.unopened")
class NegotiationUnopened(Struct, frozen=True, kw_only=True):
    """未能发起协商, on the order's stream: policy wanted a call for this decision and none could be
    opened; `code` says why. The plan and the default carrier stand.
    """

    code: str
    decision: str


class Message(Struct, frozen=True, kw_only=True):
    """What every message of a party carries: who, under which id, the SHA-256 of what it said."""

    digest: str
    message: str
    party: str


@fact_type("negotiation.proposed")
class NegotiationProposed(Message, frozen=True, kw_only=True):
    """报价: an offer 要约, binding until `valid_until` (民法典 476). `token` is the SHA-256 of the
    party's own word for the quote, "" without one; `accept_permille` how likely it confirms.
    """

    accept_permille: int
    conditions: str
    equipment: str
    eta: str
    fee_fen: int
    proposal: str
    token: str
    valid_until: str
    window: str


@fact_type("negotiation.declined")
class NegotiationDeclined(Message, frozen=True, kw_only=True):
    """不报价: a party makes no offer. `unreachable`: it gave no answer that could be understood."""

    reason: str
    unreachable: bool


@fact_type("negotiation.retracted")
class NegotiationRetracted(Message, frozen=True, kw_only=True):
    """撤回报价: an offer that is neither awarded nor kept in reserve was taken back."""

    proposal: str


@fact_type("negotiation.consented")
class NegotiationConsented(Struct, frozen=True, kw_only=True):
    """消费者同意: the holder of the order's link agreed to a window that ends after what was
    promised; `text` is what was shown, in `lang`.
    """

    lang: str
    link: str
    text: str
    window: str


@fact_type("negotiation.awarded")
class NegotiationAwarded(Struct, frozen=True, kw_only=True):
    """授标: the best offer was taken up, to be confirmed by `confirm_by`; `reserved` is the next
    best, "" when there is none. `trip_ms` is what its way there and back takes at most (p99).
    """

    award: str
    confirm_by: str
    proposal: str
    reserved: str
    scores: tuple[Score, ...]
    trip_ms: int


@fact_type("negotiation.confirmed")
class NegotiationConfirmed(Message, frozen=True, kw_only=True):
    """接单确认: the party confirms the award, under its own `number`: the contract is made (民法典
    483); carrier and window are these.
    """

    award: str
    number: str


@fact_type("negotiation.refused")
class NegotiationRefused(Message, frozen=True, kw_only=True):
    """拒绝: the party refuses what it was awarded; the next best is asked."""

    award: str
    reason: str


@fact_type("negotiation.countered")
class NegotiationCountered(Message, frozen=True, kw_only=True):
    """还价: the party answers the award with another fee and a shifted window, a new offer (民法典
    488); once in a negotiation. It is weighed with the others again.
    """

    award: str
    fee_fen: int
    shift_min: int


@fact_type("negotiation.lapsed")
class NegotiationLapsed(Struct, frozen=True, kw_only=True):
    """逾期未确认: an award was not confirmed in time; whatever is said of it later is not heard."""

    award: str


@fact_type("negotiation.disregarded")
class NegotiationDisregarded(Message, frozen=True, kw_only=True):
    """不予采纳: a message came that changes nothing; `code` and `clause` say why."""

    clause: str
    code: str
    kind: str


@fact_type("negotiation.closed")
class NegotiationClosed(Struct, frozen=True, kw_only=True):
    """协商终止,默认生效: nobody confirmed; the default carrier and window stand. `outcome` is
    expired, rejected, withdrawn or failed.
    """

    fallback: Fallback
    outcome: str
    reason: str
