"""What an act of the agent is: one kind of action, which says itself how reversible and how
sensitive it is; a skill can't.

It is tried without a trace (`rehearse`), done once for a proposal whatever is repeated (`perform`),
taken back (`compensate`) and looked at afterwards (`measure`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from danshu.ports.skill import Cited, Told, Worth

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub
    from danshu.kernel.errors import Refusal
    from danshu.kernel.fact import Actor

Reversibility = Literal["reversible", "partly", "irreversible"]
Sensitivity = Literal[1, 2, 3]


class Rehearsed(Struct, frozen=True, kw_only=True):
    """What would be done, in sentences, how many things it touches, and until when it can be taken
    back (`back_until`: `always`, `before_dispatch`, `never`…).
    """

    changes: tuple[Told, ...]
    touched: int
    back_until: str


class Performed(Struct, frozen=True, kw_only=True):
    """What was done: where it is to be seen, and what `compensate` and `measure` need to know."""

    made: tuple[Cited, ...]
    touched: int
    kept: dict[str, Any] = {}


class Measured(Struct, frozen=True, kw_only=True):
    """What it brought, against what would have been: `method` names how that is known (`holdout`,
    `matched`, `replayed`, `before_after`), `counted` on how many things it rests.
    """

    worth: Worth
    method: str
    counted: int
    text: Told


class Act(Protocol):
    """One kind of action."""

    action: str
    title: Told
    reversibility: Reversibility
    sensitivity: Sensitivity
    """1 inside the house, 2 costs money or moves others, 3 a customer or the law sees it."""
    parameters: type[Struct]
    measured_after_ms: int
    """How long after it is done its outcome can be told."""
    right: str
    """The right that a person needs to approve it, beside `agent.approve`."""

    async def rehearse(self, hub: Hub, tenant: int, parameters: Any) -> Rehearsed | Refusal:
        """Say what would be done; writes nothing."""
        ...

    async def perform(
        self, hub: Hub, tenant: int, proposal: uuid.UUID, parameters: Any, actor: Actor
    ) -> Performed | Refusal:
        """Do it once: repeated with the same proposal it gives the same, and does nothing more."""
        ...

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: Any,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Take it back as far as it can be."""
        ...

    async def measure(
        self, hub: Hub, tenant: int, proposal: uuid.UUID, parameters: Any, done: Performed
    ) -> Measured | None:
        """Say what it brought; None while that can't be told."""
        ...
