"""Policies told in words: said, read by rules, listed."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import policy_wishes
from danshu.hub.fields import PLAIN
from danshu.hub.policy_wishes import Wish, WishFinding, WishState
from danshu.kernel.limits import WISH_CHARS

WISH_ROWS: Final = 20
_ID = FromPath[Annotated[str, Meta(min_length=1, max_length=36, pattern=PLAIN)]]


class PolicyWishMeaning(Struct, frozen=True, kw_only=True):
    """What some of the words were taken to mean."""

    zh: str
    en: str


class PolicyWishShown(Struct, frozen=True, kw_only=True):
    """A wish: `plan_zh`, `plan_en` are what was read in a sentence, "" where some words (`unknown`)
    were not understood; `draft` is the draft of a policy that came of it, "" for none.
    """

    id: str
    words: str
    by: str
    at: str
    state: WishState
    plan_zh: str
    plan_en: str
    plan: Annotated[str, Meta(description="the policy as canonical JSON")]
    understood: tuple[PolicyWishMeaning, ...]
    unknown: tuple[str, ...]
    why: tuple[PolicyWishMeaning, ...]
    findings: tuple[WishFinding, ...]
    draft: str


class PolicyWishPage(Struct, frozen=True, kw_only=True):
    """Wishes, the newest first; `next` is "" at the end."""

    items: tuple[PolicyWishShown, ...]
    next: str


class NewPolicyWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy in words, Chinese or English."""

    words: Annotated[str, Meta(min_length=1, max_length=WISH_CHARS, pattern=PLAIN)]


def _show(wish: Wish) -> PolicyWishShown:
    told = wish.told
    return PolicyWishShown(
        id=wish.id,
        words=wish.words,
        by=wish.by,
        at=wish.at,
        state=wish.state,
        plan_zh=told.zh,
        plan_en=told.en,
        plan=wish.plan,
        understood=tuple([PolicyWishMeaning(zh=m.zh, en=m.en) for m in told.understood]),
        unknown=told.unknown,
        why=tuple([PolicyWishMeaning(zh=m.zh, en=m.en) for m in told.why]),
        findings=told.findings,
        draft=wish.draft,
    )


@post(
    "/v1/policy-wishes",
    status_code=201,
    **declare_write("tellPolicyWish", "routing", "agent.propose"),
)
async def tell_wish(
    data: JSONBody[NewPolicyWish], request: Request[Any, Any, Any]
) -> PolicyWishShown:
    """Tell a policy in words; rules read it, or say which words they did not understand."""
    held = held_of(request)
    return _show(await policy_wishes.state(hub_of(request), held.tenant, data.words, held.actor))


@get("/v1/policy-wishes", **declare_read("listPolicyWishes", "routing", "agent.read"))
async def list_wishes(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = WISH_ROWS
) -> PolicyWishPage:
    """List what was wished, the newest first."""
    before = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        found = await policy_wishes.list_wishes(
            connection, held_of(request).tenant, before, limit + 1
        )
    page = found[:limit]
    following = write_place(page[-1].id) if len(found) > limit else ""
    return PolicyWishPage(items=tuple([_show(wish) for wish in page]), next=following)


@get("/v1/policy-wishes/{wish_id:str}", **declare_read("getPolicyWish", "routing", "agent.read"))
async def read_wish(wish_id: _ID, request: Request[Any, Any, Any]) -> PolicyWishShown:
    """Read one wish."""
    async with hub_of(request).connection() as connection:
        return _show(await policy_wishes.read_one(connection, held_of(request).tenant, wish_id))


ROUTES: Final = [tell_wish, list_wishes, read_wish]
