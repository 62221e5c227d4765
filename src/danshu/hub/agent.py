"""Proposals 提案: made, decided upon by people, carried out; the agent stopped and let go again.

A face asks here, whichever it is: the console, the API, the MCP server. `may` tells whether who
asks has a right; approving asks for `agent.approve` and for the right of the act itself.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.agent import decide, drafts, facts, noes
from danshu.capabilities.agent.drafts import Evidence, Outside
from danshu.capabilities.agent.model import Autonomy, Proposal, Standing, Terms
from danshu.hub import agent_acts, agent_doing, agent_rows, agent_switch
from danshu.hub.rights import Forbidden
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import AGENT_KEY_CHARS, AGENT_LIFE_MS, AGENT_TEXT_CHARS, AGENT_WORTH_FEN
from danshu.ports.skill import Cited, Reason, Told, Untrusted, Worth

if TYPE_CHECKING:
    import uuid

    from danshu.hub.agent_act import Act, Rehearsed
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

May = Callable[..., bool]
APPROVE: Final = "agent.approve"
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,79}", re.ASCII)
_NOTHING: Final = Outside(names=frozenset(), words=frozenset())
_CHANGED: Final = re.compile(r"(（改为 \d+）| \(changed to \d+\))$")
_QUANTITY: Final = "quantity"


class Wish(Struct, frozen=True, kw_only=True):
    """What a person or a program proposes. `why` is quoted, never followed; `cites` say what it
    rests on. What it is said to be worth makes it neither automatic nor small.
    """

    action: str
    key: str
    parameters: Any
    why: str
    cites: tuple[Cited, ...]
    worth: Worth = Worth(low_fen=0, mid_fen=0, high_fen=0)
    cost_fen: int = 0
    lost_fen: int = 0
    expires_ms: int = 0


async def propose(hub: Hub, tenant: int, wish: Wish, actor: Actor) -> Proposal | Refusal:
    """Propose something. An open one of the same action and key is a Refusal `proposal_open`.

    Raises InputError `no_act`, `parameters`, `key`, `cites`, `worth`, `expires`, `too_many`.
    """
    act = agent_acts.find(wish.action)
    now_ms = hub.clock()
    terms, evidence = _write(act, wish, now_ms, decide.is_person(actor))
    data = facts.ProposalMade(
        action=wish.action,
        key=wish.key,
        loose=False,
        origin="person" if decide.is_person(actor) else "key",
        skill="",
        terms=terms,
        version=0,
    )
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with hub.connection() as connection, connection.transaction():
        await agent_switch.hold(connection, tenant, "update")
        if await agent_rows.find_open(connection, tenant, wish.action, wish.key):
            return noes.OPEN
        return await agent_rows.add(
            connection, tenant, id_, data, evidence, actor, now_ms, is_due=False
        )


def _write(act: Act, wish: Wish, now_ms: int, is_person: bool) -> tuple[Terms, str]:
    expires_ms = wish.expires_ms or now_ms + 3 * 86_400_000
    if not _KEY.fullmatch(wish.key):
        raise InputError("key", "a key is a code: letters, digits and ._:/+-", "/key")
    if not wish.cites or any(len(c.ref) > AGENT_KEY_CHARS or not c.ref for c in wish.cites):
        raise InputError("cites", "say what it rests on: ids of facts, orders, forecasts", "/cites")
    if not now_ms < expires_ms <= now_ms + AGENT_LIFE_MS:
        raise InputError("expires", "it expires within 30 days", "/expires")
    worth = wish.worth
    money = (worth.low_fen, worth.mid_fen, worth.high_fen, wish.cost_fen, wish.lost_fen)
    if max(map(abs, money)) > AGENT_WORTH_FEN or min(wish.cost_fen, wish.lost_fen) < 0:
        raise InputError("worth", "that is not a sum that an action may be worth", "/worth")
    if not worth.low_fen <= worth.mid_fen <= worth.high_fen:
        raise InputError("worth", "low, middle and high are in this order", "/worth")
    by = Told(zh="提案者写的理由", en="What the proposer says")
    quote = Untrusted(text=wish.why[:AGENT_TEXT_CHARS], by="person" if is_person else "key")
    reasons = (Reason(text=by, cites=wish.cites, quotes=(quote,)),)
    text = agent_rows.encode_evidence(Evidence(reasons=reasons))
    terms = Terms(
        title_zh=f"{act.title.zh} {wish.key}",
        title_en=f"{act.title.en} {wish.key}",
        parameters=drafts.read_parameters(wish.parameters, act.parameters),
        low_fen=worth.low_fen,
        mid_fen=worth.mid_fen,
        high_fen=worth.high_fen,
        cost_fen=wish.cost_fen,
        lost_fen=wish.lost_fen,
        expires_ms=expires_ms,
        cites=drafts.cites_of(reasons),
        evidence=hashlib.sha256(text.encode()).hexdigest(),
    )
    return terms, text


def must(act: Act, may: May, one: Proposal) -> None:
    """Let somebody decide upon an act. Raises Forbidden without `agent.approve` and its right, for
    the amount and the warehouse that the proposal names.
    """
    about = agent_acts.circumstances(agent_doing.parameters_of(act, one))
    for right, context in ((APPROVE, {}), (act.right, about)):
        if not may(right, **context):
            raise Forbidden("forbidden", f"deciding upon {act.action} asks for {right}", right)


async def read(hub: Hub, tenant: int, id_: uuid.UUID) -> agent_rows.Found:
    """Read a proposal with its evidence. Raises InputError `no_proposal`."""
    async with hub.connection() as connection:
        return await agent_rows.read(connection, tenant, id_)


async def approve(
    hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor, may: May
) -> Proposal | Refusal:
    """Approve; when enough people have, it is carried out, or only rehearsed.

    Raises InputError `no_proposal`, `no_act`, and Forbidden.
    """
    found = (await read(hub, tenant, id_)).proposal
    act = agent_acts.find(found.action)
    must(act, may, found)
    now_ms = hub.clock()
    day = agent_switch.day_of(now_ms)
    async with hub.connection() as connection, connection.transaction():
        standing = await agent_switch.hold(connection, tenant)
        spent = await agent_switch.read_spent(connection, tenant, day, found.action)
        told = (agent_doing.nature_of(act), standing, spent, actor, note, now_ms)
        done = await agent_rows.change(
            connection, tenant, id_, actor, now_ms, lambda one: decide.approve(one, *told)
        )
    if isinstance(done, Refusal) or done.state != "approved":
        return done
    performed = await agent_doing.perform(hub, tenant, id_, actor)
    return done if performed == noes.OVER else performed


async def perform(
    hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor, may: May
) -> Proposal | Refusal:
    """Carry out what was approved and not yet begun. Raises as `approve` does."""
    found = (await read(hub, tenant, id_)).proposal
    must(agent_acts.find(found.action), may, found)
    if found.state != "approved":
        return noes.NOT_APPROVED if found.state == "waiting" else noes.OVER
    return await agent_doing.perform(hub, tenant, id_, actor)


async def refuse(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor
) -> Proposal | Refusal:
    """Refuse a proposal, and why. Raises InputError `no_proposal`."""
    async with hub.connection() as connection:
        return await agent_rows.change(
            connection, tenant, id_, actor, hub.clock(), lambda one: decide.refuse(one, reason)
        )


async def withdraw(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor
) -> Proposal | Refusal:
    """Take back what one proposed oneself. Raises InputError `no_proposal`."""
    async with hub.connection() as connection:
        return await agent_rows.change(
            connection,
            tenant,
            id_,
            actor,
            hub.clock(),
            lambda one: decide.withdraw(one, reason, actor),
        )


def quantity_of(one: Proposal) -> int | None:
    """Give the quantity that may be changed; None where its action has none."""
    quantity = msgspec.json.decode(one.terms.parameters).get(_QUANTITY)
    return quantity if isinstance(quantity, int) and quantity > 0 else None


async def change(
    hub: Hub, tenant: int, id_: uuid.UUID, quantity: int, actor: Actor
) -> Proposal | Refusal:
    """Change the quantity 改数量: checked by its act; who does is an author, and approves it not.

    What it costs and may lose grows with it and never shrinks: what a person says of the value of
    their own change makes no approval needless. Raises InputError `parameters`, `no_proposal`.
    """
    found = (await read(hub, tenant, id_)).proposal
    act = agent_acts.find(found.action)
    before = quantity_of(found)
    if before is None:
        return noes.FIXED
    raw = {**msgspec.json.decode(found.terms.parameters), _QUANTITY: quantity}
    text = drafts.read_parameters(raw, act.parameters)
    more = max(quantity / before, 1.0)
    terms = replace(
        found.terms,
        parameters=text,
        title_zh=f"{_CHANGED.sub('', found.terms.title_zh)}（改为 {quantity}）",
        title_en=f"{_CHANGED.sub('', found.terms.title_en)} (changed to {quantity})",
        cost_fen=math.ceil(found.terms.cost_fen * more),
        lost_fen=math.ceil(found.terms.lost_fen * more),
    )
    told = await agent_doing.rehearse(hub, tenant, replace(found, terms=terms))
    if isinstance(told, Refusal):
        return told
    async with hub.connection() as connection:
        now_ms = hub.clock()
        return await agent_rows.change(
            connection, tenant, id_, actor, now_ms, lambda one: decide.change(one, terms, now_ms)
        )


async def rehearse(hub: Hub, tenant: int, id_: uuid.UUID) -> Rehearsed | Refusal:
    """Say what carrying a proposal out would do; writes nothing. Raises InputError."""
    return await agent_doing.rehearse(hub, tenant, (await read(hub, tenant, id_)).proposal)


async def roll_back(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor, may: May
) -> Proposal | Refusal:
    """Take back what was done; also while the agent is stopped. Raises as `approve` does."""
    found = (await read(hub, tenant, id_)).proposal
    must(agent_acts.find(found.action), may, found)
    return await agent_doing.roll_back(hub, tenant, id_, reason, actor)


async def stop_all(hub: Hub, tenant: int, note: str, actor: Actor) -> Standing:
    """停用全部自动: nothing is begun any more from this commit on."""
    async with hub.connection() as connection:
        done = await agent_switch.change(
            connection, tenant, actor, hub.clock(), lambda now: decide.stop(now, note)
        )
    assert isinstance(done, Standing)
    return done


async def resume(hub: Hub, tenant: int, reason: str, actor: Actor) -> Standing:
    """Let acts be carried out again, and say why."""
    async with hub.connection() as connection:
        done = await agent_switch.change(
            connection, tenant, actor, hub.clock(), lambda now: decide.resume(now, reason)
        )
    assert isinstance(done, Standing)
    return done


async def rehearse_only(hub: Hub, tenant: int, on: bool, actor: Actor) -> Standing:
    """只演练,不执行: let acts only be rehearsed from now on, or carried out again."""
    async with hub.connection() as connection:
        done = await agent_switch.change(
            connection, tenant, actor, hub.clock(), lambda now: decide.rehearse_only(now, on=on)
        )
    assert isinstance(done, Standing)
    return done


async def set_autonomy(
    hub: Hub, tenant: int, action: str, wish: Autonomy, reason: str, actor: Actor
) -> Standing | Refusal:
    """Set how independent a kind of action is; a level that is not earned is refused.

    Raises InputError `no_act`; a key doesn't set it, whatever its rights are.
    """
    act = agent_acts.find(action)
    if not decide.is_person(actor):
        raise Forbidden("forbidden", "a person says how independent an action is", "agent.write")
    async with hub.connection() as connection, connection.transaction():
        standing = await agent_switch.hold(connection, tenant, "update")
        rules = standing.of(action)
        lived = await agent_switch.read_lived(connection, tenant, action, rules)
        nature = agent_doing.nature_of(act)
        done = await agent_switch.change(
            connection,
            tenant,
            actor,
            hub.clock(),
            lambda now: decide.set_autonomy(action, wish, nature, now, lived, reason),
        )
        await agent_switch.wake(connection, tenant, action)
        return done
