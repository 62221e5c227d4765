"""试算: one order of a type through time, day by day and fen by fen, before anything is live.

It runs on the same decisions that orders are held to (decide.py): nothing here counts money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.order_types import decide, spans
from danshu.capabilities.order_types.decide import Ending, Entering, Life
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ORDER_TYPE_STAGES

if TYPE_CHECKING:
    from danshu.capabilities.order_types.model import OrderType

Case = Literal["paid", "tail_missed", "buyer_cancels", "group_failed"]
CASES: Final[tuple[Case, ...]] = ("paid", "tail_missed", "buyer_cancels", "group_failed")
_HOUR_MS: Final = 3_600_000


class SimulatedRow(Struct, frozen=True, kw_only=True):
    """One moment: when (epoch ms), what happened, which stage it is in then, money in minor units.

    `paid` has come in so far, of it `frozen` as a deposit; `kept` and `owed` are what an end says.
    `reserved`: its units are held. `open` are the acts open then.
    """

    at_ms: int
    event: str
    stage: str
    amount: int = 0
    paid: int = 0
    frozen: int = 0
    kept: int = 0
    owed: int = 0
    reserved: bool = False
    open: tuple[str, ...] = ()


class SimulatedCase(Struct, frozen=True, kw_only=True):
    """One course of events. `total` is what the buyer pays in all; `exact`: money in = kept + owed
    + what the order is worth, to the minor unit.
    """

    case: Case
    total: int
    exact: bool
    rows: tuple[SimulatedRow, ...]


def run(kind: OrderType, *, price: int, units: int, now_ms: int) -> tuple[SimulatedCase, ...]:
    """Play the courses that a type has, for `units` of one SKU at `price` minor units each."""
    has_tail = decide.payment_of(kind, "tail") is not None
    cases = {"tail_missed": has_tail, "group_failed": kind.group is not None}
    return tuple(
        [_play(kind, case, price * units, units, now_ms) for case in CASES if cases.get(case, True)]
    )


class _Course:
    """An order on its way: its life, the rows so far, the clock."""

    def __init__(self, kind: OrderType, goods: int, units: int, now_ms: int) -> None:
        life = Life(goods=goods, total=goods, units=units)
        self.kind = kind
        self.life = replace(life, total=goods - decide.discount_of(kind, life))
        self.now_ms = now_ms
        self.rows: list[SimulatedRow] = []
        self.ended: Ending | None = None

    def enter(self, entries: list[Entering], amount: int = 0) -> None:
        for entering in entries:
            self.now_ms = max(self.now_ms, entering.at_ms)
            self.life = decide.entered(self.life, entering)
            self.note(entering.by, amount)
            amount = 0

    def note(self, event: str, amount: int = 0) -> None:
        life, kind, end = self.life, self.kind, self.ended
        stage = kind.stages[decide.find_stage(kind, life.stage)]
        is_frozen = end is None and life.paid == life.deposit
        self.rows.append(
            SimulatedRow(
                at_ms=self.now_ms,
                event=event,
                stage=life.stage,
                amount=amount,
                paid=life.paid,
                frozen=life.deposit if is_frozen else 0,
                kept=end.keep if end else 0,
                owed=end.owed if end else 0,
                reserved=end is None and decide.reserves(kind, life.stage) is not None,
                open=() if end else stage.open,
            )
        )

    def end(self, ending: Ending) -> None:
        self.ended = ending
        self.note(ending.reason)

    def pay(self) -> bool:
        """Pay what is expected, as soon as it may be; tells whether it was taken."""
        payment = decide.expected(self.kind, self.life.stage)
        if payment is None:
            return False
        self.now_ms = max(self.now_ms, self.life.opens_ms)
        amount = decide.amount_due(self.kind, self.life, payment)
        taken = decide.pay(self.kind, self.life, amount, self.now_ms)
        if isinstance(taken, Refusal):
            return False
        frozen = amount if taken.stage == "deposit" else 0
        life = self.life
        self.life = replace(life, paid=life.paid + amount, deposit=life.deposit + frozen)
        self.enter(decide.hear(self.kind, self.life, decide.paid_by(taken), self.now_ms), amount)
        return True


def _play(kind: OrderType, case: Case, goods: int, units: int, now_ms: int) -> SimulatedCase:
    course = _Course(kind, goods, units, now_ms)
    course.enter(decide.begin(kind, now_ms))
    for _ in range(2 * ORDER_TYPE_STAGES):
        if course.ended or not _step(course, case):
            break
    life, end = course.life, course.ended
    worth = life.total if end is None else 0
    back = (end.keep + end.owed) if end else 0
    return SimulatedCase(
        case=case, total=life.total, exact=life.paid == worth + back, rows=tuple(course.rows)
    )


def _step(course: _Course, case: Case) -> bool:
    """Let the next thing of a course happen; tells whether anything did."""
    kind, life = course.kind, course.life
    event = decide.awaited(kind, life.stage)
    has_paid = life.paid > 0
    if case == "buyer_cancels" and has_paid:
        course.end(decide.cancel(kind, life, "buyer_regret"))
    elif event == "group.formed":
        group = kind.group
        if group is None:
            return False
        course.now_ms = max(course.now_ms, spans.at_ms(group.closes, course.now_ms))
        if case == "group_failed":
            course.end(decide.end(kind, life, "group_failed", keeps=False))
        else:
            course.enter(decide.hear(kind, life, "group.formed", course.now_ms))
    elif event == "tail.opened":
        course.enter(decide.hear(kind, life, "tail.opened", life.opens_ms))
    elif case == "tail_missed" and has_paid and event == "tail.paid":
        if not life.until_ms:
            return False
        course.now_ms = decide.next_ms(kind, life)
        told = decide.pass_time(kind, life, course.now_ms)
        if not isinstance(told, Ending):
            return False
        course.end(told)
    else:
        return course.pay()
    return True
