"""Money that is owed 应付款, paid once: an errand (errands.py) to the merchant's payment service.

The instruction has a key of its own, so that a lost answer is asked for again and nothing is paid
twice, whichever node asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import psycopg

from danshu.hub import outside, remedies
from danshu.hub.errands import Errand, Later
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    PAYOUT_BYTES,
    PAYOUT_RETRY_MAX_S,
    PAYOUT_RETRY_S,
    PAYOUT_TIMEOUT_S,
)
from danshu.ports import registry
from danshu.ports.settlement import Account, Instruction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.hub.worlds import Worlds
    from danshu.ports.settlement import Settlement

Connection = psycopg.AsyncConnection[Any]
PAYER: Final = Actor(sub="settlement", role="system", grade="C")
REACH: Final = outside.Reach(PAYOUT_TIMEOUT_S, PAYOUT_BYTES, PAYOUT_RETRY_S)
NO_SERVICE: Final = Later("no_service", PAYOUT_RETRY_MAX_S)
UNDER_WAY: Final = Later("under_way")


class Payout(Errand, frozen=True, kw_only=True):
    """What is to be paid now, in minor units."""

    id: uuid.UUID
    amount: int
    currency: str


P = TypeVar("P", bound=Payout)


def payer(
    instruct: Callable[[Connection, Worlds, P], Awaitable[Instruction]],
    say: Callable[[Connection, Worlds, P, str, int], Awaitable[None]],
) -> Callable[[Connection, Worlds, httpx.AsyncClient, P, int], Awaitable[Later | None]]:
    """Make what pays: `instruct` says what the service is asked; `say` states that it was paid,
    with its receipt.
    """

    async def run(
        connection: Connection, worlds: Worlds, web: httpx.AsyncClient, owed: P, at_ms: int
    ) -> Later | None:
        settings = await remedies.read_settings(connection, owed.tenant)
        if not settings.adapter:
            return NO_SERVICE
        instruction = await instruct(connection, worlds, owed)
        service = cast("Settlement", registry.load("settlement", settings.adapter))
        account = Account(url=settings.url, secret=settings.secret)
        send = outside.sender(web, "the service", REACH)
        receipt = await service.pay(account, send, instruction)
        if not receipt.is_paid:
            return UNDER_WAY
        await say(connection, worlds, owed, receipt.number, at_ms)
        return None

    return run
