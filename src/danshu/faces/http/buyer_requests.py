"""What buyers ask for, over HTTP: asked on their behalf, listed, decided; the powers that breaches
gave, the notices that went out; what customers may ask for by themselves.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.auth import Held
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.order_page import sight_of
from danshu.faces.http.problems import of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import (
    buyer_requests,
    notices,
    order_sheet,
    powers,
    request_acts,
    request_settings,
    views,
)
from danshu.hub.buyer_requests import BuyerRequest, Wish
from danshu.hub.compose import Hub
from danshu.hub.fields import PLAIN, Label, Word
from danshu.hub.notices import Told
from danshu.hub.order_sheet import ReceiverShown
from danshu.hub.powers import Power
from danshu.hub.request_settings import Settings
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.limits import (
    AMOUNT_MINOR,
    ORDER_BODY_BYTES,
    PAGE_ROWS,
    REASON_CHARS,
    REQUEST_CHARS,
    RETRY_AFTER_S,
)
from danshu.ledger import write
from danshu.ports.channel import Receiver

Ask = Request[Any, Any, Any]
State = Annotated[
    Literal["asked", "accepted", "declined", "withdrawn"], QueryParameter(name="state")
]
_PROSE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*(?![\s\S])"
Prose = Annotated[str, Meta(max_length=REQUEST_CHARS, pattern=_PROSE)]


class NewAddress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it shall go; a name or telephone that is left blank stays as it was."""

    province: Word
    city: Word
    detail: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]
    name: Word = ""
    phone: Word = ""
    district: Word = ""
    street: Label = ""
    postcode: Word = ""


class NewRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a buyer asks for, told by somebody who works for the merchant."""

    kind: Literal["address_change", "damage"]
    address: NewAddress | None = None
    text: Prose = ""


class Answering(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The merchant's word. `decline` needs a reason, which the customer reads; to accept damage,
    say in `amount_fen` what is proposed. `withdraw`: the buyer takes it back.
    """

    act: Literal["accept", "decline", "withdraw"]
    amount_fen: Annotated[int, Meta(ge=0, le=AMOUNT_MINOR)] = 0
    reason: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""


class RequestItem(Struct, frozen=True, kw_only=True):
    """A request. `state` is asked, accepted, declined or withdrawn; `asker` link or merchant.

    `text` is what the buyer wrote, for those who answer requests; `address` is masked like every
    receiver; both are empty once erased. `region_same`: the new address lies where the order goes.
    """

    order: uuid.UUID
    no: int
    kind: str
    state: str
    asker: str
    asked: str
    decided: str
    by: str
    reason: str
    amount: int
    region_same: bool
    text: str
    address: ReceiverShown | None
    photos: tuple[str, ...]


class OrderRequests(Struct, frozen=True, kw_only=True):
    """What was asked for on an order, what its buyer has a right to, and who was told of it."""

    items: tuple[RequestItem, ...]
    powers: tuple[Power, ...]
    notices: tuple[Told, ...]


class RequestPage(Struct, frozen=True, kw_only=True):
    """Requests in a state, the oldest first; `next` is "" at the end."""

    items: tuple[RequestItem, ...]
    next: str


class RequestSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What whoever holds a link to an evidence page may ask for there."""

    address: bool
    damage: bool


async def _items(
    hub: Hub, held: Held, found: list[BuyerRequest], regions: dict[uuid.UUID, str]
) -> tuple[RequestItem, ...]:
    sight, answers = sight_of(held), held.may("order.answer")
    items = []
    async with hub.connection() as connection:
        for each in found:
            text, receiver = await buyer_requests.read_words(connection, held.tenant, each)
            items.append(
                RequestItem(
                    order=each.order,
                    no=each.no,
                    kind=each.kind,
                    state=each.state,
                    asker=each.asker,
                    asked=each.asked,
                    decided=each.decided,
                    by=each.by,
                    reason=each.reason,
                    amount=each.amount,
                    region_same=each.region == regions.get(each.order, each.region),
                    text=text if answers else "",
                    address=order_sheet.show_receiver(receiver, 0, sight) if receiver else None,
                    photos=each.photos,
                )
            )
    return tuple(items)


async def _of_order(hub: Hub, held: Held, order_id: uuid.UUID) -> OrderRequests:
    seen = await views.read_order(hub, held.tenant, order_id)
    async with hub.connection() as connection:
        found = await buyer_requests.of_order(connection, held.tenant, order_id)
        opened = await powers.of_order(connection, held.tenant, order_id)
        told = await notices.of_order(connection, held.tenant, order_id, seen.order)
    items = await _items(hub, held, found, {order_id: seen.order.region})
    return OrderRequests(items=items, powers=tuple(opened), notices=tuple(told))


@get(
    "/v1/orders/{order_id:uuid}/requests",
    operation_id="listOrderRequests",
    tags=["requests"],
    responses=READ_PROBLEMS,
    guards=[may("promise.read")],
)
async def list_of_order(order_id: FromPath[uuid.UUID], request: Ask) -> OrderRequests:
    """Read what an order's buyer asks for, what breaches entitle them to, and who was told."""
    return await _of_order(hub_of(request), held_of(request), order_id)


@get(
    "/v1/requests",
    operation_id="listRequests",
    tags=["requests"],
    responses=READ_PROBLEMS,
    guards=[may("promise.read")],
)
async def list_by_state(
    request: Ask, request_state: State = "asked", cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> RequestPage:
    """List requests in a state, the oldest first."""
    hub, held = hub_of(request), held_of(request)
    after = buyer_requests.FIRST
    if cursor:
        asked_ms, id_, no = read_place(cursor, int, str, int)
        try:
            after = int(asked_ms), str(uuid.UUID(str(id_))), int(no)
        except ValueError as error:
            raise InputError("bad_cursor", "the cursor is not one of ours") from error
    async with hub.connection() as connection:
        found = await buyer_requests.by_state(
            connection, held.tenant, request_state, after, limit + 1
        )
    page, more = found[:limit], found[limit:]
    following = write_place(*buyer_requests.place_of(page[-1])) if more else ""
    return RequestPage(items=await _items(hub, held, page, {}), next=following)


def _refuse(refusal: Refusal) -> Response[Any]:
    problem = of(refusal)
    return Response(problem, status_code=problem.status, media_type="application/problem+json")


@post(
    "/v1/orders/{order_id:uuid}/requests",
    operation_id="makeRequest",
    tags=["requests"],
    responses=PROBLEMS,
    guards=[may("order.request"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def make_request(
    order_id: FromPath[uuid.UUID], data: JSONBody[NewRequest], request: Ask
) -> Response[Any]:
    """Ask for a buyer who asked the merchant: a change of address, compensation for damage."""
    hub, held = hub_of(request), held_of(request)
    if (data.kind == request_acts.ADDRESS) != (data.address is not None):
        raise InputError("bad_field", "an address for address_change, and for nothing else")
    to = data.address
    receiver = None
    if to is not None:
        receiver = msgspec.convert(to, Receiver, from_attributes=True)
    wish = Wish(kind=data.kind, asker="merchant", text=data.text, receiver=receiver)
    await views.read_order(hub, held.tenant, order_id)
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection:
        try:
            made = await buyer_requests.make(
                connection, world, order_id, held.actor, wish, hub.clock()
            )
        except write.GuardFailed as error:
            raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    if isinstance(made, Refusal):
        return _refuse(made)
    return Response(await _of_order(hub, held, order_id), status_code=201)


@post(
    "/v1/orders/{order_id:uuid}/requests/{no:int}",
    operation_id="answerRequest",
    tags=["requests"],
    responses=PROBLEMS,
    guards=[may("order.answer"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def answer_request(
    order_id: FromPath[uuid.UUID], no: FromPath[int], data: JSONBody[Answering], request: Ask
) -> Response[Any]:
    """Accept, decline or withdraw an open request; what follows is in the same commit."""
    hub, held = hub_of(request), held_of(request)
    if data.act == "decline" and not data.reason.strip():
        raise InputError("bad_field", "the customer is told why", "/reason")
    await views.read_order(hub, held.tenant, order_id)
    if not 0 < no <= AMOUNT_MINOR:
        raise buyer_requests.NO_REQUEST
    world = await hub.worlds.ensure(held.tenant)
    done: object
    async with hub.connection() as connection:
        place = (connection, world, order_id, held.actor, no)
        try:
            if data.act == "withdraw":
                done = await buyer_requests.withdraw(*place, "merchant", hub.clock())
            else:
                verdict = request_acts.Verdict(
                    accepts=data.act == "accept", reason=data.reason, amount=data.amount_fen
                )
                done = await buyer_requests.decide(*place, verdict, hub.clock())
        except write.GuardFailed as error:
            raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    if isinstance(done, Refusal):
        return _refuse(done)
    return Response(await _of_order(hub, held, order_id))


@get("/v1/request-settings", **declare_read("getRequestSettings", "requests", "link.read"))
async def get_settings(request: Ask) -> RequestSettings:
    """Read what customers may ask for on the evidence page."""
    async with hub_of(request).connection() as connection:
        found = await request_settings.read(connection, held_of(request).tenant)
    return RequestSettings(address=found.address, damage=found.damage)


@put("/v1/request-settings", **declare_write("putRequestSettings", "requests", "merchant.write"))
async def put_settings(data: JSONBody[RequestSettings], request: Ask) -> RequestSettings:
    """Set what customers may ask for on the evidence page."""
    held = held_of(request)
    wanted = Settings(address=data.address, damage=data.damage)
    async with hub_of(request).connection() as connection:
        await request_settings.configure(connection, held.tenant, held.actor, wanted)
    return data


ROUTES: Final = [
    list_of_order,
    list_by_state,
    make_request,
    answer_request,
    get_settings,
    put_settings,
]
