"""Signing in by a merchant's OpenID provider: authorization code, PKCE, nonce, state.

What the provider says is believed when its ID token is signed by a key of its JWKS, by an algorithm
of our list, for us, now, and answers the nonce that this browser was given.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from danshu.hub import outside
from danshu.kernel.errors import InputError
from danshu.kernel.limits import OIDC_KEYS_S

if TYPE_CHECKING:
    from danshu.hub.merchant_settings import Provider

_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
_ACCESS: Final = ("at+jwt", "application/at+jwt")
_LEEWAY_S: Final = 60
_MERCHANTS: Final = 256
REFUSED: Final = InputError("provider_refused", "the provider's answer does not hold")


class Begun(Struct, frozen=True, kw_only=True):
    """A sign-in under way, kept at the server until the browser comes back."""

    nonce: str
    verifier: str
    to: str


class Identity(Struct, frozen=True, kw_only=True):
    """Who the provider says it is. `roles` are those of the mapping; None where there is none."""

    subject: str
    email: str
    name: str
    roles: tuple[str, ...] | None


class _Endpoints(Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(Struct, frozen=True):
    id_token: str


class _Known(Struct):
    endpoints: _Endpoints
    keys: Any
    until_s: float
    asked_again: bool = False


class Client:
    """What a process remembers of providers: endpoints and keys, OIDC_KEYS_S at most."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    async def begin(self, provider: Provider, redirect: str, to: str) -> tuple[str, str, Begun]:
        """Give where the browser is sent, the state, and what is to be kept under it."""
        async with outside.client() as web:
            known = await self._find(web, provider.issuer)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        hashed = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": provider.client,
            "redirect_uri": redirect,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        endpoint = known.endpoints.authorization_endpoint
        url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
        return url, state, Begun(nonce=nonce, verifier=verifier, to=to)

    async def finish(self, provider: Provider, redirect: str, code: str, begun: Begun) -> Identity:
        """Change the code for an ID token and check it. Raises InputError `provider_refused`."""
        async with outside.client() as web:
            known = await self._find(web, provider.issuer)
            body = await outside.fetch(
                web,
                "POST",
                known.endpoints.token_endpoint,
                data={
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": redirect,
                    "code_verifier": begun.verifier,
                    "client_id": provider.client,
                },
                auth=httpx.BasicAuth(provider.client, provider.secret),
            )
            token = _decode(body, _Tokens).id_token
            try:
                claims = _check(token, known.keys, provider, begun.nonce)
            except InputError:
                self._known.pop(provider.issuer)  # its keys may have changed: look once more
                known = await self._find(web, provider.issuer)
                claims = _check(token, known.keys, provider, begun.nonce)
        return _identity(claims, provider)

    async def check_access(
        self, provider: Provider, token: str, resource: str
    ) -> tuple[Identity, int]:
        """Give whom an access token (a JWT, RFC 9068) names that is made out to `resource`, and
        when they proved it (`auth_time`, epoch s; 0 unsaid). Raises InputError `provider_refused`.
        """
        async with outside.client() as web:
            known = await self._find(web, provider.issuer)
            try:
                claims = _check_access(token, known.keys, provider, resource)
            except InputError:
                if not _is_of(token, provider.issuer) or known.asked_again:
                    raise
                self._known.pop(provider.issuer)  # its keys may have changed: look once more
                known = await self._find(web, provider.issuer)
                known.asked_again = True
                claims = _check_access(token, known.keys, provider, resource)
        told = claims.get("auth_time")
        return _identity(claims, provider), told if isinstance(told, int) else 0

    async def _find(self, web: httpx.AsyncClient, issuer: str) -> _Known:
        known = self._known.get(issuer)
        if known is not None and known.until_s > time.monotonic():
            return known
        url = issuer.rstrip("/") + "/.well-known/openid-configuration"
        endpoints = _decode(await outside.fetch(web, "GET", url), _Endpoints)
        if endpoints.issuer != issuer:
            raise REFUSED
        outside.check_url(endpoints.authorization_endpoint)
        keys = _keys(await outside.fetch(web, "GET", endpoints.jwks_uri))
        if len(self._known) >= _MERCHANTS:
            self._known.clear()
        known = _Known(endpoints, keys, time.monotonic() + OIDC_KEYS_S)
        self._known[issuer] = known
        return known


def _decode(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise REFUSED from error


def _keys(body: bytes) -> KeySet:
    try:
        return KeySet.import_key_set(msgspec.json.decode(body))
    except (JoseError, msgspec.DecodeError, ValueError, KeyError, TypeError) as error:
        raise REFUSED from error


def _check(token: str, keys: KeySet, provider: Provider, nonce: str) -> dict[str, Any]:
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        registry.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise REFUSED from error
    many = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (many or "azp" in claims) and claims.get("azp") != provider.client:
        raise REFUSED
    return dict(claims)


def _check_access(token: str, keys: KeySet, provider: Provider, resource: str) -> dict[str, Any]:
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": resource},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        told = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        registry.validate(told.claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise REFUSED from error
    if str(told.header.get("typ", "")).lower() not in _ACCESS or "nonce" in told.claims:
        raise REFUSED  # an ID token is for who signs in, never for us
    return dict(told.claims)


def _is_of(token: str, issuer: str) -> bool:
    """Tell whether a token says that it is of an issuer: else its keys need no asking for."""
    try:
        body = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError):
        return False
    return isinstance(claims, dict) and claims.get("iss") == issuer


def _identity(claims: dict[str, Any], provider: Provider) -> Identity:
    """Read who it is. Raises InputError `provider_refused` for an address that is not taken."""
    email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
    if provider.domains and email.rpartition("@")[2].lower() not in provider.domains:
        raise REFUSED
    roles = None
    if provider.mapping:
        held = claims.get(provider.claim, [])
        values = held if isinstance(held, list) else [held]
        roles = tuple(dict.fromkeys(r for v in values for r in provider.mapping.get(str(v), [])))
    name = str(claims.get("name") or email or claims["sub"])[:60]
    return Identity(subject=str(claims["sub"]), email=email, name=name, roles=roles)
