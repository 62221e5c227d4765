"""Lines of an order while its words are read: which SKU fits, and how many of its units."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.intake import naming, words
from danshu.capabilities.intake.finding import Choice
from danshu.kernel.limits import CANDIDATES, LINE_QUANTITY
from danshu.ports.modality import Candidate

if TYPE_CHECKING:
    from danshu.capabilities.intake.finding import Match
    from danshu.capabilities.intake.phrases import Entry, Lexicon
    from danshu.capabilities.intake.tokens import Quantity

SURE_ENOUGH: Final = 800
_MARGIN: Final = 20  # between exact ways of being called
_MARGIN_ALIKE: Final = 60  # between what only sounds alike
_EXACT: Final = 870
_SCANNED: Final = 2_000
_DESCRIBED: Final = 860


UNKNOWN: Final = "?"


class Part(Struct, frozen=True):
    """An option or a remark of a line and where it was said. `code` "" = a remark, UNKNOWN =
    something that was added and is no option of the merchant.
    """

    text: str
    start: int
    end: int
    code: str = ""
    sure: int = 990
    candidates: tuple[Candidate, ...] = ()


class Line:
    """One line as far as it was read."""

    def __init__(self, start: int, end: int, match: Match | None = None) -> None:
        self.start, self.end = start, end
        self.match = match
        self.quantity: Quantity | None = None
        self.quantity_at = (start, start)
        self.changed = Fraction(0)  # 少要一杯, 再加两份: on top of what was said
        self.specs: list[str] = []
        self.near: list[str] = []  # words beside it that nothing else explains
        self.used_near: set[str] = set()
        self.parts: list[Part] = []
        self.base: Line | None = None  # of which it is a part

    def copy(self) -> Line:
        """Give a line of the same goods without a quantity or parts of its own."""
        other = Line(self.start, self.end, self.match)
        other.specs, other.near = list(self.specs), list(self.near)
        other.parts = list(self.parts)
        return other

    def count(self, quantity: Quantity, start: int, end: int) -> None:
        """Say how many."""
        self.quantity, self.quantity_at, self.changed = quantity, (start, end), Fraction(0)
        if quantity.size:
            self.specs.append(quantity.size + quantity.measure)


def of_kind(lexicon: Lexicon, match: Match | None, kind: str) -> tuple[Choice, ...]:
    """Give what of a match is of a kind."""
    if match is None:
        return ()
    return tuple([c for c in match.choices if lexicon.entries[c.entry].kind == kind])


def pick(
    lexicon: Lexicon, choices: tuple[Choice, ...], used: frozenset[str] = frozenset()
) -> tuple[Choice | None, tuple[Candidate, ...]]:
    """Give the choice that stands out (None where none does) and candidates, the best first."""
    if not choices:
        return None, ()
    ranked = sorted(
        choices, key=lambda c: (-c.sure, lexicon.entries[c.entry].code not in used, c.entry)
    )
    best = ranked[0]
    listed = candidates(lexicon, tuple(ranked))
    if best.sure < SURE_ENOUGH:
        return None, listed
    margin = _MARGIN if best.sure >= _EXACT else _MARGIN_ALIKE
    rivals = [c for c in ranked[1:] if best.sure - c.sure < margin]
    if not rivals:
        return best, listed
    known = [c for c in (best, *rivals) if lexicon.entries[c.entry].code in used]
    return (known[0] if len(known) == 1 else None), listed


def candidates(lexicon: Lexicon, choices: tuple[Choice, ...]) -> tuple[Candidate, ...]:
    """Show choices as candidates."""
    found = []
    for c in choices[:CANDIDATES]:
        entry = lexicon.entries[c.entry]
        found.append(
            Candidate(value=entry.code, title=entry.title, confidence=c.sure, reason=c.how)
        )
    return tuple(found)


def narrow(lexicon: Lexicon, line: Line, choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Keep the choices that fit what was said beside the name: 500ml, 大杯, 黑色, 箱."""
    for said in line.specs:
        spec = naming.spell_spec(said)
        fit = [c for c in choices if _has_spec(lexicon.entries[c.entry], spec)]
        if fit:
            choices = tuple(fit)
            line.used_near.add(said)
    for said in line.near:
        fit = [c for c in choices if said in lexicon.entries[c.entry].whole]
        if fit:
            choices = tuple(fit)
            line.used_near.add(said)
    measure = line.quantity.measure if line.quantity else ""
    if len(choices) > 1 and measure:
        fit = [c for c in choices if measure in lexicon.entries[c.entry].units]
        if len(fit) == 1:
            return tuple(fit)
    return choices


def describe(lexicon: Lexicon, line: Line, said: str) -> tuple[Choice, ...]:
    """Find goods by all that was said of them where no name fits (A4纸 70g): those that have each
    specification, and the characters of every word in their order.
    """
    specs = [naming.spell_spec(s) for s in line.specs]
    known = [s for s in specs if s in lexicon.by_spec]
    pool: tuple[int, ...] = ()
    if known:
        rarest = min([lexicon.by_spec[s] for s in known], key=len)
        if len(rarest) > _SCANNED:  # so many that some would have to be left out unseen
            return ()
        pool = tuple([e for e in rarest if lexicon.entries[e].specs.issuperset(known)])
    elif line.match is not None:
        pool = tuple([c.entry for c in line.match.choices])
    words_said = [*line.near, *([said] if line.match is not None else [])]
    fit = [e for e in pool if all(_within(w, lexicon.entries[e].whole) for w in words_said)]
    if not fit or not words_said:
        return ()
    line.used_near.update((*line.near, *line.specs))
    return tuple([Choice(e, _DESCRIBED, "part") for e in fit])


def _within(words: str, whole: str) -> bool:
    """Tell whether the characters of words stand in a name, in their order."""
    place = 0
    for char in words:
        if char.isalnum():
            place = whole.find(char, place) + 1
            if place == 0:
                return False
    return True


def _has_spec(entry: Entry, spec: str) -> bool:
    return spec in entry.specs or any(s.startswith(spec) for s in entry.specs)


def units_of(entry: Entry | None, quantity: Quantity, changed: Fraction) -> int | None:
    """Turn what was said into the SKU's own units. None where that is not certain: about so many,
    a pack that the merchant did not describe, a part of a unit, none or too many.
    """
    if quantity.count is None:
        return None
    each = _units_each(entry, quantity.measure)
    if each is None:
        return None
    total = (quantity.count + changed) * each
    if total.denominator != 1 or not 0 < total <= LINE_QUANTITY:
        return None
    return int(total)


def _units_each(entry: Entry | None, measure: str) -> Fraction | None:
    if entry is None:
        return Fraction(1)
    if measure in entry.units:
        return Fraction(entry.units[measure])
    if measure == "打":
        return Fraction(words.DOZEN)
    if measure in words.WEIGHTS:
        for unit, units in entry.units.items():
            if unit in words.WEIGHTS:
                return Fraction(words.WEIGHTS[measure] * units, words.WEIGHTS[unit])
        return None
    if measure in words.PACKS:
        # 24瓶/箱 in the name: the SKU is the box itself.
        packed = any(s.endswith("/" + measure) for s in entry.specs) or entry.whole.endswith(
            measure
        )
        return Fraction(1) if packed or (measure in _USUAL and not entry.units) else None
    return Fraction(1)


# 一件衬衫, 一条毛巾, 一排…: these count single things where no packs are described.
_USUAL: Final = frozenset("件条提排板组")
