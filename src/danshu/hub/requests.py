"""What the desk is asked, and what it answers."""

from __future__ import annotations

import uuid
from typing import Any

from msgspec import Struct

from danshu.kernel.errors import DanshuError, Refusal
from danshu.kernel.fact import Actor, Evidence
from danshu.ports.channel import Draft


class Request(Struct, kw_only=True, eq=False):
    """One order to place. `key` is unique for ever in its tenant; `digest` is SHA-256 of the body.

    `strict`: another body under a known key is a conflict (API); otherwise it is news of a known
    order (channels).
    `asked_s`: when it was submitted, by the monotonic clock.
    `cause` and `evidence` are of its first fact, beside the raw message and the receiver;
    `storages` are classes (bits) that each line of the draft needs beyond its SKU's.
    `unknown`: what to do with a SKU or region that the master data does not hold: refuse, or hold
    the order.
    """

    tenant: int
    key: str
    digest: bytes
    draft: Draft
    raw: bytes
    actor: Actor
    strict: bool = False
    refuse_unknown: bool = False
    promises: tuple[str, ...] = ()
    type: str = ""  # the order type that it names, and the group that it joins
    group: str = ""
    asked_s: float = 0.0
    counts: tuple[int, int] | None = None  # orders of its buyer and receiver in 24 h before it
    had: frozenset[str] = frozenset()  # rules of gifts that the buyer has had
    cause: str = ""
    evidence: tuple[Evidence, ...] = ()
    storages: tuple[int, ...] = ()


class PlannedShare(Struct, frozen=True, kw_only=True):
    """Units of a line in a fulfilment order."""

    line: int
    sku: str
    quantity: int


class PlannedFulfilment(Struct, frozen=True, kw_only=True):
    """What one warehouse will ship."""

    fulfilment: int
    warehouse: str
    lines: tuple[PlannedShare, ...]


class PromiseShown(Struct, frozen=True, kw_only=True):
    """A promise that the order now carries; `due` is "" until its clock starts."""

    code: str
    version: int
    text: str
    state: str
    due: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """Durable since `accepted`; in the sealed log by `in_log_by` at the latest."""

    accepted: str
    in_log_by: str


class Answer(Struct, frozen=True, kw_only=True):
    """What became of an order. `existing`: the key was known, nothing new was placed."""

    order: uuid.UUID
    number: str
    state: str
    total: int
    currency: str
    existing: bool = False
    holds: tuple[str, ...] = ()
    plan: tuple[PlannedFulfilment, ...] = ()
    open_units: int = 0  # units that no warehouse could give yet
    promises: tuple[PromiseShown, ...] = ()
    receipt: Receipt


OWN_CHANNELS = frozenset({"api", "original"})  # no platform has taken the money of these

CONFLICT = Refusal(
    code="key_reused",
    reason="同一幂等键对应了不同的内容",
    reason_en="The idempotency key was used with another body",
    clause="idempotency.key",
)

Outcome = Answer | Refusal | DanshuError
Rows = list[tuple[Any, ...]]
