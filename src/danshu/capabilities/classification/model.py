"""What classification speaks of: a span of a text, and what a field was found to hold."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

SURE: Final = 500
"""Thousandths of confidence from which a find counts."""


class Span(Struct, frozen=True, kw_only=True, order=True):
    """A find in a text: characters [start, end), its class, confidence in thousandths; `masked`
    where the text shows it with stars already.
    """

    start: int
    end: int
    klass: str
    confidence: int
    masked: bool = False


class ClassCount(Struct, frozen=True, kw_only=True):
    """How many values of a sample hold a class, how many of them masked."""

    klass: str
    values: int
    masked: int = 0


class Held(Struct, frozen=True, kw_only=True):
    """What a field holds by its name and a sample: classes, the surest first, "" where nothing is
    known; confidence in thousandths; `example` is a masked value, never one in clear.

    `values` were looked at, `empty` besides; `counts` tells which were found how often.
    """

    klass: str
    confidence: int
    values: int
    empty: int
    counts: tuple[ClassCount, ...] = ()
    example: str = ""
    is_named: bool = False
    """Whether the field's own name says so."""
    is_text: bool = False
    """Whether it is free text: a class stands within longer words."""
