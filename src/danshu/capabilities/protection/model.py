"""What protection speaks of: acts on an asset, grants, what a checkpoint is told and answers."""

from __future__ import annotations

import uuid
from typing import Final, Literal

from msgspec import Struct

from danshu.kernel.errors import Refusal

Act = Literal["view", "aggregate", "export", "share"]
Form = Literal["cells", "rows"]
Purpose = Literal["operations", "service", "supply", "finance", "marketing", "legal"]
Basis = Literal["", "consent", "contract", "law"]
Mechanism = Literal["", "standard_contract", "certification", "security_assessment"]
Condition = Literal["", "masked", "second_person"]
Step = Literal["steward", "legal", "second_person"]

ACTS: Final[tuple[Act, ...]] = ("view", "aggregate", "export", "share")
PURPOSES: Final[tuple[Purpose, ...]] = (
    "operations",
    "service",
    "supply",
    "finance",
    "marketing",
    "legal",
)
HOME: Final = "CN"


class Grant(Struct, frozen=True, kw_only=True):
    """What was granted: to `person:<uuid>` or `role:<role>`, an act on an asset for a purpose.

    `columns` are shown in clear, () opens none. Condition `masked`: the rows stay masked
    whatever the columns; `second_person`: each file needs another's approval. Epoch ms; 0 = not
    revoked.
    """

    id: uuid.UUID
    holder: str
    asset: str
    act: Act
    purpose: str
    until_ms: int
    columns: tuple[str, ...] = ()
    condition: Condition = ""
    given_by: str = ""
    revoked_ms: int = 0


class Strength(Struct, frozen=True, kw_only=True):
    """How well people hide among the rows of a file. Shares in thousandths.

    `k`: the smallest class of rows that look alike. `distinct`: the fewest different sensitive
    values in a class; `entropy` exp of the smallest entropy; `distance` the largest distance of a
    class's distribution from that of all. `unique`: rows alone in their class. Risk of being found:
    `prosecutor` (who knows that somebody is in it, worst row), `journalist` (who doesn't, worst
    row), `marketer` (rows found on average).
    """

    rows: int
    classes: int
    k: int
    distinct: int
    entropy: int
    distance: int
    unique: int
    prosecutor: int
    journalist: int
    marketer: int
    suppressed: int = 0


class Approval(Struct, frozen=True, kw_only=True):
    """A step of a chain that somebody said yes to: `by` is their subject."""

    step: Step
    by: str


class Case(Struct, frozen=True, kw_only=True):
    """All that the checkpoint is told of one wish.

    `may`: the rules (and a grant) allow the act. `aggregates`: they allow the sums of it.
    `meant_for`: the purpose that the asset was made for. `people`: distinct persons in what is
    asked for; 0 where none is. `sent`, `sent_sensitive`: distinct persons that went to this
    recipient abroad since 1 January, with these. `strength` is None until it was measured.
    """

    asset: str
    act: Act
    form: Form
    purpose: str
    meant_for: str
    level: int
    may: bool
    aggregates: bool = False
    is_sensitive: bool = False
    is_important: bool = False
    grant: Grant | None = None
    lapsed: bool = False
    people: int = 0
    recipient: str = ""
    country: str = HOME
    sent: int = 0
    sent_sensitive: int = 0
    basis: Basis = ""
    has_licence: bool = False
    has_assessment: bool = False
    mechanism: Mechanism = ""
    is_critical: bool = False
    is_exempt: bool = False
    strength: Strength | None = None
    is_noisy: bool = False
    asked_by: str = ""
    approvals: tuple[Approval, ...] = ()


class ExportNeed(Struct, frozen=True, kw_only=True):
    """What is still wanted before it may leave, and by which clause (clauses.yaml)."""

    code: str
    clause: str


class Outcome(Struct, frozen=True, kw_only=True):
    """The checkpoint's answer: `passed`, `conditions` with what is wanted, or `refused`."""

    state: Literal["passed", "conditions", "refused"]
    needs: tuple[ExportNeed, ...] = ()
    refusal: Refusal | None = None
    border: str = ""
    """The row of the border table that was applied; "" inside the country."""
