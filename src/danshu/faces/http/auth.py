"""Who calls, and what they may do. The tenant follows from the key, never from the request."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from danshu.faces.http import cookies
from danshu.hub import sessions
from danshu.hub.compose import Hub
from danshu.hub.merchants import Caller
from danshu.hub.sessions import Session
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import CALLER_S, CALLERS, KEY_CHARS

# What each role may do; what is not listed is not allowed.
PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "order.place": frozenset({"admin", "operator", "channel"}),
    "order.read": frozenset({"admin", "operator", "warehouse", "viewer"}),
    "order.evidence": frozenset({"admin", "operator"}),
    "order.act": frozenset({"admin", "operator", "warehouse"}),
    "order.confirm": frozenset({"admin", "operator"}),
    "order.pay": frozenset({"admin", "operator"}),
    "order.hold": frozenset({"admin", "operator"}),
    "order.unhold": frozenset({"admin", "operator"}),
    "order.align": frozenset({"admin", "operator"}),
    "order.allocate": frozenset({"admin", "operator"}),
    "order.release": frozenset({"admin", "operator", "warehouse"}),
    "order.pick": frozenset({"admin", "operator", "warehouse"}),
    "order.pack": frozenset({"admin", "operator", "warehouse"}),
    "order.recall": frozenset({"admin", "operator", "warehouse"}),
    "order.ship": frozenset({"admin", "operator", "warehouse"}),
    "order.waybill": frozenset({"admin", "operator", "warehouse"}),
    "order.deliver": frozenset({"admin", "operator", "warehouse"}),
    "order.complete": frozenset({"admin", "operator"}),
    "order.cancel": frozenset({"admin", "operator"}),
    "order.report_damage": frozenset({"admin", "operator"}),
    "order.compensate": frozenset({"admin", "operator"}),
    "order.reveal": frozenset({"admin", "operator"}),
    "order.erase": frozenset({"admin"}),
    "floor.read": frozenset({"admin", "operator", "warehouse"}),
    "floor.pick": frozenset({"admin", "operator", "warehouse"}),
    "floor.pack": frozenset({"admin", "operator", "warehouse"}),
    "floor.review": frozenset({"admin", "operator", "warehouse"}),
    "floor.handover": frozenset({"admin", "operator", "warehouse"}),
    "floor.photo": frozenset({"admin", "operator", "warehouse"}),
    "print.picking": frozenset({"admin", "operator", "warehouse"}),
    "print.packing": frozenset({"admin", "operator", "warehouse"}),
    "print.evidence": frozenset({"admin", "operator"}),
    "inbox.read": frozenset({"admin", "operator"}),
    "inbox.act": frozenset({"admin", "operator"}),
    "stock.read": frozenset({"admin", "operator", "warehouse", "channel", "viewer"}),
    "stock.write": frozenset({"admin", "operator", "warehouse"}),
    "quota.write": frozenset({"admin", "operator"}),
    "master.read": frozenset({"admin", "operator", "warehouse", "viewer"}),
    "master.write": frozenset({"admin", "operator"}),
    "promise.read": frozenset({"admin", "operator", "warehouse", "viewer"}),
    "key.admin": frozenset({"admin"}),
    "account.admin": frozenset({"admin"}),
    "trust.read": frozenset({"admin", "operator", "warehouse", "channel", "viewer"}),
}

# What a person's role may do as long as it is asked by the table above.
_AS_KEY: Final = {"admin": "admin", "warehouse": "warehouse", "service": "operator"}

MISSING: Final = InputError(
    "unauthenticated", "sign in, or give an API key: Authorization: Bearer dsk_… or X-API-Key"
)
UNKNOWN: Final = InputError("unauthenticated", "the API key is not valid")
ENDED: Final = InputError("unauthenticated", "the session has ended")


class Held(Struct, frozen=True, eq=False):
    """A caller as this process remembers them until `until_s` of the monotonic clock.

    `rights` are the actions that need no context; `session` is None for an API key.
    """

    tenant: int
    caller: Caller
    actor: Actor
    until_s: float
    rights: frozenset[str]
    session: Session | None = None

    @property
    def possible(self) -> frozenset[str]:
        """What the caller may do in some context."""
        return self.rights

    def may(self, action: str, **context: str | int) -> bool:
        """Tell whether the caller may do this, here and now."""
        return action in self.rights


class Keyring:
    """Callers by the digest of their key, remembered for CALLER_S seconds at most; people by their
    session, looked up each time.
    """

    def __init__(self, hub: Hub, origin: str = "") -> None:
        self._hub = hub
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
        key = key_of(scope["headers"])
        if key:
            return await self.find(key)
        text = cookies.read(scope, self.origin)
        if not text:
            raise MISSING
        async with self._hub.connection() as connection:
            session = await sessions.find(connection, text, self._hub.clock())
        if session is None:
            raise ENDED
        cookies.check_origin(scope, self.origin)
        cookies.check_token(scope, session)
        return self._seat(session)

    async def hold(self, text: str) -> Held:
        """Give the caller of a cookie that was just made. Raises InputError `unauthenticated`."""
        async with self._hub.connection() as connection:
            session = await sessions.find(connection, text, self._hub.clock())
        if session is None:
            raise ENDED
        return self._seat(session)

    def _seat(self, session: Session) -> Held:
        person = session.row.person
        caller = Caller(
            tenant=session.tenant, key=str(session.id), role=person.role, name=person.number
        )
        rights: frozenset[str] = frozenset()
        if not session.limited:
            rights = _rights(_AS_KEY.get(r, "viewer") for r in person.roles)
        return Held(session.tenant, caller, session.actor, 0.0, rights, session)

    async def find(self, key: bytes) -> Held:
        """Give the caller of a key. Raises InputError `unauthenticated` when nobody holds it."""
        held = self.recall(key)
        if held is not None:
            return held
        if not key:
            raise MISSING
        if len(key) > KEY_CHARS or not key.isascii():
            raise UNKNOWN
        caller = await self._hub.find_caller(key.decode("ascii"))
        if caller is None:
            raise UNKNOWN
        if len(self._held) >= CALLERS:
            self._held.clear()
        rights = _rights([caller.role])
        held = Held(caller.tenant, caller, caller.actor, time.monotonic() + CALLER_S, rights)
        self._held[hashlib.sha256(key).digest()] = held
        return held

    def forget(self, tenant: int) -> None:
        """Forget a tenant's callers: a key of theirs was revoked."""
        self._held = {k: h for k, h in self._held.items() if h.tenant != tenant}


def _rights(roles: Iterable[str]) -> frozenset[str]:
    held = set(roles)
    return frozenset(action for action, allowed in PERMISSIONS.items() if held & allowed)


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Read the API key from raw headers; b"" when there is none."""
    for name, value in headers:
        if name == b"authorization":
            return value[7:].strip() if value[:7].lower() == b"bearer " else b""
        if name == b"x-api-key":
            return value
    return b""


def require(held: Held, action: str, **context: str | int) -> Held:
    """Let the caller pass, or raise InputError `forbidden`. An unlisted action is nobody's."""
    if not held.may(action, **context):
        raise InputError("forbidden", f"the role {held.caller.role!r} may not {action}")
    return held
