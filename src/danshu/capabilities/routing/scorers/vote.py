"""Never one model: what the other scorers say of a batch that S1 has decided.

S1 is the engines' cost. S2 weighs the same plans with its own arrival; S3 follows a rule; S4, the
twin, can only say no. A vote changes no plan. It can say that a person should look, for one of
four reasons, the gravest first:

* `no_plan`: nothing can be shipped (nothing is held for it: the order waits for stock anyway);
* `twin_veto`: the twin alone forbids the nearest warehouse for cold goods, which its sensors
  allow: one of them is broken (the plan avoids that warehouse already);
* `scorers_disagree`: S2 would take another plan, and its arrival is further from S1's than the
  conformal radius of the goods' class at that warehouse's cluster;
* `thin_margin`: the second plan is dearer by less than 90 % of cost errors, and more than the
  limit is at risk (value times the odds to be late).

The budget lets ESCALATION_PERMILLE of all orders through, and a few at once; what it stops is
recorded as spared.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.panel import PART_MIN, UNFITTED
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ESCALATION_BURST, ESCALATION_PERMILLE

if TYPE_CHECKING:
    from danshu.capabilities.routing.batch import Batch, Routed
    from danshu.capabilities.routing.snapshot import Snapshot

NO_PLAN: Final = "no_plan"
TWIN_VETO: Final = "twin_veto"
DISAGREE: Final = "scorers_disagree"
THIN: Final = "thin_margin"
REASONS: Final = ("", NO_PLAN, TWIN_VETO, DISAGREE, THIN)
HELD: Final = frozenset({TWIN_VETO, DISAGREE, THIN})
SILENT: Final = -1


class Votes(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the scorers said. Minutes from the decision to the last parcel at the door.

    `s1_min` is -1 without a plan. S2: `s2_min` -1 where it is silent, then `s2_absent` says why;
    `s2_plan` is the number, from 0, of the plan that it would take; `radius_min` -1 unknown.
    `s3` are the warehouses of the rule where they are not those of the plan. `s4`: 1 a veto that
    mattered, 0 none, -1 no cold goods. `risk_permille`: S1's odds that the plan is late. `reason`
    is why a person should look, "" for none; `spared`: the budget of such looks was used up.
    """

    s1_min: int = SILENT
    s2_min: int = SILENT
    s2_absent: str = ""
    s2_plan: int = 0
    radius_min: int = SILENT
    s3: tuple[str, ...] = ()
    s3_same: bool = True
    s4: int = SILENT
    risk_permille: int = 0
    reason: str = ""
    spared: bool = False

    @property
    def agree(self) -> bool:
        """Whether every scorer that spoke stands by the plan."""
        return self.s2_plan == 0 and self.s3_same and self.s4 != 1

    @property
    def escalates(self) -> bool:
        """Whether the order is held for a person."""
        return self.reason in HELD and not self.spared


class Budget:
    """How many decisions may still go to a person: earned order by order, in thousandths."""

    def __init__(self, left: int = ESCALATION_BURST, earn: int = ESCALATION_PERMILLE) -> None:
        self._left, self._earn = left * 1000, earn

    def allows(self, reason: str) -> bool:
        """Count an order; tell whether it may go to a person, and take from the budget if so."""
        self._left = min(self._left + self._earn, ESCALATION_BURST * 1000)
        if reason not in HELD:
            return True
        if self._left < 1000:
            return False
        self._left -= 1000
        return True


def recorded(votes: Votes) -> Budget:
    """The budget as a recorded decision found it, for its replay."""
    return Budget(0 if votes.spared else 1, 0)


@cache
def _kernel() -> Any:
    """The compiled votes; imported where somebody votes, for the compiler takes long to load."""
    return import_module("danshu.capabilities.routing.scorers.kernel_votes")


def count_votes(snapshot: Snapshot, batch: Batch, minute: int, routed: Routed) -> Any:
    """Let all scorers speak: int64 [n, kernel_votes.COLUMNS], and S3's warehouse a line, int16.

    Raises InputError `scorers` when the snapshot names a panel that nobody attached.
    """
    tables, engine = snapshot.tables, snapshot.engine_tables
    second = snapshot.estimates
    if second is None:
        raise InputError("scorers", f"panel {snapshot.panel_digest} is not there")
    part = minute // PART_MIN
    kernel = _kernel()
    count = len(batch.region)
    out = np.empty((count, kernel.COLUMNS), np.int64)
    rule = np.empty(len(batch.sku), np.int16)
    kernel.vote(
        minute,
        (batch.region, batch.promise_min, batch.value_fen, batch.line_start, batch.shut),
        batch.storage,
        (routed.warehouse, routed.totals_fen, routed.can, routed.room),
        (tables.eta_min, tables.pull, tables.cutoff_min),
        (*engine[3], snapshot.sensed_ok),
        snapshot.nearest,
        (second.low[part], second.middle[part], second.high[part]),
        second.radius,
        snapshot.vote_figures,
        np.zeros(len(snapshot.network.codes), np.int64),
        out,
        rule,
    )
    return out, rule


def write_votes(
    snapshot: Snapshot, batch: Batch, minute: int, routed: Routed, budget: Budget
) -> list[Votes]:
    """Write what the scorers say of each order, and spend the budget in the order given."""
    out, rule = count_votes(snapshot, batch, minute, routed)
    codes = snapshot.network.code_at
    absent = snapshot.panel.absent if snapshot.panel is not None else UNFITTED
    starts, rules = batch.line_start.tolist(), rule.tolist()
    written = []
    for o, (first, second, radius, choice, veto, same, why, odds) in enumerate(out.tolist()):
        reason = REASONS[why]
        allowed = budget.allows(reason)
        mine = () if same else sorted({w for w in rules[starts[o] : starts[o + 1]] if w >= 0})
        written.append(
            Votes(
                s1_min=first,
                s2_min=second,
                s2_absent="" if second >= 0 or first < 0 else absent or "unknown_lane",
                s2_plan=max(choice, 0),
                radius_min=radius,
                s3=tuple([codes[w] for w in mine]),
                s3_same=same == 1,
                s4=veto,
                risk_permille=odds,
                reason=reason,
                spared=not allowed,
            )
        )
    return written
