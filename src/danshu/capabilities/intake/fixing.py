"""What changes what was said before: 不对，改成两杯; 把拿铁换成美式; 少要一杯; 其中一杯去冰."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.intake.lines import Line, Part, of_kind

if TYPE_CHECKING:
    from fractions import Fraction

    from danshu.capabilities.intake.state import Reading
    from danshu.capabilities.intake.tokens import Quantity, Token


def fix(reader: Reading, clause: list[Token]) -> list[Token] | None:
    """Read a clause that corrects; gives what of it is to be read as usual, None = all of it."""
    if _fewer_or_more(reader, clause):
        return []
    at = next((n for n, t in enumerate(clause) if t.has("fix")), None)
    if at is None and not reader.fixing:
        return None
    left, right = (clause[:at], clause[at + 1 :]) if at is not None else ([], clause)
    if at is not None and reader.said(clause[at].start, clause[at].end) == "不是" and right:
        left, right = _split_not(right)
    if not any(t.has("qty", "name", "adjust", "size", "spec", "time", "drop") for t in right):
        reader.fixing = True
        return None if any(t.has("qty", "name") for t in left) else []
    if not reader.lines:
        return right if _is_instead(reader, left) else None
    if any(t.has("drop") for t in right):
        return None
    target = _target(reader, left)
    if target is None:
        return None
    reader.fixing = False
    return [] if _apply(reader, target, left, right) else None


def _is_instead(reader: Reading, left: list[Token]) -> bool:
    """Tell whether what a correction takes back was never ordered: 不是三杯是五杯冰美式."""
    named = any(t.has("name") and of_kind(reader.lexicon, t.value, "sku") for t in left)
    return named or (bool(left) and all(t.has("qty", "fill") for t in left))


def _split_not(right: list[Token]) -> tuple[list[Token], list[Token]]:
    """不是三杯是两杯: what is denied, and what is meant."""
    for n, t in enumerate(right):
        if n and t.has("fill", "instead", "want", "fix"):
            return right[:n], right[n + 1 :]
    return right, []


def _target(reader: Reading, left: list[Token]) -> Line | None:
    """Give the line that words before the correction mean: its goods, its quantity, the last."""
    for t in left:
        if t.has("name"):
            entries = {c.entry for c in t.value.choices}
            for line in reversed(reader.lines):
                if line.match and line.match.choices[0].entry in entries:
                    return line
            if of_kind(reader.lexicon, t.value, "sku"):
                return None
    for t in left:
        if t.has("qty"):
            for line in reversed(reader.lines):
                if line.quantity == t.value:
                    return line
    return reader.lines[-1]


def _apply(reader: Reading, line: Line, left: list[Token], right: list[Token]) -> bool:
    goods = [t for t in right if t.has("name") and of_kind(reader.lexicon, t.value, "sku")]
    counts = [t for t in right if t.has("qty")]
    if len(goods) > 1:
        return False
    if goods:
        line.match = goods[0].value
        line.start, line.end = goods[0].start, goods[0].end
        line.specs, line.near = [], []
    if counts:
        line.count(counts[-1].value, counts[-1].start, counts[-1].end)
    dropped = {reader.said(t.start, t.end) for t in left if t.has("adjust", "name")}
    changes = [t for t in right if t.has("adjust") or (t.has("name") and t not in goods)]
    if changes:  # 少冰，不对，是去冰: one word about ice takes the other's place
        ends = {reader.said(t.start, t.end)[-1] for t in changes if t.has("adjust")}
        line.parts = [
            p for p in line.parts if p.text not in dropped and (p.code or p.text[-1] not in ends)
        ]
    for t in right:
        if t in goods or t in counts:
            continue
        if t.has("time"):
            reader.due = (t.value, t.start, t.end)
        elif t.has("size", "spec"):
            line.specs = [reader.said(t.start, t.end)]
        elif t.has("adjust"):
            line.parts.append(Part(reader.said(t.start, t.end), t.start, t.end))
        elif t.has("name"):
            reader.modify(t, line)
        elif t.has("rest"):
            reader.unexplained.append((t.start, t.end))
    return True


def _fewer_or_more(reader: Reading, clause: list[Token]) -> bool:
    """少要一杯拿铁, 多来一杯."""
    at = next((n for n, t in enumerate(clause) if t.has("fewer", "more")), None)
    if at is None or not reader.lines:
        return False
    counts = [t for t in clause[at + 1 :] if t.has("qty")]
    if len(counts) != 1 or counts[0].value.count is None:
        return False
    named = [t for t in clause if t.has("name")]
    if clause[at].has("more") and not named and clause[at].has("add"):
        return False
    line = _target(reader, named)
    if line is None or line.quantity is None or line.quantity.count is None:
        return False
    sign = -1 if clause[at].has("fewer") else 1
    line.changed += sign * counts[0].value.count
    return True


def count_again(reader: Reading, token: Token, before: list[Token], following: list[Token]) -> None:
    """A quantity without goods where all goods have one: more of the last, or some of them."""
    last = reader.lines[-1]
    if any(t.has("settle") for t in before) and count_of(token) is not None:
        last.count(token.value, token.start, token.end)
        return
    changes = [t for t in following if t.has("adjust", "name", "size", "no")]
    count = token.value.count
    if any(t.has("more", "fewer") for t in before[-2:]) and count is not None and not changes:
        last.changed += -count if any(t.has("fewer") for t in before[-2:]) else count
    elif any(t.has("add") for t in before) and count is not None:
        if changes:
            extra = last.copy()
            extra.parts = []
            extra.count(token.value, token.start, token.end)
            reader.lines.append(extra)
        else:
            last.changed += count
    elif not (changes and _split(reader, last, token)):
        reader.lost.append((token.start, token.end))


def settle(reader: Reading, line: Line) -> None:
    """Let goods that are named again with a quantity have that (一份米饭，米饭要两份)."""
    if line.match is None:
        return
    for earlier in reader.lines[:-1]:
        if earlier.match is not None and earlier.match.choices[0] == line.match.choices[0]:
            line.parts = [*earlier.parts, *line.parts]
            reader.lines.remove(earlier)
            return


def count_of(token: Token) -> Fraction | None:
    """Give how many a quantity says, None = about so many."""
    counted: Quantity = token.value
    return counted.count


def _split(reader: Reading, last: Line, token: Token) -> bool:
    """Let some of a line's units be otherwise (两杯拿铁，一杯少冰一杯去冰). What is read next of
    options belongs to the last line.
    """
    whole = last.base or last
    count = token.value.count
    if whole.quantity is None or whole.quantity.count is None or count is None:
        return False
    remaining = whole.quantity.count + whole.changed
    if count > remaining:
        return False
    if count == remaining:
        reader.lines.remove(whole)
        reader.lines.append(whole)
        return True
    part = whole.copy()
    part.base = whole
    part.count(token.value, token.start, token.end)
    whole.changed -= count
    reader.lines.append(part)
    return True
