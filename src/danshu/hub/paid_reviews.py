"""Asks the parties of a paid order 已付款协同, and takes their answers, each in one commit.

The calls go out with the facts that say so; an answer is heard in the commit that records it
(connecting.py). A process that dies at any moment leaves either all of a step or none of it.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders import facts, model, reviews
from danshu.capabilities.orders.commands import Done, conclude
from danshu.capabilities.orders.review_facts import ReviewAnswered, UndoAnswered
from danshu.hub import acts, connecting, paid_settings
from danshu.hub.changes import Change
from danshu.hub.paid_review_rows import UNDO
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import PAID_UNDO_AGAIN_S, REASON_CHARS
from danshu.ports.asks.paid import Agreed
from danshu.ports.connector import Verdict

if TYPE_CHECKING:
    from danshu.hub.changes import Decide, Held
    from danshu.hub.connecting import Told
    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.hub.worlds import Worlds

Connection = psycopg.AsyncConnection[Any]
ASK: Final = "paid_review"
ROOM: Final = Actor(sub="paid", role="system", grade="C")
_EVENT: Final = "select body from connector_calls where tenant=%s and key=%s"


async def ask(
    connection: Connection, world: World, id_: uuid.UUID, event: bytes, at_ms: int
) -> Answer | Refusal:
    """Ask every party about an order by its event, in the caller's transaction. Raises GuardFailed.

    Where nobody is to be asked any more, the hold that awaits them is lifted.
    """
    setting = await paid_settings.read(connection, world.tenant)
    parties = setting.parties if setting.on else ()
    name = msgspec.json.decode(event)["id"]

    def decide(_: World, held: Held, now_ms: int) -> Change | Refusal:
        if not parties:
            lifted = [r for r in held.order.holds if r == reviews.WAITING]
            done = conclude(held.order, [facts.OrderUnheld(reason=r) for r in lifted], 0)
            return _change(held, done)
        asked = reviews.ask(held.order, held.id.hex, parties, name, now_ms)
        return asked if isinstance(asked, Refusal) else _change(held, asked)

    done = await acts.change(connection, world, id_, ROOM, at_ms, decide)
    if isinstance(done, Refusal) or not parties:
        return done
    held = await acts.hold(connection, world, id_)
    review = held.order.review if held is not None else None
    assert held is not None
    for party in review.parties if review is not None else ():
        await connecting.ask(
            connection,
            world.tenant,
            capability=party.name,
            operation="ask",
            key=party.key,
            subject=str(id_),
            body=event,
            at_ms=at_ms,
            context=connecting.Context(
                purpose=ASK,
                data=party.name.encode(),
                warehouse=model.first_warehouse(held.order),
                channel=held.order.channel,
            ),
        )
    return done


async def ask_again(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, at_ms: int
) -> Answer | Refusal:
    """Ask anew about an order that was refused, once all of it is undone; by a person."""
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        again = reviews.ask_again(held.order, actor.sub)
        review = held.order.review
        if isinstance(again, Refusal) or review is None:
            return again if isinstance(again, Refusal) else reviews.STILL_OPEN
        asked = (world.tenant, review.parties[0].key)
        row = await (await connection.execute(_EVENT, asked)).fetchone()
        if row is None:
            return reviews.STILL_OPEN

        def decide(_: World, held: Held, now_ms: int) -> Change | Refusal:
            return _change(held, conclude(held.order, again, 0))

        over = await acts.change(connection, world, id_, actor, at_ms, decide)
        if isinstance(over, Refusal):
            return over
        return await ask(connection, world, id_, bytes(row[0]), at_ms)


def ring(_: World, held: Held, now_ms: int) -> Change | Refusal:
    """Let time pass over an order's review."""
    return _change(held, reviews.ring(held.order, now_ms))


async def hear(connection: Connection, worlds: Worlds, told: Told) -> None:
    """Take a party's answer. One that the review does not wait for changes nothing."""
    name, reply = told.data.decode(), told.reply
    agreed = reply.verdict is Verdict.DONE
    given = msgspec.json.decode(reply.body, type=Agreed) if agreed else Agreed()
    data = ReviewAnswered(
        party=name,
        verdict="agreed" if agreed else "refused",
        reference=reply.reference[:128],
        code=reply.code[:64],
        reason=(reply.reason or given.detail)[:REASON_CHARS],
        score=given.score,
    )
    await _say(connection, worlds, told, lambda h, _: reviews.answer(h.order, data, told.key))


async def hear_undo(connection: Connection, worlds: Worlds, told: Told) -> None:
    """Take a party's answer to having been asked to undo; a no is asked again later."""
    reply = told.reply
    undone = reply.verdict is Verdict.DONE
    again = "" if undone else rfc3339(told.at_ms + PAID_UNDO_AGAIN_S * 1000)
    data = UndoAnswered(
        party=told.data.decode(), undone=undone, reason=reply.reason[:REASON_CHARS], again=again
    )
    await _say(connection, worlds, told, lambda h, _: reviews.answer_undo(h.order, data))


async def _say(connection: Connection, worlds: Worlds, told: Told, then: Any) -> None:
    world = await worlds.ensure(told.tenant)
    actor = Actor(sub=connecting.far_side(told), role="connector", grade="C")

    def decide(_: World, held: Held, now_ms: int) -> Change | Refusal:
        done = then(held, now_ms)
        return done if isinstance(done, Refusal) else _change(held, done)

    checked: Decide = decide
    await acts.change(connection, world, uuid.UUID(told.subject), actor, told.at_ms, checked)


def _change(held: Held, done: Done) -> Change:
    return Change(order=done.order, said=list(done.said), promises=held.promises)


connecting.on_reply(ASK, hear)
connecting.on_reply(UNDO, hear_undo)
