"""A negotiation's state, folded from its facts. Instants are epoch milliseconds, money 分."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.routing.negotiation.facts import Fallback, Leg, Weights
from danshu.capabilities.routing.negotiation.machine import DRAFT

OPEN, GONE = "open", "gone"
"""What became of a proposal: it can still be awarded, or it cannot."""


class Slot(Struct, frozen=True, kw_only=True):
    """A window that may be proposed."""

    id: str
    start_ms: int
    end_ms: int
    incentive_fen: int
    consent: bool


class Proposal(Struct, frozen=True, kw_only=True):
    """An offer of a party. `start_ms` and `end_ms` are its window, shifted when it was countered;
    `fate` is open, gone, or what ended it: refused, lapsed, retracted, replaced.
    """

    id: str
    party: str
    window: str
    start_ms: int
    end_ms: int
    incentive_fen: int
    consent: bool
    fee_fen: int
    eta_ms: int
    accept_permille: int
    valid_ms: int
    fate: str = OPEN


class Award(Struct, frozen=True, kw_only=True):
    """What was awarded and is to be confirmed by `confirm_ms`."""

    id: str
    proposal: str
    reserved: str
    confirm_ms: int


class Negotiation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A negotiation as its facts say. `heard`: message -> (SHA-256 of it, code of the refusal or
    "").
    """

    state: str = DRAFT
    order: str = ""
    decision: str = ""
    parties: tuple[str, ...] = ()
    windows: tuple[Slot, ...] = ()
    leg: Leg | None = None
    fallback: Fallback | None = None
    weights: Weights | None = None
    offer_fen: int = 0
    opened_ms: int = 0
    reply_ms: int = 0
    award_ms: int = 0
    proposals: tuple[Proposal, ...] = ()
    silent: tuple[str, ...] = ()  # parties that declined
    unreachable: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    awards: int = 0
    award: Award | None = None
    countered: bool = False
    number: str = ""
    heard: dict[str, tuple[str, str]] = {}
    reason: str = ""

    def proposal(self, id_: str) -> Proposal | None:
        """Give a proposal by its id."""
        return next((p for p in self.proposals if p.id == id_), None)

    @property
    def chosen(self) -> Proposal | None:
        """The proposal that is awarded or confirmed."""
        return self.proposal(self.award.proposal) if self.award else None
