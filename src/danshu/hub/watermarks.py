"""Watermarks 水印追踪码: copies of data that go out are marked for whoever gets them, and traced.

A code follows from a secret in the safe and the copy's number: nothing of it is kept. The database
knows which number went to whom, and how its table was marked.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.watermark.codes import SECRET_BYTES
from danshu.capabilities.watermark.heads import write_mark
from danshu.capabilities.watermark.model import BOUND_MAX as BOUND_MAX
from danshu.capabilities.watermark.model import Z_MIN as Z_MIN
from danshu.capabilities.watermark.model import Copy, Plan, Verdict
from danshu.hub import merchants, watermark_asking, watermark_plans, watermark_tables
from danshu.hub.watermark_child import TraceErrand
from danshu.hub.watermark_facts import WatermarkIssued, WatermarkTraced
from danshu.hub.watermark_tables import Use
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import WATERMARK_COPIES, WATERMARK_PLANS
from danshu.ledger import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from danshu.hub.compose import Hub

Connection = Any
ROBOT: Final = Actor(sub="danshu", role="system", grade="C")
_NAME: Final = "watermark/secret"
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_KNOWN: Final = (
    "select code_no from watermarks where tenant=%s and asset=%s and delivery=%s limit 1"
)
_NEXT: Final = "select coalesce(max(code_no),0)+1 from watermarks where tenant=%s"
_ADD: Final = """
insert into watermarks(tenant,code_no,asset,kind,recipient,department,person,purpose,delivery,plan,
columns) values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s)
"""
_MADE: Final = """
update watermarks set rows=%s, honey=%s, pattern=%s, digest=%s, use=%s::jsonb, plan=%s::jsonb
where tenant=%s and code_no=%s
"""
_COLUMNS: Final = (
    "code_no,asset,kind,recipient,department,person,purpose,delivery,"
    "(extract(epoch from issued)*1000)::int8,columns,rows,honey,digest,use::text"
)
_LIST: Final = f"""
select {_COLUMNS} from watermarks where tenant=%s and code_no < %s and (%s='' or recipient=%s)
order by code_no desc limit %s
"""
_OF: Final = f"select {_COLUMNS} from watermarks where tenant=%s and code_no = any(%s)"
_COPIES: Final = """
select code_no, honey, pattern from (select code_no, honey, pattern from watermarks
where tenant=%s order by code_no desc limit %s) newest order by code_no
"""
_PLANS: Final = """
select plan::text from (select plan, max(code_no) no from watermarks where tenant=%s group by plan)
plans order by no desc limit %s
"""
_EARLIER: Final = 5


class Recipient(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who gets a copy, and what for: a person by their number, with department and name, or a
    partner by their code.
    """

    kind: Literal["person", "partner"]
    code: str
    department: str = ""
    person: str = ""
    purpose: str = ""


class Marked(Struct, frozen=True, kw_only=True):
    """A marked table (pyarrow), the number of its code, rows invented in it, what that changed;
    `head` is put behind the head of a column of a file that people read.
    """

    table: Any
    code_no: int
    honey: int
    digest: str
    use: Use
    head: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """A copy that went out: whose it is, when (RFC 3339), what was marked."""

    code_no: int
    asset: str
    recipient: Recipient
    delivery: str
    issued: str
    columns: tuple[str, ...]
    rows: int
    honey: int
    digest: str
    use: Use | None


class Named(Struct, frozen=True, kw_only=True):
    """A copy beside how well it agrees with a file: `z` standard deviations, `bound` the chance
    that anybody innocent comes as far, `honey` of its invented rows found, `honey_bound` the chance
    that real keys look like these.
    """

    delivery: Delivery
    z: float
    bound: float
    honey: int
    honey_bound: float


class MarkedColumn(Struct, frozen=True, kw_only=True):
    """A column of a file that bears a mark, the columns its rows were found by, how sure (z)."""

    column: str
    by: str
    lean: float


class Traced(Struct, frozen=True, kw_only=True):
    """What a file says: whose copies it was made from, the next ones, and what was compared.

    `guilty` is empty for a file without a mark, or with too little of one. `earlier` are the last
    deliveries to those who are named; `heads` those that the columns' heads name, a hint alone.
    """

    guilty: tuple[Named, ...]
    others: tuple[Named, ...]
    earlier: tuple[Delivery, ...]
    heads: tuple[Delivery, ...]
    marked: tuple[MarkedColumn, ...]
    copies: int
    rows: int
    cells: int
    places: int
    digest: str


async def read_secret(connection: Connection, tenant: int) -> bytes:
    """Give the merchant's secret, made once. In the caller's transaction."""
    told = await safe.read(connection, tenant, _NAME)
    if told is None:
        await connection.execute(_LOCK, (tenant,))
        told = await safe.read(connection, tenant, _NAME)
        if told is None:
            told = secrets.token_hex(SECRET_BYTES)
            await safe.put(connection, tenant, _NAME, told)
    return bytes.fromhex(told)


async def mark(
    connection: Connection,
    tenant: int,
    table: Any,
    *,
    asset: str,
    key_columns: Sequence[str],
    tolerant: Sequence[str],
    recipient: Recipient,
    heads: Mapping[str, tuple[str, ...]] | None = None,
    delivery: str = "",
    actor: Actor = ROBOT,
    honey: bool = True,
) -> Marked:
    """Mark a table (pyarrow) for a recipient and say so; a column not `tolerant` stays as it is.

    `heads` are names that columns go by in the file, `delivery` what the copy belongs to (a job, a
    licence). Without a tolerant column only invented rows name the copy. Raises ProgramError.
    """
    async with connection.transaction():
        secret = await read_secret(connection, tenant)
    plan = await asyncio.to_thread(
        watermark_plans.make_plan, secret, table, key_columns, tolerant, heads or {}
    )
    code_no = await give_number(connection, tenant, asset, recipient, delivery, plan)
    made = await asyncio.to_thread(
        watermark_tables.make, secret, code_no, table, plan, with_honey=honey
    )
    told = Given(
        code_no=code_no,
        asset=asset,
        recipient=recipient,
        delivery=delivery,
        plan=plan,
        rows=made.table.num_rows,
        honey=made.honey,
        pattern=made.pattern,
        digest=made.digest,
        use=made.use,
    )
    async with connection.transaction():
        await say_given(connection, tenant, actor, told)
    return Marked(
        table=made.table,
        code_no=code_no,
        honey=made.honey,
        digest=made.digest,
        use=made.use,
        head=write_mark(secret, code_no),
    )


class Given(Struct, frozen=True, kw_only=True):
    """A copy as it was given, see `Delivery`."""

    code_no: int
    asset: str
    recipient: Recipient
    delivery: str
    plan: Plan
    rows: int
    digest: str
    honey: int = 0
    pattern: str = ""
    use: Use | None = None


async def say_given(connection: Connection, tenant: int, actor: Actor, given: Given) -> None:
    """Write down what a copy became, with its fact; in the caller's transaction."""
    use = msgspec.json.encode(given.use).decode() if given.use else "{}"
    plan = watermark_plans.encode_plan(given.plan).decode()
    told = (given.rows, given.honey, given.pattern, given.digest, use, plan)
    await connection.execute(_MADE, (*told, tenant, given.code_no))
    to = given.recipient
    said = WatermarkIssued(
        asset=given.asset,
        code_no=given.code_no,
        columns=tuple([carrier.name for carrier in given.plan.carriers]),
        delivery=given.delivery,
        department=to.department,
        digest=given.digest,
        honey=given.honey,
        kind=to.kind,
        purpose=to.purpose,
        recipient=to.code,
        rows=given.rows,
    )
    await merchants.say(connection, tenant, actor, said)


async def give_number(
    connection: Connection,
    tenant: int,
    asset: str,
    recipient: Recipient,
    delivery: str,
    plan: Plan,
) -> int:
    """Give a copy the next number, before it is marked: a number never means two copies. A
    `delivery` that is made anew keeps its number.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        if delivery:
            known = await connection.execute(_KNOWN, (tenant, asset, delivery))
            if found := await known.fetchone():
                return int(found[0])
        row = await (await connection.execute(_NEXT, (tenant,))).fetchone()
        code_no = int(row[0])
        await connection.execute(
            _ADD,
            (
                tenant,
                code_no,
                asset,
                recipient.kind,
                recipient.code,
                recipient.department,
                recipient.person,
                recipient.purpose,
                delivery,
                watermark_plans.encode_plan(plan).decode(),
                [carrier.name for carrier in plan.carriers],
            ),
        )
    return code_no


async def list_deliveries(
    connection: Connection, tenant: int, recipient: str, before: int, limit: int
) -> list[Delivery]:
    """List copies that went out, the newest first; of one recipient, or of all ("")."""
    told = (tenant, before, recipient, recipient, limit)
    return [_show(row) for row in await (await connection.execute(_LIST, told)).fetchall()]


def _show(row: Sequence[Any]) -> Delivery:
    code_no, asset, kind, code, department, person, purpose, delivery, issued_ms = row[:9]
    columns, rows, honey, digest, use = row[9:]
    return Delivery(
        code_no=code_no,
        asset=asset,
        recipient=Recipient(
            kind=kind, code=code, department=department, person=person, purpose=purpose
        ),
        delivery=delivery,
        issued=rfc3339(issued_ms),
        columns=tuple(columns),
        rows=rows,
        honey=honey,
        digest=digest,
        use=None if use == "{}" else msgspec.json.decode(use, type=Use),
    )


async def trace_file(hub: Hub, tenant: int, path: Path, actor: Actor = ROBOT) -> Traced:
    """Say whose copy a file is, or that it is nobody's; each time is a fact.

    Raises InputError `bad_file`, `too_large`, `empty_body`, `too_costly`; Busy.
    """
    async with hub.connection() as connection, connection.transaction():
        secret = await read_secret(connection, tenant)
        told = await (await connection.execute(_COPIES, (tenant, WATERMARK_COPIES))).fetchall()
        copies = tuple([Copy(no, honey, pattern) for no, honey, pattern in told])
        plans = await (await connection.execute(_PLANS, (tenant, WATERMARK_PLANS))).fetchall()
    merged = watermark_plans.merge_plans([watermark_plans.decode_plan(p) for (p,) in plans])
    errand = TraceErrand(path=str(path), secret=secret, plans=tuple(merged), copies=copies)
    verdict = await watermark_asking.ask(errand)
    digest = await asyncio.to_thread(_digest, path)
    async with hub.connection() as connection, connection.transaction():
        traced = await _explain(connection, tenant, verdict, digest)
        await merchants.say(
            connection,
            tenant,
            actor,
            WatermarkTraced(
                codes=tuple([s.code_no for s in verdict.guilty]),
                copies=verdict.copies,
                digest=digest,
                rows=verdict.rows,
                z_milli=round(1000 * max((s.z for s in verdict.guilty), default=0.0)),
            ),
        )
    return traced


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _explain(connection: Connection, tenant: int, verdict: Verdict, digest: str) -> Traced:
    numbers = [s.code_no for s in (*verdict.guilty, *verdict.others)] + list(verdict.heads)
    rows = await (await connection.execute(_OF, (tenant, numbers))).fetchall()
    by_no = {row[0]: _show(row) for row in rows}
    named = [
        Named(
            delivery=by_no[s.code_no],
            z=s.z,
            bound=s.bound,
            honey=s.honey,
            honey_bound=s.honey_bound,
        )
        for s in (*verdict.guilty, *verdict.others)
    ]
    earlier: list[Delivery] = []
    known = {s.code_no for s in verdict.guilty}
    for code in dict.fromkeys(by_no[no].recipient.code for no in known):
        found = await list_deliveries(connection, tenant, code, 2**62, _EARLIER)
        earlier += [d for d in found if d.code_no not in known]
    return Traced(
        guilty=tuple(named[: len(verdict.guilty)]),
        others=tuple(named[len(verdict.guilty) :]),
        earlier=tuple(earlier),
        heads=tuple([by_no[no] for no in verdict.heads]),
        marked=tuple([MarkedColumn(column=c, by=by, lean=z) for c, by, z in verdict.marked]),
        copies=verdict.copies,
        rows=verdict.rows,
        cells=verdict.cells,
        places=verdict.places,
        digest=digest,
    )
