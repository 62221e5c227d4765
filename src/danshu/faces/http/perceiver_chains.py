"""In which order services are asked over HTTP, and candidates on trial."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.intake.chains import WHOLE
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.perceivers import READ, TAG, WRITE, Reason
from danshu.hub import perceiver_chains, perceiver_views
from danshu.hub.fields import PLAIN
from danshu.hub.perceiver_views import ChainView
from danshu.kernel.limits import PERCEIVER_CHAIN_SERVICES

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/perceiver-chains/{kind:str}"
_Scope = Annotated[
    str,
    Meta(max_length=80, pattern=PLAIN, description="store:…, device_class:…, device:… or nothing"),
]
_Ids = Annotated[tuple[uuid.UUID, ...], Meta(max_length=PERCEIVER_CHAIN_SERVICES)]


class ChainWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked, one after another; none at all: as they were registered."""

    services: _Ids
    scope: _Scope = ""
    reason: Reason = ""


class CandidateWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A candidate and its share of the originals, in hundredths of a percent. In the `shadow` it
    answers nobody: it looks beside the first and is compared.
    """

    candidate: uuid.UUID
    share: Annotated[int, Meta(ge=1, le=WHOLE)]
    shadow: bool = False
    scope: _Scope = ""
    reason: Reason = ""


class ChainReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which order, and why."""

    scope: _Scope = ""
    reason: Reason = ""


class PerceiverChains(Struct, frozen=True, kw_only=True):
    """The orders of a merchant's services, by kind and scope."""

    items: tuple[ChainView, ...]


@get("/v1/perceiver-chains", **declare_read("listPerceiverChains", TAG, READ))
async def list_chains(request: Ask) -> PerceiverChains:
    """List in which order services are asked: as set, or as they were registered."""
    async with hub_of(request).connection() as connection:
        found = await perceiver_views.list_chains(connection, held_of(request).tenant)
    return PerceiverChains(items=tuple(found))


@put(_ONE, **declare_write("setPerceiverChain", TAG, WRITE))
async def set_chain(
    kind: FromPath[str], data: JSONBody[ChainWanted], request: Ask
) -> PerceiverChains:
    """Set in which order the services of a kind are asked, for all originals or one scope's."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await perceiver_chains.set_services(
            connection, held.tenant, kind, data.scope, data.services, held.actor, data.reason
        )
        found = await perceiver_views.list_chains(connection, held.tenant)
    return PerceiverChains(items=tuple(found))


@post(_ONE + "/canary", **declare_write("setPerceiverCanary", TAG, WRITE), status_code=200)
async def set_canary(
    kind: FromPath[str], data: JSONBody[CandidateWanted], request: Ask
) -> ChainView:
    """Put a candidate on trial, or change its share. It goes back by itself where it is worse."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        head = await perceiver_chains.begin_canary(
            connection,
            held.tenant,
            kind,
            data.scope,
            data.candidate,
            data.share,
            held.actor,
            data.reason,
            hub.clock(),
            shadow=data.shadow,
        )
    return perceiver_views.show_chain(head)


@post(_ONE + "/promote", **declare_write("promotePerceiver", TAG, WRITE), status_code=200)
async def promote(kind: FromPath[str], data: JSONBody[ChainReason], request: Ask) -> ChainView:
    """Put the candidate first; what was first follows it."""
    return await _end(kind, data, request, perceiver_chains.PROMOTED)


@post(_ONE + "/roll-back", **declare_write("rollBackPerceiver", TAG, WRITE), status_code=200)
async def roll_back(kind: FromPath[str], data: JSONBody[ChainReason], request: Ask) -> ChainView:
    """End the trial: the candidate is asked no more."""
    return await _end(kind, data, request, perceiver_chains.PERSON)


async def _end(kind: str, data: ChainReason, request: Ask, by: str) -> ChainView:
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        head = await perceiver_chains.end_canary(
            connection, held.tenant, kind, data.scope, held.actor, data.reason, by
        )
    return perceiver_views.show_chain(head)


ROUTES: Final = [list_chains, set_chain, set_canary, promote, roll_back]
