"""Calls 电话下单: a conversation about one original, until it is agreed to, refused, or a person's.

What was said first is the original; later turns are kept under their digests and named in its
stream. Nothing is ordered before it was read back and agreed to, and then only by the sandbox's
word. Who hangs up leaves the original to a person.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import dialogue, media
from danshu.capabilities.intake.dialogue import Dialogue, Ending
from danshu.hub import call_words, original_context, original_reading, original_rows, originals
from danshu.hub.original_facts import OriginalAnswered, OriginalLeft
from danshu.kernel import ids
from danshu.kernel.errors import Busy, InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import DIALOGUE_S, DIALOGUE_UNHEARD, DIALOGUES_OPEN
from danshu.ledger import blobs, vault
from danshu.ledger.write import instant
from danshu.ports.modality import Original

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row

Connection = Any
LINE: Final = Actor(sub="telephone", role="system", grade="C")
NO_CALL: Final = InputError("no_call", "there is no such call")
OVER: Final = Refusal(
    code="call_over", reason="通话已结束", reason_en="The call is over", clause="intake.calls"
)
_CALLER_BYTES: Final = 8
_OPEN: Final = "select count(*) from dialogues where tenant=%s and state='open' and expires > now()"
_INSERT: Final = (
    "insert into dialogues(tenant,id,state,source,expires) values(%s,%s,'open',%s::jsonb,%s)"
)
_READ: Final = (
    "select state, original, source::text, doc::text, turns, expires from dialogues"
    " where tenant=%s and id=%s"
)
_WRITE: Final = (
    "update dialogues set state=%s, original=%s, doc=%s::jsonb, turns=turns+1, expires=%s"
    " where tenant=%s and id=%s and turns=%s and state='open'"
)
_END: Final = "update dialogues set state=%s where tenant=%s and id=%s and state='open'"
_LAPSED: Final = (
    "update dialogues set state='gone' where state='open' and expires < now()"
    " returning tenant, original"
)
_TITLES: Final = (
    "select code, name from options where tenant=%(t)s and code=any(%(c)s)"
    " union all select code, name from directory where tenant=%(t)s and code=any(%(c)s)"
    " union all select code, name from skus where tenant=%(t)s and code=any(%(c)s)"
)
_decode: Final = msgspec.json.Decoder(Dialogue).decode
_encode: Final = msgspec.json.Encoder().encode


class Call(Struct, frozen=True, kw_only=True):
    """A call as it stands: `state` open, agreed, refused, person or gone; `say` is to be said next,
    `expects` is `speech` or `nothing`. `order` was placed, "" = none (yet).
    """

    id: uuid.UUID
    state: str
    say: str
    expects: str
    turns: int
    lang: str
    original: uuid.UUID | None = None
    order: uuid.UUID | None = None


class _Held(Struct, frozen=True, kw_only=True):
    state: str
    original: uuid.UUID | None
    source: dict[str, str]
    dialogue: Dialogue | None
    turns: int
    expires: datetime.datetime


async def open_call(
    hub: Hub, tenant: int, *, caller: str, store: str, customer: str, lang: str
) -> Call:
    """Answer a call. The caller's number is kept as a pseudonym of the merchant's own salt only.

    Raises Busy where too many are open.
    """
    now_ms = hub.clock()
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with hub.connection() as connection:
        (open_,) = (await (await connection.execute(_OPEN, (tenant,))).fetchall())[0]
        if open_ >= DIALOGUES_OPEN:
            raise Busy("too many calls are open", 10)
        salt = await _salt(connection, tenant)
        speaker = hashlib.blake2b(caller.encode(), key=salt, digest_size=_CALLER_BYTES).hexdigest()
        source = {
            "via": original_reading.TELEPHONE,
            "session": str(id_),
            "speaker": speaker if caller else "",
            "store": store,
            "customer": customer,
            "lang": lang,
        }
        told = _encode({n: v for n, v in source.items() if v}).decode()
        await connection.execute(_INSERT, (tenant, id_, told, _until(now_ms)))
    say = call_words.pick(call_words.GREETING, lang)
    return Call(id=id_, state="open", say=say, expects="speech", turns=0, lang=lang)


async def take_turn(
    hub: Hub, tenant: int, id_: uuid.UUID, body: bytes, media_type: str, actor: Actor
) -> Call | Refusal:
    """Hear one turn: sound, or words (also digits that were pressed). The same turn sent twice at
    once is one. Raises InputError, NotAvailable where nothing hears it: the turn may be said again.
    """
    held = await _find(hub, tenant, id_)
    if held.state != "open" or held.expires.timestamp() * 1000 < hub.clock():
        return OVER
    media_type = media.settle(media_type, body)
    if held.original is None:
        return await _first(hub, tenant, id_, held, body, media_type, actor)
    return await _answer(hub, tenant, id_, held, body, media_type, actor)


async def _first(
    hub: Hub, tenant: int, id_: uuid.UUID, held: _Held, body: bytes, media_type: str, actor: Actor
) -> Call | Refusal:
    is_text = media_type.startswith("text/")
    got = await originals.receive(
        hub,
        tenant,
        modality="text" if is_text else "voice",
        body=body,
        media_type=media_type,
        name="",
        source=held.source,
        actor=actor,
        key=f"call/{id_}/{held.turns}",
    )
    if isinstance(got, Refusal):
        return got
    row = await originals.read(hub, tenant, got.id)
    async with hub.connection() as connection:
        parsed = await original_rows.read_parsed(connection, tenant, row.id)
    if row.state == "received":
        raise NotAvailable("nothing could hear it; say it again", 1)
    if row.state != "asking" or parsed is None:
        if "silence" in row.troubles or row.state == "unreadable":
            return await _again(hub, tenant, id_, held, row, actor)
        return await _end(hub, tenant, id_, held, row, "person")
    return await _go_on(hub, tenant, id_, held, row, dialogue.begin(parsed))


async def _again(
    hub: Hub, tenant: int, id_: uuid.UUID, held: _Held, row: Row, actor: Actor
) -> Call | Refusal:
    """Nothing was said: that original is nothing, and the next turn is the first."""
    if row.state != "unreadable":
        await originals.reject(hub, tenant, row.id, "silence", actor)
    if held.turns + 1 >= DIALOGUE_UNHEARD:
        return await _end(hub, tenant, id_, held, None, "person")
    await _write(hub, tenant, id_, held, None, None, "open")
    lang = held.source.get("lang", "zh")
    say = call_words.pick(call_words.NOT_HEARD, lang)
    return Call(id=id_, state="open", say=say, expects="speech", turns=held.turns + 1, lang=lang)


async def _answer(
    hub: Hub, tenant: int, id_: uuid.UUID, held: _Held, body: bytes, media_type: str, actor: Actor
) -> Call | Refusal:
    assert held.original is not None
    assert held.dialogue is not None
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        row = await original_rows.find(connection, tenant, held.original)
        lent = await original_context.lend(hub, connection, world, held.source, hub.clock())
    if row.state != "asking":
        return await _end(hub, tenant, id_, held, row, "person")
    if media_type.startswith("text/"):
        words = body.decode(errors="replace")
    else:
        digest = hashlib.sha256(body).hexdigest()
        original = Original(body=body, media_type=media_type, digest=digest)
        words = (
            await lent.perceive("speech", original, {"lang": held.source.get("lang", "zh")})
        ).text
    following = dialogue.answer(held.dialogue, words, lent.understand, lent.resolve)
    await _keep(hub, tenant, row, body, media_type, following, actor)
    if following.ending is Ending.AGREED:
        row = await original_reading.agree(hub, tenant, row.id, following.parsed)
        return await _end(hub, tenant, id_, held, row, "agreed", following)
    if following.ending is Ending.REFUSED:
        await originals.reject(hub, tenant, row.id, "refused_by_caller", actor)
        return await _end(hub, tenant, id_, held, row, "refused", following)
    if following.ending is Ending.PERSON:
        return await _end(hub, tenant, id_, held, row, "person", following)
    return await _go_on(hub, tenant, id_, held, row, following)


async def _keep(
    hub: Hub, tenant: int, before: Row, body: bytes, media_type: str, held: Dialogue, actor: Actor
) -> None:
    """Keep an answer under its digest and say so, in one commit."""
    digest = hashlib.sha256(body).hexdigest()
    salted = media_type.startswith("text/")
    said = OriginalAnswered(
        digest=vault.commit(before.salt, "answer", body) if salted else digest,
        ending=held.ending.value,
        media_type=media_type,
        salted=salted,
        turn=held.turns,
    )
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, before.id, lock=True)
        if not salted:
            await blobs.put(connection, tenant, media_type, body)
        await original_rows.change(connection, tenant, row, actor, hub.clock(), [said])


async def _go_on(
    hub: Hub, tenant: int, id_: uuid.UUID, held: _Held, row: Row, following: Dialogue
) -> Call | Refusal:
    if following.ending is Ending.PERSON:
        return await _end(hub, tenant, id_, held, row, "person", following)
    if not await _write(hub, tenant, id_, held, row.id, following, "open"):
        return OVER
    lang = held.source.get("lang", "zh")
    async with hub.connection() as connection:
        titles = await _titles(connection, tenant, following)
    return Call(
        id=id_,
        state="open",
        say=call_words.say(following, titles, lang),
        expects="speech",
        turns=held.turns + 1,
        lang=lang,
        original=row.id,
    )


async def _end(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID,
    held: _Held,
    row: Row | None,
    state: str,
    following: Dialogue | None = None,
) -> Call:
    if state == "person" and row is not None:
        now_ms = hub.clock()
        async with hub.connection() as connection, connection.transaction():
            await lay_before_person(connection, tenant, row.id, "asked_for_person", now_ms)
    await _write(hub, tenant, id_, held, row.id if row else None, following, state)
    lang = held.source.get("lang", "zh")
    words = {"refused": call_words.REFUSED, "person": call_words.PERSON}.get(
        state, call_words.REVIEW
    )
    say = call_words.pick(words, lang)
    if row is not None and row.order is not None:
        say = call_words.pick(call_words.ORDERED, lang).format(tail=row.order.hex[-4:])
    return Call(
        id=id_,
        state=state,
        say=say,
        expects="nothing",
        turns=held.turns + 1,
        lang=lang,
        original=row.id if row else None,
        order=row.order if row else None,
    )


async def hang_up(hub: Hub, tenant: int, id_: uuid.UUID) -> None:
    """End a call; what was not agreed to goes to a person. Ending it twice is ending it once."""
    held = await _find(hub, tenant, id_)
    async with hub.connection() as connection, connection.transaction():
        ended = await connection.execute(_END, ("gone", tenant, id_))
        if ended.rowcount and held.original is not None:
            await lay_before_person(connection, tenant, held.original, "hung_up", hub.clock())


async def lay_before_person(
    connection: Connection, tenant: int, original: uuid.UUID, reason: str, now_ms: int
) -> None:
    """Let a person look at an original that was being asked about, in the caller's transaction."""
    row = await original_rows.find(connection, tenant, original, lock=True)
    if row.state != "asking":
        return
    said = [OriginalLeft(reason=reason)]
    reasons = [*[r for r in row.reasons if r != reason], reason]
    columns = {"state": "review", "question": None, "reasons": reasons}
    await original_rows.change(connection, tenant, row, LINE, now_ms, said, **columns)


async def sweep(connection: Connection, now_ms: int) -> int:
    """End calls that nobody speaks in any more; gives how many."""
    async with connection.transaction():
        lapsed = await (await connection.execute(_LAPSED)).fetchall()
        for tenant, original in lapsed:
            if original is not None:
                await lay_before_person(connection, tenant, original, "hung_up", now_ms)
    return len(lapsed)


async def read(hub: Hub, tenant: int, id_: uuid.UUID) -> Call:
    """Give a call as it stands, with what was to be said last. Raises InputError `no_call`."""
    held = await _find(hub, tenant, id_)
    lang = held.source.get("lang", "zh")
    order = None
    async with hub.connection() as connection:
        titles = await _titles(connection, tenant, held.dialogue)
        if held.original is not None:
            order = (await original_rows.find(connection, tenant, held.original)).order
    say = call_words.say(held.dialogue, titles, lang) if held.dialogue else ""
    return Call(
        id=id_,
        state=held.state,
        say=say if held.state == "open" else "",
        expects="speech" if held.state == "open" else "nothing",
        turns=held.turns,
        lang=lang,
        original=held.original,
        order=order,
    )


async def _find(hub: Hub, tenant: int, id_: uuid.UUID) -> _Held:
    async with hub.connection() as connection:
        row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise NO_CALL
    state, original, source, doc, turns, expires = row
    return _Held(
        state=state,
        original=original,
        source=msgspec.json.decode(source),
        dialogue=_decode(doc) if doc else None,
        turns=turns,
        expires=expires,
    )


async def _write(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID,
    held: _Held,
    original: uuid.UUID | None,
    following: Dialogue | None,
    state: str,
) -> bool:
    """Write the turn, unless another request was faster."""
    doc = _encode(following).decode().replace("\\u0000", "\\ufffd") if following else None
    values = (state, original, doc, _until(hub.clock()), tenant, id_, held.turns)
    async with hub.connection() as connection:
        return bool((await connection.execute(_WRITE, values)).rowcount)


async def _titles(connection: Connection, tenant: int, held: Dialogue | None) -> Mapping[str, str]:
    if held is None:
        return {}
    draft = held.parsed.draft
    codes = [draft.store, draft.customer, *[n.sku for n in draft.lines]]
    codes += [o for n in draft.lines for o in n.options]
    cursor = await connection.execute(_TITLES, {"t": tenant, "c": [c for c in codes if c]})
    return dict(await cursor.fetchall())


async def _salt(connection: Connection, tenant: int) -> bytes:
    row = await (
        await connection.execute("select salt from tenants where id=%s", (tenant,))
    ).fetchone()
    return bytes(row[0])


def _until(now_ms: int) -> datetime.datetime:
    return instant((now_ms + DIALOGUE_S * 1000) * 1000)
