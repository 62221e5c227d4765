"""Originals 原件: kept before anybody looks at them, then read, and ended by what became of them.

receive   bytes under their digest and `original.received`, in one commit
read      perceive, parse, judge; then placed, asked about or laid before a person
confirm   a person answers for a draft: placed, or done
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import media
from danshu.hub import (
    original_ends,
    original_joins,
    original_reading,
    original_rows,
    review_settling,
)
from danshu.hub.original_facts import (
    OriginalAsked,
    OriginalConfirmed,
    OriginalReceived,
    OriginalRejected,
    OriginalReopened,
)
from danshu.kernel import ids
from danshu.kernel.errors import Busy, InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Said, pack
from danshu.kernel.limits import ORIGINAL_LEASE_S, ORIGINALS_WAITING
from danshu.ledger import blobs, vault, write
from danshu.ports import registry

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Draft, Modality, Question

Connection = Any
# What is known of who sent it; a plug-in is lent all of it.
SOURCE: Final = (
    *("store", "customer", "device", "device_class", "speaker", "lang", "via", "template"),
    "session",
)
CONFLICT: Final = Refusal(
    code="key_reused",
    reason="同一幂等键对应了不同的内容",
    reason_en="The idempotency key was used with another body",
    clause="idempotency.key",
)
NOT_WAITING: Final = Refusal(
    code="not_waiting",
    reason="这份原件已经处理完毕",
    reason_en="What is to become of this original has been settled",
    clause="originals.state",
)
NO_QUESTION: Final = InputError("no_question", "say which question", "/code")
_WAITING: Final = (
    "select count(*) from (select 1 from originals where tenant=%s and state='received' limit %s) w"
)
OPEN: Final = ("review", "asking")


def modality(name: str) -> Modality:
    """Give a modality by name. Raises InputError `no_modality`."""
    if registry.spell_name(name) not in registry.names("modality"):
        listed = ", ".join(registry.names("modality"))
        raise InputError("no_modality", f"no modality {name[:64]!r}; there are: {listed}")
    return cast("Modality", registry.load("modality", name))


def choose(name: str, media_type: str) -> Modality:
    """Give the modality that reads a media type, the one that is named or the one that fits best.

    Raises InputError `no_modality`, `content_type` where none reads it, `which_modality` where
    several do equally well.
    """
    if name:
        chosen = modality(name)
        if not media.fits(media_type, chosen.media_types):
            raise InputError("content_type", f"{chosen.name} does not read {media_type}")
        return chosen
    known = [modality(n) for n in registry.names("modality")]
    ranked = [(media.fits(media_type, m.media_types), m) for m in known]
    best = max([rank for rank, _ in ranked], default=0)
    if not best:
        raise InputError("content_type", f"no modality reads {media_type}")
    fitting = [m for rank, m in ranked if rank == best]
    if len(fitting) > 1:
        listed = ", ".join([m.name for m in fitting])
        raise InputError("which_modality", f"say which modality is meant: {listed}", "/modality")
    return fitting[0]


async def receive(
    hub: Hub,
    tenant: int,
    *,
    modality: str,
    body: bytes,
    media_type: str,
    name: str,
    source: Mapping[str, str],
    actor: Actor,
    key: str,
) -> Row | Refusal:
    """Keep an original and say so, in one commit; the same key and bytes give the same row.

    The caller reads it (`read`), or the room `originals` does once ORIGINAL_LEASE_S are over;
    `release` hands it over at once. Raises InputError as `choose` and capabilities.intake.media,
    Busy where too many wait.
    """
    media_type = media.settle(media_type, body)
    plugin = choose(modality, media_type)
    digest = hashlib.sha256(body).digest()
    now_ms = hub.clock()
    source = {n: v for n, v in source.items() if v}
    async with hub.connection() as connection:
        source = await original_joins.classify(connection, tenant, source)
        known = await original_rows.find_by_key(connection, tenant, key) if key else None
        if known is not None:
            return known if known.digest == digest.hex() else CONFLICT
        counted = (tenant, ORIGINALS_WAITING)
        (waiting,) = (await (await connection.execute(_WAITING, counted)).fetchall())[0]
        if waiting >= ORIGINALS_WAITING:
            raise Busy("too many originals wait to be read", 30)
        kept = _Kept(plugin.name, media_type, body, name, key, source)
        said, values = _tell(kept, digest, now_ms)
        packed = pack(
            [Said(data=said)],
            stream=values["id"],
            seq=0,
            head=NO_HEAD,
            actor=actor,
            now_ms=now_ms,
            tenant=tenant,
        )
        values |= {"tenant": tenant, "seq": packed.count, "head": packed.head}
        async with connection.transaction():
            await blobs.put(connection, tenant, media_type, body)
            row = await original_rows.insert(connection, values)
            if row is None:  # a twin was faster
                raise Busy("the same key is being taken in by another request", 1)
            await write.add_facts(connection, tenant, packed)
        return row


class _Kept(Struct, frozen=True):
    """What is to be kept."""

    modality: str
    media_type: str
    body: bytes
    name: str
    key: str
    source: Mapping[str, str]


def _tell(kept: _Kept, digest: bytes, now_ms: int) -> tuple[OriginalReceived, dict[str, Any]]:
    """Give the first fact of an original, and its row but for the end of its stream."""
    id_, salt = ids.uuid7(now_ms, os.urandom(10)), os.urandom(vault.SALT_BYTES)
    source, body = kept.source, kept.body
    salted = kept.media_type.startswith("text/")  # short words could be guessed from their digest
    said = OriginalReceived(
        bytes=len(body),
        device=source.get("device", ""),
        digest=vault.commit(salt, "original", body) if salted else digest.hex(),
        media_type=kept.media_type,
        modality=kept.modality,
        salted=salted,
        store=source.get("store", ""),
        via=source.get("via", ""),
    )
    return said, {
        "id": id_,
        "key": kept.key or str(id_),
        "modality": kept.modality,
        "digest": digest,
        "salt": salt,
        "media_type": kept.media_type,
        "name": kept.name[:200],
        "bytes": len(body),
        "source": msgspec.json.encode(source).decode(),
        "received": write.instant(now_ms * 1000),
        "due": write.instant((now_ms + ORIGINAL_LEASE_S * 1000) * 1000),
        **{n: source.get(n, "") for n in ("speaker", "store", "device", "device_class")},
    }


async def release(hub: Hub, tenant: int, id_: uuid.UUID) -> None:
    """Let the room read an original that was received, now."""
    async with hub.connection() as connection:
        await connection.execute(
            "update originals set due=now() where tenant=%s and id=%s and state='received'",
            (tenant, id_),
        )


async def read_now(hub: Hub, tenant: int, row: Row) -> Row:
    """Read at once what needs no model; leave all else to the room."""
    if row.media_type.startswith("text/") or row.media_type.endswith("json"):
        return await read(hub, tenant, row.id)
    await release(hub, tenant, row.id)
    return row


async def read(hub: Hub, tenant: int, id_: uuid.UUID) -> Row:
    """Perceive, parse and judge an original that was received, then place it, ask or lay it before
    a person; gives how it stands then. One that others ended meanwhile stays as they left it.

    Whatever fails is a state of the original, never an exception but for a lost database.
    """
    return await original_reading.read(hub, tenant, id_)


async def confirm(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID,
    draft: Draft,
    actor: Actor,
    corrections: Sequence[str] = (),
) -> Row | Refusal:
    """Do what a draft says, for which a person answers: in the commit that says so.

    `corrections` are paths of fields that they changed; what differs from what was read counts
    anyway. Raises InputError for a draft that can't be placed.
    """
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        if row.state not in OPEN:
            return NOT_WAITING
        changed = original_reading.changes(row.draft, draft, corrections)
        told = OriginalConfirmed(corrections=changed, draft=original_rows.commit_to(row, draft))
        done = await original_ends.carry_out(hub, connection, tenant, row, row.intent, draft, actor)
        if isinstance(done, Refusal):
            return done
        await review_settling.settle(connection, tenant, row, draft, actor)
        return await original_ends.end(
            connection, tenant, row, done, draft, actor, hub.clock(), (told,)
        )


async def reject(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor, words: str = ""
) -> Row | Refusal:
    """Decide that nothing is ordered for an original; `reason` is a code, `words` say more."""
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        if row.state not in (*OPEN, "received", "unreadable"):
            return NOT_WAITING
        now_ms = hub.clock()
        said = OriginalRejected(reason=reason)
        await review_settling.settle(connection, tenant, row, None, actor, reason)
        columns = {"state": "rejected", "reason": words or reason, "by": actor.sub}
        return await original_rows.change(
            connection, tenant, row, actor, now_ms, [said], done=now_ms, due=None, **columns
        )


async def ask(
    hub: Hub, tenant: int, id_: uuid.UUID, question: Question, actor: Actor
) -> Row | Refusal:
    """Put a question to who sent an original; it waits for the answer."""
    if not question.code:
        raise NO_QUESTION
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        if row.state not in OPEN:
            return NOT_WAITING
        said = OriginalAsked(code=question.code, path=question.path)
        return await original_rows.change(
            connection, tenant, row, actor, hub.clock(), [said], state="asking", question=question
        )


async def read_again(hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor) -> Row | Refusal:
    """Have an original read anew, by what is there now: another version, another service."""
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, id_, lock=True)
        if row.state not in (*OPEN, "received", "unreadable"):
            return NOT_WAITING
        now_ms = hub.clock()
        said = [] if row.state == "received" else [OriginalReopened()]
        return await original_rows.change(
            connection,
            tenant,
            row,
            actor,
            now_ms,
            said,
            state="received",
            due=now_ms,
            tries=0,
            done=None,
            question=None,
        )


async def content(connection: Connection, tenant: int, row: Row) -> bytes | None:
    """Give the bytes of an original; None once they were erased."""
    found = await blobs.read(connection, tenant, bytes.fromhex(row.digest))
    return None if found is None else found[1]
