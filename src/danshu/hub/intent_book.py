"""意图图谱: a merchant's versions, published by the word of a second person, taken back.

Version 0 is the shipped graph. What is stored is the Turtle of what a merchant adds to it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.intents import turtle
from danshu.capabilities.intents.model import IntentGraph
from danshu.hub import merchants
from danshu.hub.intent_facts import IntentPublished, IntentRetired
from danshu.hub.versions import Version, read_row
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import INTENT_VERSIONS

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_VERSION: Final = InputError("no_intent_version", "there is no such version of the graph")
_LIST: Final = """
select version, digest, active, drafted_by, approved_by, published, retired from intents
where tenant=%s order by version desc limit %s
"""
_ACTIVE: Final = "select version, body from intents where tenant=%s and active"
_READ: Final = "select body from intents where tenant=%s and version=%s"
_NEXT: Final = "select coalesce(max(version),0)+1, count(*) from intents where tenant=%s"
_ADD: Final = """
insert into intents(tenant,version,digest,body,shipped,drafted_by,approved_by)
values (%s,%s,%s,%s,%s,%s,%s)
"""
_STOP: Final = """
update intents set active=false, retired=now() where tenant=%s and active returning version, digest
"""


class IntentVersion(Version, frozen=True, kw_only=True):
    """A published version, without its body."""

    version: int


async def list_versions(connection: Connection, tenant: int) -> list[IntentVersion]:
    """List every version, the newest first."""
    rows = await (await connection.execute(_LIST, (tenant, INTENT_VERSIONS))).fetchall()
    return [IntentVersion(version=r[0], **read_row(r[1:])) for r in rows]


async def read_active(connection: Connection, tenant: int) -> tuple[int, bytes]:
    """Read the version that is followed and its Turtle; 0 and nothing where none was published."""
    row = await (await connection.execute(_ACTIVE, (tenant,))).fetchone()
    return (row[0], bytes(row[1])) if row else (0, b"")


async def read(connection: Connection, tenant: int, version: int) -> IntentGraph:
    """Read what a merchant's version adds; 0 is the shipped graph. Raises InputError."""
    if version == 0:
        return turtle.shipped()
    row = await (await connection.execute(_READ, (tenant, version))).fetchone()
    if row is None:
        raise NO_VERSION
    return read_body(bytes(row[0]))


@lru_cache(maxsize=256)
def read_body(body: bytes) -> IntentGraph:
    """Read a version as stored; the same bytes are read once."""
    return turtle.read(body.decode()) if body else IntentGraph()


@lru_cache(maxsize=1)
def shipped_digest() -> str:
    """SHA-256 (hex) of the shipped graph's Turtle."""
    return hashlib.sha256(turtle.write(turtle.shipped()).encode()).hexdigest()


async def publish(
    connection: Connection, tenant: int, graph: IntentGraph, drafted_by: str, actor: Actor
) -> None:
    """Publish a checked version in the caller's transaction. Raises InputError `too_many`."""
    row = await (await connection.execute(_NEXT, (tenant,))).fetchone()
    assert row is not None
    version, count = row
    if count >= INTENT_VERSIONS:
        raise InputError("too_many", f"at most {INTENT_VERSIONS} versions of the intent graph")
    await connection.execute(_STOP, (tenant,))
    body = turtle.write(graph).encode()
    digest, shipped = hashlib.sha256(body).hexdigest(), shipped_digest()
    told = (tenant, version, bytes.fromhex(digest), body, bytes.fromhex(shipped))
    await connection.execute(_ADD, (*told, drafted_by, actor.sub))
    said = IntentPublished(
        approved_by=actor.sub,
        digest=digest,
        drafted_by=drafted_by,
        shipped=shipped,
        version=version,
    )
    await merchants.say(connection, tenant, actor, said)


async def retire(connection: Connection, tenant: int, reason: str, actor: Actor) -> Refusal | None:
    """Take the version that is followed back: the shipped graph alone is followed then."""
    async with connection.transaction():
        row = await (await connection.execute(_STOP, (tenant,))).fetchone()
        if row is None:
            return Refusal(
                code="intent_not_active",
                reason="没有在用的自有图谱",
                reason_en="There is no version of your own in use",
                clause="intent.versions",
            )
        said = IntentRetired(digest=bytes(row[1]).hex(), reason=reason, version=row[0])
        await merchants.say(connection, tenant, actor, said)
    return None
