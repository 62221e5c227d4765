"""Published policy sets 策略 and which of them rules: live, canary, shadow, scheduled, rolled back.

A set is never changed. `policy_heads` says in one row what every server asks each second; each move
of it is one commit with its fact. An order belongs to the canary by its own id, so that whoever
asks again, on any server, is told the same.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.policy import model
from danshu.capabilities.routing.policy.model import ROUTING, PolicyKind
from danshu.hub import merchants, pictures, policy_facts
from danshu.hub.policy_noes import NOTHING_BEFORE as NOTHING_BEFORE
from danshu.hub.policy_noes import PUBLISHED as PUBLISHED
from danshu.hub.policy_noes import RULES as RULES
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import POLICY_BACK, POLICY_SETS

if TYPE_CHECKING:
    import datetime

    from danshu.capabilities.routing.policy.model import PolicySet
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_COLUMNS: Final = "no, digest, name, drafted_by, approved_by, published, kind"
_LIST: Final = f"""
select {_COLUMNS} from policy_sets where tenant=%s and kind=%s and (%s = 0 or no < %s)
order by no desc limit %s
"""
_READ: Final = f"select {_COLUMNS} from policy_sets where tenant=%s and digest=%s"
_BODY: Final = "select body from policy_sets where tenant=%s and digest=%s"
_NEXT: Final = "select coalesce(max(no),0)+1, count(*) from policy_sets where tenant=%s"
_INSERT: Final = """
insert into policy_sets(tenant,no,digest,name,body,drafted_by,approved_by,kind)
values(%s,%s,%s,%s,%s,%s,%s,%s)
"""
_STEP: Final = """
insert into policy_steps(tenant,no,act,digest,draft,revision,by,note)
select %s,coalesce(max(no),0)+1,%s,%s,%s,%s,%s,%s from policy_steps where tenant=%s
"""
_STEPS: Final = """
select act, digest, revision, by, note, at from policy_steps
where tenant=%s and (draft=%s or (%s::uuid is null and digest=%s)) order by no
"""
_HEAD: Final = """
select no,live,canary,rule,shadow,before from policy_heads where tenant=%s and kind=%s
"""
_WRITE: Final = """
insert into policy_heads(tenant,kind,no,live,canary,rule,shadow,before)
values(%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,kind) do update set no=excluded.no,
live=excluded.live, canary=excluded.canary, rule=excluded.rule, shadow=excluded.shadow,
before=excluded.before
"""
_LOCK: Final = "select 1 from tenants where id=%s for update"
_SET_TIME: Final = """
insert into policy_schedule(tenant,digest,at,by,role) values(%s,%s,%s,%s,%s)
on conflict (tenant,digest) do update set at=excluded.at, by=excluded.by, role=excluded.role
"""
_TIMES: Final = """
select t.digest, t.at, t.by from policy_schedule t
join policy_sets s on s.tenant=t.tenant and s.digest=t.digest
where t.tenant=%s and s.kind=%s order by t.at, t.digest
"""
_UNSET: Final = "delete from policy_schedule where tenant=%s and digest=%s"
_SHADOW: Final = """
insert into policy_shadows(tenant,digest,place) values(%s,%s,%s)
on conflict (tenant,digest) do update set place=excluded.place
"""
DIGEST_CHARS: Final = 64
NO_SET: Final = InputError("no_policy_set", "there is no such policy set")


class Canary(Struct, frozen=True, kw_only=True):
    """Which orders a canary rules: `percent` of those of the channels and regions, where named; a
    region's code also stands for what lies in it (33 for 330106).
    """

    percent: int = 100
    channels: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    def takes(self, digest: str, order: uuid.UUID, channel: str, region: str) -> bool:
        """Tell whether an order is ruled by the canary `digest`: by a hash of its id alone."""
        if self.channels and channel not in self.channels:
            return False
        if self.regions and not region.startswith(self.regions):
            return False
        told = hashlib.sha256(digest.encode() + order.bytes).digest()
        return int.from_bytes(told[:4]) % 100 < self.percent


class PolicyRow(Struct, frozen=True, kw_only=True):
    """A published set without its graphs. Times are RFC 3339, people subjects of facts."""

    no: int
    digest: str
    name: str
    drafted_by: str
    approved_by: str
    published: str
    kind: PolicyKind = ROUTING


class Head(Struct, frozen=True, kw_only=True):
    """What rules now: digests, "" for none. `before` are those that a rollback goes back to, the
    last one first to come; `no` counts the moves.
    """

    no: int = 0
    live: str = ""
    canary: str = ""
    rule: Canary = Canary()
    shadow: str = ""
    before: tuple[str, ...] = ()


class PolicyStep(Struct, frozen=True, kw_only=True):
    """What somebody did with a draft or a set."""

    act: str
    digest: str
    revision: int
    by: str
    note: str
    at: str


async def read_row(connection: Connection, tenant: int, digest: str) -> PolicyRow:
    """Read a published set. Raises InputError `no_policy_set`."""
    cursor = await connection.execute(_READ, (tenant, _bytes(digest)))
    row = await cursor.fetchone()
    if row is None:
        raise NO_SET
    return _row(row)


async def read_set(connection: Connection, tenant: int, digest: str) -> PolicySet:
    """Read the graphs and cases of a published set. Raises InputError `no_policy_set`."""
    row = await (await connection.execute(_BODY, (tenant, _bytes(digest)))).fetchone()
    if row is None:
        raise NO_SET
    return model.read(bytes(row[0]))


def _bytes(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except ValueError:
        raise NO_SET from None


def _row(row: tuple[Any, ...]) -> PolicyRow:
    return PolicyRow(
        no=row[0], digest=bytes(row[1]).hex(), name=row[2], drafted_by=row[3], approved_by=row[4],
        published=rfc3339(round(row[5].timestamp() * 1000)), kind=row[6],
    )  # fmt: skip


async def list_sets(
    connection: Connection, tenant: int, before: int, limit: int, kind: PolicyKind = ROUTING
) -> list[PolicyRow]:
    """List published sets, the newest first, those before number `before` (0 = all)."""
    rows = await connection.execute(_LIST, (tenant, kind, before, before, limit))
    return [_row(row) for row in await rows.fetchall()]


async def list_steps(
    connection: Connection, tenant: int, *, draft: str = "", digest: str = ""
) -> list[PolicyStep]:
    """List what was done with a draft, or with a set, in order."""
    key = uuid.UUID(draft) if draft else None
    cursor = await connection.execute(_STEPS, (tenant, key, key, bytes.fromhex(digest)))
    return [
        PolicyStep(
            act=act, digest=bytes(of).hex(), revision=revision, by=by, note=note,
            at=rfc3339(round(at.timestamp() * 1000)),
        )
        for act, of, revision, by, note, at in await cursor.fetchall()
    ]  # fmt: skip


async def note_step(
    connection: Connection,
    tenant: int,
    act: str,
    digest: str,
    actor: Actor,
    note: str = "",
    *,
    draft: uuid.UUID | None = None,
    revision: int = 0,
) -> None:
    """Write down who did what, in the caller's transaction."""
    told = (tenant, act, bytes.fromhex(digest), draft, revision, actor.sub, note, tenant)
    await connection.execute(_STEP, told)


async def publish(
    connection: Connection,
    tenant: int,
    policy: PolicySet,
    name: str,
    actor: Actor,
    *,
    drafted_by: str,
    simulation: str,
) -> PolicyRow | Refusal:
    """Publish a checked set in the caller's transaction, with its fact; it rules nothing yet."""
    digest = bytes.fromhex(policy.digest)
    if await (await connection.execute(_READ, (tenant, digest))).fetchone():
        return PUBLISHED
    row = await (await connection.execute(_NEXT, (tenant,))).fetchone()
    assert row is not None
    if row[1] >= POLICY_SETS:
        raise InputError("too_many", f"at most {POLICY_SETS} policy sets")
    told = (tenant, row[0], digest, name, policy.content, drafted_by, actor.sub, policy.kind)
    await connection.execute(_INSERT, told)
    fact = policy_facts.PolicySetPublished(
        approved_by=actor.sub,
        digest=policy.digest,
        drafted_by=drafted_by,
        graphs=tuple(graph.code for graph in policy.graphs),
        name=name,
        no=row[0],
        simulation=simulation,
    )
    await merchants.say(connection, tenant, actor, fact)
    return await read_row(connection, tenant, policy.digest)


async def read_head(connection: Connection, tenant: int, kind: PolicyKind = ROUTING) -> Head:
    """Read what rules now, of a kind of sets."""
    row = await (await connection.execute(_HEAD, (tenant, kind))).fetchone()
    if row is None:
        return Head()
    return Head(
        no=row[0],
        live=bytes(row[1]).hex(),
        canary=bytes(row[2]).hex(),
        rule=msgspec.json.decode(bytes(row[3]), type=Canary),
        shadow=bytes(row[4]).hex(),
        before=tuple(bytes(one).hex() for one in row[5]),
    )


async def _write(connection: Connection, tenant: int, head: Head, kind: PolicyKind) -> Head:
    moved = msgspec.structs.replace(head, no=head.no + 1, before=head.before[-POLICY_BACK:])
    told = (
        tenant,
        kind,
        moved.no,
        bytes.fromhex(moved.live),
        bytes.fromhex(moved.canary),
        msgspec.json.encode(moved.rule),
        bytes.fromhex(moved.shadow),
        [bytes.fromhex(one) for one in moved.before],
    )
    await connection.execute(_WRITE, told)
    if kind == ROUTING:
        # the room `signals` makes the next snapshot even if whoever moved the head dies here
        await pictures.touch(connection, tenant)
    return moved


async def activate(
    connection: Connection, tenant: int, digest: str, actor: Actor, scheduled: str = ""
) -> Head | Refusal:
    """Let a published set rule all orders; a canary of it ends so. Raises InputError
    `no_policy_set`.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        kind = (await read_row(connection, tenant, digest)).kind
        head = await read_head(connection, tenant, kind)
        if head.live == digest:
            return RULES
        await connection.execute(_UNSET, (tenant, bytes.fromhex(digest)))
        moved = await _write(
            connection,
            tenant,
            Head(no=head.no, live=digest, before=(*head.before, head.live), shadow=head.shadow),
            kind,
        )
        fact = policy_facts.PolicySetActivated(before=head.live, digest=digest, scheduled=scheduled)
        await merchants.say(connection, tenant, actor, fact)
        await note_step(connection, tenant, "activated", digest, actor)
        return moved


async def schedule(
    connection: Connection, tenant: int, digest: str, at: datetime.datetime, actor: Actor
) -> None:
    """Set the moment at which a published set begins to rule. Raises InputError."""
    async with connection.transaction():
        await read_row(connection, tenant, digest)
        told = (tenant, bytes.fromhex(digest), at, actor.sub, actor.role)
        await connection.execute(_SET_TIME, told)
        await note_step(connection, tenant, "scheduled", digest, actor, at.isoformat())


async def unschedule(connection: Connection, tenant: int, digest: str, actor: Actor) -> bool:
    """Take a set moment back; tells whether there was one."""
    async with connection.transaction():
        cursor = await connection.execute(_UNSET, (tenant, _bytes(digest)))
        if cursor.rowcount:
            await note_step(connection, tenant, "unscheduled", digest, actor)
        return bool(cursor.rowcount)


async def list_schedule(
    connection: Connection, tenant: int, kind: PolicyKind = ROUTING
) -> list[tuple[str, str, str]]:
    """List what is to begin: (digest, RFC 3339, by)."""
    cursor = await connection.execute(_TIMES, (tenant, kind))
    return [
        (bytes(digest).hex(), rfc3339(round(at.timestamp() * 1000)), by)
        for digest, at, by in await cursor.fetchall()
    ]


async def set_canary(
    connection: Connection, tenant: int, digest: str, rule: Canary, actor: Actor
) -> Head | Refusal:
    """Let a published set rule a share of the orders. Raises InputError `no_policy_set`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        kind = (await read_row(connection, tenant, digest)).kind
        head = await read_head(connection, tenant, kind)
        if head.live == digest:
            return RULES
        moved = msgspec.structs.replace(head, canary=digest, rule=rule)
        moved = await _write(connection, tenant, moved, kind)
        fact = policy_facts.PolicySetCanaried(
            channels=rule.channels, digest=digest, percent=rule.percent, regions=rule.regions
        )
        await merchants.say(connection, tenant, actor, fact)
        await note_step(connection, tenant, "canaried", digest, actor, f"{rule.percent} %")
        return moved


async def set_shadow(
    connection: Connection, tenant: int, digest: str, actor: Actor, now_ms: int
) -> Head:
    """Ask a published set beside the one that rules; "" ends it. Raises InputError."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        if digest and (await read_row(connection, tenant, digest)).kind != ROUTING:
            raise NO_SET  # what stops orders is tried on history, not beside
        head = await read_head(connection, tenant)
        moved = msgspec.structs.replace(head, shadow=digest)
        moved = await _write(connection, tenant, moved, ROUTING)
        if digest:
            told = (tenant, bytes.fromhex(digest), ids.uuid7(now_ms, bytes(10)))
            await connection.execute(_SHADOW, told)
        await merchants.say(
            connection, tenant, actor, policy_facts.PolicySetShadowed(digest=digest)
        )
        await note_step(connection, tenant, "shadowed", digest or head.shadow, actor)
        return moved


async def roll_back(
    connection: Connection, tenant: int, actor: Actor, note: str = "", kind: PolicyKind = ROUTING
) -> Head | Refusal:
    """Undo the last move at once: a canary ends, else the set that ruled before rules again."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        head = await read_head(connection, tenant, kind)
        if not head.canary and not head.before:
            return NOTHING_BEFORE
        if head.canary:
            gone, restored = head.canary, head.live
            moved = msgspec.structs.replace(head, canary="", rule=Canary())
        else:
            gone, restored = head.live, head.before[-1]
            moved = msgspec.structs.replace(head, live=restored, before=head.before[:-1])
        moved = await _write(connection, tenant, moved, kind)
        fact = policy_facts.PolicySetRolledBack(
            canary=bool(head.canary), digest=gone, restored=restored
        )
        await merchants.say(connection, tenant, actor, fact)
        await note_step(connection, tenant, "rolled_back", gone, actor, note)
        return moved
