"""Reviews of originals 人工复核: taken by one person at a time, and decided.

An original stays with who took it for REVIEW_LEASE_S, so that no two people do the same; what they
decide is done by originals.py, and what follows of a review by review_settling.py, in one commit.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub import original_rows, originals, review_settling, sandbox
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import REVIEW_LEASE_S

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Draft, Question

Connection = Any
TAKEN: Final = Refusal(
    code="taken",
    reason="这份原件正由他人复核",
    reason_en="Somebody else is reviewing this original",
    clause="review_claims",
)
REASONS: Final = ("not_an_order", "wrongly_read", "duplicate", "not_wanted", "test")
"""Why nothing is ordered; the first two say that it was read wrongly."""
_CLAIM: Final = f"""
insert into review_claims(tenant,original,person,until,began)
values(%(tenant)s,%(id)s,%(person)s,now() + interval '{REVIEW_LEASE_S} s',now())
on conflict (tenant,original) do update set until=excluded.until, person=excluded.person,
  began=case when review_claims.person=excluded.person and review_claims.until > now()
    then review_claims.began else now() end
where review_claims.person=excluded.person or review_claims.until <= now()
returning until
"""
_RELEASE: Final = "delete from review_claims where tenant=%s and original=%s and person=%s"
_HOLDER: Final = """
select person from review_claims where tenant=%s and original=%s and until > now() and person<>%s
"""
_SECOND: Final = """
select 1 from original_reviews where tenant=%s and original=%s and turn=1 and again and person<>%s
"""
_REVIEWED: Final = "select key from original_reviews where tenant=%s and original=%s and turn=1"


class Claim(Struct, frozen=True, kw_only=True):
    """Until when an original is the caller's (RFC 3339); claiming it again prolongs it."""

    original: uuid.UUID
    until: str


async def claim(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor
) -> Claim | Refusal:
    """Take an original that waits, or prolong it. Raises InputError `no_original`."""
    row = await original_rows.find(connection, tenant, id_)
    if not await is_waiting(connection, tenant, row, actor):
        return originals.NOT_WAITING
    told = {"tenant": tenant, "id": id_, "person": actor.sub}
    taken = await (await connection.execute(_CLAIM, told)).fetchone()
    if taken is None:
        return TAKEN
    return Claim(original=id_, until=rfc3339(round(taken[0].timestamp() * 1000)))


async def release(connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor) -> None:
    """Give back what the caller took; what another took, or nobody, stays as it is."""
    await original_rows.find(connection, tenant, id_)
    await connection.execute(_RELEASE, (tenant, id_, actor.sub))


async def is_waiting(connection: Connection, tenant: int, row: Row, actor: Actor) -> bool:
    """Tell whether an original waits for a review of this person: the first, or the second."""
    if row.state == "review":
        return True
    seconding = (tenant, row.id, actor.sub)
    return await (await connection.execute(_SECOND, seconding)).fetchone() is not None


async def confirm(
    hub: Hub, tenant: int, id_: uuid.UUID, draft: Draft, actor: Actor
) -> Row | Refusal:
    """Answer for a draft: it is placed, and the review settled, in one commit. A second review of
    what was confirmed before changes nothing but what is known of it.

    Raises InputError for a draft that can't be placed, or has too many values.
    """
    review_settling.check(draft)
    async with hub.connection() as connection:
        row = await original_rows.find(connection, tenant, id_)
        if await _is_taken(connection, tenant, id_, actor):
            return TAKEN
    if row.state in originals.OPEN:
        return await originals.confirm(hub, tenant, id_, draft, actor)
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        if not await is_waiting(connection, tenant, row, actor):
            return originals.NOT_WAITING
        await review_settling.settle_again(connection, tenant, row, draft, actor)
    return row


async def reject(
    hub: Hub, tenant: int, id_: uuid.UUID, why: str, words: str, actor: Actor
) -> Row | Refusal:
    """Decide that nothing is ordered, for a code of REASONS. Raises InputError `reason`."""
    if why not in REASONS:
        raise InputError("reason", f"one of {', '.join(REASONS)}", "/reason")
    async with hub.connection() as connection:
        if await _is_taken(connection, tenant, id_, actor):
            return TAKEN
    return await originals.reject(hub, tenant, id_, why, actor, words)


async def ask(
    hub: Hub, tenant: int, id_: uuid.UUID, question: Question, actor: Actor
) -> Row | Refusal:
    """Ask who sent it; it waits for the answer and is nobody's meanwhile."""
    async with hub.connection() as connection:
        if await _is_taken(connection, tenant, id_, actor):
            return TAKEN
    done = await originals.ask(hub, tenant, id_, question, actor)
    if not isinstance(done, Refusal):
        async with hub.connection() as connection:
            await connection.execute(_RELEASE, (tenant, id_, actor.sub))
    return done


async def disown(hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor) -> Row | Refusal:
    """Say of what was ordered already that it was read wrongly: trust begins anew. What was
    ordered is cancelled or amended as any other order. Raises InputError `note`, `no_original`.
    """
    if not note.strip():
        raise InputError("note", "say what was wrong", "/note")
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        parsed = await original_rows.read_parsed(connection, tenant, id_)
        if row.state not in ("ordered", "acted") or parsed is None:
            return originals.NOT_WAITING
        told = await (await connection.execute(_REVIEWED, (tenant, id_))).fetchone()
        key = sandbox.key_of(row, parsed)
        name = told[0] if told else await sandbox.open_counter(connection, tenant, key)
        await sandbox.reset(
            connection, tenant, name, "misread", actor, note=note, original=str(id_)
        )
    return row


async def _is_taken(connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor) -> bool:
    held = (tenant, id_, actor.sub)
    return await (await connection.execute(_HOLDER, held)).fetchone() is not None
