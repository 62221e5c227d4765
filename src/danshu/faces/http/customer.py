"""The customer's evidence page, by link: the page, its proof, its pieces, the bundle. Nobody signs
in here; whoever holds a token sees one order and nothing else.

A token that opens nothing gives one page, whatever the reason, so that it tells nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.params import FromPath

from danshu.faces.http import cookies, customer_pages
from danshu.faces.http.framework import hub_of
from danshu.hub import customer, evidence, links, views
from danshu.hub.compose import Hub
from danshu.hub.links import Link, Token
from danshu.hub.throttle import Key, Throttle, TooOften, network
from danshu.kernel.errors import DanshuError, InputError, NotAvailable
from danshu.kernel.fact import rfc3339
from danshu.ledger import blobs
from danshu.ledger.prove import Prover

_NONCE_BYTES: Final = 16
_TOKEN_CHARS: Final = 100
HEADERS: Final = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# What may be looked at in place; everything else is a file to keep.
_INLINE: Final = frozenset({"image/jpeg", "image/png", "image/webp", "video/mp4", "video/webm"})
_encode: Final = msgspec.json.Encoder().encode
Ask = Request[Any, Any, Any]


class Doorstep:
    """What stands before the tokens: the key of their MACs, the count of bad ones by address."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._key = b""
        self._throttle = Throttle()

    async def admit(self, scope: Any, text: str) -> Token:
        """Read a token. Raises TooOften, and InputError `no_link` for one that was never issued."""
        address = network(cookies.visitor(scope).address)
        counted: list[Key] = [("address", 0, "", address)]
        self._throttle.attempt(counted, time.monotonic())
        token = None
        if len(text) <= _TOKEN_CHARS:
            token = links.read(await self._find_key(), text)
        if token is None:
            raise links.NO_LINK
        self._throttle.succeed(counted)
        return token

    async def _find_key(self) -> bytes:
        if not self._key:
            async with self._hub.connection() as connection:
                self._key = await links.load_key(connection)
        return self._key


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def _html(text: str, nonce: str, status: int = 200, **more: str) -> Response[Any]:
    headers = {**HEADERS, "content-security-policy": _policy(nonce), **more}
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers)


def _file(body: bytes, media_type: str, name: str = "") -> Response[Any]:
    headers = {**HEADERS, "content-security-policy": "default-src 'none'; sandbox"}
    if name:
        headers["content-disposition"] = f'attachment; filename="{name}"'
    return Response(body, media_type=media_type, headers=headers)


def _lang(request: Ask) -> str:
    asked = request.query_params.get("lang", "")
    return customer_pages.choose_lang(asked, request.headers.get("accept-language", ""))


async def answer(
    request: Ask, text: str, make: Callable[[Token], Awaitable[Response[Any]]]
) -> Response[Any]:
    """Answer whoever holds a token; every "no" is a page that says the same."""
    doorstep: Doorstep = request.app.state.doorstep
    lang, nonce = _lang(request), secrets.token_urlsafe(_NONCE_BYTES)

    def no(kind: str, status: int, wait_s: int = 0) -> Response[Any]:
        page = customer_pages.plain(kind, lang=lang, nonce=nonce, seconds=wait_s)
        more = {"retry-after": str(wait_s)} if wait_s else {}
        return _html(page, nonce, status, **more)

    try:
        return await make(await doorstep.admit(request.scope, text))
    except InputError as error:
        return no("gone", 410 if error.code == "link_ended" else 404)
    except NotAvailable as error:
        busy = isinstance(error, TooOften) or error.code == "busy"
        return no("busy" if busy else "down", 429 if busy else 503, max(1, error.retry_after_s))
    except DanshuError:
        return no("down", 503, 1)


@get("/e/{token:str}", include_in_schema=False, media_type=MediaType.HTML)
async def read_page(token: FromPath[str], request: Ask) -> Response[Any]:
    """Show an order's evidence to its customer; the view is counted."""
    hub = hub_of(request)

    async def make(given: Token) -> Response[Any]:
        now_ms = hub.clock()
        async with hub.connection() as connection:
            link = await links.view(connection, given, "page", now_ms)
        seen = await views.read_order(hub, given.tenant, link.order)
        world = await hub.worlds.ensure(given.tenant)
        lang, nonce = _lang(request), secrets.token_urlsafe(_NONCE_BYTES)
        async with hub.connection() as connection:
            page = await customer.read(connection, world, seen, lang, now_ms)
        text = customer_pages.render(
            page,
            lang=lang,
            order=str(link.order),
            token=token,
            expires=rfc3339(link.expires_ms),
            nonce=nonce,
            said=request.query_params.get("said", ""),
        )
        return _html(text, nonce, vary="accept-language")

    return await answer(request, token, make)


async def _look_up(hub: Hub, given: Token) -> Link:
    async with hub.connection() as connection:
        return await links.look_up(connection, given, hub.clock())


@get("/e/{token:str}/proof", include_in_schema=False)
async def read_proof(token: FromPath[str], request: Ask) -> Response[Any]:
    """Give what the browser verifies: the order's facts with their proofs and checkpoints."""
    hub = hub_of(request)
    prover: Prover = request.app.state.prover

    async def make(given: Token) -> Response[Any]:
        link = await _look_up(hub, given)
        async with hub.connection() as connection:
            proof = await customer.read_proof(connection, prover, given.tenant, link.order)
        return _file(_encode(proof), "application/json")

    return await answer(request, token, make)


@get("/e/{token:str}/bundle", include_in_schema=False)
async def read_bundle(token: FromPath[str], request: Ask) -> Response[Any]:
    """Give the evidence bundle without what is personal; taking it is counted as a view."""
    hub = hub_of(request)
    prover: Prover = request.app.state.prover

    async def make(given: Token) -> Response[Any]:
        async with hub.connection() as connection:
            link = await links.view(connection, given, "bundle", hub.clock())
            bundle = await evidence.export(
                connection, prover, given.tenant, link.order, disclose=False
            )
        return _file(bundle, "application/zip", f"{link.order}.evb.zip")

    return await answer(request, token, make)


@get("/e/{token:str}/media/{digest:str}", include_in_schema=False)
async def read_media(token: FromPath[str], digest: FromPath[str], request: Ask) -> Response[Any]:
    """Give a piece of evidence that a fact of this order names; of no other order."""
    hub = hub_of(request)

    async def make(given: Token) -> Response[Any]:
        link = await _look_up(hub, given)
        wanted = digest if len(digest) == 64 and set(digest) <= set("0123456789abcdef") else ""
        async with hub.connection() as connection:
            named = wanted and await customer.names_piece(
                connection, given.tenant, link.order, wanted
            )
            kept = (
                await blobs.read(connection, given.tenant, bytes.fromhex(wanted)) if named else None
            )
        if kept is None:
            raise links.NO_LINK
        media_type, body = kept
        return _file(body, media_type, "" if media_type in _INLINE else wanted[:16])

    return await answer(request, token, make)


@get("/e/{token:str}/logistics", include_in_schema=False)
async def read_logistics(token: FromPath[str], request: Ask) -> Response[Any]:
    """Give the facts of carriers and waybill systems in their stored bytes, one a line."""
    hub = hub_of(request)

    async def make(given: Token) -> Response[Any]:
        link = await _look_up(hub, given)
        async with hub.connection() as connection:
            found = await customer.read_logistics(connection, given.tenant, link.order)
        return _file(
            b"\n".join([*found, b""]), "application/jsonl", f"{link.order}.logistics.jsonl"
        )

    return await answer(request, token, make)


@get("/e/files/verify.js", include_in_schema=False)
async def read_script() -> Response[bytes]:
    """Give the script that verifies; it says nothing of anybody."""
    headers = {"cache-control": "no-cache"}
    return Response(
        customer_pages.SCRIPT, media_type="text/javascript; charset=utf-8", headers=headers
    )


ROUTES: Final = [read_page, read_proof, read_bundle, read_media, read_logistics, read_script]
