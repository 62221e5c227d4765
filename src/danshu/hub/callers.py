"""A caller as the faces know them: who it is, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.hub.merchants import Caller
from danshu.hub.rights import Seated
from danshu.hub.sessions import Session
from danshu.kernel.fact import Actor

if TYPE_CHECKING:
    from danshu.capabilities.people.policies import Context

HELD: Final = "danshu.held"
"""Where a call from inside carries its caller in the scope; no request from outside can."""


class Held(Struct, frozen=True, eq=False):
    """A caller as this process remembers them until `until_s` of the monotonic clock.

    What they may do is written in danshu/data/policies: a new action is a name in
    danshu.cedarschema and in the files of the roles. `rights` are the actions that need no context,
    `possible` those allowed in some context; `session` is None for an API key.
    """

    tenant: int
    caller: Caller
    actor: Actor
    until_s: float
    seated: Seated
    session: Session | None = None
    proof_age_s: int = 0

    @property
    def rights(self) -> frozenset[str]:
        """The actions that are allowed whatever the context."""
        return self.seated.rights

    @property
    def possible(self) -> frozenset[str]:
        """The actions that are allowed in some context: what a page may offer."""
        return self.seated.possible

    @property
    def warehouses(self) -> tuple[str, ...]:
        """The warehouses that a person is bound to; empty means all."""
        return self.seated.seat.principal.warehouses

    def may(self, action: str, **context: str | int) -> bool:
        """Tell whether the caller may do this. Context: warehouse, channel, amount_fen."""
        if action in self.seated.rights:
            return True
        return self.seated.ask(action, self._with_age(context)).allowed

    def needs_proof(self, action: str, **context: str | int) -> bool:
        """Tell whether a person who may not would, had they just proven who they are."""
        if self.session is None:
            return False
        return self.seated.ask(action, {**context, "proof_age_s": 0}).allowed

    def _with_age(self, context: Context) -> Context:
        return context if self.session is None else {**context, "proof_age_s": self.proof_age_s}
