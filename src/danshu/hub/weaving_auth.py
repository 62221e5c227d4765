"""How a far side is told who we are: keys, Basic, Bearer, OAuth 2.0, HMAC; and where secrets lie.

A secret is bound to the addresses that it was given for: a draft that points elsewhere finds none,
so whoever may write mappings can't have it sent to themselves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from danshu.hub import expressions, merchants
from danshu.hub.weaving_child import Errand
from danshu.hub.woven_facts import WovenSecretPut
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import WOVEN_RETRY_S
from danshu.ledger import safe

if TYPE_CHECKING:
    from danshu.capabilities.weave.woven import Woven
    from danshu.kernel.fact import Actor
    from danshu.ports.connector import Send

Connection = Any
MASK: Final = "••••••"
_PREFIX: Final = "woven:"
_EARLY_MS: Final = 30_000  # a token is renewed so long before it ends


class Sent(Struct, kw_only=True):
    """A request as it leaves; `secrets` are the texts that are masked where it is shown."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    secrets: tuple[str, ...] = ()

    def mask(self, text: str) -> str:
        """Give a text without our secrets."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text


class Token(Struct, frozen=True):
    """An access token of RFC 6749 and when it ends, epoch ms."""

    text: str
    ends_ms: int


class _Granted(Struct, frozen=True):
    """What a token endpoint answers (RFC 6749, 5.1)."""

    access_token: str
    expires_in: int = 300


def origin_of(woven: Woven) -> str:
    """Give the addresses that a secret is bound to."""
    told = [_origin(woven.base_url)]
    if woven.auth.kind == "oauth2":
        told.append(_origin(woven.auth.token_url))
    return " ".join(told)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _place(code: str, origin: str) -> str:
    return _PREFIX + code + ":" + hashlib.sha256(origin.encode()).hexdigest()[:32]


async def put_secret(
    connection: Connection, tenant: int, woven: Woven, secret: str, actor: Actor
) -> None:
    """Lay the secret of a capability's far side into the safe; "" throws it away."""
    origin = origin_of(woven)
    name = _place(woven.code, origin)
    async with connection.transaction():
        if secret:
            await safe.put(connection, tenant, name, secret)
        else:
            await safe.drop(connection, tenant, name)
        said = WovenSecretPut(code=woven.code, origin=origin, put=bool(secret))
        await merchants.say(connection, tenant, actor, said)


async def read_secret(connection: Connection, tenant: int, woven: Woven) -> str:
    """Give the secret; "" where the authentication needs none. Raises InputError `no_secret`."""
    if woven.auth.kind == "none":
        return ""
    found = await safe.read(connection, tenant, _place(woven.code, origin_of(woven)))
    if found is None:
        raise InputError("no_secret", "no secret is kept for this address", "/auth")
    return found


async def has_secret(connection: Connection, tenant: int, woven: Woven) -> bool:
    """Tell whether a secret is kept for the addresses of a capability."""
    return await safe.read(connection, tenant, _place(woven.code, origin_of(woven))) is not None


def prove(woven: Woven, sent: Sent, secret: str) -> None:
    """Write a key, name and password, or token that stands by itself into a request."""
    auth = woven.auth
    if auth.kind == "header":
        sent.headers[auth.name.lower()] = auth.prefix + secret
    elif auth.kind == "query":
        joint = "&" if "?" in sent.url else "?"
        text = urlencode({auth.name: secret})
        sent.url += joint + text
        sent.secrets += (text.partition("=")[2],)
    elif auth.kind == "basic":
        text = base64.b64encode(f"{auth.user}:{secret}".encode()).decode()
        sent.headers["authorization"] = "Basic " + text
        sent.secrets += (text,)
    elif auth.kind == "bearer":
        sent.headers["authorization"] = "Bearer " + secret
    sent.secrets += (secret,) if secret else ()


async def sign(woven: Woven, sent: Sent, secret: str, at_ms: int) -> None:
    """Sign a request with HMAC (RFC 2104). Raises InputError `canonical`."""
    auth, parts = woven.auth, urlsplit(sent.url)
    seen = {
        "method": sent.method,
        "path": parts.path,
        "query": parts.query,
        "body": sent.body.decode(errors="replace"),
        "at_s": at_ms // 1000,
        "user": auth.user,
    }
    errand = Errand(does="text", woven=woven, question=seen, expression=auth.canonical)
    done = await expressions.run(errand)
    if done.fault or not isinstance(done.text, str):
        raise InputError("canonical", done.fault or "a text is expected", "/auth/canonical")
    made = hmac.new(secret.encode(), done.text.encode(), auth.algorithm).digest()
    text = made.hex() if auth.encoding == "hex" else base64.b64encode(made).decode()
    sent.headers[auth.name.lower()] = auth.prefix + text
    if auth.time_name:
        sent.headers[auth.time_name.lower()] = str(at_ms // 1000)
    sent.secrets += (text,)


def carry(sent: Sent, token: Token, secret: str) -> None:
    """Write an access token into a request (RFC 6750, 2.1)."""
    sent.headers["authorization"] = f"Bearer {token.text}"
    sent.secrets = (token.text, secret)


async def grant(woven: Woven, secret: str, send: Send, at_ms: int) -> Token:
    """Ask for an access token by client credentials (RFC 6749, 4.4.2), the client by Basic (2.3.1).

    Raises InputError `not_granted`, NotAvailable.
    """
    auth = woven.auth
    who = base64.b64encode(f"{auth.user}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
    headers = {
        "authorization": f"Basic {who}",
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
    }
    got = await send("POST", auth.token_url, headers, urlencode(form).encode())
    if got.status >= 500 or got.status == 429:
        raise NotAvailable(f"the token endpoint answers {got.status}", WOVEN_RETRY_S)
    try:
        told = msgspec.json.decode(got.body, type=_Granted)
    except msgspec.DecodeError:
        told = None
    if got.status != 200 or told is None or not told.access_token.isprintable():
        raise InputError("not_granted", f"the token endpoint answers {got.status}", "/auth")
    return Token(told.access_token, at_ms + told.expires_in * 1000 - _EARLY_MS)
