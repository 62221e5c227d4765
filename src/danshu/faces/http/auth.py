"""Who calls, and what they may do. The tenant follows from the key, never from the request."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from danshu.hub.compose import Hub
from danshu.hub.merchants import Caller
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
    "order.ship": frozenset({"admin", "operator", "warehouse"}),
    "order.waybill": frozenset({"admin", "operator", "warehouse"}),
    "order.deliver": frozenset({"admin", "operator", "warehouse"}),
    "order.complete": frozenset({"admin", "operator"}),
    "order.cancel": frozenset({"admin", "operator"}),
    "order.report_damage": frozenset({"admin", "operator"}),
    "order.compensate": frozenset({"admin", "operator"}),
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

MISSING: Final = InputError(
    "unauthenticated", "give an API key: Authorization: Bearer dsk_… or X-API-Key"
)
UNKNOWN: Final = InputError("unauthenticated", "the API key is not valid")


class Held(Struct, frozen=True, eq=False):
    """A caller as this process remembers them until `until_s` of the monotonic clock."""

    tenant: int
    caller: Caller
    actor: Actor
    until_s: float


class Keyring:
    """Callers by the digest of their key, remembered for CALLER_S seconds at most."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._held: dict[bytes, Held] = {}

    def recall(self, key: bytes) -> Held | None:
        """Give a remembered caller without asking the database."""
        held = self._held.get(hashlib.sha256(key).digest())
        return held if held is not None and held.until_s > time.monotonic() else None

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
        held = Held(caller.tenant, caller, caller.actor, time.monotonic() + CALLER_S)
        self._held[hashlib.sha256(key).digest()] = held
        return held

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


def require(held: Held, action: str) -> Held:
    """Let the caller pass, or raise InputError `forbidden`. An unlisted action is nobody's."""
    if held.caller.role not in PERMISSIONS.get(action, frozenset()):
        raise InputError("forbidden", f"the role {held.caller.role!r} may not {action}")
    return held
