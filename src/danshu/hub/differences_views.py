"""What is shown of differences: counts by class and age, lists, one with both sides."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.settlement.differences import CLASSES
from danshu.hub import marks
from danshu.hub.differences import NO_DIFFERENCE
from danshu.hub.marks import Colleague
from danshu.hub.reconcile_join import RULES
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import DIFFERENCE_LINES
from danshu.ports.bill import KINDS

Connection = psycopg.AsyncConnection[Any]
AGES: Final = ("day", "week", "month", "older")
"""How long ago: up to a day, a week, a month (31 days), or longer."""
_AGE: Final = """case when d.at > now() - interval '1 day' then 0
when d.at > now() - interval '7 days' then 1 when d.at > now() - interval '31 days' then 2
else 3 end
"""
_COUNTS: Final = f"""
select d.class, {_AGE}, count(*), sum(abs(d.actual-d.expected))::bigint, count(*) filter (where
d.state='proposed'), count(*) filter (where d.owner='') from differences d
where d.tenant=%s and d.state in ('open','proposed') group by 1, 2 order by 1, 2
"""
_COLUMNS: Final = (
    "d.id,d.class,d.book,d.key,d.oid,d.number,d.expected,d.actual,d.rule,d.at,d.found,d.state,"
    "d.owner,d.reason,d.note,d.asked,d.second,d.lines,d.run"
)
_LIST: Final = f"""
select {_COLUMNS} from differences d where d.tenant=%(tenant)s and d.state=any(%(states)s)
and (%(class)s::int2 is null or d.class=%(class)s) and (%(book)s='' or d.book=%(book)s)
and (%(owner)s='' or d.owner=case %(owner)s when '-' then '' else %(owner)s end)
and (%(age)s::int is null or {_AGE}=%(age)s)
and (%(number)s='' or d.number=%(number)s or d.key=%(number)s)
and (d.at, d.id) > (%(at)s, %(id)s) order by d.at, d.id limit %(limit)s
"""
_READ: Final = f"select {_COLUMNS} from differences d where d.tenant=%s and d.id=%s"
_LINES: Final = f"""
select l.no, l.book, l.kind, l.amount, l.at, l.number, l.waybill, l.flow, l.word, l.weight_g,
l.zone, l.note, l.raw, l.row, f.id, f.name, f.header, m.rule from bill_lines l
join bill_files f on f.tenant=l.tenant and f.id=l.file
left join bill_matches m on m.tenant=l.tenant and m.line=l.no
where l.tenant=%(tenant)s and (l.no = any(%(nos)s) or (%(number)s <> '' and l.number=%(number)s
and l.channel=%(book)s) or (%(waybill)s <> '' and l.waybill=%(waybill)s))
order by l.at, l.no limit {DIFFERENCE_LINES}
"""
_ORDER: Final = """
select id, number, channel, shop, total, paid, refunded, compensated, placed, paid_at, refunded_at,
shipped_at, cancelled, subsidy from order_money where tenant=%s and id=%s
"""
_PARCELS: Final = """
select w.waybill, w.carrier, w.wh, coalesce(r.name, w.region), w.weight_g, w.shipped_at
from order_waybills w left join regions r on r.tenant=w.tenant and r.code=w.region
where w.tenant=%s and w.id=%s order by w.waybill limit 50
"""
_decode_cells = msgspec.json.Decoder(tuple[str, ...]).decode
_FIRST: Final = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)


class DifferenceCount(Struct, frozen=True, kw_only=True):
    """Differences of a class and an age that wait: how many, 分 that differ, how many wait for a
    second person, how many are nobody's.
    """

    class_: str = msgspec.field(name="class")
    age: str
    count: int
    amount_fen: int
    proposed: int
    unowned: int


class BillDifference(Struct, frozen=True, kw_only=True):
    """A difference. `key` names it in its class and book: an order's number, a waybill, a line.

    Amounts in 分; `actual_fen` is the bill's, what the merchant has more by it.
    """

    id: uuid.UUID
    class_: str = msgspec.field(name="class")
    book: str
    key: str
    order: uuid.UUID | None
    number: str
    expected_fen: int
    actual_fen: int
    rule: str
    at: str
    found: str
    state: str
    owner: Colleague | None
    reason: str
    note: str
    asked: Colleague | None
    second: Colleague | None
    run: uuid.UUID


class BillRawLine(Struct, frozen=True, kw_only=True):
    """A line of a bill, with the row as it came: the names of the columns and its cells. `rule` is
    what explains it, "" while nothing does.
    """

    no: int
    book: str
    kind: str
    amount_fen: int
    at: str
    number: str
    waybill: str
    flow: str
    word: str
    weight_g: int
    zone: str
    note: str
    row: int
    file: uuid.UUID
    file_name: str
    header: tuple[str, ...]
    cells: tuple[str, ...]
    rule: str


class OrderMoney(Struct, frozen=True, kw_only=True):
    """What the order's facts say of its money; 分, RFC 3339, "" where nothing happened.
    `subsidy_fen`: what the platform bears of the discount, 0 where it does not say.
    """

    id: uuid.UUID
    number: str
    channel: str
    shop: str
    total_fen: int
    paid_fen: int
    refunded_fen: int
    compensated_fen: int
    subsidy_fen: int
    placed: str
    paid_at: str
    refunded_at: str
    shipped_at: str
    cancelled: bool


class CarriedParcel(Struct, frozen=True, kw_only=True):
    """A parcel of the order: what it should weigh, where it goes."""

    waybill: str
    carrier: str
    warehouse: str
    place: str
    weight_g: int
    shipped_at: str


class DifferenceShown(Struct, frozen=True, kw_only=True):
    """A difference with both sides: the order's money and parcels, the bill's raw rows."""

    difference: BillDifference
    order: OrderMoney | None
    parcels: tuple[CarriedParcel, ...]
    lines: tuple[BillRawLine, ...]


class Question(Struct, frozen=True, kw_only=True):
    """Which differences are listed; "" is any. `owner` "-" is nobody's."""

    states: tuple[str, ...] = ("open", "proposed")
    class_: str = ""
    age: str = ""
    book: str = ""
    owner: str = ""
    number: str = ""


async def count(connection: Connection, tenant: int) -> list[DifferenceCount]:
    """Count what waits, by class and age, exactly."""
    rows = await (await connection.execute(_COUNTS, (tenant,))).fetchall()
    return [
        DifferenceCount(
            class_=CLASSES[no - 1],
            age=AGES[age],
            count=n,
            amount_fen=amount,
            proposed=proposed,
            unowned=unowned,
        )
        for no, age, n, amount, proposed, unowned in rows
    ]


async def list_differences(
    connection: Connection, tenant: int, asked: Question, after: tuple[str, str] | None, limit: int
) -> list[BillDifference]:
    """List differences, the oldest first; `after` is (at, id) of the last one seen."""
    at, id_ = after or (_FIRST.isoformat(), str(uuid.UUID(int=0)))
    values = {
        "tenant": tenant,
        "states": list(asked.states),
        "class": CLASSES.index(asked.class_) + 1 if asked.class_ else None,
        "age": AGES.index(asked.age) if asked.age else None,
        "book": asked.book,
        "owner": asked.owner,
        "number": asked.number,
        "at": datetime.datetime.fromisoformat(at),
        "id": uuid.UUID(id_),
        "limit": limit,
    }
    rows = await (await connection.execute(_LIST, values)).fetchall()
    return await _show(connection, tenant, rows)


async def read_difference(connection: Connection, tenant: int, id_: uuid.UUID) -> DifferenceShown:
    """Read a difference with both sides. Raises InputError `no_difference`."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise NO_DIFFERENCE
    (shown,) = await _show(connection, tenant, [row])
    is_freight = shown.class_.startswith("freight") or not (shown.number or row[17] is None)
    asked = {
        "tenant": tenant,
        "nos": list(row[17]),
        "number": shown.number,
        "book": shown.book,
        "waybill": shown.key if is_freight and not shown.key.startswith("line/") else "",
    }
    lines = await (await connection.execute(_LINES, asked)).fetchall()
    ours, parcels = None, []
    if shown.order is not None:
        found = await (await connection.execute(_ORDER, (tenant, shown.order))).fetchone()
        ours = _ours(found) if found else None
        parcels = await (await connection.execute(_PARCELS, (tenant, shown.order))).fetchall()
    return DifferenceShown(
        difference=shown,
        order=ours,
        parcels=tuple(
            CarriedParcel(
                waybill=p[0],
                carrier=p[1],
                warehouse=p[2],
                place=p[3],
                weight_g=p[4],
                shipped_at=text(p[5]),
            )
            for p in parcels
        ),
        lines=tuple(_line(line) for line in lines),
    )


async def _show(
    connection: Connection, tenant: int, rows: list[tuple[Any, ...]]
) -> list[BillDifference]:
    subjects = sorted({who for row in rows for who in (row[12], row[15], row[16]) if who})
    people = await marks.colleagues(connection, tenant, subjects)

    def named(subject: str) -> Colleague | None:
        if not subject:
            return None
        nobody = Colleague(person=subject, number=subject, name="", role="")
        return people.get(subject, nobody)

    return [
        BillDifference(
            id=row[0],
            class_=CLASSES[row[1] - 1],
            book=row[2],
            key=row[3],
            order=row[4],
            number=row[5],
            expected_fen=row[6],
            actual_fen=row[7],
            rule=row[8],
            at=text(row[9]),
            found=text(row[10]),
            state=row[11],
            owner=named(row[12]),
            reason=row[13],
            note=row[14],
            asked=named(row[15]),
            second=named(row[16]),
            run=row[18],
        )
        for row in rows
    ]


def _line(row: tuple[Any, ...]) -> BillRawLine:
    return BillRawLine(
        no=row[0],
        book=row[1],
        kind=KINDS[row[2] - 1],
        amount_fen=row[3],
        at=text(row[4]),
        number=row[5],
        waybill=row[6],
        flow=row[7],
        word=row[8],
        weight_g=row[9],
        zone=row[10],
        note=row[11],
        row=row[13],
        file=row[14],
        file_name=row[15],
        header=_decode_cells(bytes(row[16])) if row[16] else (),
        cells=_decode_cells(bytes(row[12])),
        rule=RULES[row[17] - 1] if row[17] else "",
    )


def _ours(row: tuple[Any, ...]) -> OrderMoney:
    return OrderMoney(
        id=row[0],
        number=row[1],
        channel=row[2],
        shop=row[3],
        total_fen=row[4],
        paid_fen=row[5],
        refunded_fen=row[6],
        compensated_fen=row[7],
        subsidy_fen=row[13],
        placed=text(row[8]),
        paid_at=text(row[9]),
        refunded_at=text(row[10]),
        shipped_at=text(row[11]),
        cancelled=row[12],
    )


def text(at: datetime.datetime | None) -> str:
    """Write an instant; "" for none."""
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
