"""The rows of transfer orders: read, listed, added, changed with the facts that change them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from danshu.capabilities.transfers import decide, evolve
from danshu.capabilities.transfers.model import Transfer
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.kernel.limits import TRANSFERS_OPEN

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct

    from danshu.capabilities.transfers.model import Plan

Connection = Any
NO_TRANSFER: Final = InputError("no_transfer", "there is no such transfer order")
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_ONE: Final = "select doc::text,seq,head from transfers where tenant=%s and id=%s"
_BY_KEY: Final = "select doc::text from transfers where tenant=%s and key=%s"
_BY_NUMBER: Final = "select doc::text from transfers where tenant=%s and number=%s"
_LIST: Final = """
select doc::text from transfers where tenant=%(tenant)s and id < %(before)s
and (%(state)s = '' or state=%(state)s)
and (%(warehouse)s = '' or from_wh=%(warehouse)s or to_wh=%(warehouse)s)
order by id desc limit %(limit)s
"""
_LOCK_TENANT: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = """
select count(*) from (select 1 from transfers
where tenant=%s and state in ('planned','dispatched') limit %s) t
"""
# Numbers of a day stand together in the index: CJK or not, digits sort alike in every collation.
_LAST: Final = """
select coalesce(max(split_part(number,'-',3)::int),0) from transfers
where tenant=%s and number between %s and %s
"""
_ADD: Final = """
insert into transfers(tenant,id,number,key,state,from_wh,to_wh,doc,seq,head)
values (%s,%s,%s,%s,'planned',%s,%s,%s::jsonb,%s,%s)
"""
_SET: Final = (
    "update transfers set state=%s, doc=%s::jsonb, seq=%s, head=%s where tenant=%s and id=%s"
)
_transfer = msgspec.json.Decoder(Transfer).decode


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Transfer:
    """Read a transfer order. Raises InputError `no_transfer`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_TRANSFER
    return _transfer(row[0])


async def lock(
    connection: Connection, tenant: int, id_: uuid.UUID
) -> tuple[Transfer, tuple[int, bytes]]:
    """Read a transfer order and its stream's end, locked. Raises InputError `no_transfer`."""
    row = await (await connection.execute(f"{_ONE} for update", (tenant, id_))).fetchone()
    if row is None:
        raise NO_TRANSFER
    return _transfer(row[0]), (int(row[1]), bytes(row[2]))


async def find(connection: Connection, tenant: int, key: str) -> Transfer | None:
    """Find the transfer order that a key names."""
    row = await (await connection.execute(_BY_KEY, (tenant, key))).fetchone()
    return _transfer(row[0]) if row else None


async def find_number(connection: Connection, tenant: int, number: str) -> Transfer | None:
    """Find the transfer order of a number, TR-yymmdd-nnnn."""
    if not number.startswith("TR-"):
        return None
    row = await (await connection.execute(_BY_NUMBER, (tenant, number))).fetchone()
    return _transfer(row[0]) if row else None


async def list_rows(
    connection: Connection,
    tenant: int,
    before: uuid.UUID,
    limit: int,
    *,
    state: str,
    warehouse: str,
) -> list[Transfer]:
    """List transfer orders, the newest first; of a state, from or to a warehouse, "" for all."""
    cursor = await connection.execute(
        _LIST,
        {
            "tenant": tenant,
            "before": before,
            "state": state,
            "warehouse": warehouse,
            "limit": limit,
        },
    )
    return [_transfer(doc) for (doc,) in await cursor.fetchall()]


async def begin(connection: Connection, tenant: int) -> None:
    """Let one plan of a merchant follow the other, so that none takes another's number.

    Raises InputError `too_many`. Inside the caller's transaction.
    """
    await connection.execute(_LOCK_TENANT, (tenant,))
    (open_,) = await (await connection.execute(_OPEN, (tenant, TRANSFERS_OPEN))).fetchone()
    if open_ >= TRANSFERS_OPEN:
        raise InputError("too_many", f"at most {TRANSFERS_OPEN} transfers planned or on their way")


async def add(
    connection: Connection, tenant: int, id_: uuid.UUID, wish: Plan, actor: Actor, now_ms: int
) -> Transfer | Refusal:
    """Keep a transfer order with its fact, after `begin`, inside the caller's transaction."""
    day = datetime.datetime.fromtimestamp(now_ms / 1000, _ZONE)
    prefix = f"TR-{day:%y%m%d}-"
    last = await (
        await connection.execute(_LAST, (tenant, f"{prefix}0", f"{prefix}9999999"))
    ).fetchone()
    said = decide.plan(wish, f"{prefix}{last[0] + 1:04d}")
    if isinstance(said, Refusal):
        return said
    seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
    made = evolve.begin(id_, said, actor.sub, now_ms)
    await connection.execute(
        _ADD,
        (
            tenant, id_, made.number, wish.key, wish.from_warehouse, wish.to_warehouse, dump(made),
            seq, head,
        ),
    )  # fmt: skip
    return made


async def advance(
    connection: Connection,
    tenant: int,
    transfer: Transfer,
    end: tuple[int, bytes],
    said: Struct,
    actor: Actor,
    now_ms: int,
) -> Transfer:
    """Write a fact of a locked transfer order and its row after it."""
    seq, head = await say_next(connection, tenant, transfer.id, end, actor, now_ms, said)
    after = evolve.evolve(transfer, said, actor.sub, now_ms)
    await connection.execute(_SET, (after.state, dump(after), seq, head, tenant, transfer.id))
    return after


def dump(transfer: Transfer) -> str:
    """Write a transfer order as its row keeps it."""
    return msgspec.json.encode(transfer).decode()
