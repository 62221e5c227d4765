"""Answers that come another way than by asking: a far side's callback, or a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import connecting
from danshu.hub.connecting import Told
from danshu.hub.connector_facts import ConnectorCallSettled
from danshu.hub.merchants import say
from danshu.kernel.errors import InputError
from danshu.ledger import write
from danshu.ports.connector import Reply, Verdict

if TYPE_CHECKING:
    import uuid

    from danshu.hub.worlds import Worlds
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
RETRY, MOVE, END = "retry", "move", "end"
ACTS: Final = (RETRY, MOVE, END)
NO_CALL: Final = InputError("no_call", "there is no such call")
_COLUMNS: Final = "id,capability,operation,purpose,key,subject,context,trial,connector,state,handed"
_BY_KEY: Final = (
    f"select {_COLUMNS} from connector_calls where tenant=%s and key=%s and connector=%s"
    " and state in ('due','pending','held') for update"
)
_BY_ID: Final = f"select {_COLUMNS} from connector_calls where tenant=%s and id=%s for update"
_TAKEN: Final = """
update connector_calls set state='pending', handed=true, next_try=%s,
  reference=coalesce(nullif(%s,''), reference) where tenant=%s and id=%s and state='due'
"""
_ANSWER: Final = """
update connector_calls set state=%s, answered=%s, next_try=null, trouble='', code=%s, reason=%s,
  reference=coalesce(nullif(%s,''), reference), reply=%s where tenant=%s and id=%s
"""
_RETRY: Final = (
    "update connector_calls set state=case when state='held' then 'due' else state end,"
    " next_try=%s, tries=least(tries,1) where tenant=%s and id=%s"
)
_MOVE: Final = (
    "update connector_calls set state='due', handed=false, connector=null, route=0, next_try=%s,"
    " trouble='' where tenant=%s and id=%s"
)


async def hear(
    connection: Connection,
    worlds: Worlds,
    tenant: int,
    connector: uuid.UUID,
    key: str,
    reply: Reply,
    at_ms: int,
) -> bool:
    """Record what a far side says of a call, and tell whoever asked, in the caller's transaction.

    False where no open call of that connector has the key: it was answered already, or is not
    ours. Raises what the hearer raises: the caller's transaction must not be committed then.
    """
    row = await (await connection.execute(_BY_KEY, (tenant, key, connector))).fetchone()
    if row is None:
        return False
    if reply.verdict is Verdict.PENDING:
        at = write.instant(at_ms * 1000)
        await connection.execute(_TAKEN, (at, reply.reference, tenant, row[0]))
        return True
    await _answer(connection, worlds, tenant, row, reply, at_ms)
    return True


async def settle(
    connection: Connection,
    worlds: Worlds,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    act: str,
    reason: str,
    at_ms: int,
) -> None:
    """Do what a person decides of an open call, in one commit with its fact.

    `retry` asks again at once; `move` sends it where the route now leads, by the person's word that
    the far side does not have it; `end` ends it as refused. Raises InputError `no_call`, `ended`.
    """
    async with connection.transaction():
        row = await (await connection.execute(_BY_ID, (tenant, id_))).fetchone()
        if row is None:
            raise NO_CALL
        if row[9] in ("done", "refused"):
            raise InputError("ended", "the call was answered")
        at = write.instant(at_ms * 1000)
        if act == RETRY:
            await connection.execute(_RETRY, (at, tenant, id_))
        elif act == MOVE:
            await connection.execute(_MOVE, (at, tenant, id_))
        elif act == END:
            told = Reply(verdict=Verdict.REFUSED, code="ended_by_person", reason=reason)
            await _answer(connection, worlds, tenant, row, told, at_ms)
        else:
            raise InputError("bad_act", f"an act is one of {', '.join(ACTS)}", "/act")
        said = ConnectorCallSettled(
            act=act,
            call=str(id_),
            capability=row[1],
            connector=str(row[8]) if row[8] else "",
            key=row[4],
            reason=reason,
            subject=row[5],
        )
        await say(connection, tenant, actor, said)


async def _answer(
    connection: Connection,
    worlds: Worlds,
    tenant: int,
    row: tuple[Any, ...],
    reply: Reply,
    at_ms: int,
) -> None:
    id_, capability, operation, purpose, key, subject, context, trial, connector, _, _ = row
    at = write.instant(at_ms * 1000)
    told = (reply.verdict.value, at, reply.code, reply.reason, reply.reference, reply.body)
    await connection.execute(_ANSWER, (*told, tenant, id_))
    if not purpose or trial:
        return
    hearer = connecting.hearer_of(purpose)
    if hearer is None:
        raise InputError("no_hearer", f"nobody hears {purpose!r} here")
    await hearer(
        connection,
        worlds,
        Told(
            tenant=tenant,
            id=id_,
            capability=capability,
            operation=operation,
            key=key,
            subject=subject,
            connector=connector,
            data=bytes(context),
            reply=reply,
            at_ms=at_ms,
        ),
    )
