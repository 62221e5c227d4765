"""What the holder of a link asks for on the evidence page: forms that need no script.

An answer leads back to the page, which says what became of it; nothing that was typed is repeated.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from danshu.faces.http.customer import HEADERS, answer
from danshu.faces.http.customer_forms import FORM_BYTES, BadForm, Form, field, photos, read, text
from danshu.faces.http.framework import hub_of
from danshu.hub import (
    buyer_requests,
    links,
    request_acts,
    request_settings,
    substitute_offers,
)
from danshu.hub.buyer_requests import HOLDER, Wish
from danshu.hub.links import Token
from danshu.kernel.errors import Busy, InputError, NotAvailable, Refusal
from danshu.kernel.limits import RETRY_AFTER_S
from danshu.ledger import write
from danshu.ports.channel import Receiver

_DETAIL_CHARS: Final = 500
_NAMES: Final = ("name", "phone", "province", "city", "district", "detail")
# What the page has words for; any other no is told as one.
SAID: Final = frozenset(
    {
        *("asked", "used", "withdrawn", "bad_form", "bad_photo", "too_fast"),
        *("request_open", "too_many_requests", "left_already", "no_power", "not_now"),
        *("substituted", "kept_waiting", "offer_over", "substitute_gone", "no_offer"),
    }
)
Ask = Request[Any, Any, Any]


async def _wish(form: Form, settings: request_settings.Settings) -> Wish:
    """Read what is asked for, as far as the merchant's settings let it be asked."""
    kind = field(form, "kind")
    if kind == request_acts.ADDRESS and settings.address:
        words = {n: field(form, n, _DETAIL_CHARS if n == "detail" else 64) for n in _NAMES}
        if not (words["province"] and words["city"] and words["detail"]):
            raise BadForm("bad_form")
        to = msgspec.convert(words, Receiver)
        return Wish(kind=kind, asker="link", text=text(form), receiver=to)
    if kind == request_acts.DAMAGE and settings.damage:
        said, shown = text(form), await photos(form)
        if not said or not shown:
            raise BadForm("bad_form")
        return Wish(kind=kind, asker="link", text=said, photos=shown)
    if kind in (request_acts.ADDRESS, request_acts.DAMAGE) or not kind:
        raise BadForm("bad_form")
    return Wish(kind=kind, asker="link", text=text(form))


async def _do(request: Ask, given: Token) -> str:
    """Do what the form asks; gives which of SAID became of it."""
    hub = hub_of(request)
    now_ms = hub.clock()
    async with hub.connection() as connection:  # the link, before the body is read
        link = await links.look_up(connection, given, now_ms)
        settings = await request_settings.read(connection, given.tenant)
    form = await read(request)
    world = await hub.worlds.ensure(given.tenant)
    if form.get("substitute"):
        return await _answer_offer(request, given, link.order, form)
    withdraws = field(form, "withdraw")
    wish = None if withdraws else await _wish(form, settings)
    async with hub.connection() as connection:
        place = (connection, world, link.order, HOLDER)
        try:
            if wish is None:
                if not withdraws.isdecimal() or len(withdraws) > 4:
                    raise BadForm("bad_form")
                no = int(withdraws)
                done = await buyer_requests.withdraw(*place, no, "link", hub.clock())
                return done.code if isinstance(done, Refusal) else "withdrawn"
            made = await buyer_requests.make(*place, wish, hub.clock())
        except write.GuardFailed as error:
            raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    if isinstance(made, Refusal):
        return made.code
    return "asked" if made else "used"


async def _answer_offer(request: Ask, given: Token, order: uuid.UUID, form: Form) -> str:
    """Take the holder's yes or no to a substitute; gives which of SAID became of it."""
    hub = hub_of(request)
    no, says = field(form, "substitute"), field(form, "answer")
    if not no.isdecimal() or len(no) > 4 or says not in ("yes", "no"):
        raise BadForm("bad_form")
    world = await hub.worlds.ensure(given.tenant)
    try:
        async with hub.connection() as connection:
            told = await substitute_offers.answer(
                connection,
                world,
                order,
                HOLDER,
                int(no),
                accepts=says == "yes",
                now_ms=hub.clock(),
            )
    except write.GuardFailed as error:
        hub.worlds.distrust({given.tenant})
        raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    if isinstance(told, Refusal):
        return told.code
    return "substituted" if says == "yes" else "kept_waiting"


@post("/e/{token:str}/requests", include_in_schema=False, request_max_body_size=FORM_BYTES)
async def ask(token: FromPath[str], request: Ask) -> Response[Any]:
    """Ask for something on an order, or take a request back; leads back to the page."""

    async def make(given: Token) -> Response[Any]:
        try:
            said = await _do(request, given)
        except BadForm as error:
            said = error.code
        except Busy:
            said = "too_fast"
        except InputError as error:
            if error in (links.NO_LINK, links.ENDED):
                raise
            said = error.code
        known = said if said in SAID else "no"
        lang = request.query_params.get("lang", "")
        shown = f"&lang={lang}" if lang in ("zh", "en") else ""
        headers = {**HEADERS, "location": f"/e/{token}?said={known}{shown}#asks"}
        return Response(b"", status_code=303, headers=headers)

    return await answer(request, token, make)


ROUTES: Final = [ask]
