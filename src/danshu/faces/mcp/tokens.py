"""Tokens of a merchant's OpenID provider: checked, and the person whom they name let in.

A person is let in as by the sign-in page, by a session of the house that they see among theirs and
can end. How long ago they proved who they are is what the token says (`auth_time`); a token that
does not say it proves nothing fresh, so that acts which ask for a fresh proof are refused.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from danshu.hub import merchant_settings, oidc, provided
from danshu.hub.sessions import Visitor
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.hub.callers import Held
    from danshu.hub.compose import Hub
    from danshu.hub.oidc import Client

_KNOWN: Final = 4_096
_LONG_AGO_S: Final = 10**9
_VISITOR: Final = Visitor(address="", agent="MCP")
INVALID: Final = InputError("unauthenticated", "the token is not valid here")


class Keyring(Protocol):
    """Finds callers, and says where the console is (`origin`)."""

    origin: str

    async def find(self, key: bytes) -> Held:
        """Give the caller of a key. Raises InputError `unauthenticated`."""
        ...

    async def hold(self, text: str) -> Held:
        """Give the caller of a session's cookie. Raises InputError `unauthenticated`."""
        ...

    def key_of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Read the API key or token from raw headers; b"" when there is none."""
        ...


class Tokens:
    """What a process remembers of people who came by token: the cookie of their session."""

    def __init__(self, hub: Hub, keyring: Keyring, provider: Client) -> None:
        self._hub = hub
        self._keyring = keyring
        self._provider = provider
        self._cookies: dict[tuple[int, str, str], str] = {}

    async def find(self, token: str, merchant: str, resource: str) -> Held:
        """Give the person whom a token names. Raises InputError `unauthenticated`."""
        try:
            return await self._find(token, merchant, resource)
        except InputError as error:
            raise INVALID from error

    async def _find(self, token: str, merchant: str, resource: str) -> Held:
        async with self._hub.connection() as connection:
            door = await merchant_settings.find_door(connection, merchant)
            provider = await merchant_settings.find_provider(connection, door.tenant)
        if provider is None:
            raise INVALID
        identity, auth_time = await self._provider.check_access(provider, token, resource)
        who = (door.tenant, provider.issuer, identity.subject)
        held = await self._recall(who)
        if held is None:
            held = await self._enter(who, identity)
        age_s = int(time.time()) - auth_time if auth_time else _LONG_AGO_S
        return replace(held, proof_age_s=max(0, age_s))

    async def _recall(self, who: tuple[int, str, str]) -> Held | None:
        cookie = self._cookies.get(who)
        if cookie is None:
            return None
        try:
            return await self._keyring.hold(cookie)
        except InputError:
            del self._cookies[who]
            return None

    async def _enter(self, who: tuple[int, str, str], identity: oidc.Identity) -> Held:
        tenant, issuer, _ = who
        now_ms = self._hub.clock()
        async with self._hub.connection() as connection, connection.transaction():
            cookie = await provided.enter(connection, tenant, issuer, identity, _VISITOR, now_ms)
        if len(self._cookies) >= _KNOWN:
            self._cookies.clear()
        self._cookies[who] = cookie
        return await self._keyring.hold(cookie)
