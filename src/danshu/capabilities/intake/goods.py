"""Goods as they are named: by one name or several, a specification, words beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake import naming
from danshu.capabilities.intake.finding import Choice, Match
from danshu.capabilities.intake.lines import UNKNOWN, Line, Part, of_kind
from danshu.kernel.limits import SAID_LINES

if TYPE_CHECKING:
    from danshu.capabilities.intake.state import Reading
    from danshu.capabilities.intake.tokens import Token

_ADDING: Final = ("加", "多加", "换", "加上", "加点", "换成")
_BOTH: Final = 900  # how sure two names make that are both of the same goods


def is_spec(reader: Reading, token: Token, following: list[Token]) -> bool:
    """Tell whether a measure describes goods beside it (500ml) rather than counts them."""
    if not token.has("qty"):
        return True
    spec = naming.spell_spec(reader.said(token.start, token.end))
    entries = reader.lexicon.entries
    beside = [t.value for t in following[:2] if t.has("name")]
    if len(reader.lines) > reader.clause_from and reader.lines[-1].match is not None:
        beside.append(reader.lines[-1].match)
    return any(spec in entries[c.entry].specs for m in beside for c in m.choices)


def keep_spec(reader: Reading, token: Token, before: list[Token], following: list[Token]) -> None:
    """Keep a specification for the goods before it, or for those that follow."""
    said = reader.said(token.start, token.end)
    if (
        before
        and before[-1].has("name", "spec", "size", "rest")
        and len(reader.lines) > reader.clause_from
    ):
        reader.lines[-1].specs.append(said)
    elif goods_follow(reader, following):
        reader.ahead_specs.append(said)
        if len(following) > 1 and following[0].has("and") and following[1].has("spec"):
            reader.ahead_groups.append(reader.ahead_specs)  # 6205和6206轴承
            reader.ahead_specs = []
    elif reader.lines and following and following[0].has("qty") and reader.lines[-1].match:
        # 电池5号两盒7号一盒: the same goods of another kind.
        same = naming.SPEC.sub("", reader.said(reader.lines[-1].start, reader.lines[-1].end))
        reader.ahead_specs, reader.ahead_near = [said], [same]
        begin_line(reader, token, None)
    elif reader.lines:
        reader.lines[-1].specs.append(said)
    else:
        reader.ahead_specs.append(said)


def means_option(reader: Reading, goods: bool, adding: bool) -> bool:
    """Tell whether a word that names both goods and an option means the option (加珍珠)."""
    return not goods or (adding and reader.waiting is None and bool(reader.lines))


def merge_name(reader: Reading, token: Token) -> bool:
    """Let names side by side be one (黄瓜味 乐事薯片) where some goods have both."""
    if len(reader.lines) <= reader.clause_from or reader.waiting is not None:
        return False
    line = reader.lines[-1]
    between = reader.said(line.end, token.start).strip(" 的")
    if line.match is None or (between and between not in line.specs):
        return False
    if line.quantity is not None and line.quantity_at[0] >= line.end:
        return False
    both = {c.entry for c in line.match.choices} & {c.entry for c in token.value.choices}
    if not both:
        return False
    choices = tuple([Choice(e, _BOTH, "part") for e in sorted(both)])
    line.match = Match(line.start, token.end, choices)
    line.end = token.end
    return True


def name_goods(reader: Reading, token: Token) -> None:
    """Begin a line with goods that are named, or join the name to the one beside it."""
    if merge_name(reader, token):
        return
    if len(reader.lines) >= SAID_LINES:
        reader.unexplained.append((token.start, token.end))
        return
    begin_line(reader, token, token.value)


def begin_line(reader: Reading, token: Token, match: Match | None) -> None:
    """Begin a line with all that was said ahead of its goods."""
    for specs in reader.ahead_groups:
        other = Line(token.start, token.end, match)
        other.specs = specs
        reader.lines.append(other)
    reader.ahead_groups = []
    line = Line(token.start, token.end, match)
    line.parts, reader.ahead = reader.ahead, []
    line.specs, reader.ahead_specs = reader.ahead_specs, []
    line.near, reader.ahead_near = reader.ahead_near, []
    if reader.waiting is not None:
        line.count(reader.waiting.value, reader.waiting.start, reader.waiting.end)
        reader.waiting = None
    reader.lines.append(line)


def goods_follow(reader: Reading, following: list[Token]) -> bool:
    """Tell whether goods, known or not, are named before anything else is refused."""
    for t in following:
        if t.has("no"):
            return False
        if t.has("name"):
            return bool(of_kind(reader.lexicon, t.value, "sku"))
        if t.has("rest"):
            return True
    return False


def find_unknown(reader: Reading, before: list[Token], token: Token) -> int | None:
    """Give where words begin that touch a quantity and that nothing explains."""
    start, unknown, at = token.start, None, len(before)
    while at and before[at - 1].end == start and before[at - 1].has("rest", "one", "spec"):
        at -= 1
        start = before[at].start
        unknown = start if before[at].has("rest") else unknown
    if unknown is not None:
        reader.unexplained = [u for u in reader.unexplained if u[0] < start]
        return start
    return None


def keep_beside(reader: Reading, token: Token, before: list[Token], following: list[Token]) -> bool:
    """Keep words that touch goods or their specification: they tell which are meant."""
    words = reader.said(token.start, token.end)
    after = before[-1] if before and before[-1].end == token.start else None
    ahead = following[0] if following and following[0].start == token.end else None
    in_clause = len(reader.lines) > reader.clause_from
    if after is not None and in_clause and describes(reader, after):
        reader.lines[-1].near.append(words)
        return True
    if ahead is not None and ahead.has("name") and describes(reader, ahead):
        reader.ahead_near.append(words)
        return True
    if reader.ahead_specs or (ahead is not None and ahead.has("spec")):
        begin_line(reader, token, None)
        reader.lines[-1].near.append(words)
        return True
    return False


def describes(reader: Reading, token: Token) -> bool:
    """Tell whether a token is a name of goods or their specification."""
    if token.has("name"):
        return bool(of_kind(reader.lexicon, token.value, "sku"))
    return token.has("spec")


def read_rest(reader: Reading, token: Token, before: list[Token], following: list[Token]) -> None:
    """Unknown words: goods that are not known, beside a quantity; else unexplained."""
    words = reader.said(token.start, token.end)
    if before and reader.lines and reader.said(before[-1].start, before[-1].end) in _ADDING:
        modify_line(reader, Part(words, token.start, token.end, UNKNOWN, 0), before, following)
        return
    if following and following[0].has("state") and following[0].start == token.end:
        return
    beside = reader.waiting is not None or (
        bool(following) and following[0].has("qty") and len(words) > 1
    )
    if keep_beside(reader, token, before, following):
        return
    if beside and not (goods_follow(reader, [t for t in following if not t.has("rest")])):
        begin_line(reader, token, None)
    else:
        reader.unexplained.append((token.start, token.end))


def modify_line(reader: Reading, part: Part, before: list[Token], following: list[Token]) -> None:
    """Put an option or remark on its line: the one before, or the one that follows."""
    in_clause = len(reader.lines) > reader.clause_from
    everywhere = any(t.has("all", "each") for t in before)
    if everywhere and reader.lines:
        for line in reader.lines:
            line.parts.append(part)
    elif in_clause or (reader.lines and not goods_follow(reader, following)):
        reader.lines[-1].parts.append(part)
    else:
        reader.ahead.append(part)
