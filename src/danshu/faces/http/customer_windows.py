"""Agreeing to another window on the customer's evidence page: a form that needs no script."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath

from danshu.faces.http.customer import HEADERS, answer
from danshu.faces.http.customer_pages import LANGS
from danshu.faces.http.framework import hub_of
from danshu.hub import links, window_consents
from danshu.hub.links import Token
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ORDER_BODY_BYTES

Ask = Request[Any, Any, Any]
_CHARS: Final = 64


async def _do(request: Ask, given: Token, lang: str) -> str:
    hub = hub_of(request)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        link = await links.look_up(connection, given, now_ms)
    form = await request.form()
    words = {n: str(form.get(n, ""))[:_CHARS] for n in ("negotiation", "window", "digest")}
    try:
        negotiation = uuid.UUID(words["negotiation"])
    except ValueError:
        return "window_over"
    world = await hub.worlds.ensure(given.tenant)
    async with hub.connection() as connection:
        try:
            refusal = await window_consents.agree(
                connection, world, link, negotiation, words["window"], words["digest"], lang, now_ms
            )
        except InputError:
            return "window_over"
    return "window_over" if refusal else "window_agreed"


@post("/e/{token:str}/windows", include_in_schema=False, request_max_body_size=ORDER_BODY_BYTES)
async def agree(token: FromPath[str], request: Ask) -> Response[Any]:
    """Agree to a window in the words shown; leads back to the page."""
    asked = request.query_params.get("lang", "")
    lang = asked if asked in LANGS else "zh"

    async def make(given: Token) -> Response[Any]:
        said = await _do(request, given, lang)
        headers = {**HEADERS, "location": f"/e/{token}?said={said}&lang={lang}#windows"}
        return Response(b"", status_code=303, headers=headers)

    return await answer(request, token, make)


ROUTES: Final = [agree]
