"""Merchants: tenants, API keys, shops, master data. Each write is one commit with its fact."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.contract import definitions
from danshu.capabilities.contract.actions import promising, reading
from danshu.capabilities.contract.actions.shipped import shipped
from danshu.hub.action_facts import ActionPublished
from danshu.hub.facts import (
    AccountChanged,
    KeyIssued,
    KeyRevoked,
    PromiseDefined,
    TenantCreated,
)
from danshu.hub.saying import say_next
from danshu.kernel import calendar, ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.ports.channel import Account

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.model import Clause

Connection = psycopg.AsyncConnection[Any]
PRODUCT: Final = "danshu"
"""Who drafted what comes with the hub."""
_FURNISHING: Final = 0x64616E7368753036  # any number that nothing else locks
_MISSING: Final = """
select t.id, array_agg(s.code order by s.code) from tenants t cross join unnest(%s::text[]) s(code)
where not exists (select 1 from actions a where a.tenant=t.id and a.code=s.code)
group by t.id order by t.id
"""
ROLES = ("admin", "operator", "warehouse", "channel", "sensor", "partner", "viewer")


class Caller(Struct, frozen=True, kw_only=True):
    """Who holds an API key; the code of their merchant and the version of its own policies."""

    tenant: int
    key: str
    role: str
    name: str
    merchant: str = ""
    policy: int = 0

    @property
    def actor(self) -> Actor:
        """The caller as the actor of facts: the word of a key, grade C."""
        return Actor(sub=self.name, role=self.role, key=self.key, grade="C")


async def say(connection: Connection, tenant: int, actor: Actor, *datas: Struct) -> uuid.UUID:
    """Write facts of a stream of their own, inside the caller's transaction; gives the stream."""
    now_ms = time.time_ns() // 1_000_000
    stream = ids.uuid7(now_ms, os.urandom(10))
    await say_next(connection, tenant, stream, (0, NO_HEAD), actor, now_ms, *datas)
    return stream


async def create_tenant(connection: Connection, code: str, name: str, actor: Actor) -> int:
    """Create a merchant with the shipped action types, or give the one with that code."""
    async with connection.transaction():
        cursor = await connection.execute(
            "insert into tenants(code,name,salt) values(%s,%s,%s)"
            " on conflict (code) do nothing returning id",
            (code, name, os.urandom(16)),
        )
        row = await cursor.fetchone()
        if row is None:
            cursor = await connection.execute("select id from tenants where code=%s", (code,))
            found = await cursor.fetchone()
            assert found is not None
            return int(found[0])
        tenant = int(row[0])
        await say(connection, tenant, actor, TenantCreated(code=code, name=name))
        said: list[Struct] = []
        for action in shipped():
            said += await write_action(connection, tenant, action, PRODUCT)
        await say(connection, tenant, actor, *said)
        return tenant


async def define(connection: Connection, tenant: int, clause: Clause, actor: Actor) -> None:
    """Publish a version of a promise; running orders keep theirs."""
    await say(connection, tenant, actor, await _write_definition(connection, tenant, clause))


async def _write_definition(connection: Connection, tenant: int, clause: Clause) -> PromiseDefined:
    await connection.execute(
        "update definitions set active=false where tenant=%s and code=%s", (tenant, clause.code)
    )
    await connection.execute(
        "insert into definitions(tenant,code,version,digest,body) values(%s,%s,%s,%s,%s)",
        (
            tenant,
            clause.code,
            clause.version,
            bytes.fromhex(clause.digest),
            definitions.encode(clause.definition),
        ),
    )
    await touch(connection, tenant)
    return PromiseDefined(code=clause.code, version=clause.version, digest=clause.digest)


async def write_action(
    connection: Connection,
    tenant: int,
    action: Action,
    drafted_by: str,
    approved_by: str = "",
    find: definitions.Find = calendar.load,
) -> list[Struct]:
    """Write a version of an action type, and of what it promises; gives the facts to be said.

    The caller has linted it, holds the transaction and says the facts in it.
    """
    digest, clause = reading.digest(action), promising.make_clause(action, find)
    await connection.execute(
        "update actions set active=false where tenant=%s and code=%s and active",
        (tenant, action.action),
    )
    await connection.execute(
        "insert into actions(tenant,code,version,digest,body,drafted_by,approved_by)"
        " values(%s,%s,%s,%s,%s,%s,%s)",
        (
            tenant,
            action.action,
            action.version,
            bytes.fromhex(digest),
            reading.encode(action),
            drafted_by,
            approved_by,
        ),
    )
    published = ActionPublished(
        approved_by=approved_by,
        code=action.action,
        digest=digest,
        drafted_by=drafted_by,
        promise=clause.digest if clause else "",
        version=action.version,
    )
    if clause is None or await _is_defined(connection, tenant, clause):
        return [published]
    return [published, await _write_definition(connection, tenant, clause)]


async def _is_defined(connection: Connection, tenant: int, clause: Clause) -> bool:
    """Tell whether that version of a promise, or a later one, is there already."""
    cursor = await connection.execute(
        "select 1 from definitions where tenant=%s and code=%s and version>=%s",
        (tenant, clause.code, clause.version),
    )
    return await cursor.fetchone() is not None


async def furnish(connection: Connection, actor: Actor) -> int:
    """Publish to every merchant the shipped action types that it never had; gives how many.

    For merchants that were there before a type came with the hub; promises that they have stay.
    """
    actions = {action.action: action for action in shipped()}
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(%s)", (_FURNISHING,))
        cursor = await connection.execute(_MISSING, (list(actions),))
        missing = await cursor.fetchall()
        for tenant, codes in missing:
            said: list[Struct] = []
            for code in codes:
                said += await write_action(connection, tenant, actions[code], PRODUCT)
            await say(connection, tenant, actor, *said)
    return sum(len(codes) for _, codes in missing)


async def issue_key(connection: Connection, tenant: int, name: str, role: str, actor: Actor) -> str:
    """Issue an API key `dsk_<tenant>_<id>_<secret>`; only its hash is kept, so it is shown once."""
    if role not in ROLES:
        raise InputError("role", f"a role is one of {', '.join(ROLES)}", "/role")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    digest = hashlib.sha256(secret.encode()).digest()
    async with connection.transaction():
        await connection.execute(
            "insert into api_keys(tenant,id,hash,role,name) values(%s,%s,%s,%s,%s)",
            (tenant, key_id, digest, role, name),
        )
        await say(
            connection,
            tenant,
            actor,
            KeyIssued(key=key_id, name=name, role=role, digest=digest.hex()),
        )
    return f"dsk_{tenant}_{key_id}_{secret}"


async def revoke_key(connection: Connection, tenant: int, key_id: str, by: Actor) -> bool:
    """Revoke a key; tells whether there was one."""
    async with connection.transaction():
        cursor = await connection.execute(
            "update api_keys set revoked=now() where tenant=%s and id=%s and revoked is null",
            (tenant, key_id),
        )
        if cursor.rowcount != 1:
            return False
        await say(connection, tenant, by, KeyRevoked(key=key_id))
        return True


def split_key(text: str) -> tuple[int, str, str] | None:
    """Take an API key apart: tenant, id, secret; None when it is not shaped like one."""
    parts = text.split("_", 3)
    if len(parts) != 4 or parts[0] != "dsk" or not parts[1].isascii() or not parts[1].isdigit():
        return None
    return (int(parts[1]), parts[2], parts[3]) if len(parts[1]) < 10 else None


async def find_caller(connection: Connection, text: str) -> Caller | None:
    """Tell who holds the key, None when nobody does."""
    parts = split_key(text)
    if parts is None:
        return None
    tenant, key_id, secret = parts
    cursor = await connection.execute(
        "select k.hash, k.role, k.name, t.code,"
        " (select coalesce(max(o.version),0) from policies o where o.tenant=k.tenant)"
        " from api_keys k join tenants t on t.id=k.tenant"
        " where k.tenant=%s and k.id=%s and k.revoked is null",
        (tenant, key_id),
    )
    row = await cursor.fetchone()
    given = hashlib.sha256(secret.encode()).digest()
    if row is None or not hmac.compare_digest(bytes(row[0]), given):
        return None
    return Caller(
        tenant=tenant, key=key_id, role=row[1], name=row[2], merchant=row[3], policy=row[4]
    )


async def open_account(connection: Connection, account: Account, by: Actor) -> None:
    """Register a shop on a channel with the secret that verifies its messages."""
    async with connection.transaction():
        cursor = await connection.execute(
            "select secret from accounts where tenant=%s and account=%s for update",
            (account.tenant, account.account),
        )
        before = await cursor.fetchone()
        await connection.execute(
            "insert into accounts(tenant,account,channel,shop,key,secret)"
            " values(%s,%s,%s,%s,%s,%s) on conflict (tenant,account) do update set"
            " channel=excluded.channel, shop=excluded.shop, key=excluded.key,"
            " secret=excluded.secret",
            (
                account.tenant,
                account.account,
                account.channel,
                account.shop,
                account.key,
                account.secret,
            ),
        )
        told = AccountChanged(
            account=account.account,
            channel=account.channel,
            secret=before is None or before[0] != account.secret,
            shop=account.shop,
        )
        await say(connection, account.tenant, by, told)


async def find_account(connection: Connection, text: str) -> Account | None:
    """Find a shop by `<tenant>.<account>`."""
    number, _, name = text.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    cursor = await connection.execute(
        "select tenant,account,channel,shop,key,secret from accounts"
        " where tenant=%s and account=%s",
        (int(number), name),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Account(
        tenant=row[0], account=row[1], channel=row[2], shop=row[3], key=row[4], secret=row[5]
    )


async def touch(connection: Connection, tenant: int) -> None:
    """Tell every process that the tenant's master data moved on."""
    await connection.execute("update tenants set revision=revision+1 where id=%s", (tenant,))
