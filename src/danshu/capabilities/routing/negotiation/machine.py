"""The life of a negotiation as a table: what each message means between the parties."""

from __future__ import annotations

from typing import Final

from danshu.kernel.errors import Refusal
from danshu.kernel.machine import ANY, Edge, Machine, Words

DRAFT: Final = "draft"
CFP_OPEN: Final = "cfp_open"
PROPOSED: Final = "proposed"
AWARDED: Final = "awarded"
CONFIRMED: Final = "confirmed"
EXPIRED: Final = "expired"
REJECTED: Final = "rejected"
WITHDRAWN: Final = "withdrawn"
FAILED: Final = "failed"
FINAL: Final = frozenset({CONFIRMED, EXPIRED, REJECTED, WITHDRAWN, FAILED})
_DEFAULT: Final = ("默认承运商与时窗生效", "The default carrier and window stand")


def _edge(event: str, source: str, target: str, zh: str, en: str) -> Edge:
    return Edge(event=event, source=source, target=target, legal_zh=zh, legal_en=en)


def _everywhere(event: str, sources: tuple[str, ...], zh: str, en: str, to: str = "") -> list[Edge]:
    return [_edge(event, source, to or source, zh, en) for source in sources]


def _no(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause="")


_CALLING: Final = (CFP_OPEN, PROPOSED)
_OPEN: Final = (CFP_OPEN, PROPOSED, AWARDED)
_LATE: Final = _no(
    "negotiation_over",
    "协商处于「{state}」,「{event}」不再采纳",
    "The negotiation is {state}: {event} is not heard",
)

NEGOTIATION: Final = Machine(
    name="negotiation",
    initial=DRAFT,
    states={
        DRAFT: Words(zh="草拟", en="draft"),
        CFP_OPEN: Words(zh="征询中", en="call open"),
        PROPOSED: Words(zh="有报价", en="proposed"),
        AWARDED: Words(zh="已授标", en="awarded"),
        CONFIRMED: Words(zh="已确认", en="confirmed"),
        EXPIRED: Words(zh="已逾期", en="expired"),
        REJECTED: Words(zh="无人承接", en="rejected"),
        WITHDRAWN: Words(zh="已撤销", en="withdrawn"),
        FAILED: Words(zh="已失败", en="failed"),
    },
    events={
        "open": Words(zh="发出征询", en="open"),
        "propose": Words(zh="报价", en="propose"),
        "decline": Words(zh="不报价", en="decline"),
        "retract": Words(zh="撤回报价", en="retract"),
        "consent": Words(zh="消费者同意", en="consent"),
        "award": Words(zh="授标", en="award"),
        "confirm": Words(zh="确认", en="confirm"),
        "refuse": Words(zh="拒绝", en="refuse"),
        "counter": Words(zh="还价", en="counter"),
        "lapse": Words(zh="逾期未确认", en="lapse"),
        "expire": Words(zh="到期", en="expire"),
        "exhaust": Words(zh="无人承接", en="exhaust"),
        "withdraw": Words(zh="撤销", en="withdraw"),
        "fail": Words(zh="失败", en="fail"),
    },
    edges=(
        _edge(
            "open",
            DRAFT,
            CFP_OPEN,
            "要约邀请,不约束任何一方",
            "An invitation to make offers binds nobody",
        ),
        *_everywhere(
            "propose",
            _CALLING,
            "要约,在有效期内不可撤销",
            "An offer, binding while it is valid",
            PROPOSED,
        ),
        *_everywhere("decline", _OPEN, "未作要约", "No offer is made"),
        *_everywhere(
            "retract",
            (PROPOSED, AWARDED),
            "未被承诺的要约撤回",
            "An offer not yet accepted is taken back",
        ),
        *_everywhere(
            "consent",
            _OPEN,
            "消费者同意变更时窗",
            "The consumer agrees to another window",
        ),
        _edge(
            "award",
            PROPOSED,
            AWARDED,
            "择优授标,等待确认",
            "The best offer is taken up and waits for its confirmation",
        ),
        _edge(
            "confirm",
            AWARDED,
            CONFIRMED,
            "承诺到达,运输合同成立",
            "Accepted: the contract of carriage is made",
        ),
        _edge("refuse", AWARDED, PROPOSED, "拒绝授标,改询次优", "Refused: the next best is asked"),
        _edge("counter", AWARDED, PROPOSED, "实质变更为新要约", "A changed acceptance is an offer"),
        _edge("lapse", AWARDED, PROPOSED, "逾期未确认,授标失效", "Not confirmed in time: void"),
        *_everywhere("expire", _CALLING, *_DEFAULT, EXPIRED),
        *_everywhere("exhaust", _CALLING, *_DEFAULT, REJECTED),
        *_everywhere("withdraw", (DRAFT, *_OPEN), *_DEFAULT, WITHDRAWN),
        *_everywhere("fail", _OPEN, *_DEFAULT, FAILED),
    ),
    refusals={
        (ANY, "open"): _no("opened_already", "已发出征询", "The call is open already"),
        **{
            (ANY, event): _LATE
            for event in (
                *("propose", "decline", "retract", "consent", "award", "confirm", "refuse"),
                *("counter", "lapse", "expire", "exhaust", "withdraw", "fail"),
            )
        },
        (CONFIRMED, "confirm"): _no(
            "confirmed_already", "已确认过,只有一份合同", "It is confirmed already, once"
        ),
    },
    final=FINAL,
).check()
