"""Acts under way as rows: who began which action on which order, and the evidence so far."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.performing.model import Item, PastAct
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms, unpack
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Connection = psycopg.AsyncConnection[Any]
State = Literal["open", "done", "cancelled"]
NO_ACT: Final = InputError("no_act", "there is no such act under way on this order")
_COLUMNS: Final = (
    "id, oid, fulfilment, action, version, definition, sub, role, delegated_by, source, state,"
    " began, ends, statement, text, told"
)
_READ: Final = f"select {_COLUMNS} from performances where tenant=%s and oid=%s and id=%s"
_OPEN: Final = (
    f"select {_COLUMNS} from performances where tenant=%s and oid=%s and state='open'"
    " order by began, id limit %s"
)
_SPAN: Final = f"select {_COLUMNS} from performances where tenant=%s and oid>=%s and oid<%s"
_INSERT: Final = (
    "insert into performances(tenant,id,oid,fulfilment,action,version,definition,sub,role,"
    "delegated_by,source,began,ends) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_EXPIRE: Final = (
    "update performances set state='cancelled', statement='' where tenant=%s and oid=%s"
    " and state='open' and ends<=%s"
)
_STATED: Final = "update performances set statement=%s, text=%s where tenant=%s and id=%s"
_ENDED: Final = "update performances set state=%s, told=%s, statement='' where tenant=%s and id=%s"
_ITEMS: Final = "select body from performance_items where tenant=%s and id=%s order by no"
_ADD: Final = "insert into performance_items(tenant,id,no,digest,body) values(%s,%s,%s,%s,%s)"
_FORGET: Final = "delete from performance_items where tenant=%s and id=%s"
_OWN: Final = (
    "insert into order_blobs(tenant,oid,digest,kind) values(%s,%s,%s,%s) on conflict do nothing"
)
_OWNS: Final = "select 1 from order_blobs where tenant=%s and oid=%s and digest=%s"
_FACTS: Final = (
    "select body from facts where tenant=%s and stream=%s"
    ' and (position(\'"type":"action.performed"\'::bytea in body) > 0'
    ' or position(\'"type":"fulfilment.\'::bytea in body) > 0'
    ' or position(\'"type":"order.recalled"\'::bytea in body) > 0) order by v'
)
_encode: Final = msgspec.json.Encoder().encode
_decode_item: Final = msgspec.json.Decoder(Item).decode
REVIEW: Final = "outbound_review"  # what a review by the floor's word is, too
_decode_told: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Act(Struct, frozen=True, kw_only=True):
    """An act under way. `definition` is a digest in hex; times in epoch ms.

    `statement` are the bytes last shown, b"" before, or once evidence was added after; `text` is
    the digest (hex) of the template that it was shown by; `told` what was answered at the end.
    """

    id: uuid.UUID
    order: uuid.UUID
    fulfilment: int
    action: str
    version: int
    definition: str
    sub: str
    role: str
    delegated_by: str
    source: str
    state: State
    began_ms: int
    ends_ms: int
    statement: bytes = b""
    text: str = ""
    told: bytes = b""


async def read(
    connection: Connection, tenant: int, order: uuid.UUID, id_: uuid.UUID, *, locked: bool = False
) -> Act:
    """Read an act of an order. Raises InputError `no_act`."""
    sql = _READ + (" for update" if locked else "")
    row = await (await connection.execute(sql, (tenant, order, id_), binary=True)).fetchone()
    if row is None:
        raise NO_ACT
    return _act(row)


async def list_open(connection: Connection, tenant: int, order: uuid.UUID, limit: int) -> list[Act]:
    """List the acts under way on an order, the first begun first."""
    cursor = await connection.execute(_OPEN, (tenant, order, limit), binary=True)
    return [_act(row) for row in await cursor.fetchall()]


async def read_span(
    connection: Connection, tenant: int, first: uuid.UUID, end: uuid.UUID
) -> list[Act]:
    """Read every act, under way or ended, on the orders [first, end)."""
    cursor = await connection.execute(_SPAN, (tenant, first, end), binary=True)
    return [_act(row) for row in await cursor.fetchall()]


async def expire(connection: Connection, tenant: int, order: uuid.UUID, now_ms: int) -> None:
    """End the acts on an order that nobody finished in time."""
    await connection.execute(_EXPIRE, (tenant, order, write.instant(now_ms * 1000)))


def _act(row: Sequence[Any]) -> Act:
    *same, began, ends, statement, text, told = row
    names = Act.__struct_fields__[: len(same)]
    values = dict(zip(names, same, strict=True))
    values["definition"] = bytes(values["definition"]).hex()
    return Act(
        **values,
        began_ms=round(began.timestamp() * 1000),
        ends_ms=round(ends.timestamp() * 1000),
        statement=bytes(statement),
        text=bytes(text).hex(),
        told=bytes(told),
    )


async def insert(connection: Connection, tenant: int, act: Act) -> None:
    """Keep an act that begins."""
    values = (
        *(tenant, act.id, act.order, act.fulfilment, act.action, act.version),
        *(bytes.fromhex(act.definition), act.sub, act.role, act.delegated_by, act.source),
        *(write.instant(act.began_ms * 1000), write.instant(act.ends_ms * 1000)),
    )
    await connection.execute(_INSERT, values)


async def state(
    connection: Connection, tenant: int, id_: uuid.UUID, statement: bytes, text: str
) -> None:
    """Keep the statement that was shown; b"" when it no longer says what is there."""
    await connection.execute(_STATED, (statement, bytes.fromhex(text), tenant, id_))


async def end(
    connection: Connection, tenant: int, id_: uuid.UUID, state: State, told: bytes
) -> None:
    """End an act; its items are forgotten, for the fact names what counts."""
    await connection.execute(_ENDED, (state, told, tenant, id_))
    await connection.execute(_FORGET, (tenant, id_))


async def items(connection: Connection, tenant: int, id_: uuid.UUID) -> tuple[Item, ...]:
    """Read the evidence of an act, in the order in which it was handed in."""
    cursor = await connection.execute(_ITEMS, (tenant, id_), binary=True)
    return tuple([_decode_item(bytes(body)) for (body,) in await cursor.fetchall()])


async def add_item(connection: Connection, tenant: int, id_: uuid.UUID, item: Item) -> None:
    """Keep a piece of evidence with its act."""
    digest = bytes.fromhex(item.digest)
    await connection.execute(_ADD, (tenant, id_, item.no, digest, _encode(item)))


async def replace_items(
    connection: Connection, tenant: int, act: Act, items: Sequence[Item]
) -> None:
    """Make these the evidence of an act; what was stated before no longer says what is there."""
    await connection.execute(_FORGET, (tenant, act.id))
    for no, item in enumerate(items, 1):
        await add_item(connection, tenant, act.id, msgspec.structs.replace(item, no=no))
    await own(connection, tenant, act.order, [(bytes.fromhex(i.digest), i.kind) for i in items])
    await state(connection, tenant, act.id, b"", "")


async def own(
    connection: Connection, tenant: int, order: uuid.UUID, blobs: Iterable[tuple[bytes, str]]
) -> None:
    """Say that bytes speak of an order: (digest, kind)."""
    for digest, kind in blobs:
        await connection.execute(_OWN, (tenant, order, digest, kind))


async def owns(connection: Connection, tenant: int, order: uuid.UUID, digest: bytes) -> bool:
    """Tell whether bytes speak of an order."""
    cursor = await connection.execute(_OWNS, (tenant, order, digest))
    return await cursor.fetchone() is not None


async def read_past(connection: Connection, tenant: int, order: uuid.UUID) -> tuple[PastAct, ...]:
    """Read from its facts who did what for an order before: actions, and work on the floor."""
    cursor = await connection.execute(_FACTS, (tenant, order), binary=True)
    found: list[PastAct] = []
    for (body,) in await cursor.fetchall():
        for raw in unpack(bytes(body)):
            told = _decode_told(raw)
            data = told["data"]
            if told["type"] == "action.performed":
                action = data["action"]
            elif told["type"] == "fulfilment.worked":
                action = data["work"]
            elif told["type"] == "fulfilment.reviewed":
                action = REVIEW
            elif told["type"] == "order.recalled":
                found = [_undo(p) if p.fulfilment == data["fulfilment"] else p for p in found]
                continue
            else:
                continue
            past = PastAct(
                action=action,
                sub=told["actor"]["sub"],
                delegated_by=data.get("delegated_by", ""),
                fulfilment=data.get("fulfilment", 0),
                at_ms=epoch_ms(told["time"]),
                seq=told["seq"],
            )
            if told["type"] == "fulfilment.reviewed" and _is_same(past, found):
                continue  # the floor's word beside the signature, in one commit
            found.append(past)
    return tuple(found)


def _is_same(past: PastAct, found: list[PastAct]) -> bool:
    """Tell whether it stands there already, as the act of the same commit."""
    place = (past.action, past.sub, past.fulfilment, past.at_ms)
    return any((p.action, p.sub, p.fulfilment, p.at_ms) == place for p in found)


def _undo(past: PastAct) -> PastAct:
    return msgspec.structs.replace(past, undone=True)
