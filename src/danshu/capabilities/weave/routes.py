"""Routes of calls 路由: which connector a new call goes to, and a canary 灰度 beside it.

Ways are looked at in order; the first that fits a call names its connector. While a canary is on,
calls that would go to the connector which it is to replace go to the candidate by share: shares,
too, are looked at in order, and the share is taken by a hash of the subject, so that one order
stays on one side, and that whoever was among 1 % is among 25 %.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import ROUTE_WAYS

WHOLE = 10_000
"""A share of everything; shares are counted in hundredths of a percent."""


class Stage(StrEnum):
    """Where a route stands. Draining: the last canary won, what its predecessor has ends."""

    STEADY = "steady"
    CANARY = "canary"
    FULL = "full"
    ROLLED_BACK = "rolled_back"


class Way(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Calls of these warehouses and channels (none named: all) go to `connector`, its id."""

    connector: str
    warehouses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class Share(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the calls of these warehouses and channels so much goes to the candidate."""

    share: int
    warehouses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class Canary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate and what it is to replace; `began` is the version of the route in which it did,
    `shares` are the rules before the share of all the others.
    """

    candidate: str
    replaces: str
    share: int
    began: int
    shares: tuple[Share, ...] = ()


class Route(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The route of one capability. `drains` is the connector that a canary took the place of."""

    ways: tuple[Way, ...]
    canary: Canary | None = None
    drains: str = ""


def choose(route: Route, subject: str, warehouse: str, channel: str) -> str | None:
    """Give the connector of a new call; None where no way fits."""
    way = next((w for w in route.ways if _fits(w, warehouse, channel)), None)
    if way is None:
        return None
    canary = route.canary
    if canary is None or way.connector != canary.replaces:
        return way.connector
    rule = next((s for s in canary.shares if _fits(s, warehouse, channel)), None)
    share = rule.share if rule else canary.share
    is_in = place(canary.candidate, subject) < share
    return canary.candidate if is_in else way.connector


def place(candidate: str, subject: str) -> int:
    """Give where a subject stands among all, 0 to 9,999, the same at every share."""
    digest = hashlib.blake2b(f"{candidate}/{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % WHOLE


def targets(route: Route) -> frozenset[str]:
    """Give the connectors that new calls may go to."""
    found = {way.connector for way in route.ways}
    return frozenset(found | ({route.canary.candidate} if route.canary else set()))


def check(route: Route) -> Route:
    """Give a route that can be; raises InputError `bad_route` with the place."""
    if not route.ways or len(route.ways) > ROUTE_WAYS:
        raise InputError("bad_route", f"1 to {ROUTE_WAYS} ways", "/ways")
    for no, way in enumerate(route.ways[:-1]):
        if not way.warehouses and not way.channels:
            raise InputError("bad_route", "what follows it is never looked at", f"/ways/{no}")
    canary = route.canary
    if canary is None:
        return route
    ways = {way.connector for way in route.ways}
    if canary.replaces not in ways:
        raise InputError("bad_route", "no way goes to what it is to replace", "/canary/replaces")
    if canary.candidate in ways:
        raise InputError("bad_route", "a way goes to it already", "/canary/candidate")
    if len(canary.shares) > ROUTE_WAYS:
        raise InputError("bad_route", f"at most {ROUTE_WAYS} shares", "/canary/shares")
    for share in (canary.share, *(rule.share for rule in canary.shares)):
        if not 0 <= share <= WHOLE:
            raise InputError("bad_route", f"a share is 0 to {WHOLE}", "/canary/share")
    return route


def promote(route: Route) -> Route:
    """Give the route once its candidate stands where its predecessor stood, which drains."""
    canary = route.canary
    if canary is None:
        raise InputError("no_canary", "there is no canary")
    ways = tuple(
        Way(connector=canary.candidate, warehouses=way.warehouses, channels=way.channels)
        if way.connector == canary.replaces
        else way
        for way in route.ways
    )
    return Route(ways=ways, drains=canary.replaces)


def roll_back(route: Route) -> Route:
    """Give the route as it was before: without the canary, or with what it had replaced."""
    if route.canary is not None:
        return Route(ways=route.ways, drains=route.canary.candidate)
    raise InputError("no_canary", "there is no canary")


def _fits(rule: Way | Share, warehouse: str, channel: str) -> bool:
    return (not rule.warehouses or warehouse in rule.warehouses) and (
        not rule.channels or channel in rule.channels
    )
