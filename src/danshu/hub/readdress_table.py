"""A table of new addresses: read as sheets are, each row matched to its order by number.

Nothing of the file is kept; the addresses of rows that can be taken are (`readdress_rows`).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import readdress_rows, search, sheet_cells, sheet_columns, sheet_files, sheet_kinds
from danshu.hub.master_rows import NewReceiver
from danshu.hub.sheet_cells import Wrong
from danshu.kernel.errors import InputError
from danshu.kernel.limits import READDRESS_ORDERS
from danshu.ledger import write
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.sheet_columns import Columns
    from danshu.hub.sheet_kinds import Kind

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "receivers"
_FIND: Final = """
select o.id, d.doc->>'number', d.doc->>'channel'
from (select distinct id from order_search where tenant=%(tenant)s and terms && %(terms)s) s
join orders o on o.tenant=%(tenant)s and o.id=s.id
cross join lateral (select convert_from(o.doc,'UTF8')::jsonb as doc) d
"""
_PARTS: Final = ("name", "phone", "province", "city", "district", "street", "detail")


class AddressRow(Struct, frozen=True, kw_only=True):
    """A row: its number in the file, the order's number, the order; or why it is left out."""

    row: int
    number: str
    order: uuid.UUID | None = None
    code: str = ""
    reason: str = ""
    reason_en: str = ""


class AddressTable(Struct, frozen=True, kw_only=True):
    """A table as it was read: which column was taken for what, its rows, the batch of those that
    can be taken; None where there are none.
    """

    batch: uuid.UUID | None
    columns: dict[str, str]
    rows: tuple[AddressRow, ...]
    taken: int


class _Said(Struct, frozen=True, kw_only=True):
    """A row as it stands in the file."""

    row: int
    number: str = ""
    channel: str = ""
    to: Receiver | None = None
    wrong: Wrong | None = None


async def take(connection: Connection, tenant: int, body: bytes, now_ms: int) -> AddressTable:
    """Read a table and keep its addresses by order.

    Raises InputError for what is no table, has no column of numbers or addresses, or is too long.
    """
    kind = sheet_kinds.words().tables[KIND]
    columns, names, said = _read(kind, body)
    found = await _find(connection, tenant, {s.number for s in said if s.number})
    rows: list[AddressRow] = []
    to: dict[uuid.UUID, Receiver] = {}
    for one in said:
        wrong, order = one.wrong, None
        if wrong is None:
            order, wrong = _match(found, one)
        if order is not None and order in to:
            order, wrong = None, Wrong(field="order", reason="twice", detail=one.number)
        if order is not None and one.to is not None:
            to[order] = one.to
        rows.append(_tell(kind, one, order, wrong))
    batch = await readdress_rows.put(connection, tenant, to, now_ms) if to else None
    told = {name: names[source.at] for name, source in columns.items()}
    return AddressTable(batch=batch, columns=told, rows=tuple(rows), taken=len(to))


def _read(kind: Kind, body: bytes) -> tuple[Columns, tuple[str, ...], list[_Said]]:
    outline = sheet_files.outline(body)
    first = outline.first
    row = sheet_columns.find_header_row(kind, first)
    form = msgspec.structs.replace(outline.form, header_row=row)
    names = sheet_files.header(first, row)
    columns = sheet_columns.propose(kind, names, first[row:])
    if "order" not in columns or "detail" not in columns:
        raise InputError("bad_columns", "name the columns 订单号 and 详细地址", "/1")
    said: list[_Said] = []
    for line, cells in sheet_files.rows(body, form):
        if len(said) >= READDRESS_ORDERS:
            raise InputError("too_large", f"at most {READDRESS_ORDERS} rows a table")
        given = sheet_cells.read_row(kind, columns, cells, {})
        if isinstance(given, Wrong):
            said.append(_Said(row=line, wrong=given))
            continue
        made = sheet_cells.convert(kind, given)
        if isinstance(made, Wrong):
            said.append(_Said(row=line, number=str(given["order"]), wrong=made))
        elif isinstance(made, NewReceiver):
            said.append(_Said(row=line, number=made.order, channel=made.channel, to=_to(made)))
    if not said:
        raise InputError("empty_body", "the file holds no rows below the names")
    return columns, names, said


def _to(row: NewReceiver) -> Receiver:
    """Give the receiver of a row; a region in one cell stands before the address, as it is read."""
    parts = {name: getattr(row, name) for name in _PARTS}
    if row.region and not row.province:
        region = "".join(row.region.split())
        parts["detail"] = row.detail if row.detail.startswith(region) else region + row.detail
    return Receiver(**parts)


async def _find(
    connection: Connection, tenant: int, numbers: set[str]
) -> dict[str, list[tuple[uuid.UUID, str]]]:
    """Find the orders of numbers, with their channels."""
    salt = await search.read_salt(connection, tenant)
    terms = [token.whole[0] for n in numbers for token in search.ask(salt, n) if token.whole]
    asked = {"tenant": tenant, "terms": write.int8s(terms)}
    found: dict[str, list[tuple[uuid.UUID, str]]] = {}
    for id_, number, channel in await (
        await connection.execute(_FIND, asked, binary=True)
    ).fetchall():
        if number in numbers:
            found.setdefault(number, []).append((id_, channel))
    return found


def _match(
    found: Mapping[str, Sequence[tuple[uuid.UUID, str]]], said: _Said
) -> tuple[uuid.UUID | None, Wrong | None]:
    known = found.get(said.number, ())
    mine = [id_ for id_, channel in known if said.channel in ("", channel)]
    if len(mine) == 1:
        return mine[0], None
    reason = "ambiguous" if mine else "unknown"
    return None, Wrong(field="order", reason=reason, value=said.number)


def _tell(kind: Kind, said: _Said, order: uuid.UUID | None, wrong: Wrong | None) -> AddressRow:
    if wrong is None:
        return AddressRow(row=said.row, number=said.number, order=order)
    field = kind.field(wrong.field) if wrong.field else None
    zh, en = (field.zh, field.en) if field else ("", "")
    value = wrong.value if wrong.field == "order" else ""  # nothing personal leaves by a reason
    return AddressRow(
        row=said.row,
        number=said.number,
        code=wrong.reason,
        reason=sheet_kinds.explain(wrong.reason, zh, value, wrong.detail),
        reason_en=sheet_kinds.explain(wrong.reason, en, value, wrong.detail, "en"),
    )
