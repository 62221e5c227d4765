"""The room `anchor`: one deposit a period with an evidence platform, over every book's checkpoint.

What is deposited is written down and committed before anybody is asked, so a crash between the
question and its answer asks again with the same number and gets the same receipt.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.hub import merchants, outside, revocation
from danshu.hub.compose import now_ms
from danshu.kernel import fact, note
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import ANCHOR_BYTES, ANCHOR_RETRY_S, ANCHOR_TIMEOUT_S
from danshu.ledger import anchors
from danshu.ledger.anchors import Covered
from danshu.ledger.facts import AnchorDeposited
from danshu.ledger.write import instant
from danshu.ports import registry
from danshu.ports.anchor import Account

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.ports.anchor import Anchor, Deposits, Receipt

Connection = psycopg.AsyncConnection[Any]
_REACH: Final = outside.Reach(ANCHOR_TIMEOUT_S, ANCHOR_BYTES, ANCHOR_RETRY_S)
_log = logging.getLogger("danshu.anchor")
_HUB: Final = Actor(sub="hub")
_HOUR_MS: Final = 3_600_000
_ACCOUNTS: Final = "select tenant, adapter, url, key, secret, every_h from anchor_accounts"
_PUT: Final = (
    "insert into anchor_accounts(tenant,adapter,url,key,secret,every_h) values (%s,%s,%s,%s,%s,%s)"
    " on conflict (tenant) do update set adapter=excluded.adapter, url=excluded.url,"
    " key=excluded.key, secret=excluded.secret, every_h=excluded.every_h"
)
_NEW: Final = """
select b.half, c.size, c.note from books b join lateral (select size, note from checkpoints c
where c.tenant=b.tenant and c.half=b.half order by size desc limit 1) c on true
where b.tenant=%s and not exists (select 1 from anchored_books a where a.tenant=b.tenant
and a.half=b.half and a.size=c.size) order by b.half
"""
_KEEP: Final = (
    "insert into anchors(tenant,period,digest,manifest,adapter) values (%s,%s,%s,%s,%s)"
    " on conflict do nothing returning 1"
)
_OPEN: Final = (
    "select period, digest, manifest from anchors where tenant=%s and tx='' and adapter=%s"
    " and (asked is null or asked <= %s) order by period"
)
_GOT: Final = (
    "update anchors set evidence_no=%s, tx=%s, at=%s, asked=%s, signed=%s, trouble=''"
    " where tenant=%s"
    " and period=%s and tx=''"
)
_FAILED: Final = "update anchors set asked=%s, trouble=%s where tenant=%s and period=%s"
_BOOKS: Final = "select count(*) from anchored_books where tenant=%s and period=%s"
_LIST: Final = (
    "select a.period, a.adapter, a.digest, a.evidence_no, a.tx, a.at, a.asked, a.trouble,"
    " (select count(*) from anchored_books b where b.tenant=a.tenant and b.period=a.period)"
    " from anchors a where a.tenant=%s order by a.period desc limit %s"
)


class AnchorAccount(Struct, frozen=True, kw_only=True):
    """A merchant's account with a platform, and how often it deposits. `secret` never goes out."""

    adapter: str
    url: str
    key: str
    secret: str
    every_h: int


class Deposit(Struct, frozen=True, kw_only=True):
    """One period's deposit. `tx` "" = no chain holds it, so it is not to be called 区块链存证."""

    period: str
    adapter: str
    digest: str
    evidence_no: str
    tx: str
    at: datetime.datetime | None
    asked: datetime.datetime | None
    trouble: str
    books: int


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        return await deposit_due(connection, now_ms())

    return step


def period_of(at_ms: int, every_h: int) -> str:
    """Name the period of a moment (UTC): `2026-11-29`, with its hour where days are divided."""
    start = at_ms // (every_h * _HOUR_MS) * every_h * _HOUR_MS
    moment = datetime.datetime.fromtimestamp(start // 1000, datetime.UTC)
    return moment.strftime("%Y-%m-%d" if every_h % 24 == 0 else "%Y-%m-%dT%H")


async def deposit_due(
    connection: Connection, at_ms: int, tenant: int | None = None, *, at_once: bool = False
) -> int:
    """Deposit what is due, for one merchant or all; give how many receipts came.

    `at_once` asks also where a failure was a moment ago.
    """
    where, given = (" where tenant=%s", (tenant,)) if tenant is not None else ("", ())
    rows = await (await connection.execute(_ACCOUNTS + where, given)).fetchall()
    came = 0
    async with outside.client() as web:
        for of, *fields in rows:
            account = AnchorAccount(
                **dict(zip(AnchorAccount.__struct_fields__, fields, strict=True))
            )
            await _prepare(connection, of, account, at_ms)
            came += await _deposit(connection, web, of, account, at_ms, at_once)
    return came


async def find_account(connection: Connection, tenant: int) -> AnchorAccount | None:
    """Read a merchant's account with its secret; never to be shown."""
    cursor = await connection.execute(_ACCOUNTS + " where tenant=%s", (tenant,))
    row = await cursor.fetchone()
    if row is None:
        return None
    return AnchorAccount(**dict(zip(AnchorAccount.__struct_fields__, row[1:], strict=True)))


async def put_account(connection: Connection, tenant: int, account: AnchorAccount | None) -> None:
    """Use this account from now on; None = none. Raises InputError `bad_url`, `no_adapter`."""
    if account is None:
        await connection.execute("delete from anchor_accounts where tenant=%s", (tenant,))
        return
    if account.adapter not in registry.names("anchor"):
        known = ", ".join(registry.names("anchor"))
        raise InputError("no_adapter", f"there are the anchors {known}", "/adapter")
    outside.check_url(account.url)
    a = account
    await connection.execute(_PUT, (tenant, a.adapter, a.url, a.key, a.secret, a.every_h))


async def read(connection: Connection, tenant: int, limit: int) -> list[Deposit]:
    """List a merchant's deposits, the newest period first."""
    rows = await (await connection.execute(_LIST, (tenant, limit))).fetchall()
    return [
        Deposit(
            period=period,
            adapter=adapter,
            digest=bytes(digest).hex(),
            evidence_no=evidence_no,
            tx=tx,
            at=at,
            asked=asked,
            trouble=trouble,
            books=books,
        )
        for period, adapter, digest, evidence_no, tx, at, asked, trouble, books in rows
    ]


async def certificate(connection: Connection, tenant: int, evidence_no: str) -> bytes:
    """Fetch the platform's certificate of a deposit.

    Raises InputError `no_deposit`, `anchor_refused`, NotAvailable.
    """
    cursor = await connection.execute(
        "select 1 from anchors where tenant=%s and evidence_no=%s", (tenant, evidence_no)
    )
    account = await find_account(connection, tenant)
    if not evidence_no or await cursor.fetchone() is None or account is None:
        raise InputError("no_deposit", "there is no such deposit")
    async with outside.client() as web:
        return await _open(web, account, now_ms()).certificate(evidence_no)


async def _prepare(connection: Connection, tenant: int, account: AnchorAccount, at_ms: int) -> None:
    """Write down what the period's deposit stands for, unless that is done or nothing is new."""
    period = period_of(at_ms, account.every_h)
    cursor = await connection.execute(
        "select 1 from anchors where tenant=%s and period=%s", (tenant, period)
    )
    if await cursor.fetchone():
        return
    rows = await (await connection.execute(_NEW, (tenant,))).fetchall()
    if not rows:
        return
    books = []
    for _, _, raw in rows:
        checkpoint = note.parse_checkpoint(note.parse(bytes(raw)).text)
        books.append(
            Covered(origin=checkpoint.origin, root=checkpoint.root.hex(), size=checkpoint.size)
        )
    manifest = anchors.encode_manifest(period, books)
    digest = hashlib.sha256(manifest).digest()
    async with connection.transaction():
        kept = await connection.execute(_KEEP, (tenant, period, digest, manifest, account.adapter))
        if await kept.fetchone() is None:
            return
        for half, size, _ in rows:
            await connection.execute(
                "insert into anchored_books(tenant,half,size,period) values (%s,%s,%s,%s)",
                (tenant, half, size, period),
            )


async def _deposit(
    connection: Connection,
    web: httpx.AsyncClient,
    tenant: int,
    account: AnchorAccount,
    at_ms: int,
    at_once: bool,
) -> int:
    """Ask for every receipt that is open, and for transactions that were not there yet."""
    before = instant((at_ms - (0 if at_once else ANCHOR_RETRY_S * 1000)) * 1000)
    given = (tenant, account.adapter, before)
    came = 0
    for period, digest, _ in await (await connection.execute(_OPEN, given)).fetchall():
        meta = {"biz_no": bytes(digest).hex(), "format": anchors.FORMAT, "period": period}
        try:
            deposits = _open(web, account, at_ms)
            receipt = await deposits.deposit(bytes(digest), "sha256", meta)
            at = datetime.datetime.fromtimestamp(fact.epoch_ms(receipt.time) / 1000, datetime.UTC)
        except (DanshuError, ValueError) as error:
            _log.warning("anchor %s of merchant %s: %s", period, tenant, error)
            failed = (instant(at_ms * 1000), str(error)[:500], tenant, period)
            await connection.execute(_FAILED, failed)
            continue
        came += await _keep(connection, tenant, account, period, bytes(digest), receipt, at, at_ms)
    return came


async def _keep(
    connection: Connection,
    tenant: int,
    account: AnchorAccount,
    period: str,
    digest: bytes,
    receipt: Receipt,
    at: datetime.datetime,
    at_ms: int,
) -> int:
    """Keep a receipt; the fact is said once, when a transaction is there."""
    if receipt.signed:
        signers = revocation.read_receipt(receipt.signed)
        await revocation.fetch_due(connection, signers, (), at_ms * 1000)
    asked = instant(at_ms * 1000)
    row = (receipt.evidence_no, receipt.tx, at, asked, receipt.signed, tenant, period)
    async with connection.transaction():
        kept = await connection.execute(_GOT, row)
        if kept.rowcount != 1 or not receipt.tx:
            return 0
        books = await (await connection.execute(_BOOKS, (tenant, period))).fetchone()
        said = AnchorDeposited(
            adapter=account.adapter,
            books=int(books[0]) if books else 0,
            digest=digest.hex(),
            evidence_no=receipt.evidence_no,
            period=period,
            time=receipt.time,
            tx=receipt.tx,
        )
        await merchants.say(connection, tenant, _HUB, said)
    return 1


def _open(web: httpx.AsyncClient, account: AnchorAccount, at_ms: int) -> Deposits:
    adapter = cast("Anchor", registry.load("anchor", account.adapter))
    with_platform = Account(url=account.url, key=account.key, secret=account.secret)
    return adapter.open(with_platform, outside.sender(web, "the platform", _REACH), at_ms)
