"""Orders out of rows. Every row ends in exactly one draft or reject."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from danshu.adapters.channels._drafting import check_draft, distinct
from danshu.adapters.channels._fields import refuse_input
from danshu.adapters.channels._table_read import UNREADABLE, Row, TableRows, as_rows, group_key
from danshu.adapters.channels._table_row import Reading, RowReader
from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.ports.channel import Draft, DraftKind, Receiver
from danshu.ports.table import TableDraft, TableMapping, TableReject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RECEIVER = (
    *("name", "phone", "country", "province", "city", "district", "street", "detail"),
    "postcode",
)
_SAME = (*_RECEIVER, "buyer", "postage", "status", "shop", "of_number")  # one value an order


def assemble(
    rows: Iterable[tuple[int, Row]], mapping: TableMapping, from_order: int = 0
) -> Iterator[TableDraft | TableReject]:
    """Make orders of rows; see ports.table.TableChannel.assemble.

    Two passes: the first counts the rows of each order (memory: its numbers, at most
    TABLE_ORDERS), the second keeps the rows of orders whose last row has not come yet (at most
    TABLE_OPEN_ROWS: sort a larger file).
    """
    again = as_rows(rows)
    waiting = _count_rows(again, mapping)
    reader = RowReader(mapping)
    open_rows: dict[str, list[tuple[int, Row]]] = {}
    held = 0
    order = 0
    for number, row in again:
        key = group_key(row, mapping)
        if not key:
            if order >= from_order:
                yield _reject_keyless(order, number, row)
            order += 1
            continue
        open_rows.setdefault(key, []).append((number, row))
        held += 1
        waiting[key] -= 1
        if waiting[key] == 0:
            gathered = open_rows.pop(key)
            held -= len(gathered)
            del waiting[key]
            if order >= from_order:
                yield from _make_order(order, key, gathered, reader)
            order += 1
        elif held > limits.TABLE_OPEN_ROWS:
            refuse_input(
                "too_scattered", "the rows of orders lie too far apart: sort the file by number", ""
            )


def _count_rows(rows: Iterable[tuple[int, Row]], mapping: TableMapping) -> Counter[str]:
    counts: Counter[str] = Counter()
    for _, row in rows.keys() if isinstance(rows, TableRows) else rows:
        key = group_key(row, mapping)
        if key:
            counts[key] += 1
            if len(counts) > limits.TABLE_ORDERS:
                refuse_input("too_large", f"more than {limits.TABLE_ORDERS} orders: split it", "")
    return counts


def _reject_keyless(order: int, number: int, row: Row) -> TableReject:
    reason = str(row.get(UNREADABLE, "the row has no order number"))
    code = "unreadable" if UNREADABLE in row else "number_missing"
    return TableReject(order=order, number="", rows=(number,), code=code, reason=reason)


def _make_order(
    order: int, number: str, rows: list[tuple[int, Row]], reader: RowReader
) -> Iterator[TableDraft | TableReject]:
    """Give the drafts of one order, then its rejected rows, those of one reason together."""
    mapping = reader.mapping
    readings = [reader.read(row_number, row) for row_number, row in rows]
    spoilt = next((reading for reading in readings if reading.whole_order), None)
    if spoilt is not None:
        _reject_rest(readings, "order_incomplete", f"row {spoilt.row}: {spoilt.reason}")
    kept = [reading for reading in readings if not reading.code]
    lines = [reading for reading in kept if reading.line is not None]
    if kept and not lines:
        _reject_rest(readings, "no_goods", "nothing but postage in the order")
    elif len(lines) > limits.ORDER_LINES and mapping.long_orders == "reject":
        _reject_rest(readings, "too_long", f"more than {limits.ORDER_LINES} lines")
    elif kept:
        try:
            drafts = list(_draft(number, kept, lines, reader))
        except InputError as error:
            _reject_rest(readings, error.code, error.detail)
        else:
            for members, draft in drafts:
                yield TableDraft(order=order, rows=members, draft=draft)
    reasons: dict[tuple[str, str], list[int]] = {}
    for reading in readings:
        if reading.code:
            reasons.setdefault((reading.code, reading.reason), []).append(reading.row)
    for (code, reason), left_out in reasons.items():
        yield TableReject(
            order=order, number=number, rows=tuple(left_out), code=code, reason=reason
        )


def _reject_rest(readings: list[Reading], code: str, reason: str) -> None:
    for reading in readings:
        if not reading.code:
            reading.code, reading.reason = code, reason


def _draft(
    number: str, kept: list[Reading], lines: list[Reading], reader: RowReader
) -> Iterator[tuple[tuple[int, ...], Draft]]:
    """Give the order, in parts of at most ORDER_LINES lines (number, number#2, …)."""
    texts = _common_texts(kept)
    extra = [reading for reading in kept if reading.line is None]
    for start in range(0, len(lines), limits.ORDER_LINES):
        part = lines[start : start + limits.ORDER_LINES]
        index = start // limits.ORDER_LINES
        members = part if index else sorted(part + extra, key=lambda reading: reading.row)
        name = f"{number}#{index + 1}" if index else number
        draft = _make_draft(name, texts, members, reader, first=index == 0)
        yield tuple(reading.row for reading in members), draft


def _common_texts(kept: list[Reading]) -> dict[str, str]:
    """The first value of each field of the order; who receives must not differ between rows."""
    texts: dict[str, str] = {}
    if len({reading.kind for reading in kept}) > 1:
        raise InputError("rows_disagree", "some rows of the order are returns, others are not")
    for reading in kept:
        for name, text in reading.texts.items():
            known = texts.setdefault(name, text) or text
            if text and known != text and name in _SAME:
                raise InputError("rows_disagree", f"rows of one order differ in {name}")
            texts[name] = known
    return texts


def _make_draft(
    number: str,
    texts: dict[str, str],
    members: list[Reading],
    reader: RowReader,
    first: bool,
) -> Draft:
    """Make the draft of these rows. Raises InputError."""
    mapping = reader.mapping
    say = {**mapping.constants, **{name: text for name, text in texts.items() if text}}
    held = [reading for reading in members if reading.line is not None]
    lines = [reading.line for reading in held if reading.line is not None]
    if len({line.line for line in lines}) != len(lines):
        names = distinct([line.line for line in lines])
        lines = [
            msgspec.structs.replace(line, line=name)
            for line, name in zip(lines, names, strict=True)
        ]
    postage = sum(reading.postage for reading in members)
    postage += reader.amount("postage", texts, mapping.currency) if first else 0
    goods = sum(line.price * line.quantity for line in lines)
    discount = sum(reading.discount for reading in held)
    total = goods - discount + postage
    created_ms = min(reading.created_ms for reading in members)
    kind = members[0].kind
    paid = total if mapping.paid == "full" and kind is not DraftKind.CANCEL else 0
    draft = Draft(
        kind=kind,
        channel="table",
        shop=say.get("shop", "") or mapping.shop,
        number=number,
        status=say.get("status", "") or kind.value,
        currency=mapping.currency,
        lines=tuple(lines),
        goods=goods,
        discount=discount,
        postage=postage,
        total=total,
        paid=paid,
        created_ms=created_ms,
        paid_ms=(reader.time("paid_at", texts) or created_ms) if paid else 0,
        ship_by_ms=reader.time("ship_by", texts),
        receiver=msgspec.convert({name: say[name] for name in _RECEIVER if name in say}, Receiver),
        buyer=say.get("buyer", ""),
        buyer_note=say.get("buyer_note", ""),
        seller_note=say.get("seller_note", ""),
        flag=say.get("flag", ""),
        hold=say.get("hold", ""),
        of_number=say.get("of_number", "") or (number if kind is DraftKind.CANCEL else ""),
    )
    return check_draft(draft, "")
