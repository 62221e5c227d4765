"""Rules of what goods require though nobody says so, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.intake.implied import ImpliedRule
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.stock import Written
from danshu.hub import implied_rules
from danshu.hub.implied_rules import ImpliedRuleShown
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BATCH_BODY_BYTES, IMPLIED_RULES


class ImpliedRules(Struct, frozen=True, kw_only=True):
    """The merchant's rules and the shipped ones by code; all of them at once."""

    items: tuple[ImpliedRuleShown, ...]


@get("/v1/names/rules", **declare_read("listImpliedRules", "master data", "master.read"))
async def list_rules(request: Request[Any, Any, Any]) -> ImpliedRules:
    """List the rules that tell what goods require though nobody says so."""
    async with hub_of(request).connection() as connection:
        return ImpliedRules(items=await implied_rules.show(connection, held_of(request).tenant))


@put(
    "/v1/names/rules",
    **declare_write("putImpliedRules", "master data", "master.write", BATCH_BODY_BYTES),
)
async def put_rules(
    data: JSONBody[
        Annotated[tuple[ImpliedRule, ...], Meta(min_length=1, max_length=IMPLIED_RULES)]
    ],
    request: Request[Any, Any, Any],
) -> Written:
    """Write rules by code; one with a shipped rule's code replaces it or switches it off."""
    hub, held = hub_of(request), held_of(request)
    codes = [rule.code for rule in data]
    if len(set(codes)) < len(codes):
        raise InputError("twice", "a code is named twice")
    async with hub.connection() as connection:
        await implied_rules.put(connection, held.tenant, data, held.actor)
    hub.worlds.forget(held.tenant)
    return Written(rows=len(data))


ROUTES: Final = [list_rules, put_rules]
