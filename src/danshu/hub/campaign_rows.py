"""The rows of campaigns: read, listed, changed with the facts that change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.associations import evolve
from danshu.capabilities.associations.model import Campaign, Figures, Plan
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.kernel.limits import CAMPAIGNS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from msgspec import Struct

    from danshu.capabilities.associations.facts import AssociationProposed

Connection = Any
Decide = Any
NO_CAMPAIGN: Final = InputError("no_campaign", "there is no such campaign")
_COLUMNS: Final = (
    "id,plan::text,state,figures::text,why,proposed_by,started_by,"
    "(extract(epoch from proposed)*1000)::int8,"
    "coalesce((extract(epoch from started)*1000)::int8,0),"
    "coalesce((extract(epoch from stopped)*1000)::int8,0)"
)
_ONE: Final = f"select {_COLUMNS},seq,head from campaigns where tenant=%s and id=%s"
_LIST: Final = f"""
select {_COLUMNS} from campaigns where tenant=%s and id < %s order by id desc limit %s
"""
_LOCK_TENANT: Final = "select 1 from tenants where id=%s for no key update"
_COUNT: Final = "select count(*) from campaigns where tenant=%s and state<>'stopped'"
_ADD: Final = """
insert into campaigns(tenant,id,plan,state,proposed_by,proposed,seq,head)
values (%s,%s,%s::jsonb,'proposed',%s,%s,%s,%s)
"""
_SET: Final = """
update campaigns set state=%s, figures=%s::jsonb, why=%s, started_by=%s, started=%s, stopped=%s,
seq=%s, head=%s where tenant=%s and id=%s
"""
_plan = msgspec.json.Decoder(Plan).decode
_figures = msgspec.json.Decoder(Figures).decode


def _read(row: Any) -> Campaign:
    id_, plan, state, figures, why, proposed_by, started_by, proposed, started, stopped = row[:10]
    return Campaign(
        id=id_,
        plan=_plan(plan),
        state=state,
        figures=_figures(figures),
        why=why,
        proposed_by=proposed_by,
        started_by=started_by,
        proposed_ms=proposed,
        started_ms=started,
        stopped_ms=stopped,
    )


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Campaign:
    """Read a campaign. Raises InputError `no_campaign`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_CAMPAIGN
    return _read(row)


async def list_rows(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[Campaign]:
    """List campaigns, the newest first."""
    cursor = await connection.execute(_LIST, (tenant, before, limit))
    return [_read(row) for row in await cursor.fetchall()]


async def add(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    data: AssociationProposed,
    actor: Actor,
    now_ms: int,
) -> Campaign:
    """Keep a proposal with its fact. Raises InputError `too_many`."""
    async with connection.transaction():
        await connection.execute(_LOCK_TENANT, (tenant,))
        (open_,) = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if open_ >= CAMPAIGNS:
            raise InputError("too_many", f"at most {CAMPAIGNS} campaigns at a time")
        seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, data)
        plan = msgspec.json.encode(data.plan).decode()
        at = write.instant(now_ms * 1000)
        await connection.execute(_ADD, (tenant, id_, plan, actor.sub, at, seq, head))
        return evolve.begin(id_, data, actor.sub, now_ms)


async def change(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    decide: Callable[[Campaign], Struct | Refusal | None],
) -> Campaign | Refusal:
    """Do an act: the row locked, decided, written with its fact in one commit. None changes
    nothing. Raises InputError `no_campaign`.
    """
    async with connection.transaction():
        row = await (await connection.execute(f"{_ONE} for update", (tenant, id_))).fetchone()
        if row is None:
            raise NO_CAMPAIGN
        campaign = _read(row)
        said = decide(campaign)
        if said is None or isinstance(said, Refusal):
            return said or campaign
        end = (int(row[10]), bytes(row[11]))
        seq, head = await say_next(connection, tenant, id_, end, actor, now_ms, said)
        after = evolve.evolve(campaign, said, actor.sub, now_ms)
        told = (
            after.state,
            msgspec.json.encode(after.figures).decode(),
            after.why,
            after.started_by,
            write.instant(after.started_ms * 1000) if after.started_ms else None,
            write.instant(after.stopped_ms * 1000) if after.stopped_ms else None,
        )
        await connection.execute(_SET, (*told, seq, head, tenant, id_))
        return after
