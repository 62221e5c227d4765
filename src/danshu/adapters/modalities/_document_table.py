"""The lines of goods of a document: a ruled table by its cells, an open one by how words stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.adapters.modalities import _document_words as words
from danshu.adapters.modalities._document_page import Sheet, Token, make_lines
from danshu.kernel.limits import DOCUMENT_LINES

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLES: Final = ("name", "code", "quantity", "unit", "price", "amount", "spec", "no", "remark")
_TOLD: Final = re.compile(r"/lines/(\d{1,3})/([a-z_]+)", re.ASCII)
_LEAVES: Final = {"sku": "code", "title": "name", "price_fen": "price", "amount_fen": "amount"}
_FAR: Final = 3.2  # line steps without goods that end an open table
_FOOT: Final = re.compile("^(合计|总计|共计|小计|金额合计|合计金额|总金额|total|subtotal)")


class Value(Struct, frozen=True, kw_only=True):
    """What stands in a place and how surely it was read."""

    text: str
    sure: int
    tokens: tuple[Token, ...] = ()


class Goods(Struct, frozen=True, kw_only=True):
    """A line of goods by the roles of its columns."""

    values: Mapping[str, Value]


class Table(Struct, frozen=True, kw_only=True):
    """Lines of goods; `headers` what each role's column is called; `foot` its total's value, and
    `used` the tokens that it holds.
    """

    goods: tuple[Goods, ...]
    headers: Mapping[str, Token]
    foot: Value | None
    used: frozenset[int]
    ruled: bool


def join(tokens: Sequence[Token]) -> Value:
    """Read tokens that belong together as one value, line after line."""
    said = ""
    for line in make_lines(tokens):
        for token in line:
            glue = " " if said[-1:].isascii() and said[-1:].isalnum() else ""
            said += (glue if said and token.text[:1].isascii() else "") + token.text
    return Value(text=said, sure=min([t.sure for t in tokens], default=0), tokens=tuple(tokens))


def told_goods(sheets: Sequence[Sheet]) -> list[Goods]:
    """Give the lines that a service itself said (`/lines/0/sku`), by their number."""
    lines: dict[int, dict[str, list[Token]]] = {}
    for token in [t for sheet in sheets for t in sheet.tokens if t.path]:
        if told := _TOLD.fullmatch(token.path):
            role = _LEAVES.get(told[2], told[2])
            lines.setdefault(int(told[1]), {}).setdefault(role, []).append(token)
    return [
        Goods(values={role: join(tokens) for role, tokens in lines[number].items()})
        for number in sorted(lines)
    ]


def find_table(sheet: Sheet, roles: Mapping[str, str]) -> Table | None:
    """Find the lines of goods of a page. `roles` are a template's headers, folded, by what they
    are. None where no line of words is a header.
    """
    best: tuple[int, list[Token]] | None = None
    for line in _rows(sheet):
        found = [_role(t, roles) for t in line]
        named = {r for r in found if r}
        if "quantity" not in named or not named & {"name", "code"}:
            continue
        score = len(named) * 2 - (len(line) - len(named))
        if best is None or score > best[0]:
            best = (score, line)
    if best is None:
        return None
    headers: dict[str, Token] = {}
    for token in best[1]:
        role = _role(token, roles)
        if role and role not in headers:
            headers[role] = token
    ruled = headers["quantity"].table >= 0
    return _read_ruled(sheet, headers) if ruled else _read_open(sheet, headers, best[1])


def _rows(sheet: Sheet) -> list[list[Token]]:
    """Rows of ruled tables, and lines of words outside."""
    rows: dict[tuple[int, int], list[Token]] = {}
    for token in sheet.tokens:
        if token.table >= 0:
            rows.setdefault((token.table, token.row), []).append(token)
    free = [t for t in sheet.tokens if t.table < 0 and t.kind == "text"]
    return [*rows.values(), *make_lines(free)]


def _role(token: Token, roles: Mapping[str, str]) -> str:
    return roles.get(words.fold(token.text), "") or words.header_of(token.text)


def _read_ruled(sheet: Sheet, headers: Mapping[str, Token]) -> Table:
    head = headers["quantity"]
    columns = {t.column: role for role, t in headers.items()}
    rows: dict[int, list[Token]] = {}
    for token in sheet.tokens:
        if token.table == head.table and token.row > head.row:
            rows.setdefault(token.row, []).append(token)
    goods: list[Goods] = []
    foot: Value | None = None
    used = {id(t) for t in sheet.tokens if t.table == head.table and t.row == head.row}
    for _, row in sorted(rows.items()):
        if any(_FOOT.match(words.fold(t.text)) for t in row):
            foot = foot or _foot(row)
            used |= {id(t) for t in row if words.label_of(t.text) != "capitals"}
            continue
        cells: dict[str, list[Token]] = {}
        for token in row:
            if token.column in columns:
                cells.setdefault(columns[token.column], []).append(token)
        values = {role: join(tokens) for role, tokens in cells.items()}
        if _is_goods(values):
            goods.append(Goods(values=values))
            used |= {id(t) for t in row}
    return Table(
        goods=tuple(goods[:DOCUMENT_LINES]), headers=headers, foot=foot, used=frozenset(used),
        ruled=True,
    )  # fmt: skip


def _is_goods(values: Mapping[str, Value]) -> bool:
    """Say whether a row names goods and how many, or goods and money (the count is unread)."""
    named = "name" in values or "code" in values
    counted = "quantity" in values and words.read_count(values["quantity"].text) is not None
    return named and (counted or "amount" in values or "price" in values)


def _foot(row: Sequence[Token]) -> Value | None:
    """Give the last amount of a row of totals."""
    for token in reversed(sorted(row, key=lambda t: t.x0)):
        said = re.sub(r"^[^\d¥￥]*", "", token.text)
        if said and words.read_money(said) is not None:
            return Value(text=said, sure=token.sure, tokens=(token,))
    return None


def _read_open(sheet: Sheet, headers: Mapping[str, Token], head: list[Token]) -> Table:
    """Read lines below a header that stands in no ruled table."""
    below = max(t.y1 for t in head)
    free = [t for t in sheet.tokens if t.kind == "text" and t.y0 >= below - 4]
    lines = make_lines(free)
    spans = {role: (t.x0, t.x1) for role, t in headers.items()}
    body, foot = _body(lines, spans, below)
    spans = _widen(body, spans)
    goods: list[dict[str, list[Token]]] = []
    for line in body:
        cells: dict[str, list[Token]] = {}
        for token in line:
            for role, part in _allot(token, spans):
                cells.setdefault(role, []).append(part)
        values = {role: join(tokens) for role, tokens in cells.items()}
        if _is_goods(values):
            goods.append(cells)
        elif goods and set(cells) <= {"name", "spec", "code", "remark"}:
            for role, tokens in cells.items():  # a name that goes on in the next line
                goods[-1].setdefault(role, []).extend(tokens)
    used = {id(t) for line in body for t in line} | {id(t) for t in head}
    return Table(
        goods=tuple([Goods(values={r: join(t) for r, t in g.items()}) for g in goods]),
        headers=headers,
        foot=foot,
        used=frozenset(used),
        ruled=False,
    )


def _body(
    lines: list[list[Token]], spans: Mapping[str, tuple[float, float]], below: float
) -> tuple[list[list[Token]], Value | None]:
    """Lines of goods until something else begins: a total, a label, a wide gap."""
    body: list[list[Token]] = []
    last, step = below, 0.0
    for line in lines:
        middle = sum(t.middle for t in line) / len(line)
        first = words.fold(line[0].text)
        if _FOOT.match(first) and len(body):
            return body, _foot(line)
        tall = max(t.tall for t in line)
        if body and middle - last > _FAR * max(step, tall * 1.2):
            break
        labelled = ":" in line[0].text.replace("：", ":") and words.label_of(
            line[0].text.replace("：", ":").partition(":")[0]
        )
        if labelled:
            break
        if body:
            step = step or middle - last
        body.append(line)
        last = middle
        if len(body) > 2 * DOCUMENT_LINES:
            break
    return body, None


def _widen(
    body: Sequence[Sequence[Token]], spans: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Widen columns by the words that stand under one header alone."""
    wide = dict(spans)
    for line in body:
        for token in line:
            under = [r for r, (a, b) in spans.items() if token.x0 < b and token.x1 > a]
            if len(under) == 1:
                a, b = wide[under[0]]
                wide[under[0]] = (min(a, token.x0), max(b, token.x1))
    return wide


def _allot(token: Token, spans: Mapping[str, tuple[float, float]]) -> list[tuple[str, Token]]:
    """Give a token to its column; one that runs across several is parted at its spaces."""
    under = [r for r, (a, b) in spans.items() if min(token.x1, b) - max(token.x0, a) > 4]
    under.sort(key=lambda r: spans[r][0])
    parts = token.text.split()
    if len(under) > 1 and len(parts) == len(under):
        return [(role, _part(token, text)) for role, text in zip(under, parts, strict=True)]
    if not under:
        middle = (token.x0 + token.x1) / 2
        under = [min(spans, key=lambda r: abs(sum(spans[r]) / 2 - middle))]
    best = max(under, key=lambda r: min(token.x1, spans[r][1]) - max(token.x0, spans[r][0]))
    return [(best, token)]


def _part(token: Token, text: str) -> Token:
    import msgspec

    return msgspec.structs.replace(token, text=text)
