"""Holds with rules 挂起规则 over HTTP: the catalogue of reasons, and holding by one."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.orders import holding
from danshu.capabilities.orders.decide import Command
from danshu.capabilities.orders.model import HoldRule
from danshu.faces.http.acting import At, by_of, once, writing
from danshu.faces.http.auth import must
from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may, only_json
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import Instant
from danshu.hub import acts, order_rights
from danshu.hub.fields import PLAIN
from danshu.hub.hold_words import HELD
from danshu.hub.requests import Answer
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import LATEST_MS, REASON_CHARS

Awaits = Literal["", "stock", "payment"]


class HoldReason(Struct, frozen=True, kw_only=True):
    """A reason of the catalogue: what it awaits ("" a person), whether it gives the reservation
    back, and the right that lifts it beside `order.unhold`, "" none.
    """

    reason: str
    zh: str
    en: str
    awaits: str
    frees: bool
    right: str


class HoldReasons(Struct, frozen=True, kw_only=True):
    """The catalogue; any other text is a reason that a person lifts."""

    items: tuple[HoldReason, ...]


class NewHold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an order is held and until when; what is left out is as the catalogue says of the reason.
    `frees` gives what no warehouse has begun back to stock meanwhile.
    """

    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]
    until: Instant | None = None
    awaits: Awaits | None = None
    frees: bool | None = None


@get(
    "/v1/hold-reasons",
    operation_id="listHoldReasons",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_hold_reasons() -> HoldReasons:
    """List the reasons to hold, what each waits for, and who lifts it."""
    return HoldReasons(
        items=tuple(
            [
                HoldReason(
                    reason=rule.reason,
                    zh=HELD[rule.reason].zh,
                    en=HELD[rule.reason].en,
                    awaits=rule.awaits,
                    frees=rule.frees,
                    right=rule.right,
                )
                for rule in holding.CATALOGUE.values()
            ]
        )
    )


def _rule(data: NewHold, now_ms: int) -> HoldRule:
    """Make the rule. Raises InputError `time` for an end that is not ahead."""
    usual = holding.rule_for(data.reason, None)
    until_ms = int(data.until.timestamp() * 1000) if data.until else 0
    if until_ms and not now_ms < until_ms < LATEST_MS:
        raise InputError("time", "a hold ends in the future", "/until")
    return HoldRule(
        reason=data.reason,
        awaits=usual.awaits if data.awaits is None else data.awaits,
        frees=usual.frees if data.frees is None else data.frees,
        right=usual.right,
        until_ms=until_ms,
    )


_HOLDS: Final = "/v1/orders/{order_id:uuid}/holds"


@post(
    **{
        **writing(_HOLDS, "holdOrder"),
        "tags": ["orders"],
        "guards": [may("order.hold"), only_json],
    }
)
async def hold_order(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[NewHold],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Hold an order until a time, until stock or payment comes, or until a person lets it go."""
    held, hub = held_of(request), hub_of(request)
    rule = _rule(data, hub.clock())
    command = Command(event="hold", reason=data.reason, rule=rule, by=held.caller.name)

    async def deed(at: At) -> Answer | Refusal:
        decide = order_rights.command(command, lambda action, known: must(held, action, known))
        return await acts.change(at.connection, at.world, order_id, held.actor, at.now_ms, decide)

    return await once(request, order_id, idempotency_key, by_of(held), deed)


ROUTES: Final = [list_hold_reasons, hold_order]
