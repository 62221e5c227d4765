"""A proposal 提案 and how independent its kind of action is 自主等级. Money 分, times epoch ms."""

from __future__ import annotations

import uuid
from typing import Final, Literal

from msgspec import Struct

from danshu.ports.skill import Chance

Level = Literal["observe", "propose", "approve", "automatic"]
LEVELS: Final[tuple[Level, ...]] = ("observe", "propose", "approve", "automatic")
Reversibility = Literal["reversible", "partly", "irreversible"]
Origin = Literal["skill", "person", "key"]
State = Literal[
    "waiting", "approved", "refused", "expired", "withdrawn", "rehearsed", "adopted",
    "performing", "done", "failed", "measured", "rolling_back", "rolled_back",
]  # fmt: skip
OPEN: Final[frozenset[State]] = frozenset({"waiting", "approved", "performing", "rolling_back"})
ACCEPTED: Final[frozenset[State]] = frozenset(
    {"approved", "adopted", "performing", "done", "measured", "rolling_back", "rolled_back"}
)


class Terms(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is proposed: `parameters` as canonical JSON, what it is worth, costs, and loses at most.

    `cites` are what it rests on (`kind:ref`), `evidence` the digest of its reasons, alternatives
    and chart, which stand beside the facts: what buyers wrote can be erased there.
    """

    title_zh: str
    title_en: str
    parameters: str
    low_fen: int
    mid_fen: int
    high_fen: int
    cost_fen: int
    lost_fen: int
    expires_ms: int
    cites: tuple[str, ...]
    evidence: str
    chance: Chance | None = None

    @property
    def at_stake_fen(self) -> int:
        """The money by which it is judged who must approve: the largest of worth, cost, loss."""
        return max(abs(self.low_fen), abs(self.high_fen), self.cost_fen, self.lost_fen)

    @property
    def exposed_fen(self) -> int:
        """The money that a day's budget is charged with."""
        return max(self.cost_fen, self.lost_fen, -self.low_fen, 0)


class Approval(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who approved, and when."""

    by: str
    at_ms: int
    note: str = ""


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it brought against what would have been, 80 % interval; `method`: how that is known."""

    low_fen: int
    mid_fen: int
    high_fen: int
    method: str
    counted: int
    text_zh: str
    text_en: str
    at_ms: int = 0


class Proposal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal as its facts say.

    `authors` are all who wrote some of what is proposed: none of them approves it. `loose` when the
    skill is a loose file: what it proposes is never automatic. `done` is what the act keeps of what
    it did, as canonical JSON. `result` says how it ended: a reason, or the code of a refusal.
    """

    id: uuid.UUID
    action: str
    key: str
    origin: Origin
    skill: str
    version: int
    loose: bool
    terms: Terms
    authors: tuple[str, ...]
    made_ms: int
    state: State = "waiting"
    approvals: tuple[Approval, ...] = ()
    changed_by: str = ""
    is_automatic: bool = False
    is_kept: bool = False
    """Whether an attempt to take it back was refused."""
    began_ms: int = 0
    ended_ms: int = 0
    done: str = ""
    touched: int = 0
    measure_ms: int = 0
    outcome: Outcome | None = None
    result: str = ""
    ended_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether something may still become of it."""
        return self.state in OPEN


class Autonomy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How independent a kind of action is: level, the day's budget (分, times), money up to which
    no person and one person is asked, and how it must have proved itself.

    `regret_bound` thousandths of measured proposals that may turn out regrettable. `since_ms` is
    when the level was set last: what was measured before doesn't count for it. `lowered` why it was
    lowered by itself, "" = it was not.
    """

    level: Level = "approve"
    day_fen: int = 500_000
    day_count: int = 200
    none_up_to_fen: int = 500_000
    one_up_to_fen: int = 3_000_000
    earned: int = 20
    regret_bound: int = 100
    since_ms: int = 0
    set_by: str = ""
    lowered: str = ""


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a merchant's agent stands: stopped 停用全部自动, rehearsing 只演练, and by action."""

    stopped: bool = False
    stopped_by: str = ""
    stopped_ms: int = 0
    dry: bool = False
    autonomy: dict[str, Autonomy] = {}

    def of(self, action: str) -> Autonomy:
        """Give how independent an action is; nobody having said so, each needs approval."""
        return self.autonomy.get(action, DEFAULT)


class Nature(Struct, frozen=True, kw_only=True):
    """What its act says of an action: how reversible it is, and how sensitive (1-3)."""

    reversibility: Reversibility
    sensitivity: int


class Spent(Struct, frozen=True, kw_only=True):
    """What was done automatically of a kind of action on a day: 分, times."""

    fen: int = 0
    count: int = 0


class Lived(Struct, frozen=True, kw_only=True):
    """One accepted and measured proposal: what was expected, what came, in 分."""

    expected_low_fen: int
    expected_fen: int
    real_fen: int


DEFAULT: Final = Autonomy()
