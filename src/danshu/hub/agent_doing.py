"""Carrying proposals out: begun in one short commit that reads the switch, done once, taken back,
measured.

    begin     one transaction: switch and level read `for share`, the day's budget charged, said
    perform   the act itself, idempotent by the proposal's id
    end       said: performed, or failed

A process that dies between leaves the proposal `performing`; the room takes it up again when its
lease has passed, reads the switch again, and the act finds what it did before.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec.structs import replace

from danshu.capabilities.agent import decide, facts, noes
from danshu.capabilities.agent.model import Nature, Outcome, Proposal
from danshu.hub import agent_acts, agent_rows, agent_switch
from danshu.hub.agent_act import Performed
from danshu.hub.agent_switch import ROBOT
from danshu.kernel.errors import InputError, NotAvailable, Refusal, UnknownOutcome
from danshu.kernel.limits import AGENT_LEASE_S, AGENT_TRIES

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct

    from danshu.hub.agent_act import Act, Rehearsed
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_AGAIN: Final = (NotAvailable, UnknownOutcome, psycopg.Error, OSError, TimeoutError)
_MARGIN_S: Final = 30
_DETAIL: Final = 300
_DAY_MS: Final = 86_400_000
_MEASURE_DAYS: Final = 60
_decode_done: Final = msgspec.json.Decoder(Performed).decode
_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_log = logging.getLogger("danshu.agent")


def nature_of(act: Act) -> Nature:
    """Give what decides who must approve an act."""
    return Nature(reversibility=act.reversibility, sensitivity=act.sensitivity)


def parameters_of(act: Act, one: Proposal) -> Any:
    """Read a proposal's parameters as its act has them. Raises InputError `parameters` where the
    act knows them no longer.
    """
    try:
        return msgspec.json.decode(one.terms.parameters, type=act.parameters)
    except msgspec.ValidationError as error:
        raise InputError("parameters", str(error)[:200]) from error


def done_of(one: Proposal) -> Performed:
    """Read what its act kept of what it did."""
    return _decode_done(one.done)


async def rehearse(hub: Hub, tenant: int, one: Proposal) -> Rehearsed | Refusal:
    """Say what carrying it out would do; writes nothing. Raises InputError `no_act`."""
    act = agent_acts.find(one.action)
    return await act.rehearse(hub, tenant, parameters_of(act, one))


async def perform(hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor) -> Proposal | Refusal:
    """Carry out what is approved, or automatic: once, whoever asks and however often.

    A proposal that stays `performing` met a fault on its way, and is taken up again by the room.
    """
    begun = await _begin(hub, tenant, id_, actor)
    if isinstance(begun, Refusal) or begun.state != "performing":
        return begun
    return await go_on(hub, tenant, begun, actor)


async def _begin(hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor) -> Proposal | Refusal:
    async with hub.connection() as connection:
        found = (await agent_rows.read(connection, tenant, id_)).proposal
        is_dry = (await agent_switch.read(connection, tenant)).dry
    if found.state == "performing":  # somebody is at it, or was
        return noes.OVER
    act = agent_acts.find(found.action)
    touched = 0
    if is_dry:
        told = await rehearse(hub, tenant, found)
        touched = 0 if isinstance(told, Refusal) else told.touched
    now_ms = hub.clock()
    day = agent_switch.day_of(now_ms)
    async with hub.connection() as connection, connection.transaction():
        standing = await agent_switch.hold(connection, tenant)
        await agent_switch.lock_spent(connection, tenant, found.action)
        spent = await agent_switch.read_spent(connection, tenant, day, found.action)
        said: list[Struct | Refusal] = []

        def choose(one: Proposal) -> Struct | Refusal:
            told = decide.begin(one, nature_of(act), standing, spent, day, now_ms)
            if isinstance(told, facts.ProposalRehearsed):
                told = replace(told, touched=touched)
            said.append(told)
            return told

        done = await agent_rows.change(connection, tenant, id_, actor, now_ms, choose)
        begun = said[0]
        if isinstance(begun, facts.ProposalBegun) and begun.automatic:
            await agent_switch.spend(connection, tenant, day, found.action, begun.fen)
        return done


async def go_on(hub: Hub, tenant: int, one: Proposal, actor: Actor) -> Proposal | Refusal:
    """Do the act of what was begun, and say how it ended; a fault leaves it for the room."""
    act = agent_acts.find(one.action)
    try:
        async with asyncio.timeout(AGENT_LEASE_S - _MARGIN_S):
            done = await act.perform(hub, tenant, one.id, parameters_of(act, one), actor)
    except InputError as error:
        done = Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
    except _AGAIN as error:
        _log.warning("proposal %s was not carried out yet: %s", one.id, error)
        return one
    return await _end(hub, tenant, one, act, done, actor)


async def _end(
    hub: Hub, tenant: int, one: Proposal, act: Act, done: Performed | Refusal, actor: Actor
) -> Proposal | Refusal:
    now_ms = hub.clock()

    def say(now: Proposal) -> Struct | None:
        if isinstance(done, Refusal):
            return decide.fail(now, done.code, (done.reason or done.code)[:_DETAIL])
        kept = _encode(done).decode()
        return decide.perform(now, kept, done.touched, now_ms + act.measured_after_ms)

    async with hub.connection() as connection:
        return await agent_rows.change(connection, tenant, one.id, actor, now_ms, say)


async def take_up(hub: Hub, tenant: int, one: Proposal, tries: int) -> None:
    """Take up an act whose process died or met a fault, unless the agent is stopped meanwhile."""
    async with hub.connection() as connection:
        until_ms = hub.clock() + AGENT_LEASE_S * 1000
        if await agent_switch.is_stopped(connection, tenant) and one.state == "performing":
            await agent_rows.put_off(connection, tenant, one, hub.clock() + 5_000)
            return
        await agent_rows.put_off(connection, tenant, one, until_ms, tries=1)
    if one.state == "rolling_back":
        await _unroll(hub, tenant, one, ROBOT)
    elif tries >= AGENT_TRIES:
        broken = Refusal(code="given_up", reason=f"试了 {tries} 次都没有完成")
        await _end(hub, tenant, one, agent_acts.find(one.action), broken, ROBOT)
    else:
        await go_on(hub, tenant, one, ROBOT)


async def roll_back(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor
) -> Proposal | Refusal:
    """Take back what was done, as far as it can be. Raises InputError `no_proposal`."""
    async with hub.connection() as connection:
        begun = await agent_rows.change(
            connection, tenant, id_, actor, hub.clock(), lambda one: decide.unroll(one, reason)
        )
    if isinstance(begun, Refusal):
        return begun
    return await _unroll(hub, tenant, begun, actor)


async def _unroll(hub: Hub, tenant: int, one: Proposal, actor: Actor) -> Proposal | Refusal:
    act = agent_acts.find(one.action)
    parameters = parameters_of(act, one)
    try:
        async with asyncio.timeout(AGENT_LEASE_S - _MARGIN_S):
            told = await act.compensate(hub, tenant, one.id, parameters, done_of(one), actor)
    except InputError as error:
        told = Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
    except _AGAIN as error:
        _log.warning("proposal %s was not taken back yet: %s", one.id, error)
        return one

    def say(now: Proposal) -> Struct | None:
        if isinstance(told, Refusal):
            return decide.keep(now, told.code, (told.reason or told.code)[:_DETAIL])
        return decide.unrolled(now, told.touched)

    async with hub.connection() as connection:
        after = await agent_rows.change(connection, tenant, one.id, actor, hub.clock(), say)
    return told if isinstance(told, Refusal) else after


async def measure(hub: Hub, tenant: int, one: Proposal) -> None:
    """Measure what was done, and lower the action's level where too much was regretted."""
    act = agent_acts.find(one.action)
    told = await act.measure(hub, tenant, one.id, parameters_of(act, one), done_of(one))
    now_ms = hub.clock()
    async with hub.connection() as connection:
        if told is None:
            days = 1 if now_ms < one.measure_ms + _MEASURE_DAYS * _DAY_MS else 30
            await agent_rows.put_off(connection, tenant, one, now_ms + days * _DAY_MS)
            return
        outcome = Outcome(
            low_fen=told.worth.low_fen,
            mid_fen=told.worth.mid_fen,
            high_fen=told.worth.high_fen,
            method=told.method,
            counted=told.counted,
            text_zh=told.text.zh[:_DETAIL],
            text_en=told.text.en[:_DETAIL],
            at_ms=now_ms,
        )
        await agent_rows.change(
            connection, tenant, one.id, ROBOT, now_ms, lambda now: decide.measure(now, outcome)
        )
        await lower(connection, tenant, one.action, now_ms)


async def lower(connection: Connection, tenant: int, action: str, now_ms: int) -> None:
    """Take a level away where too much of an action was regretted."""
    rules = (await agent_switch.read(connection, tenant)).of(action)
    lived = await agent_switch.read_lived(connection, tenant, action, rules)
    if lived:
        await agent_switch.change(
            connection, tenant, ROBOT, now_ms, lambda now: decide.lower(action, now, lived)
        )
