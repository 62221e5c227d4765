"""What the holder of a link asks for on the evidence page: forms that need no script.

An answer leads back to the page, which says what became of it; nothing that was typed is repeated.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from danshu.faces.http.customer import HEADERS, answer
from danshu.faces.http.framework import hub_of
from danshu.hub import buyer_requests, floor_acts, links, request_acts, request_settings
from danshu.hub.buyer_requests import HOLDER, Wish
from danshu.hub.fields import PLAIN
from danshu.hub.links import Token
from danshu.kernel.errors import Busy, InputError, NotAvailable, Refusal
from danshu.kernel.limits import (
    ORDER_BODY_BYTES,
    REQUEST_CHARS,
    REQUEST_PHOTO_BYTES,
    REQUEST_PHOTOS,
    RETRY_AFTER_S,
)
from danshu.ledger import write
from danshu.ports.channel import Receiver

_FORM_BYTES: Final = REQUEST_PHOTOS * REQUEST_PHOTO_BYTES + ORDER_BODY_BYTES
_WORD_CHARS: Final = 64
_DETAIL_CHARS: Final = 500
_PLAIN: Final = re.compile(PLAIN)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAMES: Final = ("name", "phone", "province", "city", "district", "detail")
# What the page has words for; any other no is told as one.
SAID: Final = frozenset(
    {
        *("asked", "used", "withdrawn", "bad_form", "bad_photo", "too_fast"),
        *("request_open", "too_many_requests", "left_already", "no_power", "not_now"),
    }
)
Ask = Request[Any, Any, Any]
Form = dict[str, list[Any]]


class BadForm(Exception):
    """A form that can't be taken; `code` is one of SAID."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _field(form: Form, name: str, chars: int = _WORD_CHARS) -> str:
    given = form.get(name, [""])[0]
    text = given.strip() if isinstance(given, str) else ""
    if len(text) > chars or not _PLAIN.search(text):
        raise BadForm("bad_form")
    return text


def _text(form: Form) -> str:
    given = form.get("text", [""])[0]
    text = given.replace("\r\n", "\n").strip() if isinstance(given, str) else ""
    if len(text) > REQUEST_CHARS or _CONTROL.search(text):
        raise BadForm("bad_form")
    return text


async def _photos(form: Form) -> tuple[tuple[str, bytes], ...]:
    found = []
    for file in form.get("photo", []):
        if not isinstance(file, UploadFile):
            continue
        body = await file.read(REQUEST_PHOTO_BYTES + 1)
        if not body:
            continue  # the file field was left empty
        kind = floor_acts.photo_type(body)
        if not kind or len(body) > REQUEST_PHOTO_BYTES:
            raise BadForm("bad_photo")
        found.append((kind, body))
    if len(found) > REQUEST_PHOTOS:
        raise BadForm("bad_photo")
    return tuple(found)


async def _wish(form: Form, settings: request_settings.Settings) -> Wish:
    """Read what is asked for, as far as the merchant's settings let it be asked."""
    kind = _field(form, "kind")
    if kind == request_acts.ADDRESS and settings.address:
        words = {n: _field(form, n, _DETAIL_CHARS if n == "detail" else 64) for n in _NAMES}
        if not (words["province"] and words["city"] and words["detail"]):
            raise BadForm("bad_form")
        to = msgspec.convert(words, Receiver)
        return Wish(kind=kind, asker="link", text=_text(form), receiver=to)
    if kind == request_acts.DAMAGE and settings.damage:
        text, photos = _text(form), await _photos(form)
        if not text or not photos:
            raise BadForm("bad_form")
        return Wish(kind=kind, asker="link", text=text, photos=photos)
    if kind in (request_acts.ADDRESS, request_acts.DAMAGE) or not kind:
        raise BadForm("bad_form")
    return Wish(kind=kind, asker="link", text=_text(form))


async def _read(request: Ask) -> Form:
    read = await request.form()
    return {name: read.getall(name) for name in read}


async def _do(request: Ask, given: Token) -> str:
    """Do what the form asks; gives which of SAID became of it."""
    hub = hub_of(request)
    now_ms = hub.clock()
    async with hub.connection() as connection:  # the link, before the body is read
        link = await links.look_up(connection, given, now_ms)
        settings = await request_settings.read(connection, given.tenant)
    form = await _read(request)
    world = await hub.worlds.ensure(given.tenant)
    withdraws = _field(form, "withdraw")
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


@post("/e/{token:str}/requests", include_in_schema=False, request_max_body_size=_FORM_BYTES)
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
