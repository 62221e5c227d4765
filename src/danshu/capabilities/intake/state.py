"""What was read of a text so far, as the parts of the grammar share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.intake.lines import SURE_ENOUGH, Line, Part, of_kind, pick
from danshu.ports.modality import Intent

if TYPE_CHECKING:
    from danshu.capabilities.intake.finding import Choice, Match
    from danshu.capabilities.intake.phrases import Lexicon
    from danshu.capabilities.intake.tokens import Token


class Reading:
    """Lines, remarks and places so far; what waits for its goods; where the clause began."""

    def __init__(self, lexicon: Lexicon, text: str) -> None:
        self.lexicon = lexicon
        self.text = text
        self.lines: list[Line] = []
        self.mentioned: Match | None = None
        self.intent = Intent.ORDER
        self.remarks: list[Part] = []
        self.named: dict[str, tuple[str, int, int]] = {}  # receiver, phone, number, address
        self.matched: dict[str, tuple[tuple[Choice, ...], int, int]] = {}  # store, customer…
        self.due: tuple[int, int, int] | None = None
        self.total: tuple[int, int, int] | None = None
        self.unexplained: list[tuple[int, int]] = []
        self.lost: list[tuple[int, int]] = []  # quantities that belong to nothing
        self.waiting: Token | None = None  # a quantity before its goods
        self.ahead: list[Part] = []  # options said before their goods
        self.ahead_specs: list[str] = []
        self.ahead_near: list[str] = []
        self.ahead_groups: list[list[str]] = []  # specifications of goods that share their name
        self.fixing = False
        self.ignored = False
        self.griped = False
        self.commanded = False
        self.symptoms: list[tuple[str, str, int, int]] = []
        self.repairing = False
        self.clause_from = 0

    def said(self, start: int, end: int) -> str:
        """Give the words of a stretch."""
        return self.text[start:end]

    def modify(self, token: Token, line: Line) -> None:
        """Put an option that a correction names on a line."""
        options = of_kind(self.lexicon, token.value, "option")
        best, listed = pick(self.lexicon, options)
        if options:
            chosen = best or options[0]
            sure = chosen.sure if best else min(chosen.sure, SURE_ENOUGH - 1)
            code = self.lexicon.entries[chosen.entry].code
            said = self.said(token.start, token.end)
            line.parts.append(Part(said, token.start, token.end, code, sure, listed))
