"""Calls woven capabilities: a typed question, the far side's request and response, a typed answer.

Nothing of ours is changed by a call. What a far side says is data; expressions are evaluated in a
process of their own; addresses are guarded as all that merchants type in (`wires`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from danshu.capabilities.weave import typed
from danshu.capabilities.weave.mapping import Built, Received, Sounded, Understood, WovenFault
from danshu.hub import expressions, outside, settings, weaving_auth, wires, woven_book
from danshu.hub.weaving_auth import Sent, Token
from danshu.hub.weaving_child import Errand
from danshu.hub.woven_book import WovenDay
from danshu.kernel.errors import Busy, DanshuError, InputError
from danshu.kernel.limits import WOVEN_CALLS, WOVEN_RESPONSE_BYTES, WOVEN_RETRY_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    import aiohttp

    from danshu.capabilities.weave.woven import Woven
    from danshu.ports.connector import Answer, Send

    Lend = Callable[[], AbstractAsyncContextManager[Any]]
_UNAUTHORISED: Final = 401
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
Tokens = dict[tuple[int, str, str, str], Token]
"""Access tokens by merchant, code, addresses, client and scope."""


class RequestShown(Struct, frozen=True, kw_only=True):
    """A request as it is sent, with secrets masked."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: str = ""


class WovenOutcome(Struct, frozen=True, kw_only=True):
    """What became of a call: `verdict` done, refused, again, pending or broken; `answer` is of the
    declared type where it is done. `spent_ms` is how long the far side took.
    """

    verdict: str
    code: str = ""
    reason: str = ""
    answer: dict[str, Any] = {}
    faults: tuple[WovenFault, ...] = ()
    spent_ms: int = 0
    request: RequestShown
    response: Received


class Weaver:
    """Calls far sides; keeps connections and access tokens."""

    def __init__(self, lend: Lend, tokens: Tokens | None = None) -> None:
        self._lend = lend
        self._wire: aiohttp.ClientSession | None = None
        self._tokens: Tokens = {} if tokens is None else tokens
        self._under_way = 0

    async def close(self) -> None:
        """Let go of connections."""
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def call(
        self, tenant: int, woven: Woven, question: bytes, key: str, at_ms: int
    ) -> WovenOutcome:
        """Ask, and count it.

        Raises InputError `woven_question`, `no_secret`, `expression_costly`, NotAvailable.
        """
        told, trouble, outcome = WovenDay(code=woven.code, version=woven.version), "", None
        asked = typed.read_question(woven, question)
        try:
            outcome = await self.ask(tenant, woven, asked, key, at_ms)
            return outcome
        except DanshuError as error:
            trouble = str(error)
            raise
        finally:
            if outcome is not None:
                is_failed = outcome.verdict in ("again", "broken")
                trouble = outcome.reason or outcome.code if is_failed else ""
                told = msgspec.structs.replace(
                    told,
                    refused=int(outcome.verdict == "refused"),
                    failed=int(is_failed),
                    spent_ms=outcome.spent_ms,
                )
            else:
                told = msgspec.structs.replace(told, failed=1)
            async with self._lend() as connection:
                day = msgspec.structs.replace(told, trouble=trouble)
                await woven_book.count(connection, tenant, day, at_ms)

    async def ask(
        self, tenant: int, woven: Woven, question: dict[str, Any], key: str, at_ms: int
    ) -> WovenOutcome:
        """Ask without counting. Raises as `call`."""
        if self._under_way >= WOVEN_CALLS:
            raise Busy("too many calls of woven capabilities are under way", 1)
        self._under_way += 1
        try:
            return await self._ask(tenant, woven, question, key, at_ms)
        finally:
            self._under_way -= 1

    async def _ask(
        self, tenant: int, woven: Woven, question: dict[str, Any], key: str, at_ms: int
    ) -> WovenOutcome:
        guard(woven)
        built = await build(woven, question)
        if built.faults:
            first = built.faults[0]
            raise InputError("woven_request", first.detail, first.pointer)
        async with self._lend() as connection:
            secret = await weaving_auth.read_secret(connection, tenant, woven)
        sent = compose(woven, built, key)
        send = self._sender(woven)
        began = time.monotonic()
        if woven.auth.kind == "oauth2":
            got = await self._ask_with_token(tenant, woven, sent, secret, at_ms)
        else:
            if woven.auth.kind == "hmac":
                await weaving_auth.sign(woven, sent, secret, at_ms)
            weaving_auth.prove(woven, sent, secret)
            got = await send(sent.method, sent.url, sent.headers, sent.body)
        spent_ms = round((time.monotonic() - began) * 1000)
        received = receive(got, sent)
        said = await understand(woven, question, received)
        return conclude(woven, said, sent, received, spent_ms)

    async def _ask_with_token(
        self, tenant: int, woven: Woven, sent: Sent, secret: str, at_ms: int
    ) -> Answer:
        """Ask with an access token; a new one, once, where the far side knows it no more."""
        send, origin = self._sender(woven), weaving_auth.origin_of(woven)
        place = (tenant, woven.code, origin, f"{woven.auth.user} {woven.auth.scope}")
        token = self._tokens.get(place)
        if token is not None and token.ends_ms > at_ms:
            got = await self._send_with(send, sent, token, secret)
            if got.status != _UNAUTHORISED:
                return got
        token = await weaving_auth.grant(woven, secret, send, at_ms)
        self._tokens[place] = token
        return await self._send_with(send, sent, token, secret)

    @staticmethod
    async def _send_with(send: Send, sent: Sent, token: Token, secret: str) -> Answer:
        weaving_auth.carry(sent, token, secret)
        return await send(sent.method, sent.url, sent.headers, sent.body)

    def _sender(self, woven: Woven) -> Send:
        if self._wire is None:
            self._wire = wires.open_wire()
        timeout_s = woven.timeout_ms / 1000
        reach = outside.Reach(timeout_s, WOVEN_RESPONSE_BYTES, WOVEN_RETRY_S)
        return wires.sender(self._wire, woven.code, reach)

    async def sound(
        self, tenant: int, woven: Woven, at_ms: int
    ) -> tuple[tuple[Sounded, ...], tuple[WovenFault, ...]]:
        """Ask the question that it is polled with, and read routing variables from the answer.

        Raises InputError `woven_refused` where there is no answer, and as `call`.
        """
        outcome = await self.call(tenant, woven, woven.poll.encode(), f"poll-{at_ms}", at_ms)
        if outcome.verdict != "done":
            raise InputError("woven_refused", outcome.reason or outcome.code or outcome.verdict)
        question = typed.read_question(woven, woven.poll.encode())
        done = await expressions.run(
            Errand(does="sound", woven=woven, question=question, answer=outcome.answer)
        )
        return done.sounded, done.faults


def guard(woven: Woven) -> None:
    """Hold a hub that is reached by https to public addresses: this machine's own ports, which
    `outside` leaves open for trials on a laptop, are not for what people weave.

    Raises InputError `provider_fails`.
    """
    chosen = settings.read()
    for url in (woven.base_url, woven.auth.token_url):
        host = urlsplit(url).hostname or ""
        is_inside = host in _HERE and host not in chosen.private_hosts
        if is_inside and chosen.origin.startswith("https://"):
            raise InputError("provider_fails", f"{host} is not a public address")


async def build(woven: Woven, question: dict[str, Any]) -> Built:
    """Build a request in the process that evaluates. Raises InputError `expression_costly`."""
    done = await expressions.run(Errand(does="build", woven=woven, question=question))
    assert done.built is not None
    return done.built


async def understand(woven: Woven, question: dict[str, Any], got: Received) -> Understood:
    """Read a response in the process that evaluates. Raises InputError `expression_costly`."""
    done = await expressions.run(Errand(does="understand", woven=woven, question=question, got=got))
    assert done.understood is not None
    return done.understood


def compose(woven: Woven, built: Built, key: str) -> Sent:
    """Give a request as it leaves but for what proves who we are."""
    url = woven.base_url.rstrip("/") + built.path
    if built.query:
        url += "?" + urlencode(built.query)
    headers = {"accept": "application/json", **built.headers}
    body = b""
    if woven.body == "form" and isinstance(built.body, dict):
        told = {k: v if isinstance(v, str) else _json(v) for k, v in built.body.items()}
        body = urlencode(told).encode()
        headers["content-type"] = "application/x-www-form-urlencoded"
    elif woven.body == "json" and built.body is not None:
        body = _json(built.body).encode()
        headers["content-type"] = "application/json"
    if woven.idempotency:
        headers[woven.idempotency.lower()] = key
    return Sent(method=built.method, url=url, headers=headers, body=body)


def show(sent: Sent) -> RequestShown:
    """Show a request without its secrets."""
    return RequestShown(
        method=sent.method,
        url=sent.mask(sent.url),
        headers={name: sent.mask(value) for name, value in sent.headers.items()},
        body=sent.mask(sent.body.decode(errors="replace")),
    )


def receive(got: Answer, sent: Sent) -> Received:
    """Read what came back: JSON where it is JSON, else its text; without secrets it may repeat."""
    text = sent.mask(got.body.decode(errors="replace"))
    body: Any = text
    kind = got.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith("json") or text[:1] in ("{", "["):
        try:
            body = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            body = text
    kept = ("content-type", "location", "retry-after", "x-request-id")
    headers = {name: sent.mask(got.headers[name]) for name in kept if name in got.headers}
    return Received(status=got.status, headers=headers, body=body)


def conclude(
    woven: Woven, said: Understood, sent: Sent, received: Received, spent_ms: int
) -> WovenOutcome:
    """Hold an answer to its type: what is not of it is broken, and nobody is given it."""
    verdict, code, reason = said.verdict, said.code, said.reason
    faults = said.faults
    if verdict == "done":
        wrong = faults[0].detail if faults else typed.hold_answer(woven, said.answer)
        if wrong:
            verdict, code, reason = "broken", "answer_type", wrong
    return WovenOutcome(
        verdict=verdict,
        code=code,
        reason=reason,
        answer=said.answer if verdict == "done" else {},
        faults=faults,
        spent_ms=spent_ms,
        request=show(sent),
        response=received,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
