"""Amendments 改单 over HTTP: what one would do, and doing it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.orders import model
from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.faces.http import problems, substitute_offers
from danshu.faces.http.acting import At, by_of, once, writing
from danshu.faces.http.auth import Held, must
from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, only_json, respond
from danshu.faces.http.orders import IdempotencyKey
from danshu.hub import amend_views, amend_wishes, order_rights, views
from danshu.hub.amend_views import AmendmentShown
from danshu.hub.amend_wishes import Asked
from danshu.hub.changes import Change
from danshu.hub.changes import Held as HeldOrder
from danshu.hub.fields import PLAIN, Label, Minor, Word
from danshu.hub.requests import Answer
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import (
    LINE_QUANTITY,
    ORDER_BODY_BYTES,
    ORDER_LINES,
    REASON_CHARS,
    SKU_CHARS,
)
from danshu.ports.channel import Receiver

AMENDMENTS: Final = "/v1/orders/{order_id:uuid}/amendments"
_No = Annotated[int, Meta(ge=0, le=10_000)]
_Day = Annotated[
    str,
    Meta(
        pattern=r"^(20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?(?![\s\S])",
        description="YYYY-MM-DD in Shanghai, or empty",
    ),
]


class AmendedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line is to be. `line` 0 is a new one of `sku`; a quantity of 0 gives the line up; what
    is left out stays. `replaces` is the line that a substitute stands in for.
    """

    line: _No = 0
    sku: Annotated[str, Meta(max_length=SKU_CHARS, pattern=PLAIN)] = ""
    quantity: Annotated[int, Meta(ge=0, le=LINE_QUANTITY)] | None = None
    price_fen: Minor | None = None
    replaces: _No = 0


class AmendedReceiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who receives. Blank name and phone stay; without a detail the address stays as a whole."""

    name: Word = ""
    phone: Word = ""
    province: Word = ""
    city: Word = ""
    district: Word = ""
    street: Label = ""
    detail: Label = ""
    postcode: Word = ""


class Amendment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order is to be, and why. `version` is the `seq` of the order as it was seen: an order
    that was changed since is not amended. `total_fen` is another price of the whole; `wanted` the
    day on which the buyer wants it. `consent` names the fact ("stream/seq") of the buyer's own
    word, where a promise asks for it.
    """

    version: Annotated[int, Meta(ge=0)] = 0
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]
    lines: Annotated[tuple[AmendedLine, ...], Meta(max_length=ORDER_LINES)] = ()
    total_fen: Minor | None = None
    receiver: AmendedReceiver | None = None
    wanted: _Day = ""
    consent: Word = ""


def _asked(data: Amendment, by: str) -> Asked:
    return Asked(
        version=data.version,
        to=msgspec.convert(data.receiver, Receiver, from_attributes=True)
        if data.receiver
        else None,
        wish=Wish(
            by=by,
            consent=data.consent,
            lines=tuple(
                [
                    LineWish(
                        line=n.line,
                        sku=n.sku,
                        quantity=n.quantity,
                        price=n.price_fen,
                        replaces=n.replaces,
                    )
                    for n in data.lines
                ]
            ),
            reason=data.reason,
            total=data.total_fen,
            wanted=data.wanted,
        ),
    )


def permit(held: Held, before: model.Order, change: Change) -> None:
    """Let an amendment pass, or raise Forbidden: the rules look at each warehouse that it touches,
    and at the money that it moves.
    """
    for known in order_rights.amending(before, change.order):
        must(held, "order.amend", known)


@post(
    AMENDMENTS + "/preview",
    operation_id="previewAmendment",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.amend"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def preview_amendment(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[Amendment],
    request: Request[Any, Any, Any],
) -> Response[AmendmentShown]:
    """Tell what an amendment would do: lines, money, stock, warehouses, promises; decided as it
    would be now, and nothing is written. What refuses it answers as the amendment itself would.
    """
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        await views.has_order(connection, held.tenant, order_id)
        world = await hub.worlds.ensure(held.tenant)
        asked = _asked(data, held.actor.sub)
        shown = await amend_wishes.preview(connection, world, order_id, asked, hub.clock())
    if isinstance(shown, Refusal):
        return respond(problems.of(shown))
    permit(held, shown.before.order, shown.change)
    return Response(amend_views.show(world, shown), status_code=200)


@post(
    **{
        **writing(AMENDMENTS, "amendOrder"),
        "tags": ["orders"],
        "guards": [may("order.amend"), only_json],
    }
)
async def amend_order(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[Amendment],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Amend an order: what no warehouse has begun is decided again and stock moves by the
    difference, in one commit. What is picked is recalled first; what has left takes a return.
    """
    held = held_of(request)
    asked = _asked(data, held.actor.sub)

    def pass_or_raise(before: HeldOrder, change: Change) -> None:
        permit(held, before.order, change)

    async def deed(at: At) -> Answer | Refusal:
        return await amend_wishes.amend(
            at.connection, at.world, order_id, held.actor, asked, pass_or_raise, at.now_ms
        )

    return await once(request, order_id, idempotency_key, by_of(held), deed)


ROUTES: Final = [preview_amendment, amend_order, *substitute_offers.ROUTES]
