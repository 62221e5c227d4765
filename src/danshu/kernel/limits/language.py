"""Limits of what is said or typed, and of the words that it is understood by."""

from __future__ import annotations

from typing import Final

# Characters of one text that is understood; words of a clause; lines; phrases of one lexicon;
# lexicons that a process keeps; turns of a dialogue before a person takes over; candidates of a
# field; rules of a merchant
SAID_CHARS: Final = 4_000
SAID_TOKENS: Final = 200
SAID_LINES: Final = 200
LEXICON_PHRASES: Final = 1_000_000
LEXICONS: Final = 32
DIALOGUE_TURNS: Final = 12
CANDIDATES: Final = 5
IMPLIED_RULES: Final = 500
