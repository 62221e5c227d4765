"""An original is read once: perceived and parsed by its modality, judged, and sent on its way.

It goes by itself only when the sandbox says so; then the order is placed first, under the
original's own key, and the commit that says so follows: whoever dies between the two places nothing
twice. What fails is a state: again later where services are away, else a person.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import corrections
from danshu.hub import (
    original_context,
    original_earlier,
    original_ends,
    original_joins,
    original_placing,
    original_rows,
)
from danshu.hub.original_ends import Done
from danshu.hub.original_facts import OriginalAsked, OriginalRead
from danshu.hub.perceiving_alone import TOO_COSTLY
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    ORIGINAL_AGAIN_S,
    ORIGINAL_LEASE_S,
    ORIGINAL_PARSED_BYTES,
    ORIGINAL_TRIES,
    REASON_CHARS,
)
from danshu.ledger import blobs
from danshu.ports import registry
from danshu.ports.modality import Draft, Intent, Original, Parsed, Question

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.ports.modality import Modality

Connection = Any
_log = logging.getLogger("danshu.originals")
# Who can be asked back by the way that an original came.
TELEPHONE: Final = "telephone"
ASKABLE: Final = frozenset({TELEPHONE, "microphone", "chat"})
# Who is on the line is read back to before anything is ordered.
READ_BACK: Final = Question(code="read_back")
_CLAIM: Final = (
    "update originals set tries=tries+1, due=now()+make_interval(secs => %s)"
    " where tenant=%s and id=%s and state='received'"
)
_encode: Final = msgspec.json.Encoder().encode


class Outcome(Struct, frozen=True, kw_only=True):
    """Which way an original goes: `auto` with what was done, `question`, `review`, `sample` (it
    could have gone, and a person sees it first), `unreadable`, or `again` where nothing could look
    at it yet; `detail` says more.
    """

    route: str
    reasons: tuple[str, ...] = ()
    parsed: Parsed | None = None
    amount_fen: int = 0
    done: Done | None = None
    version: str = ""
    detail: str = ""


def actor_of(row: Row) -> Actor:
    """Who places what goes by itself: the plug-in, whose sender nobody verified (grade D)."""
    return Actor(sub=f"modality:{row.modality}", role="channel", grade="D")


def changes(read: Draft | None, draft: Draft, told: Sequence[str]) -> tuple[str, ...]:
    """Give the paths of fields that a person changed: those that they named, and what differs."""
    before = corrections.flatten(read or Draft())
    after = corrections.flatten(draft)
    differing = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    return tuple(sorted(differing | {p for p in told if p.startswith("/")}))[:200]


async def read(hub: Hub, tenant: int, id_: uuid.UUID) -> Row:
    """Read an original that was received; gives how it stands then."""
    async with hub.connection() as connection:
        claimed = await connection.execute(_CLAIM, (ORIGINAL_LEASE_S, tenant, id_))
        row = await original_rows.find(connection, tenant, id_)
        if not claimed.rowcount:
            return row
        found = await blobs.read(connection, tenant, bytes.fromhex(row.digest))
    if found is None:
        return await _settle(hub, tenant, row, Outcome(route="unreadable", reasons=("erased",)))
    outcome = await _look(hub, tenant, row, found[1])
    return await _settle(hub, tenant, row, outcome)


async def agree(hub: Hub, tenant: int, id_: uuid.UUID, parsed: Parsed) -> Row:
    """Go on with an original that was talked about until its sender agreed; gives how it stands.

    What was agreed to is judged like what was read: nothing goes by itself that is not trusted.
    """
    async with hub.connection() as connection:
        row = await original_rows.find(connection, tenant, id_)
    outcome = await _judge(hub, tenant, row, parsed, agreed=True)
    return await _settle(hub, tenant, row, msgspec.structs.replace(outcome, version=row.version))


async def _look(hub: Hub, tenant: int, row: Row, body: bytes) -> Outcome:
    """Parse and judge; whatever goes wrong is an outcome."""
    version = ""
    try:
        plugin = cast("Modality", registry.load("modality", row.modality))
        version = plugin.version
        parsed = await _parse(hub, tenant, row, plugin, body)
        row = msgspec.structs.replace(row, version=version)
        outcome = await _judge(hub, tenant, row, parsed)
        return msgspec.structs.replace(outcome, version=version)
    except InputError as error:
        route = "review" if error.code == TOO_COSTLY else "unreadable"
        told = Outcome(route=route, reasons=(error.code,), detail=error.detail)
    except NotAvailable as error:
        route = "again" if row.tries < ORIGINAL_TRIES else "review"
        told = Outcome(route=route, reasons=("not_available",), detail=error.detail)
    except Exception:  # noqa: BLE001 - logged, and the original goes to a person
        # a plug-in is somebody else's code: whatever it raises, a person reads the original
        _log.exception("original %s cannot be read by %s", row.id, row.modality)
        told = Outcome(route="review", reasons=("defect",))
    return msgspec.structs.replace(told, version=version)


async def _parse(hub: Hub, tenant: int, row: Row, plugin: Modality, body: bytes) -> Parsed:
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        lent = await original_context.lend(hub, connection, world, row.source, row.received_ms)
    original = Original(body=body, media_type=row.media_type, digest=row.digest, name=row.name)
    parsed = await plugin.parse(original, lent)
    draft = parsed.draft
    if not draft.store and row.source.get("store"):
        draft = msgspec.structs.replace(draft, store=row.source["store"])
    if not draft.customer and row.source.get("customer"):
        draft = msgspec.structs.replace(draft, customer=row.source["customer"])
    parsed = msgspec.structs.replace(
        parsed, draft=draft, troubles=tuple(dict.fromkeys(parsed.troubles))
    )
    if len(_encode(parsed)) > ORIGINAL_PARSED_BYTES:
        troubles = (*parsed.troubles, "too_much")
        parsed = msgspec.structs.replace(parsed, perceptions=(), troubles=troubles)
    return parsed


async def _judge(
    hub: Hub, tenant: int, row: Row, parsed: Parsed, *, agreed: bool = False
) -> Outcome:
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        parsed = await original_earlier.find(connection, tenant, row, parsed)
        known = await original_placing.know(connection, tenant, parsed.draft)
        amount_fen = original_placing.worth(world, parsed.draft, known)
        route, reasons = await original_joins.judge(connection, tenant, row, parsed, amount_fen)
    told = Outcome(route=route, reasons=reasons, parsed=parsed, amount_fen=amount_fen)
    if _is_note(parsed):
        return msgspec.structs.replace(told, route="note", done=Done(state="acted", act="note"))
    is_order = not parsed.troubles and parsed.intent not in (Intent.NONE, Intent.MAINTAIN)
    if row.source.get("via") == TELEPHONE and is_order and not agreed:
        return msgspec.structs.replace(told, route="question")
    if route != "auto" or parsed.troubles or parsed.questions or parsed.intent is Intent.NONE:
        is_asked = bool(parsed.questions) and not parsed.troubles
        asks = is_asked and row.source.get("via", "") in ASKABLE
        if asks:
            return msgspec.structs.replace(told, route="question")
        if parsed.intent is Intent.NONE:
            told = msgspec.structs.replace(told, reasons=(*reasons, "no_intent"))
        return msgspec.structs.replace(told, route="sample" if route == "sample" else "review")
    try:
        done = await original_ends.carry_out(
            hub, None, tenant, row, parsed.intent, parsed.draft, actor_of(row)
        )
    except InputError as error:
        return msgspec.structs.replace(told, route="review", reasons=(*reasons, error.code))
    if isinstance(done, Refusal):
        return msgspec.structs.replace(told, route="review", reasons=(*reasons, done.code))
    return msgspec.structs.replace(told, done=done)


def _is_note(parsed: Parsed) -> bool:
    """Tell whether it is a measurement of a device that asks for nothing: kept, and done with."""
    is_plain = not parsed.troubles and not parsed.questions
    return parsed.intent is Intent.NONE and parsed.draft.repair is not None and is_plain


async def _settle(hub: Hub, tenant: int, before: Row, outcome: Outcome) -> Row:
    """Write what became of it, unless others were faster."""
    now_ms, actor = hub.clock(), actor_of(before)
    async with hub.connection() as connection, connection.transaction():
        row = await original_rows.find(connection, tenant, before.id, lock=True)
        if row.state not in ("received", "asking") or row.seq != before.seq:
            return row
        parsed = outcome.parsed
        columns: dict[str, Any] = {"reasons": list(outcome.reasons)}
        columns["reason"] = outcome.detail[:REASON_CHARS]
        if outcome.route == "again":
            due_ms = now_ms + ORIGINAL_AGAIN_S * 1000 * 2 ** (row.tries - 1)
            return await original_rows.change(
                connection, tenant, row, actor, now_ms, (), due=due_ms, **columns
            )
        columns |= {"version": outcome.version, "amount_fen": outcome.amount_fen}
        said: list[Struct] = [_said(row, outcome)]
        if parsed is not None:
            columns |= {
                "models": list(parsed.models),
                "intent": parsed.intent.value,
                "parsed": parsed,
                "confidence": parsed.confidence,
                "troubles": list(parsed.troubles),
            }
            await original_joins.keep_measured(connection, tenant, row, parsed)
        if outcome.done is not None:
            assert parsed is not None
            return await original_ends.end(
                connection,
                tenant,
                row,
                outcome.done,
                parsed.draft,
                actor,
                now_ms,
                said,
                **columns,
            )
        columns |= {"due": None, "draft": parsed.draft if parsed else None, "state": "review"}
        if outcome.route == "unreadable":
            columns |= {"state": "unreadable", "done": now_ms}
        elif outcome.route == "question":
            assert parsed is not None
            question = parsed.questions[0] if parsed.questions else READ_BACK
            columns |= {"state": "asking", "question": question}
            said.append(OriginalAsked(code=question.code, path=question.path))
        return await original_rows.change(connection, tenant, row, actor, now_ms, said, **columns)


def _said(row: Row, outcome: Outcome) -> OriginalRead:
    parsed = outcome.parsed
    if parsed is None:
        return OriginalRead(route=outcome.route, reasons=outcome.reasons, version=outcome.version)
    return OriginalRead(
        amount_fen=outcome.amount_fen,
        confidence=parsed.confidence,
        intent=parsed.intent.value,
        models=parsed.models,
        parsed=original_rows.commit_to(row, parsed),
        reasons=outcome.reasons,
        route=outcome.route,
        troubles=parsed.troubles,
        version=outcome.version,
    )
