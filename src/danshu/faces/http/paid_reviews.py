"""What is asked when an order is paid 已付款协同: whom, and how far it has come with an order."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.orders.reviews import Wanted
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    respond,
)
from danshu.hub import paid_reviews, paid_settings, paid_views, replies
from danshu.hub.paid_views import PaidReview
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import PAID_PARTIES, PAID_WITHIN_S

_REVIEW: Final = "/v1/orders/{order_id:uuid}/paid-review"
_SETTING: Final = "/v1/paid-review-settings"
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,15}(?![\\s\\S])")]


class ReviewParty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party: the capability whose connector is asked, whether it must agree, the time that it has
    (0 = any), and what happens then: wait, hold (a person decides) or pass (it goes on).
    """

    name: Name
    required: bool = True
    within_s: Annotated[int, Meta(ge=0, le=PAID_WITHIN_S)] = 0
    otherwise: Literal["wait", "hold", "pass"] = "wait"


class PaidReviewSetting(Struct, frozen=True, kw_only=True):
    """Whom orders paid from now on wait for. `version` 0: nothing was set, and `parties` are what
    is proposed. `connected` are capabilities that have a route.
    """

    version: int
    on: bool
    parties: tuple[ReviewParty, ...]
    connected: tuple[str, ...]


class SetPaidReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting that follows the version that was looked at."""

    version: Annotated[int, Meta(ge=0)]
    on: bool
    parties: Annotated[tuple[ReviewParty, ...], Meta(max_length=PAID_PARTIES)]


@get(_SETTING, **declare_read("getPaidReviewSetting", "connectors", "order.read"))
async def get_setting(request: Request[Any, Any, Any]) -> PaidReviewSetting:
    """Read whom the merchant asks when an order is paid."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        return _show(
            await paid_settings.read(connection, tenant),
            await paid_views.list_connected(connection, tenant),
        )


@put(_SETTING, **declare_write("setPaidReviewSetting", "connectors", "merchant.write"))
async def set_setting(
    data: JSONBody[SetPaidReview], request: Request[Any, Any, Any]
) -> Response[PaidReviewSetting]:
    """Set whom to ask about orders paid from now on; 409 where somebody else has changed it."""
    hub, held = hub_of(request), held_of(request)
    wish = paid_settings.Setting(
        on=data.on,
        version=data.version,
        parties=tuple(
            Wanted(name=p.name, required=p.required, within_s=p.within_s, otherwise=p.otherwise)
            for p in data.parties
        ),
    )
    async with hub.connection() as connection:
        done = await paid_settings.put(connection, held.tenant, wish, held.actor)
        connected = await paid_views.list_connected(connection, held.tenant)
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    hub.worlds.forget(held.tenant)
    return Response(_show(done, connected))


def _show(setting: paid_settings.Setting, connected: tuple[str, ...]) -> PaidReviewSetting:
    parties = setting.parties if setting.version else paid_settings.USUAL
    return PaidReviewSetting(
        version=setting.version,
        on=setting.on,
        connected=connected,
        parties=tuple(
            [msgspec.convert(party, ReviewParty, from_attributes=True) for party in parties]
        ),
    )


@get(_REVIEW, **declare_read("getPaidReview", "orders", "order.read"))
async def get_review(order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> PaidReview:
    """Read who was asked about an order's payment, what each answered, and what was undone."""
    async with hub_of(request).connection() as connection:
        return await paid_views.read(connection, held_of(request).tenant, order_id)


@post(
    _REVIEW,
    operation_id="askPaidReviewAgain",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.unhold")],
    status_code=200,
)
async def ask_again(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[PaidReview]:
    """Ask everybody anew about an order that one of them refused, once all of it is undone."""
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    done = await replies.again(
        hub,
        held.tenant,
        lambda c: paid_reviews.ask_again(c, world, order_id, held.actor, hub.clock()),
    )
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    async with hub.connection() as connection:
        return Response(await paid_views.read(connection, held.tenant, order_id))


ROUTES: Final = [get_setting, set_setting, get_review, ask_again]
