"""What parties say, before it is heard. Instants are epoch milliseconds, money 分."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.errors import Refusal


class Spoken(Struct, frozen=True, kw_only=True):
    """A message of `party` under its own id; `digest` is the SHA-256 (hex) of what it said."""

    digest: str
    message: str
    party: str


class Propose(Spoken, frozen=True, kw_only=True, tag="propose"):
    """An offer for a window; `token` is the SHA-256 (hex) of the quote's own word, "" without."""

    window: str
    fee_fen: int
    eta_ms: int
    valid_ms: int
    accept_permille: int = 1_000
    equipment: str = ""
    token: str = ""
    conditions: str = ""


class Decline(Spoken, frozen=True, kw_only=True, tag="decline"):
    """No offer; `unreachable`: no answer that could be understood."""

    reason: str = ""
    unreachable: bool = False


class Retract(Spoken, frozen=True, kw_only=True, tag="retract"):
    """An offer is taken back."""

    proposal: str


class Confirm(Spoken, frozen=True, kw_only=True, tag="confirm"):
    """The award is confirmed under the party's own number."""

    award: str
    number: str = ""


class Refuse(Spoken, frozen=True, kw_only=True, tag="refuse"):
    """The award is refused."""

    award: str
    reason: str = ""


class Counter(Spoken, frozen=True, kw_only=True, tag="counter"):
    """The award is answered with another fee and a window shifted by minutes."""

    award: str
    fee_fen: int
    shift_min: int = 0


Spoke = Propose | Decline | Retract | Confirm | Refuse | Counter


def _no(code: str, zh: str, en: str, clause: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause=clause)


NO_EQUIPMENT = _no(
    "no_equipment",
    "冷链货物:没有冷链设备编号不能报价",
    "Cold goods: nobody offers without the id of cold equipment",
    "negotiation.cold",
)
NO_WINDOW = _no("no_window", "没有这个时窗", "There is no such window", "negotiation.window")
TOO_LATE = _no("too_late", "报价期限已过", "The time for offers is over", "negotiation.reply_by")
AWARD_OVER = _no(
    "award_over",
    "这次授标已失效",
    "This award is not open, or not any more",
    "negotiation.award",
)
COUNTERED = _no(
    "countered_already", "还价只有一轮", "There is one round of counters", "negotiation.counter"
)
SHIFTED_FAR = _no(
    "shifted_far",
    "时窗移动超出上限,或已到期",
    "The window is shifted too far, or into the past",
    "negotiation.counter",
)
NO_PROPOSAL = _no(
    "no_proposal", "没有这份有效报价", "There is no such open offer", "negotiation.proposal"
)
BOUND = _no(
    "offer_binds",
    "已授标或备选的报价在有效期内不可撤销(民法典476)",
    "An offer that is awarded or kept in reserve binds while it is valid",
    "民法典476",
)
NOT_INVITED = _no(
    "not_invited", "未受邀的一方", "This party was not invited", "negotiation.parties"
)
ANOTHER = _no(
    "message_differs",
    "同一编号的消息内容不同",
    "Another message came under this id",
    "negotiation.message",
)
TOO_MANY = _no(
    "too_many_messages", "消息过多", "Too many messages in one negotiation", "negotiation.messages"
)
