"""Open orders and how likely their promises are to be broken: rows that are written as a whole."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract import definitions, remedies
from danshu.capabilities.contract.actions import promising, reading
from danshu.capabilities.learning.model import Push
from danshu.hub.order_rows import Document
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.limits import LEARNING_OPEN
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.contract.actions.model import Amount

Connection = Any
NOT_ASKED: Final = InputError("no_risk", "nothing was told of this order: it is not open")
_OPEN: Final = """
select t.id, t.code, t.version, (extract(epoch from t.due)*1000)::int8, t.carrier, o.total,
o.region, coalesce(w.code,''), o.doc from ticking t
join orders o on o.tenant=t.tenant and o.id=t.id
left join warehouses w on w.tenant=o.tenant and w.no=o.wh
where t.tenant=%s order by t.due, t.id, t.code limit %s
"""
_CLAUSES: Final = """
select d.code, d.version, d.body, d.digest, a.body from definitions d
left join actions a on a.tenant=d.tenant and a.code=d.code and a.version=d.version
where d.tenant=%s
"""
_CLEAR: Final = "delete from learning_risks where tenant=%s"
_PUT: Final = """
insert into learning_risks(tenant,id,number,promise,warehouse,carrier,region,stage,due,chance,
expected,earliest,latest,amount,owed,why,lines,model,asked)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s::jsonb,%s,%s)
"""
_ASKED: Final = """
insert into learning_asked(tenant,asked) values (%s,%s)
on conflict (tenant) do update set asked=excluded.asked, trouble=''
"""
_MS: Final = "(extract(epoch from {0})*1000)::int8"
_COLUMNS: Final = ",".join(
    [
        "r.id,r.number,r.promise,r.warehouse,r.carrier,r.region,r.stage",
        *(_MS.format(f"r.{name}") for name in ("due", "expected", "earliest", "latest", "asked")),
        "r.chance,r.amount,r.owed,r.why::text,r.lines::text,r.model",
    ]
)
_LIST: Final = f"""
select {_COLUMNS} from learning_risks r where r.tenant=%s and (r.chance, r.id) < (%s, %s)
and (%s = '' or r.warehouse = %s) order by r.chance desc, r.id desc limit %s
"""
_ONE: Final = f"select {_COLUMNS} from learning_risks r where r.tenant=%s and r.id=%s"
_STANDING: Final = f"""
select {_MS.format("asked")}, (select count(*) from learning_risks r where r.tenant=a.tenant),
(select count(*) from learning_risks r where r.tenant=a.tenant and r.chance >= 500), trouble
from learning_asked a where a.tenant=%s
"""


class OpenPromise(Struct, frozen=True, kw_only=True):
    """A promise whose clock runs, with what of its order is needed."""

    order: uuid.UUID
    code: str
    due_ms: int
    carrier: str
    warehouse: str
    region: str
    total: int
    number: str
    owed_fen: int


class LineRisk(Struct, frozen=True, kw_only=True):
    """How likely a line is to come back, thousandths."""

    line: int
    sku: str
    chance: int


class Risk(Struct, frozen=True, kw_only=True):
    """What is told of an open order: the likeliest of its promises to be broken. Times epoch ms;
    it comes between `earliest` and `latest` eight times in ten.
    """

    id: uuid.UUID
    number: str
    promise: str
    warehouse: str
    carrier: str
    region: str
    stage: str
    due_ms: int
    expected_ms: int
    earliest_ms: int
    latest_ms: int
    asked_ms: int
    chance: int
    amount: int
    owed: int
    why: tuple[Push, ...]
    lines: tuple[LineRisk, ...]
    model: uuid.UUID


class RiskStanding(Struct, frozen=True, kw_only=True):
    """When orders were last asked about (0 = never), how many are open, how many at risk."""

    asked_ms: int = 0
    orders: int = 0
    at_risk: int = 0
    trouble: str = ""
    """What went wrong at the last look; then `asked_ms` is when that was."""


_document = msgspec.json.Decoder(Document).decode
_why = msgspec.json.Decoder(tuple[Push, ...]).decode
_lines = msgspec.json.Decoder(tuple[LineRisk, ...]).decode


async def read_open(connection: Connection, tenant: int) -> list[OpenPromise]:
    """Read the promises whose clocks run, those due first."""
    owed = await _read_amounts(connection, tenant)
    rows = await (await connection.execute(_OPEN, (tenant, LEARNING_OPEN))).fetchall()
    found = []
    for id_, code, version, due_ms, carrier, total, region, warehouse, doc in rows:
        amount = owed.get((code, version))
        found.append(
            OpenPromise(
                order=id_,
                code=code,
                due_ms=due_ms,
                carrier=carrier,
                warehouse=warehouse,
                region=region,
                total=total,
                number=_document(bytes(doc)).number,
                owed_fen=remedies.reckon(amount, total) if amount else 0,
            )
        )
    return found


async def _read_amounts(connection: Connection, tenant: int) -> dict[tuple[str, int], Amount]:
    """Read what the first step that pays of each promise's breach chain says."""
    found = {}
    for code, version, body, digest, action in await (
        await connection.execute(_CLAUSES, (tenant,))
    ).fetchall():
        try:
            chain = remedies.derive(definitions.read(bytes(body)).definition)
            if action is not None:
                read = reading.read(bytes(action))
                carried = promising.promise(read)
                said = definitions.encode(carried) if carried else b""
                if hashlib.sha256(said).digest() == bytes(digest):
                    chain = read.breach
        except DanshuError:
            continue  # one that can't be read any more costs nothing that could be told
        paid = next(
            (step.amount for step in chain if step.do == "compensate" and step.amount), None
        )
        if paid is not None:
            found[code, version] = paid
    return found


async def write_all(
    connection: Connection, tenant: int, risks: Iterable[Risk], now_ms: int
) -> None:
    """Write what is told of all open orders, in place of what was told before."""
    rows = [
        (
            tenant, r.id, r.number, r.promise, r.warehouse, r.carrier, r.region, r.stage,
            _at(r.due_ms), r.chance, _at(r.expected_ms), _at(r.earliest_ms), _at(r.latest_ms),
            r.amount, r.owed, msgspec.json.encode(r.why).decode(),
            msgspec.json.encode(r.lines).decode(), r.model, _at(now_ms),
        )
        for r in risks
    ]  # fmt: skip
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(_CLEAR, (tenant,))
        if rows:
            await cursor.executemany(_PUT, rows)
        await cursor.execute(_ASKED, (tenant, _at(now_ms)))


def _at(at_ms: int) -> Any:
    return write.instant(at_ms * 1000)


def _read(row: Any) -> Risk:
    (
        id_, number, promise, warehouse, carrier, region, stage, due, expected, earliest, latest,
        asked, chance, amount, owed, why, lines, model,
    ) = row  # fmt: skip
    return Risk(
        id=id_, number=number, promise=promise, warehouse=warehouse, carrier=carrier,
        region=region, stage=stage, due_ms=due, expected_ms=expected, earliest_ms=earliest,
        latest_ms=latest, asked_ms=asked, chance=chance, amount=amount, owed=owed, why=_why(why),
        lines=_lines(lines), model=model,
    )  # fmt: skip


async def list_risks(
    connection: Connection, tenant: int, before: tuple[int, uuid.UUID], warehouse: str, limit: int
) -> Sequence[Risk]:
    """List open orders, the likeliest to break a promise first, behind a chance and an id."""
    told = (tenant, *before, warehouse, warehouse, limit)
    return [_read(row) for row in await (await connection.execute(_LIST, told)).fetchall()]


async def read_risk(connection: Connection, tenant: int, order: uuid.UUID) -> Risk:
    """Read what is told of an order. Raises InputError `no_risk`."""
    row = await (await connection.execute(_ONE, (tenant, order))).fetchone()
    if row is None:
        raise NOT_ASKED
    return _read(row)


async def standing(connection: Connection, tenant: int) -> RiskStanding:
    """Tell how many orders are open and at risk, and as of when."""
    row = await (await connection.execute(_STANDING, (tenant,))).fetchone()
    if row is None:
        return RiskStanding()
    return RiskStanding(asked_ms=row[0], orders=row[1], at_risk=row[2], trouble=row[3])
