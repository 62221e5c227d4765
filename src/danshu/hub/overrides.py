"""Overrides 人工指定仓, from the first look to the signed fact: weighed, stated, signed, done.

Who overrides signs the exact statement by passkey (grade A). Above the amount up to which the
merchant's policies let one person act alone, a second person signs a statement of their own before
anything moves.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.performing import assertion
from danshu.capabilities.contract.performing import statement as statements
from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.facts import RouteOverridden
from danshu.capabilities.people.policies import Context
from danshu.hub import acts, offers, override_rows, override_stating, overriding, signing
from danshu.hub import performing_rows as evidence
from danshu.hub.completing import STALE, STATEMENT_TYPE
from danshu.hub.override_rows import NO_OVERRIDE, Row
from danshu.hub.override_stating import Stated
from danshu.hub.overriding import Choice, Chosen, Closed
from danshu.hub.stating import Lang, Prepared
from danshu.hub.trusted_time import check_begin
from danshu.hub.trusted_time import state as time_state
from danshu.kernel import ids
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor, Said, rfc3339
from danshu.kernel.limits import CHALLENGE_S, OVERRIDE_DRIFT_FEN
from danshu.ledger import blobs

if TYPE_CHECKING:
    from danshu.hub.doers import By
    from danshu.hub.passkeys import Origin
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
May = Callable[[str, Context], bool]
LIFT: Final = "routing.override_policy"
ALONE: Final = "routing.override_alone"


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="routing.override")


NOT_PERSON: Final = _no(
    "override_person",
    "人工指定仓要由人签名,API 密钥不能",
    "A person signs an override; an API key can't",
)
POLICY_FORBIDS: Final = _no(
    "policy_forbids",
    "策略禁用该仓,越过它要另有权限",
    "Policy forbids that warehouse; to go past it is a right of its own",
)
SAME_PERSON: Final = _no(
    "override_second",
    "复核要由第二人签名",
    "A second person signs: not the one who chose",
)
ENDED: Final = _no(
    "override_ended",
    "这次人工指定已结束",
    "This override has ended",
)
_encode: Final = msgspec.json.Encoder().encode


class OverrideDone(Struct, frozen=True, kw_only=True):
    """What became of an override: `done` with its fact (`stream/seq`), or `waiting` for a second
    person. Digests in hex.
    """

    order: uuid.UUID
    override: uuid.UUID
    state: str
    fact: str
    grade: str
    statement: str
    signature: str
    warehouse: str
    recorded: str


class _Ending(Struct, kw_only=True, eq=False):
    """What is known when an override ends; `fact` once it is decided."""

    row: Row
    stated: Stated
    key: str
    record: bytes  # the first person's signature
    second: str
    counter: bytes  # the second person's, b"" where none was asked for
    clock: str
    fact: str = ""


async def prepare(
    connection: Connection,
    world: World,
    origin: Origin,
    order: uuid.UUID,
    choice: Choice,
    by: By,
    may: May,
    now_ms: int,
    *,
    reason: str,
    note: str,
    lang: Lang,
) -> Prepared | Refusal:
    """Show what an override says and costs, and ask for the signature over exactly that."""
    if by.person is None:
        return NOT_PERSON
    held = await acts.hold(connection, world, order)
    if held is None:
        return acts.NO_ORDER
    if not await signing.has_passkey(connection, world.tenant, by.person):
        return assertion.NO_PASSKEY
    refusal = await check_begin(connection)
    if refusal is not None:
        return refusal
    with offers.untouched(world, held.order):
        chosen = overriding.choose(world, held, choice, now_ms)
    if isinstance(chosen, Closed):
        return chosen.refusal
    refusal = ruled(chosen, held, choice, may)
    if refusal is not None:
        return refusal
    superseded = await override_stating.newest_decision(connection, world.tenant, order)
    stated = override_stating.state(chosen, superseded)
    shown, raw = await override_stating.write(
        connection, world, held, choice, stated, by, now_ms, reason=reason, note=note, lang=lang
    )
    id_ = ids.uuid7(now_ms, os.urandom(10))
    row = Row(
        id=id_, order=order, fulfilment=choice.fulfilment, warehouse=choice.warehouse,
        reason=reason, note=note, sub=by.sub, role=by.actor.role, state="open",
        stated=_encode(stated), statement=raw, began_ms=now_ms,
    )  # fmt: skip
    await override_rows.insert(connection, world.tenant, row)
    return await _ask(connection, world.tenant, origin, id_, by, shown, raw, lang, now_ms)


async def prepare_second(
    connection: Connection,
    world: World,
    origin: Origin,
    order: uuid.UUID,
    id_: uuid.UUID,
    by: By,
    now_ms: int,
    lang: Lang,
) -> Prepared | Refusal:
    """Show the second person what the first has signed. Raises InputError `no_override`."""
    if by.person is None:
        return NOT_PERSON
    held = await acts.hold(connection, world, order)
    row = await override_rows.read(connection, world.tenant, order, id_)
    if held is None or row.state != "waiting":
        return ENDED
    if row.sub == by.sub:
        return SAME_PERSON
    if not await signing.has_passkey(connection, world.tenant, by.person):
        return assertion.NO_PASSKEY
    stated = msgspec.json.decode(row.stated, type=Stated)
    choice = Choice(warehouse=row.warehouse, fulfilment=row.fulfilment)
    shown, raw = await override_stating.write(
        connection, world, held, choice, stated, by, now_ms,
        reason=row.reason, note=row.note, lang=lang, first=row.sub,
    )  # fmt: skip
    await override_rows.show_second(connection, world.tenant, id_, by.sub, raw)
    return await _ask(connection, world.tenant, origin, id_, by, shown, raw, lang, now_ms)


async def complete(
    connection: Connection,
    world: World,
    origin: Origin,
    order: uuid.UUID,
    id_: uuid.UUID,
    by: By,
    may: May,
    now_ms: int,
    *,
    credential: dict[str, Any],
    is_fresh: bool,
) -> OverrideDone | Refusal:
    """Check the signature and override in one commit, or wait for a second person's.

    Who repeats it hears what was answered. Raises InputError `no_override`, GuardFailed.
    """
    if by.person is None:
        return NOT_PERSON
    held = await acts.hold(connection, world, order)
    if held is None:
        return acts.NO_ORDER
    row = await override_rows.read(connection, world.tenant, order, id_)
    raw = _awaited(row, by, now_ms)
    if isinstance(raw, OverrideDone | Refusal):
        return raw
    if not is_fresh:
        return signing.why_stale(credential, statements.digest(raw))
    signed = await signing.check(
        connection, world.tenant, origin, by.person, credential, statements.digest(raw),
        device_bound=False,
    )  # fmt: skip
    if isinstance(signed, Refusal):
        return signed
    is_second = row.state == "waiting"
    context = _context(held, Choice(warehouse=row.warehouse))
    if not is_second and not may(ALONE, context):
        await override_rows.sign(connection, world.tenant, id_, signed.record, signed.key)
        return _done(row, "waiting", now_ms)
    ending = _Ending(
        row=row,
        stated=msgspec.json.decode(row.stated, type=Stated),
        key=row.key if is_second else signed.key,
        record=row.signature if is_second else signed.record,
        second=by.sub if is_second else "",
        counter=signed.record if is_second else b"",
        clock=(await time_state(connection)).told,
    )
    decide = _decide(ending, may if not is_second else lambda *_: True)
    told = await acts.change(connection, world, order, by.actor, now_ms, decide)
    if isinstance(told, Refusal):
        return told
    return await _keep(connection, world.tenant, ending, now_ms)


async def decline(
    connection: Connection, tenant: int, order: uuid.UUID, id_: uuid.UUID, now_ms: int
) -> OverrideDone | Refusal:
    """End an override that waits for a second person; nothing of it became a fact."""
    row = await override_rows.read(connection, tenant, order, id_)
    if row.state != "waiting":
        return ENDED
    done = _done(row, "declined", now_ms)
    await override_rows.end(connection, tenant, id_, "declined", _encode(done))
    return done


def needs_second(held: acts.Held, choice: Choice, may: May) -> bool:
    """Tell whether a second person has to sign for this order."""
    return not may(ALONE, _context(held, choice))


def _context(held: acts.Held, choice: Choice) -> Context:
    known: Context = {"channel": held.order.channel, "amount_fen": held.order.total}
    if choice.warehouse:
        known["warehouse"] = choice.warehouse
    return known


def ruled(chosen: Chosen, held: acts.Held, choice: Choice, may: May) -> Refusal | None:
    """Refuse what policy forbids to who may not go past it."""
    if not chosen.ruled or may(LIFT, _context(held, choice)):
        return None
    return POLICY_FORBIDS


async def _ask(
    connection: Connection,
    tenant: int,
    origin: Origin,
    id_: uuid.UUID,
    by: By,
    shown: str,
    raw: bytes,
    lang: Lang,
    now_ms: int,
) -> Prepared:
    assert by.person is not None
    digest = statements.digest(raw)
    return Prepared(
        act=id_,
        shown=shown,
        statement=raw.decode(),
        digest=digest.hex(),
        lang=lang,
        options=await signing.ask(connection, tenant, origin, by.person, digest, id_.bytes, now_ms),
        until=rfc3339(now_ms + CHALLENGE_S * 1000),
    )


def _awaited(row: Row, by: By, now_ms: int) -> bytes | OverrideDone | Refusal:
    """Give the statement that this person is to sign, or why they are not."""
    if row.state == "done" and by.sub in (row.sub, row.second):
        return msgspec.json.decode(row.told, type=OverrideDone)
    if row.state == "open":
        if row.sub != by.sub:
            raise NO_OVERRIDE
        return row.statement if now_ms < row.ends_ms else STALE
    if row.state != "waiting":
        return ENDED
    if row.sub == by.sub:
        return SAME_PERSON
    return row.countersigned if row.second == by.sub and row.countersigned else STALE


def _decide(ending: _Ending, may: May) -> acts.Decide:
    row, stated = ending.row, ending.stated
    choice = Choice(warehouse=row.warehouse, fulfilment=row.fulfilment)

    def check(chosen: Chosen, held: acts.Held) -> Refusal | None:
        now = override_stating.state(chosen, stated.decision)
        more = now.more_fen - stated.more_fen
        if (now.was, now.lifted) != (stated.was, stated.lifted) or more > OVERRIDE_DRIFT_FEN:
            return STALE
        return ruled(chosen, held, choice, may)

    def decided(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        chosen = overriding.choose(world, held, choice, now_ms, lambda c: check(c, held))
        if isinstance(chosen, Closed):
            return chosen.refusal
        change = chosen.change
        cause = f"override/{row.id}"
        rest = [s if s.cause else msgspec.structs.replace(s, cause=cause) for s in change.said]
        said = _say(ending, chosen)
        change.order = evolve(change.order, said.data)
        change.said = [*rest, said]
        ending.fact = f"{held.id}/{held.seq + len(change.said)}"
        return change

    return decided


def _say(ending: _Ending, chosen: Chosen) -> Said:
    row, now = ending.row, override_stating.state(chosen, ending.stated.decision)
    return Said(
        data=RouteOverridden(
            confirmed=statements.digest(row.countersigned).hex() if ending.counter else "",
            cost_fen=now.cost_fen,
            countersigned=statements.digest(ending.counter).hex() if ending.counter else "",
            decision=now.decision,
            fulfilments=chosen.pins,
            lifted=now.lifted,
            note=row.note,
            reason=row.reason,
            router=now.router,
            router_fen=now.router_fen,
            second=ending.second,
            signature=statements.digest(ending.record).hex(),
            statement=statements.digest(row.statement).hex(),
            to=row.warehouse,
            was=now.was,
        ),
        clock=ending.clock,
        actor=Actor(sub=row.sub, role=row.role, key=ending.key, grade="A"),
    )


def _done(row: Row, state: str, now_ms: int, fact: str = "", signature: str = "") -> OverrideDone:
    return OverrideDone(
        order=row.order,
        override=row.id,
        state=state,
        fact=fact,
        grade="A" if fact else "",
        statement=statements.digest(row.statement).hex(),
        signature=signature,
        warehouse=row.warehouse,
        recorded=rfc3339(now_ms),
    )


async def _keep(connection: Connection, tenant: int, ending: _Ending, now_ms: int) -> OverrideDone:
    """Keep the bytes that the fact names with the order, and what is answered with the row."""
    row = ending.row
    kept = [(row.statement, "statement"), (ending.record, "signature")]
    if ending.counter:
        kept += [(row.countersigned, "statement"), (ending.counter, "signature")]
    digests = [(await blobs.put(connection, tenant, STATEMENT_TYPE, b), k) for b, k in kept]
    await evidence.own(connection, tenant, row.order, digests)
    done = _done(row, "done", now_ms, ending.fact, digests[1][0].hex())
    await override_rows.end(connection, tenant, row.id, "done", _encode(done))
    return done
