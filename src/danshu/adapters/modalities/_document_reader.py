"""A document as what it says: labels and their values, lines of goods, and sums that must agree.

Works on layouts that nobody has shown it; a template (see _document_template) adds what is certain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from danshu.adapters.modalities import _document_table as tables
from danshu.adapters.modalities import _document_words as words
from danshu.adapters.modalities._document_page import Sheet, Token, make_lines
from danshu.adapters.modalities._document_table import Goods, Table, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

_WANTED: Final = frozenset(
    {"customer", "number", "due", "address", "receiver", "phone", "total", "capitals", "remark"}
)
_PARTED: Final = re.compile(r"[:：]")
# 单号 FY-1, NO.WC-261122, 合计 ¥9,457.00: a label without a colon, then what can't be part of it
_BARE: Final = re.compile(
    r"^(no\.?|n[oº]\s*[.:]|p\.?o\.?\s*(?:no\.?|#)|[一-鿿]{2,6})\s*([a-z]{0,4}[-\d¥￥].*)$", re.I
)
_NEXT: Final = re.compile(r"\s+(?=[一-鿿A-Za-z.]{2,12}\s*[:：])")
_AGREED: Final = 996
_UNCHECKED: Final = 970
_DIFFERS: Final = 550
_COMPUTED: Final = 850


class Line(Struct, frozen=True, kw_only=True):
    """A line as the document has it: `quantity` None, money -1 where unread."""

    values: Mapping[str, Value]
    quantity: int | None
    unit: str
    price_fen: int
    amount_fen: int
    sure: int  # of the numbers together
    agrees: bool = False  # quantity x price = amount
    computed: bool = False  # its price was covered, and is what its amount comes to


class Paper(Struct, frozen=True, kw_only=True):
    """What a document says. `values` are by what their label means."""

    kind: str  # purchase_order, delivery_note, other_paper, "" = nothing names it
    values: Mapping[str, Value]
    lines: tuple[Line, ...]
    total_fen: int
    total_sure: int
    troubles: tuple[str, ...]
    ruled: bool


def read(
    sheets: Sequence[Sheet],
    roles: Mapping[str, str] | None = None,
    given: Mapping[str, Value] | None = None,
) -> Paper:
    """Read pages as one document. `roles` are headers and `given` values of a template."""
    values: dict[str, Value] = dict(given or {})
    told = tables.told_goods(sheets)
    lines = [_line(goods, "price" in goods.values) for goods in told]
    foot: Value | None = None
    kind, ruled, unpriced = "", False, False
    for sheet in sheets:
        kind = kind or _kind(sheet)
        table = None if told else tables.find_table(sheet, roles or {})
        if table is not None:
            priced = "price" in table.headers
            lines.extend([_line(goods, priced) for goods in table.goods])
            unpriced = unpriced or (priced and lines[-1:] != [] and _lacks_price(lines))
            foot, ruled = table.foot or foot, table.ruled
        for role, value in _labelled(sheet, table).items():
            values.setdefault(role, value)
    total_fen, sure, troubles = _check(values, lines, foot)
    if any(line.quantity is None for line in lines):
        troubles.append("quantity_unread")
    if unpriced:
        troubles.append("price_unread")
    if any(not line.agrees and line.amount_fen >= 0 and line.price_fen >= 0 for line in lines):
        troubles.append("amount_differs")
    return Paper(
        kind=kind, values=values, lines=tuple(lines), total_fen=total_fen, total_sure=sure,
        troubles=tuple(troubles), ruled=ruled,
    )  # fmt: skip


def _kind(sheet: Sheet) -> str:
    """The kind of paper by its largest words near the top."""
    top = [t for t in sheet.tokens if t.kind == "text" and t.y0 < sheet.tall * 0.3]
    for token in sorted(top, key=lambda t: -t.tall)[:4]:
        if kind := words.title_of(token.text):
            return kind
    joined = "".join([t.text for t in sorted(top, key=lambda t: (-t.tall, t.x0))[:4]])
    return words.title_of(joined)


def _lacks_price(lines: Sequence[Line]) -> bool:
    return any(line.price_fen < 0 for line in lines)


def _line(goods: Goods, priced: bool) -> Line:
    values = dict(goods.values)
    sure = [v.sure for r, v in values.items() if r in ("quantity", "price", "amount")]
    count = words.read_count(values["quantity"].text) if "quantity" in values else None
    price, guessed = _money(values.get("price"))
    amount, guessed_too = _money(values.get("amount"))
    quantity = count.units if count else None
    unit = values["unit"].text if "unit" in values else (count.unit if count else "")
    least = min(sure, default=0)
    if (count and count.guessed) or guessed or guessed_too:
        least = min(least, 700)
    computed = priced and price < 0 and amount > 0 and bool(quantity)
    if computed and quantity and amount % quantity == 0:
        price, least = amount // quantity, min(least, _COMPUTED)
    else:
        computed = False
    agrees = quantity is not None and price >= 0 and amount >= 0 and quantity * price == amount
    if agrees and not computed:
        least = max(least, _AGREED)
    elif price >= 0 and amount >= 0 and not computed:
        least = min(least, _DIFFERS)
    else:
        least = min(least, _UNCHECKED)
    return Line(
        values=values, quantity=quantity, unit=unit, price_fen=price, amount_fen=amount,
        sure=least, agrees=agrees, computed=computed,
    )  # fmt: skip


def _money(value: Value | None) -> tuple[int, bool]:
    read = words.read_money(value.text) if value else None
    return read or (-1, False)


def _check(
    values: dict[str, Value], lines: list[Line], foot: Value | None
) -> tuple[int, int, list[str]]:
    """Compare the document's own total, in digits and in capitals, with its lines."""
    troubles: list[str] = []
    total_value = foot or values.get("total")
    said = re.sub(r"^[^\d¥￥]*", "", total_value.text) if total_value else ""
    total, guessed = _money(structs.replace(total_value, text=said)) if total_value else (-1, False)
    if total_value:
        values["total"] = total_value
    sure = 0 if total < 0 or total_value is None else min(total_value.sure, _UNCHECKED)
    amounts = [line.amount_fen for line in lines]
    summed = sum(amounts) if amounts and min(amounts) >= 0 else -1
    capitals = words.read_capitals(values["capitals"].text) if "capitals" in values else None
    if capitals is not None and total >= 0:
        if capitals == total:
            sure = max(sure, _AGREED)
        elif summed == total:
            troubles.append("capitals_differ")
        else:
            troubles.append("total_differs")
    elif capitals is not None and total < 0:
        total, sure = capitals, _UNCHECKED
    if summed >= 0 and total >= 0:
        if summed == total:
            sure = _AGREED
        elif "total_differs" not in troubles:
            troubles.append("total_differs")
            sure = min(sure, _DIFFERS)
    return total, sure if not guessed else min(sure, 700), troubles


def _labelled(sheet: Sheet, table: Table | None) -> dict[str, Value]:
    """Find values by their labels: behind a colon, to the right, or below in a form's cell."""
    used = table.used if table else frozenset()
    free = [t for t in sheet.tokens if id(t) not in used and t.kind == "text"]
    found: dict[str, Value] = {}
    for line in make_lines(free):
        for n, token in enumerate(line):
            for role, value in _in_token(token):
                if value:
                    _keep(found, role, Value(text=value, sure=token.sure, tokens=(token,)))
                elif beside := _beside(token, line[n + 1 :], free):
                    _keep(found, role, beside)
    for token in free:
        if token.path and token.path.count("/") == 1:
            # The service itself says which field it is
            role = {"/due_ms": "due", "/total_fen": "total"}.get(token.path, token.path[1:])
            found[role] = Value(text=token.text, sure=token.sure, tokens=(token,))
    return {role: value for role, value in found.items() if role in _WANTED}


def _keep(found: dict[str, Value], role: str, value: Value) -> None:
    if role == "remark" and role in found:
        return
    found.setdefault(role, value)


def _in_token(token: Token) -> list[tuple[str, str]]:
    """Labels in a token with what stands behind each, "" where nothing does."""
    found = []
    for part in _NEXT.split(token.text):
        label, colon, rest = _split(part)
        role = words.label_of(label)
        if role and (colon or not rest):
            found.append((role, rest))
        elif bare := _BARE.match(part):
            role = words.label_of(bare[1])
            if role and (role != "total" or words.read_money(bare[2]) is not None):
                found.append((role, bare[2].strip()))
    return found


def _split(part: str) -> tuple[str, bool, str]:
    """Part a label from its value at the first colon; NO.: has two marks."""
    at = _PARTED.search(part)
    if at is None:
        return part, False, ""
    return part[: at.start()], True, part[at.end() :].strip(" :：")


def _beside(label: Token, right: Sequence[Token], free: Sequence[Token]) -> Value | None:
    """Give what stands to the right of a label, else below it in a ruled form."""
    for token in right:
        if words.label_of(_split(token.text)[0]) and (
            _split(token.text)[1] or len(token.text) <= 8
        ):
            return None
        if token.x0 - label.x1 < 320:
            return Value(text=token.text, sure=token.sure, tokens=(token,))
        return None
    if label.table < 0:
        return None
    under = [
        t for t in free
        if t.table == label.table and t.column == label.column and t.row == label.row + 1
    ]  # fmt: skip
    return tables.join(under) if under else None
