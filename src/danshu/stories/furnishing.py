"""Merchants for the demo and the stories: network, goods, stock, shops. Twice gives the same."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.contract.actions.shipped import shipped
from danshu.hub import (
    catalogues,
    entry,
    invitations,
    merchant_settings,
    merchants,
    passwords,
    people,
    sessions,
    shelves,
)
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.fact import Actor
from danshu.ports.channel import Account
from danshu.testing import merchant, messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from danshu.capabilities.stock.model import StockLevel

    Connection = psycopg.AsyncConnection[Any]

TELLER: Final = Actor(sub="demo", role="admin", grade="C")
REVIEW: Final = "outbound_review"
STOCK_SEED: Final = 2026
PASSWORD_BYTES: Final = 6
# number at work, role, name
PEOPLE: Final = (
    ("A01", "admin", "管理员 A01"),
    ("C12", "service", "客服 C12"),
    ("W02", "warehouse", "仓配主管 W02"),
    ("R07", "reviewer", "复核员 R07"),
    ("P03", "policy", "订单策略官 P03"),
    ("L01", "legal", "法务 L01"),
    ("F05", "finance", "财务 F05"),
    ("D04", "steward", "数据管家 D04"),
    ("P05", "planner", "供应链计划 P05"),
    ("S09", "sre", "运维 S09"),
)


async def lend_network(connection: Connection, code: str, name: str) -> int:
    """Make a merchant with the 37 warehouses and their lanes, without goods; gives its number."""
    tenant = await merchants.create_tenant(connection, code, name, TELLER)
    if not await _is_there(connection, "lanes", tenant):
        await catalogues.put_regions(connection, tenant, merchant.regions(), TELLER)
        await catalogues.put_warehouses(connection, tenant, merchant.warehouses(), TELLER)
        await catalogues.put_lanes(connection, tenant, merchant.lanes(), TELLER)
    return tenant


async def furnish(
    connection: Connection,
    code: str,
    name: str,
    levels: Sequence[StockLevel] | None = None,
    *,
    signs: bool = True,
) -> int:
    """Make a merchant with network, 2,000 SKUs and stock (the demo's unless given), whose reviewers
    sign (`signs`); without it, as every merchant begins.
    """
    tenant = await lend_network(connection, code, name)
    if signs:
        await sign_reviews(connection, tenant)
    if not await _is_there(connection, "stock", tenant):
        await catalogues.put_skus(connection, tenant, merchant.skus(), TELLER)
        held = merchant.stock(STOCK_SEED) if levels is None else levels
        done = await shelves.count_stock(connection, tenant, held, "期初盘点", TELLER)
        if isinstance(done, Refusal):
            raise ProgramError(f"{code}: {done.reason}")
    return tenant


async def sign_reviews(connection: Connection, tenant: int) -> None:
    """Publish 出库复核 at grade A, by a key that does not leave the device, as a merchant does who
    wants its reviewers to sign. Nothing where a version of the merchant's own is there.
    """
    first = next(a for a in shipped() if a.action == REVIEW)
    signed = replace(first, version=2, who=replace(first.who, grade="A", device_bound=True))
    async with connection.transaction():
        cursor = await connection.execute(
            "select max(version) from actions where tenant=%s and code=%s", (tenant, REVIEW)
        )
        row = await cursor.fetchone()
        if row is not None and row[0] == first.version:
            said = await merchants.write_action(connection, tenant, signed, TELLER.sub)
            await merchants.say(connection, tenant, TELLER, *said)


async def open_shops(connection: Connection, tenant: int) -> dict[str, Account]:
    """Give a shop on each of the eight channels, its secret made on first use."""
    shops = {}
    for channel in messages.CHANNELS:
        name = f"demo-{channel}"
        account = await merchants.find_account(connection, f"{tenant}.{name}")
        if account is None:
            account = Account(
                account=name,
                tenant=tenant,
                channel=channel,
                shop=f"示例旗舰店-{channel}",
                key="demo",
                secret=secrets.token_urlsafe(24),
            )
            await merchants.open_account(connection, account, TELLER)
        shops[channel] = account
    return shops


async def renew_key(connection: Connection, tenant: int, name: str) -> str:
    """Issue an admin key of that name; the ones of earlier runs are revoked."""
    cursor = await connection.execute(
        "select id from api_keys where tenant=%s and name=%s and revoked is null", (tenant, name)
    )
    for (key_id,) in await cursor.fetchall():
        await merchants.revoke_key(connection, tenant, key_id, TELLER)
    return await merchants.issue_key(connection, tenant, name, "admin", TELLER)


async def seat_people(connection: Connection, tenant: int) -> str:
    """Seat a person for each role with one new password, and give it; their sessions end.

    Codes are optional at this merchant: who tries it has no authenticator app at hand.
    """
    door = await _door(connection, tenant)
    if door.totp != "optional":
        await merchant_settings.change(connection, door, TELLER, door.name, "optional")
    password = secrets.token_hex(PASSWORD_BYTES)
    hashed = await passwords.Hasher().hash(password)
    for number, role, name in PEOPLE:
        login = f"{number.lower()}@{door.code}.example"
        async with connection.transaction():
            row = await people.by_login(connection, tenant, login)
            if row is None:
                await invitations.seat(
                    connection,
                    tenant,
                    TELLER,
                    login=login,
                    name=name,
                    number=number,
                    roles=(role,),
                    hashed=hashed,
                )
                continue
            row = await people.lock(connection, tenant, row.id)
            row = await entry.set_password(connection, tenant, row, hashed, TELLER)
            await sessions.end(connection, tenant, row, TELLER, "changed", people.now_ms())
    return password


async def _door(connection: Connection, tenant: int) -> merchant_settings.Door:
    cursor = await connection.execute("select code from tenants where id=%s", (tenant,))
    row = await cursor.fetchone()
    if row is None:
        raise ProgramError(f"no merchant {tenant}")
    return await merchant_settings.find_door(connection, row[0])


async def begun_ms(connection: Connection, tenant: int) -> int:
    """Give the moment at which the merchant was created, epoch ms."""
    cursor = await connection.execute("select created from tenants where id=%s", (tenant,))
    row = await cursor.fetchone()
    if row is None:
        raise ProgramError(f"no merchant {tenant}")
    return int(row[0].timestamp() * 1000)


async def count_masters(connection: Connection, tenant: int) -> tuple[int, int]:
    """Count the merchant's warehouses and SKUs."""
    cursor = await connection.execute(
        "select (select count(*) from warehouses where tenant=%(t)s),"
        " (select count(*) from skus where tenant=%(t)s)",
        {"t": tenant},
    )
    row = await cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


async def _is_there(connection: Connection, table: str, tenant: int) -> bool:
    cursor = await connection.execute(
        f"select 1 from {table} where tenant=%s limit 1".encode(), (tenant,)
    )
    return await cursor.fetchone() is not None
