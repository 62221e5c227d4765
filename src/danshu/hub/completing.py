"""The end of a contract action: the signature is checked, and one commit holds all that follows:
the fact, the machine's transition, the event that clocks hear.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.actions.model import Action
from danshu.capabilities.contract.model import Event
from danshu.capabilities.contract.performing import decide
from danshu.capabilities.contract.performing import statement as statements
from danshu.capabilities.contract.performing.facts import ActionPerformed
from danshu.capabilities.contract.performing.model import Item
from danshu.capabilities.orders import decide as orders
from danshu.hub import acts, holding, performing, signing, stating, trusted_time
from danshu.hub import performing_rows as rows
from danshu.hub.doers import By
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor, Evidence, Said, rfc3339
from danshu.ledger import blobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.passkeys import Origin
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
STATEMENT_TYPE: Final = "application/json"
KEPT: Final = "kept"  # earlier versions also said broken and unproven; such an act ends no more
STALE: Final = Refusal(
    code="statement_stale",
    reason="还没有出示陈述,或出示后证据有变:请重新出示",
    reason_en="No statement was shown, or the evidence changed since: show it anew",
    clause="performing.statement",
)
_encode: Final = msgspec.json.Encoder().encode


class Performed(Struct, frozen=True, kw_only=True):
    """What became of an act: its fact (`stream/seq`), the grade of its proof, digests in hex."""

    order: uuid.UUID
    act: uuid.UUID
    action: str
    version: int
    fact: str
    grade: str
    statement: str
    signature: str
    occurred: str
    recorded: str
    held: str
    state: str


class _Ending(Struct, kw_only=True, eq=False):
    """What is known when an act ends: who, by which proof, when, on what."""

    act: rows.Act
    action: Action
    by: By
    items: tuple[Item, ...]
    signed: signing.Signed | None
    actor: Actor
    now_ms: int
    device_ms: int
    clock: str
    held: str
    seq: int = 0

    @property
    def grade(self) -> str:
        return self.actor.grade

    @property
    def claimed_ms(self) -> int:
        """When it ended by a device's word, where no signature fixes the order of things."""
        return self.device_ms if self.grade != "A" else 0


async def complete(
    connection: Connection,
    world: World,
    origin: Origin,
    order: uuid.UUID,
    id_: uuid.UUID,
    by: By,
    now_ms: int,
    *,
    credential: dict[str, Any] | None = None,
    is_fresh: bool = False,
    device_ms: int = 0,
    carrier: str = "",
    also: Sequence[Said] = (),
) -> Performed | Refusal:
    """End an act, inside the caller's transaction: fact, transition, event heard, or nothing.

    `credential` answers what `prepare` asked, `is_fresh` tells that its challenge was still good
    (signing.spend). `also` are facts of the same commit. Who repeats it hears what was answered.
    Raises InputError `no_act`, GuardFailed.
    """
    held = await acts.hold(connection, world, order)
    if held is None:
        return acts.NO_ORDER
    act = await rows.read(connection, world.tenant, order, id_, locked=True)
    if act.state == "done" and act.sub == by.sub:
        return msgspec.json.decode(act.told, type=Performed)
    refusal = performing.why_closed(act, by, now_ms)
    if refusal:
        return refusal
    action = await stating.version_of(connection, world.tenant, act)
    if not act.statement:  # what is missing says more than that nothing was shown
        return await stating.find_lack(connection, world, held, act, action, by, now_ms) or STALE
    signed = None
    if credential is not None and by.person is not None:
        checked = await _check(
            connection, world.tenant, origin, by.person, act, action, credential, is_fresh
        )
        if isinstance(checked, Refusal):
            return checked
        signed = checked
    ending = _Ending(
        act=act,
        action=action,
        by=by,
        items=await rows.items(connection, world.tenant, id_),
        signed=signed,
        actor=_actor(act, by, signed),
        now_ms=now_ms,
        device_ms=device_ms,
        clock="device",
        held=KEPT if action.holds else "",
    )
    if not ending.claimed_ms:
        ending.clock = (await trusted_time.state(connection)).told
    refusal = await _why_not(connection, world, held, ending)
    if refusal:
        return refusal
    decided = _decide(ending, carrier, also)
    told = await acts.change(connection, world, order, by.actor, now_ms, decided)
    if isinstance(told, Refusal):
        return told
    return await _keep(connection, world.tenant, ending, told.state)


async def _check(
    connection: Connection,
    tenant: int,
    origin: Origin,
    person: uuid.UUID,
    act: rows.Act,
    action: Action,
    credential: dict[str, Any],
    is_fresh: bool,
) -> signing.Signed | Refusal:
    """Check the signature. What answers no open challenge is not looked at any further."""
    digest = statements.digest(act.statement)
    if not is_fresh:
        return signing.why_stale(credential, digest)
    return await signing.check(
        connection,
        tenant,
        origin,
        person,
        credential,
        digest,
        device_bound=action.who.device_bound,
    )


def _actor(act: rows.Act, by: By, signed: signing.Signed | None) -> Actor:
    """Give who did it, by the proof that there is and no stronger one."""
    if signed is not None:
        return Actor(sub=act.sub, role=act.role, key=signed.key, grade="A")
    if by.person is not None:
        return Actor(sub=act.sub, role=act.role, key=by.actor.key, grade="B")
    grade = "D" if by.outsider in ("carrier", "buyer") else "C"
    return Actor(sub=act.sub, role=act.role, key=by.actor.key, grade=grade)


async def _why_not(
    connection: Connection, world: World, held: acts.Held, ending: _Ending
) -> Refusal | None:
    """Say why it may not end now: rights as they are today, evidence, pace, grade."""
    act, action = ending.act, ending.action
    refusals, doer, _ = await performing.why_not(
        connection, world.tenant, held, ending.by, action, act.fulfilment, ending.now_ms
    )
    goods = performing.goods_of(world, held.order, act.fulfilment)
    missing = decide.complete(
        action,
        doer,
        ending.items,
        goods,
        grade=ending.grade,
        began_ms=act.began_ms,
        now_ms=ending.claimed_ms or ending.now_ms,
    )
    unheld = await holding.missing(connection, world.tenant, act, action, ending.items)
    return next(iter((*refusals, *missing, *unheld)), None)


def _decide(ending: _Ending, carrier: str, also: Sequence[Said]) -> acts.Decide:
    act, action = ending.act, ending.action
    occurred_ms = ending.claimed_ms

    def decided(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        ending.seq = held.seq + 1
        cause = f"{held.id}/{ending.seq}"
        change = acts.Change(order=held.order, said=[], promises=held.promises)
        if action.moves:
            command = orders.Command(
                event=action.moves,
                fulfilment=act.fulfilment,
                carrier=carrier,
                waybill=next((i.value for i in ending.items if i.kind == "waybill_no"), ""),
                occurred_ms=occurred_ms,
                by=ending.by.number or ending.actor.sub,
            )
            told = acts.command(command)(world, held, now_ms)
            if isinstance(told, Refusal):
                return told
            change = told
        if action.says:
            event = Event(
                name=action.says,
                occurred_ms=occurred_ms or now_ms,
                recorded_ms=now_ms,
                source=action.action,
                self_declared=bool(occurred_ms),
                cause=cause,
            )
            change.promises, heard = contract.hear(change.promises, [event], now_ms)
            change.said = [*change.said, *heard]
        rest = [s if s.cause else msgspec.structs.replace(s, cause=cause) for s in change.said]
        change.said = [_say(ending), *rest, *also]
        return change

    return decided


def _say(ending: _Ending) -> Said:
    act, action = ending.act, ending.action
    took = decide.duration_ms(
        action,
        ending.items,
        act.began_ms,
        ending.claimed_ms or ending.now_ms,
        claimed=ending.grade != "A",
    )
    return Said(
        data=ActionPerformed(
            action=action.action,
            began=rfc3339(act.began_ms),
            definition=act.definition,
            delegated_by=act.delegated_by,
            device_ended=rfc3339(ending.device_ms) if ending.device_ms else "",
            duration_ms=took or 0,
            ended=rfc3339(ending.now_ms),
            fulfilment=act.fulfilment,
            held=ending.held,
            signature=statements.digest(ending.signed.record).hex() if ending.signed else "",
            statement=statements.digest(act.statement).hex(),
            text=act.text,
            version=action.version,
        ),
        occurred_ms=ending.claimed_ms,
        clock=ending.clock,
        evidence=tuple([Evidence(kind=i.kind, digest=i.digest, size=i.size) for i in ending.items]),
        actor=ending.actor,
    )


async def _keep(connection: Connection, tenant: int, ending: _Ending, state: str) -> Performed:
    """Keep the bytes that the fact names, and what is answered, with the end of the act."""
    act = ending.act
    kept = [(act.statement, "statement")]
    if ending.signed:
        kept.append((ending.signed.record, "signature"))
    digests = []
    for raw, kind in kept:
        digests.append((await blobs.put(connection, tenant, STATEMENT_TYPE, raw), kind))
    await rows.own(connection, tenant, act.order, digests)
    done = Performed(
        order=act.order,
        act=act.id,
        action=act.action,
        version=act.version,
        fact=f"{act.order}/{ending.seq}",
        grade=ending.grade,
        statement=digests[0][0].hex(),
        signature=digests[1][0].hex() if ending.signed else "",
        occurred=rfc3339(ending.claimed_ms or ending.now_ms),
        recorded=rfc3339(ending.now_ms),
        held=ending.held,
        state=state,
    )
    await rows.end(connection, tenant, act.id, "done", _encode(done))
    return done
