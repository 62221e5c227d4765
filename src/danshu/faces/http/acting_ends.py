"""The end of an act over HTTP: the statement is shown, then signed and done in one commit."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.acting import ACT, At, by_of, claimed_ms, once, writing
from danshu.faces.http.entering import origin_of
from danshu.faces.http.framework import held_of, hub_of
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import PLAIN, Instant, Word
from danshu.hub import completing, signing, stating
from danshu.hub import performing_rows as rows
from danshu.hub.completing import Performed
from danshu.hub.doers import By
from danshu.hub.stating import Prepared
from danshu.hub.trusted_time import require_token
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import REASON_CHARS


class PrepareAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which language it is shown; `sign` asks for a passkey where the type does not."""

    lang: Literal["zh", "en"] = "zh"
    note: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""
    sign: bool = False


class CompleteAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end: the passkey's answer to what was shown, the device's claimed time, the carrier."""

    credential: dict[str, Any] | None = None
    carrier: Word = ""
    device_at: Instant | None = None


@post(**writing(ACT + "/prepare", "prepareAct"))
async def prepare_act(
    order_id: FromPath[uuid.UUID],
    act_id: FromPath[uuid.UUID],
    data: JSONBody[PrepareAct],
    request: Request[Any, Any, Any],
) -> Response[Prepared]:
    """Show the exact statement, once the evidence is there; where it is to be signed, with what the
    passkey is asked: its challenge is the SHA-256 of the statement's bytes.
    """
    held = held_of(request)
    by, origin = by_of(held), origin_of(request)

    async def deed(at: At) -> Prepared | Refusal:
        return await stating.prepare(
            at.connection,
            at.world,
            origin,
            order_id,
            act_id,
            _speaking(by, await rows.read(at.connection, held.tenant, order_id, act_id)),
            at.now_ms,
            lang=data.lang,
            note=data.note,
            sign=data.sign,
        )

    return await once(request, order_id, None, by, deed)


def _speaking(by: By, act: rows.Act) -> By:
    """Let a key go on speaking for whom it began to."""
    if by.person is not None:
        return by
    return msgspec.structs.replace(by, outsider=act.role, source=act.source)


@post(**writing(ACT + "/complete", "completeAct"))
async def complete_act(
    order_id: FromPath[uuid.UUID],
    act_id: FromPath[uuid.UUID],
    data: JSONBody[CompleteAct],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Performed]:
    """End the act: fact, transition and the event that clocks hear in one commit, or nothing.

    A challenge is good once, whatever comes of it. While the clock is not trusted, the answer to an
    act of grade A waits for a time-stamp token.
    """
    held, hub = held_of(request), hub_of(request)
    by, origin = by_of(held), origin_of(request)
    is_fresh = False
    if data.credential is not None:
        async with hub.connection() as connection:
            is_fresh = await signing.spend(
                connection, held.tenant, data.credential, act_id.bytes, hub.clock()
            )

    async def deed(at: At) -> Performed | Refusal:
        return await completing.complete(
            at.connection,
            at.world,
            origin,
            order_id,
            act_id,
            _speaking(by, await rows.read(at.connection, held.tenant, order_id, act_id)),
            at.now_ms,
            credential=data.credential,
            is_fresh=is_fresh,
            device_ms=claimed_ms(data.device_at, at.now_ms),
            carrier=data.carrier,
        )

    response = await once(request, order_id, idempotency_key, by, deed)
    if response.status_code == 200 and isinstance(response.content, bytes):
        done = msgspec.json.decode(response.content, type=Performed)
        if done.grade == "A":
            seq = int(done.fact.rpartition("/")[2])
            await require_token(hub, held.tenant, order_id, seq)
    return response


ROUTES: Final = [prepare_act, complete_act]
