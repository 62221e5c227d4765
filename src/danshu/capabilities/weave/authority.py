"""Which system is believed about a field, when several say something about it.

Each field of master data has a rule and mostly a system that is its authority. What systems say is
compared here; who is not believed is not corrected, the difference is shown.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE: Final = "hub"
"""The source of what people enter at the console, and of what stood there before."""
Value = int | str


class Rule(StrEnum):
    """How a field's value is found."""

    AUTHORITY = "authority"  # the authority's word; while it has said nothing, the latest
    LATEST = "latest"
    LARGER = "larger"  # the safe side: a weight that is paid for, a transit time
    SMALLER = "smaller"  # the safe side: stock, capacity
    ASK = "ask"  # what stands stays until a person decides


class Claim(Struct, frozen=True, kw_only=True):
    """What a system says of a field, and when (epoch ms)."""

    source: str
    value: Value
    said_ms: int = 0


class Verdict(Struct, frozen=True, kw_only=True):
    """The value that holds and whose word it is; `is_open` waits for a person, `agrees` says that
    nobody says otherwise. `seen` is the digest of what was compared.
    """

    value: Value
    source: str
    agrees: bool
    is_open: bool
    seen: bytes


def judge(rule: Rule, authority: str, claims: Sequence[Claim], stands: Value | None) -> Verdict:
    """Find a field's value among what systems say, each heard once; `stands` is what stands now,
    None where there is nothing yet. Needs at least one claim.
    """
    heard = sorted(claims, key=lambda c: (c.said_ms, c.source))
    values = {c.value for c in heard}
    seen = digest(heard)
    latest = heard[-1]
    if len(values) == 1 and (rule is not Rule.ASK or stands in (None, latest.value)):
        of_authority = [c for c in heard if c.source == authority]
        believed = of_authority[0] if of_authority else latest
        return _verdict(believed, seen, agrees=True)
    if rule is Rule.ASK:
        if stands is None:
            return _verdict(latest, seen, is_open=True)
        owner = next((c.source for c in heard if c.value == stands), HERE)
        return _verdict(Claim(source=owner, value=stands), seen, is_open=True)
    if rule is Rule.AUTHORITY:
        of_authority = [c for c in heard if c.source == authority]
        return _verdict(of_authority[0] if of_authority else latest, seen)
    if rule is Rule.LATEST:
        return _verdict(latest, seen)
    # of equal values the one that was said first
    by_size = sorted(heard, key=lambda c: c.value)
    return _verdict(by_size[-1] if rule is Rule.LARGER else by_size[0], seen)


def digest(claims: Sequence[Claim]) -> bytes:
    """Give the digest of who says what, whenever they said it."""
    told = sorted((c.source, str(c.value)) for c in claims)
    return hashlib.sha256(msgspec.json.encode(told)).digest()


def _verdict(claim: Claim, seen: bytes, *, agrees: bool = False, is_open: bool = False) -> Verdict:
    return Verdict(
        value=claim.value, source=claim.source, agrees=agrees, is_open=is_open, seen=seen
    )
