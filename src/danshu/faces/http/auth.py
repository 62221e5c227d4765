"""Who calls, and what they may do. The tenant follows from the key, never from the request."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Any, Final

import psycopg

from danshu.capabilities.people.model import ROLES
from danshu.capabilities.people.policies import Context, Principal
from danshu.faces.http import cookies
from danshu.hub import merchants, rights, sessions
from danshu.hub.callers import HELD, Held
from danshu.hub.compose import Hub
from danshu.hub.merchants import Caller
from danshu.hub.rights import Forbidden, Rights
from danshu.hub.sessions import Session
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALLER_S, CALLERS, KEY_CHARS

__all__ = ["ENDED", "MISSING", "UNKNOWN", "Held", "Keyring", "key_of", "must", "require"]

Connection = psycopg.AsyncConnection[Any]
MISSING: Final = InputError(
    "unauthenticated", "sign in, or give an API key: Authorization: Bearer dsk_… or X-API-Key"
)
UNKNOWN: Final = InputError("unauthenticated", "the API key is not valid")
ENDED: Final = InputError("unauthenticated", "the session has ended")


class Keyring:
    """Callers by the digest of their key, remembered for CALLER_S seconds at most; people by their
    session, looked up each time.
    """

    def __init__(self, hub: Hub, origin: str = "") -> None:
        self._hub = hub
        self._rights = Rights()
        self._held: dict[bytes, Held] = {}
        self.origin = origin

    def recall(self, key: bytes) -> Held | None:
        """Give a remembered caller without asking the database."""
        held = self._held.get(hashlib.sha256(key).digest())
        return held if held is not None and held.until_s > time.monotonic() else None

    async def identify(self, scope: Any) -> Held:
        """Give the caller of a request: by key, else by session.

        Raises InputError `unauthenticated`, and for a session's unsafe request `foreign_origin`
        and `csrf`.
        """
        inside: Held | None = scope.get(HELD)
        if inside is not None:
            return inside
        key = key_of(scope["headers"])
        if key:
            return await self.find(key)
        text = cookies.read(scope, self.origin)
        if not text:
            raise MISSING
        now_ms = self._hub.clock()
        async with self._hub.connection() as connection:
            session = await sessions.find(connection, text, now_ms)
            if session is None:
                raise ENDED
            cookies.check_origin(scope, self.origin)
            cookies.check_token(scope, session)
            return await self._seat(connection, session, now_ms)

    async def hold(self, text: str) -> Held:
        """Give the caller of a cookie that was just made. Raises InputError `unauthenticated`."""
        now_ms = self._hub.clock()
        async with self._hub.connection() as connection:
            session = await sessions.find(connection, text, now_ms)
            if session is None:
                raise ENDED
            return await self._seat(connection, session, now_ms)

    async def _seat(self, connection: Connection, session: Session, now_ms: int) -> Held:
        row = session.row
        who = Principal(
            kind=rights.PERSON,
            id=str(row.id),
            number=row.person.number,
            roles=() if session.limited else row.person.roles,
            warehouses=row.person.warehouses,
        )
        seated = await self._rights.seat(
            connection, session.tenant, session.code, session.policy, who
        )
        caller = Caller(
            tenant=session.tenant,
            key=str(session.id),
            role=row.person.role,
            name=row.person.number,
            merchant=session.code,
        )
        age_s = session.age_s(now_ms)
        return Held(session.tenant, caller, session.actor, 0.0, seated, session, age_s)

    async def find(self, key: bytes) -> Held:
        """Give the caller of a key. Raises InputError `unauthenticated` when nobody holds it."""
        held = self.recall(key)
        if held is not None:
            return held
        if not key:
            raise MISSING
        if len(key) > KEY_CHARS or not key.isascii():
            raise UNKNOWN
        async with self._hub.connection() as connection:
            caller = await merchants.find_caller(connection, key.decode("ascii"))
            if caller is None:
                raise UNKNOWN
            who = Principal(kind=rights.KEY, id=caller.key, name=caller.name, roles=(caller.role,))
            seated = await self._rights.seat(
                connection, caller.tenant, caller.merchant, caller.policy, who
            )
        if len(self._held) >= CALLERS:
            self._held.clear()
        until_s = time.monotonic() + CALLER_S
        held = Held(caller.tenant, caller, caller.actor, until_s, seated)
        self._held[hashlib.sha256(key).digest()] = held
        return held

    async def roles_granted(self, held: Held) -> dict[str, frozenset[str]]:
        """Give what each role of people may do by the rules of the caller's merchant, at best."""
        version = held.session.policy if held.session else held.caller.policy
        granted = {}
        async with self._hub.connection() as connection:
            for role in ROLES:
                who = Principal(kind=rights.PERSON, id=f"role:{role}", roles=(role,))
                seated = await self._rights.seat(
                    connection, held.tenant, held.caller.merchant, version, who
                )
                granted[role] = seated.possible
        return granted

    @staticmethod
    def key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Read the API key from raw headers; b"" when there is none."""
        return key_of(headers)

    def forget(self, tenant: int) -> None:
        """Forget a tenant's callers: a key of theirs was revoked."""
        self._held = {k: h for k, h in self._held.items() if h.tenant != tenant}


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Read the API key from raw headers; b"" when there is none."""
    for name, value in headers:
        if name == b"authorization":
            return value[7:].strip() if value[:7].lower() == b"bearer " else b""
        if name == b"x-api-key":
            return value
    return b""


def require(held: Held, action: str, **context: str | int) -> Held:
    """Let the caller pass; raises InputError `forbidden`, or `step_up` when a fresh proof would do.

    Give as context what is known of the act: warehouse, channel, amount_fen.
    """
    must(held, action, context)
    return held


def must(held: Held, action: str, context: Context) -> None:
    """Let the caller pass with what is known of the act; raises as `require` does."""
    if held.may(action, **context):
        return
    if held.needs_proof(action, **context):
        raise Forbidden("step_up", f"{action} asks for a fresh proof of who you are", action)
    if context and action in held.possible:
        raise Forbidden("forbidden", f"you may {action}, not with {_told(context)}", action)
    raise Forbidden("forbidden", f"the role {held.caller.role!r} may not {action}", action)


def _told(context: Context) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(context.items()))
