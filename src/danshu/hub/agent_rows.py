"""The rows of proposals: read, listed by value, changed with the facts that change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.agent import evolve
from danshu.capabilities.agent.drafts import Evidence
from danshu.capabilities.agent.model import Proposal
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.kernel.limits import AGENT_LEASE_S, AGENT_OPEN
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from msgspec import Struct

    from danshu.capabilities.agent.facts import ProposalMade

Connection = Any
NO_PROPOSAL: Final = InputError("no_proposal", "there is no such proposal")
_ONE: Final = "select doc::text, evidence, seq, head, tries from proposals"
_BY_ID: Final = f"{_ONE} where tenant=%s and id=%s"
_OPEN: Final = f"""
{_ONE} where tenant=%s and action=%s and key=%s and state in ('waiting','approved','performing')
"""
_COUNT: Final = """
select count(*) from proposals where tenant=%s and state in ('waiting','approved','performing')
"""
_ADD: Final = """
insert into proposals(tenant,id,action,key,state,mid_fen,made,due,doc,evidence,seq,head)
values (%s,%s,%s,%s,'waiting',%s,%s,%s,%s::jsonb,%s,%s,%s)
"""
_SET: Final = """
update proposals set state=%s, mid_fen=%s, due=%s, doc=%s::jsonb, evidence=%s, seq=%s, head=%s,
tries=case when state=%s then tries else 0 end where tenant=%s and id=%s
"""
_LIST: Final = """
select doc::text from proposals where tenant=%(t)s and state = any(%(states)s)
and (%(action)s = '' or action=%(action)s)
and (mid_fen < %(fen)s or (mid_fen = %(fen)s and id > %(id)s))
order by mid_fen desc, id limit %(n)s
"""
_LATEST: Final = """
select doc::text from proposals where tenant=%(t)s and state = any(%(states)s)
and (%(action)s = '' or action=%(action)s) and id < %(id)s order by id desc limit %(n)s
"""
_COUNTS: Final = "select state, count(*) from proposals where tenant=%s group by state"
_PUT_OFF: Final = """
update proposals set due=%s, tries=tries+%s where tenant=%s and id=%s and state=%s
"""
_decode: Final = msgspec.json.Decoder(Proposal).decode
_evidence: Final = msgspec.json.Decoder(Evidence).decode
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal with its evidence (None: erased) and how often its act was taken up."""

    proposal: Proposal
    evidence: Evidence | None
    tries: int


def encode_evidence(evidence: Evidence) -> str:
    """Give the text of evidence, of which a proposal's facts keep the digest."""
    return _encode(evidence).decode()


def _found(row: Any) -> Found:
    return Found(
        proposal=_decode(row[0]), evidence=_evidence(row[1]) if row[1] else None, tries=row[4]
    )


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Found:
    """Read a proposal. Raises InputError `no_proposal`."""
    row = await (await connection.execute(_BY_ID, (tenant, id_))).fetchone()
    if row is None:
        raise NO_PROPOSAL
    return _found(row)


async def find_open(connection: Connection, tenant: int, action: str, key: str) -> Proposal | None:
    """Find the open proposal of an action about a key."""
    row = await (await connection.execute(_OPEN, (tenant, action, key))).fetchone()
    return _decode(row[0]) if row else None


async def list_by_value(
    connection: Connection,
    tenant: int,
    states: Sequence[str],
    action: str,
    after: tuple[int, uuid.UUID],
    limit: int,
) -> list[Proposal]:
    """List proposals of some states, the dearest first, behind a place (value in 分, id)."""
    told = {
        "t": tenant,
        "states": list(states),
        "action": action,
        "fen": after[0],
        "id": after[1],
        "n": limit,
    }
    cursor = await connection.execute(_LIST, told)
    return [_decode(doc) for (doc,) in await cursor.fetchall()]


async def list_latest(
    connection: Connection,
    tenant: int,
    states: Sequence[str],
    action: str,
    before: uuid.UUID,
    limit: int,
) -> list[Proposal]:
    """List proposals of some states, the newest first."""
    told = {"t": tenant, "states": list(states), "action": action, "id": before, "n": limit}
    cursor = await connection.execute(_LATEST, told)
    return [_decode(doc) for (doc,) in await cursor.fetchall()]


async def count_states(connection: Connection, tenant: int) -> dict[str, int]:
    """Count the proposals of a merchant by state."""
    return dict(await (await connection.execute(_COUNTS, (tenant,))).fetchall())


def _due(one: Proposal, now_ms: int) -> Any:
    """Give when the room has to look at a proposal next."""
    at_ms = one.terms.expires_ms
    if one.state == "done":
        at_ms = one.measure_ms
    elif one.state in ("approved", "performing", "rolling_back"):
        at_ms = now_ms + AGENT_LEASE_S * 1000
    return write.instant(at_ms * 1000)


async def add(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    data: ProposalMade,
    evidence: str,
    actor: Actor,
    now_ms: int,
    *,
    is_due: bool,
) -> Proposal:
    """Keep a new proposal with its fact, in the caller's transaction. Raises InputError
    `too_many`.
    """
    (open_,) = await (await connection.execute(_COUNT, (tenant,))).fetchone()
    if open_ >= AGENT_OPEN:
        raise InputError("too_many", f"at most {AGENT_OPEN} proposals at a time")
    seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, data)
    one = evolve.begin(id_, data, actor, now_ms)
    due = write.instant(now_ms * 1000) if is_due else _due(one, now_ms)
    made = write.instant(now_ms * 1000)
    told = (one.action, one.key, one.terms.mid_fen, made, due, _encode(one).decode(), evidence)
    await connection.execute(_ADD, (tenant, id_, *told, seq, head))
    return one


async def change(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    decide: Callable[[Proposal], Struct | Refusal | None],
    *,
    evidence: str | None = None,
) -> Proposal | Refusal:
    """Do something to a proposal: the row locked, decided, written with its fact in one commit.
    None changes nothing. Raises InputError `no_proposal`.
    """
    async with connection.transaction():
        row = await (await connection.execute(f"{_BY_ID} for update", (tenant, id_))).fetchone()
        if row is None:
            raise NO_PROPOSAL
        before = _decode(row[0])
        said = decide(before)
        if said is None or isinstance(said, Refusal):
            return said or before
        end = (int(row[2]), bytes(row[3]))
        seq, head = await say_next(connection, tenant, id_, end, actor, now_ms, said)
        after = evolve.evolve(before, said, actor, now_ms)
        text = _encode(after).decode()
        kept = row[1] if evidence is None else evidence
        told = (after.state, after.terms.mid_fen, _due(after, now_ms), text, kept, seq, head)
        await connection.execute(_SET, (*told, after.state, tenant, id_))
        return after


async def put_off(
    connection: Connection, tenant: int, one: Proposal, until_ms: int, tries: int = 0
) -> None:
    """Let the room look at a proposal later; `tries` counts an act that was taken up again."""
    at = write.instant(until_ms * 1000)
    await connection.execute(_PUT_OFF, (at, tries, tenant, one.id, one.state))
