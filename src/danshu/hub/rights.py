"""Who may do what in this process: the rules of each merchant, callers seated before them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people.policies import Principal, Rules, Seat, Verdict
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALLERS

if TYPE_CHECKING:
    from danshu.capabilities.people.policies import Context

Connection = psycopg.AsyncConnection[Any]
PERSON: Final = "Person"
KEY: Final = "Key"
_MERCHANTS: Final = 256  # rules kept ready; each takes some 100 kB
_READ: Final = "select body from policies where tenant=%s and version=%s"
_NEWEST: Final = "select coalesce(max(version),0) from policies where tenant=%s"


class Forbidden(InputError):
    """The caller may not do `action`; with code `step_up` they may, after a fresh proof."""

    def __init__(self, code: str, detail: str, action: str) -> None:
        super().__init__(code, detail)
        self.action = action


class Seated(Struct, frozen=True, eq=False):
    """A caller before the rules. `rights` need no context, `possible` hold in some context."""

    seat: Seat
    rights: frozenset[str]
    possible: frozenset[str]

    def ask(self, action: str, context: Context) -> Verdict:
        """Answer one question; what needs no context is answered from memory."""
        if action in self.rights:
            return Verdict(allowed=True)
        if action not in self.possible and not self.seat.wants_context(action):
            return Verdict(allowed=False)
        return self.seat.ask(action, context)


class Rights:
    """The rules of merchants and the callers seated before them, the ones used last."""

    def __init__(self) -> None:
        self._shipped = Rules()
        self._rules: OrderedDict[tuple[int, int], Rules] = OrderedDict()
        self._seated: OrderedDict[tuple[int, int, Principal], Seated] = OrderedDict()

    async def rules(self, connection: Connection, tenant: int, version: int) -> Rules:
        """Give the rules of a merchant with a version of its own policies; 0 = only the shipped."""
        if not version:
            return self._shipped
        key = (tenant, version)
        rules = self._rules.get(key)
        if rules is None:
            row = await (await connection.execute(_READ, (tenant, version))).fetchone()
            rules = self._rules[key] = Rules(row[0] if row else "")
            if len(self._rules) > _MERCHANTS:
                self._rules.popitem(last=False)
        return rules

    async def seat(
        self, connection: Connection, tenant: int, merchant: str, version: int, who: Principal
    ) -> Seated:
        """Seat a caller before the rules of the merchant."""
        key = (tenant, version, who)
        seated = self._seated.get(key)
        if seated is not None:
            self._seated.move_to_end(key)
            return seated
        seat = (await self.rules(connection, tenant, version)).seat(who, merchant)
        seated = Seated(seat, seat.settled({}), seat.granted(favour(who)))
        self._seated[key] = seated
        if len(self._seated) > CALLERS:
            self._seated.popitem(last=False)
        return seated


def favour(who: Principal) -> Context:
    """Give the context in which most is allowed: a person has just proven who they are."""
    return {"proof_age_s": 0} if who.kind == PERSON else {}


async def newest(connection: Connection, tenant: int) -> int:
    """Give the version of the merchant's own policies that holds; 0 when there is none."""
    row = await (await connection.execute(_NEWEST, (tenant,))).fetchone()
    return int(row[0]) if row else 0
