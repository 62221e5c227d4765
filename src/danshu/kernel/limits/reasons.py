"""Limits of return reasons."""

from __future__ import annotations

from typing import Final

# What of a text is read, and what a phrase that is taught may hold
REASON_CHARS: Final = 500
REASON_PHRASE_CHARS: Final = 100

# Phrases that a merchant teaches
REASON_PHRASES: Final = 5_000

# Cases whose words are named in one step of the room
REASON_CASES: Final = 200
