"""What is not wanted, taken back, remarked or told of beside the goods."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake.lines import Part, of_kind
from danshu.ports.modality import Intent

if TYPE_CHECKING:
    from danshu.capabilities.intake.finding import Match
    from danshu.capabilities.intake.state import Reading
    from danshu.capabilities.intake.tokens import Token

_TOTALS: Final = frozenset({"一共", "总共", "共计", "合计", "总计", "共", "总"})
_AMOUNT: Final = re.compile(r"\d+(?:\.\d{1,2})?")


def drop(reader: Reading, token: Token, before: list[Token]) -> None:
    """Take back: goods that stand before the word, else all that was said, else an order."""
    named = [t for t in before if t.has("name")]
    goods = [t for t in named if of_kind(reader.lexicon, t.value, "sku")]
    options = [t for t in named if of_kind(reader.lexicon, t.value, "option")]
    if goods or (options and reader.lines):
        for t in (*goods, *options):
            if not take_off(reader, t.value):
                remove(reader, t.value)
    elif reader.lines:
        reader.lines.clear()
        reader.remarks.clear()
        reader.intent = Intent.NONE
    else:
        reader.intent = Intent.CANCEL
    reader.waiting = None


def take_off(reader: Reading, match: Match) -> bool:
    """Take an option that was put on off again. False where no line has it."""
    chosen = of_kind(reader.lexicon, match, "option")
    codes = {reader.lexicon.entries[c.entry].code for c in chosen}
    taken = False
    for line in reader.lines:
        kept = [p for p in line.parts if p.code not in codes]
        taken = taken or len(kept) < len(line.parts)
        line.parts = kept
    return taken


def remove(reader: Reading, match: Match) -> bool:
    """Take the lines of the goods named out again."""
    wanted = {c.entry for c in match.choices}
    kept = [x for x in reader.lines if x.match is None or x.match.choices[0].entry not in wanted]
    removed = len(kept) < len(reader.lines)
    reader.lines = kept
    return removed


def refuse(reader: Reading, token: Token, before: list[Token], following: list[Token]) -> int:
    """Read what is not wanted: a line is taken back, anything else is a remark. Gives the
    number of tokens that belong to it.
    """
    if (gone := _not_sent(reader, following)) > 0:
        return gone
    n = 0
    while n < len(following) and not following[n].has(
        "and", "want", "qty", "time", "to", "no", "fix", "add", "note", "phone"
    ):
        n += 1
        if following[n - 1].has("name", "adjust") and not (
            n < len(following) and following[n].has("rest")
        ):
            break
    if n == 0:
        if before and before[-1].has("rest"):  # 糖少放点
            start = before[-1].start
            reader.unexplained = [u for u in reader.unexplained if u[0] != start]
            reader.remarks.append(Part(reader.said(start, token.end), start, token.end))
        return 0
    thing = following[0]
    if thing.has("name") and take_off(reader, thing.value):
        return n
    if thing.has("name") and thing.value.exact and of_kind(reader.lexicon, thing.value, "sku"):
        optional = of_kind(reader.lexicon, thing.value, "option")
        if remove(reader, thing.value) or not optional:
            return n
    start, end = token.start, following[n - 1].end
    while n > 1 and following[n - 1].has("fill"):
        n -= 1
        end = following[n - 1].end
    part = Part(reader.said(start, end), start, end)
    if len(reader.lines) > reader.clause_from:
        reader.lines[-1].parts.append(part)
    else:
        reader.remarks.append(part)
    return n


def _not_sent(reader: Reading, following: list[Token]) -> int:
    """Read 别给我送红牛了: goods behind a verb that are not wanted; gives the tokens it takes."""
    n = 0
    while n < len(following) and following[n].has("fill", "want") and not following[n].has("time"):
        n += 1
    if n == 0 or n == len(following) or not following[n].has("name"):
        return 0
    if not of_kind(reader.lexicon, following[n].value, "sku"):
        return 0
    remove(reader, following[n].value)
    return n + 1


def read_trouble(reader: Reading, token: Token, before: list[Token]) -> None:
    """Keep what a device shows; what is to be done about it is not read here."""
    if token.has("repair"):
        reader.repairing = True
        return
    start = token.start
    if before and before[-1].has("rest") and before[-1].end == start:
        start = before[-1].start
        reader.unexplained = [u for u in reader.unexplained if u[0] != start]
    reader.symptoms.append(("", reader.said(start, token.end), start, token.end))


def read_total(reader: Reading, token: Token, before: list[Token]) -> None:
    """Keep what the text says the whole costs; the price of a unit is the price list's."""
    led = [reader.said(t.start, t.end) for t in before[-2:]]
    if not token.value.startswith("总价") and _TOTALS.isdisjoint(led):
        return
    found = _AMOUNT.search(token.value)
    if found:
        reader.total = (int(Fraction(found[0]) * 100), token.start, token.end)


def read_note(reader: Reading, token: Token, following: list[Token]) -> None:
    """Keep all that follows as it stands: a remark for people."""
    if following:
        start, end = following[0].start, following[-1].end
        reader.remarks.append(Part(reader.said(start, end).strip(), start, end))
