"""A small merchant for fault tests: hubs in one process, orders, the questions asked after."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import psycopg

from danshu.capabilities.routing.model import Lane
from danshu.capabilities.stock.model import StockLevel
from danshu.hub import catalogues, folding, masters, merchants, shelves
from danshu.hub.compose import Hub
from danshu.hub.requests import Answer, Outcome, Request
from danshu.kernel.fact import Actor
from danshu.ledger import audit
from danshu.ledger.fold import Folder, fold_rows
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from danshu.ledger.write import connect
from danshu.ports.channel import Draft, DraftLine, Receiver
from danshu.testing import merchant

TESTER = Actor(sub="tests", role="system", grade="C")
WAREHOUSES = merchant.warehouses()[:4]
SKUS = tuple(s for s in merchant.skus() if int(s.storage) == 1)[:16]
CODES = tuple(s.code for s in SKUS)
PAID_MS = 1_795_163_912_000
_PLACES = {w.region for w in WAREHOUSES}
REGIONS = tuple(r for r in merchant.regions() if r.code in _PLACES or r.code[:2] == "33")
HANGZHOU = Receiver(name="张示例", province="浙江省", city="杭州市", detail="示例路 1 号")


def lanes() -> list[Lane]:
    """Give the lanes between the shop's warehouses and regions."""
    codes, places = {w.code for w in WAREHOUSES}, {r.code for r in REGIONS}
    return [n for n in merchant.lanes() if n.warehouse in codes and n.region in places]


def level(sku: str, units: int, warehouse: str = WAREHOUSES[0].code) -> StockLevel:
    """Say that a warehouse has so many units."""
    return StockLevel(warehouse=warehouse, sku=sku, on_hand=units)


def everywhere(units: int) -> list[StockLevel]:
    """Say that every warehouse has so many units of every SKU."""
    return [level(s, units, w.code) for w in WAREHOUSES for s in CODES]


async def furnish(url: str, levels: Sequence[StockLevel], code: str = "shop") -> int:
    """Make the merchant with this stock; give its tenant."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        tenant = await merchants.create_tenant(c, code, "小店", TESTER)
        await catalogues.put_regions(c, tenant, REGIONS, TESTER)
        await catalogues.put_warehouses(c, tenant, WAREHOUSES, TESTER)
        await catalogues.put_skus(c, tenant, SKUS, TESTER)
        await catalogues.put_lanes(c, tenant, lanes(), TESTER)
        if levels:
            await shelves.count_stock(c, tenant, levels, "tests", TESTER)
        return tenant


def draft(number: str, lines: Sequence[tuple[str, int]], *, paid: bool = True) -> Draft:
    """Make a draft to Hangzhou of (SKU, units)."""
    total = sum(100 * n for _, n in lines)
    return Draft(
        channel="taobao",
        number=number,
        status="WAIT_SELLER_SEND_GOODS",
        lines=tuple(
            DraftLine(line=f"l{i}", sku=s, title="示例", quantity=n, price=100, paid=100 * n)
            for i, (s, n) in enumerate(lines)
        ),
        goods=total,
        discount=0,
        postage=0,
        total=total,
        paid=total if paid else 0,
        created_ms=PAID_MS - 60_000,
        paid_ms=PAID_MS if paid else 0,
        receiver=HANGZHOU,
    )


def request(
    tenant: int, number: str, *lines: tuple[str, int], strict: bool = False, paid: bool = True
) -> Request:
    """Ask for an order of (SKU, units) under the key of its number."""
    made = draft(number, lines or ((CODES[0], 1),), paid=paid)
    raw = msgspec.json.encode(made)
    return Request(
        tenant=tenant,
        key=f"taobao//{number}",
        digest=hashlib.sha256(raw).digest(),
        draft=made,
        raw=raw,
        actor=Actor(sub="channel:taobao"),
        strict=strict,
    )


@contextlib.asynccontextmanager
async def open_hubs(*urls: str) -> AsyncIterator[list[Hub]]:
    """Open a hub on each URL, as that many nodes."""
    hubs = [Hub(url) for url in urls]
    async with contextlib.AsyncExitStack() as stack:
        for hub in hubs:
            await hub.start()
            stack.push_async_callback(hub.close)
        yield hubs


def answers(outcomes: Sequence[Outcome]) -> list[Answer]:
    """Take outcomes that must all be answers."""
    odd = [o for o in outcomes if not isinstance(o, Answer)]
    assert not odd, odd[:3]
    return [o for o in outcomes if isinstance(o, Answer)]


def reserved(answer: Answer) -> int:
    """Count the units that the answer promises from warehouses."""
    return sum(s.quantity for f in answer.plan for s in f.lines)


async def query(url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Ask the database once."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await (await connection.execute(sql, params)).fetchall()


async def count(url: str, tenant: int, levels: Sequence[StockLevel]) -> None:
    """Count stock again."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        assert await shelves.count_stock(connection, tenant, levels, "tests", TESTER) is None


async def deadlocks(url: str) -> int:
    """Count the deadlocks of this database so far."""
    ((n,),) = await query(
        url, "select deadlocks from pg_stat_database where datname=current_database()"
    )
    return int(n)


async def settle(url: str, now_ms: int) -> int:
    """Let sequencer and sealer catch up; give the leaves that came."""
    sequencer, sealer = Sequencer(), Sealer()
    connection, second = await connect(url), await connect(url)
    try:
        leaves = 0
        while n := await sequencer.step(connection, now_ms):
            leaves += n
        await sealer.step(second, now_ms)
        return leaves
    finally:
        await connection.close()
        await second.close()


async def differences(url: str, tenant: int) -> list[Any]:
    """Audit the tenant: log and fold; give what is not as it should be."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        log = await audit.audit_log(connection, tenant)
        world = await masters.load(connection, tenant, 0.0, PAID_MS)
        folders: list[Folder] = [folding.OrdersFolder(world), folding.StockFolder(tenant)]
        rows = await fold_rows(connection, tenant, folders)
    return [*log.differences, *rows.differences]


async def counts(url: str, tenant: int) -> dict[str, int]:
    """Count the rows of a tenant's orders: each must be there once in every table."""
    names = {"orders": "id", "idem": "oid", "vault": "id"}
    out = {}
    for table, column in names.items():
        ((n, distinct),) = await query(
            url, f"select count(*), count(distinct {column}) from {table} where tenant=%s", tenant
        )
        assert n == distinct, table
        out[table] = n
    ((out["facts"],),) = await query(
        url,
        "select count(*) from facts f where tenant=%s and v=1"
        " and exists (select 1 from orders o where o.tenant=f.tenant and o.id=f.stream)",
        tenant,
    )
    ((out["timed"],),) = await query(
        url,
        "select count(*) from orders o where tenant=%s and (due is null or exists"
        " (select 1 from timers t where t.tenant=o.tenant and t.id=o.id and t.due=o.due))",
        tenant,
    )
    return out


async def must_be_true(url: str, tenant: int, orders: int, now_ms: int) -> None:
    """Assert that so many orders are there, whole and once, and that both audits are clean."""
    assert await counts(url, tenant) == dict.fromkeys(
        ("orders", "idem", "vault", "facts", "timed"), orders
    )
    await settle(url, now_ms)
    assert await differences(url, tenant) == []
