"""Attempts to sign in, counted in this process: some are free, then each failure costs a wait.

No wait grows for ever and none hits those who come from where they came in before, so a stranger
can slow a login down and never shut it.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final, Literal

from msgspec import Struct

from danshu.kernel.errors import Busy
from danshu.kernel.limits import (
    ATTEMPTS_ADDRESS,
    ATTEMPTS_ADDRESS_S,
    ATTEMPTS_CODE,
    ATTEMPTS_CODE_S,
    ATTEMPTS_FORGET_S,
    ATTEMPTS_KEPT,
    ATTEMPTS_LOGIN,
    ATTEMPTS_LOGIN_S,
    ATTEMPTS_PAIR,
    ATTEMPTS_PAIR_S,
)

Kind = Literal["pair", "login", "address", "code"]
Key = tuple[Kind, int, str, str]  # kind, tenant, login, address

# kind -> failures that cost nothing, longest wait in seconds
_RULES: Final[dict[Kind, tuple[int, int]]] = {
    "pair": (ATTEMPTS_PAIR, ATTEMPTS_PAIR_S),
    "login": (ATTEMPTS_LOGIN, ATTEMPTS_LOGIN_S),
    "address": (ATTEMPTS_ADDRESS, ATTEMPTS_ADDRESS_S),
    "code": (ATTEMPTS_CODE, ATTEMPTS_CODE_S),
}


class _Count(Struct):
    failures: int
    last_s: float


class TooOften(Busy):
    """Too many attempts failed; wait."""

    code = "too_often"


def network(address: str) -> str:
    """Give what counts as one place: an IPv4 address, the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)


def keys(tenant: int, login: str, address: str, *, is_known: bool) -> list[Key]:
    """Give what an attempt is counted under; who came in from there before is counted alone."""
    pair: Key = ("pair", tenant, login, address)
    if is_known:
        return [pair]
    return [pair, ("login", tenant, login, ""), ("address", 0, "", address)]


class Throttle:
    """The counts of failures, at most ATTEMPTS_KEPT; the ones untouched for longest go first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Key, _Count] = OrderedDict()

    def attempt(self, counted: list[Key], now_s: float) -> None:
        """Let an attempt begin, counted as failed until it succeeds, so that many at once are many.

        Raises TooOften with the seconds to wait.
        """
        wait_s = max((self._wait_s(key, now_s) for key in counted), default=0.0)
        if wait_s > 0:
            raise TooOften("too many attempts failed", int(wait_s) + 1)
        for key in counted:
            count = self._counts.pop(key, None)
            if count is None or now_s - count.last_s > ATTEMPTS_FORGET_S:
                count = _Count(0, now_s)
            self._counts[key] = _Count(count.failures + 1, now_s)
        while len(self._counts) > ATTEMPTS_KEPT:
            self._counts.popitem(last=False)

    def succeed(self, counted: list[Key]) -> None:
        """Take the attempt back, and forget the failures of a pair or a person that came in."""
        for key in counted:
            count = self._counts.get(key)
            if count is None:
                continue
            count.failures -= 1
            if key[0] in ("pair", "code") or not count.failures:
                del self._counts[key]

    def _wait_s(self, key: Key, now_s: float) -> float:
        count = self._counts.get(key)
        if count is None or now_s - count.last_s > ATTEMPTS_FORGET_S:
            return 0.0
        free, longest_s = _RULES[key[0]]
        over = count.failures - free
        if over < 0:
            return 0.0
        delay_s: int = min(longest_s, 1 << min(over, 20))
        return count.last_s + delay_s - now_s
