"""A reference OpenID provider that speaks true HTTP on this machine, and lies when told to.

Everybody who is sent to it is `who`, without being asked. `forge` changes the ID token's claims
before it is signed; `signing` says by what: "key" (its own), "other" (a key that it does not
publish), "none" (alg none), "hmac" (HS256 with the public key's bytes as the secret).
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENT: Final = "danshu"
SECRET: Final = "provider secret"


class Provider:
    """What the provider knows, and how it lies."""

    def __init__(self) -> None:
        self.issuer = ""
        self.who: dict[str, Any] = {
            "sub": "1001",
            "email": "w02@small.example",
            "email_verified": True,
            "name": "王仓",
            "groups": [],
        }
        self.forge: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.signing = "key"
        self.discovery: bytes | None = None
        self.redirect_discovery = ""
        self.key, self.other = _keys()
        self._codes: dict[str, dict[str, str]] = {}

    def document(self) -> dict[str, str]:
        """Give the discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def jwks(self) -> dict[str, Any]:
        """Give the public keys."""
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, query: dict[str, str]) -> str:
        """Give where the browser is sent back to."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        back = {"code": code, "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def exchange(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        """Change a code for an ID token, once; None when anything is wrong."""
        asked = self._codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {basic}":
            return None
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "unused", "id_token": self._token(asked), "token_type": "Bearer"}

    def issue_access(self, resource: str, **claims: Any) -> str:
        """Give an access token (RFC 9068) made out to a resource (RFC 8707)."""
        now = int(time.time())
        told = {**self.who, "iss": self.issuer, "aud": resource, "iat": now, "exp": now + 300}
        signer = self.other if self.signing == "other" else self.key
        header = {"alg": "RS256", "kid": "one", "typ": claims.pop("typ", "at+jwt")}
        return jwt.encode(header, {**told, **claims}, KeySet([signer]))

    def _token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        honest = {
            **self.who,
            "iss": self.issuer,
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
        }
        claims = self.forge(honest)
        if self.signing == "none":
            return _compact("none", claims, lambda _: b"")
        if self.signing == "hmac":
            secret = self.key.as_pem(private=False)
            return _compact("HS256", claims, lambda text: hmac.digest(secret, text, "sha256"))
        signer = self.other if self.signing == "other" else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, KeySet([signer]))


@functools.cache
def _keys() -> tuple[RSAKey, RSAKey]:
    """Make two keys of one name; the second is not published."""
    first, second = (RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}) for _ in range(2))
    return first, second


def _compact(algorithm: str, claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Write a token that no honest library would."""
    parts = [json.dumps(p).encode() for p in ({"alg": algorithm, "kid": "one"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(p).rstrip(b"=") for p in parts)
    return (text + b"." + base64.urlsafe_b64encode(sign(text)).rstrip(b"=")).decode()


def _respond(provider: Provider, asked: Asked) -> Answer:
    """Answer discovery, keys, authorize, and the token endpoint."""
    if asked.method == "POST":
        tokens = provider.exchange(asked.form, asked.headers.get("authorization", ""))
        return tell(tokens or {}, 200 if tokens else 400)
    if asked.path == "/.well-known/openid-configuration":
        if provider.redirect_discovery:
            return Answer(status=302, location=provider.redirect_discovery)
        return Answer(body=provider.discovery or json.dumps(provider.document()).encode())
    if asked.path == "/jwks":
        return tell(provider.jwks())
    if asked.path == "/authorize":
        return Answer(status=302, location=provider.authorize(asked.query))
    return Answer(status=404)


@contextlib.contextmanager
def open_provider() -> Iterator[Provider]:
    """Serve a provider on a free port of this machine."""
    provider = Provider()
    with far_side.serve(lambda asked: _respond(provider, asked)) as provider.issuer:
        yield provider
