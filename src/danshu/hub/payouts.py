"""Money that is owed 应付款, paid once: taken up, asked of the merchant's payment service, asked
again after a failure, and said.

The instruction has a key of its own, so that a lost answer is asked for again and nothing is paid
twice, whichever node asks. What is taken up is so for as long as a try may take: a node that dies
leaves it to the next.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import psycopg
from msgspec import Struct

from danshu.hub import outside, remedies
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    PAYOUT_BYTES,
    PAYOUT_RETRY_MAX_S,
    PAYOUT_RETRY_S,
    PAYOUT_TIMEOUT_S,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.settlement import Account, Instruction

if TYPE_CHECKING:
    import httpx

    from danshu.ports.settlement import Receipt, Settlement

Connection = psycopg.AsyncConnection[Any]
PAYER: Final = Actor(sub="settlement", role="system", grade="C")
NO_SERVICE: Final = "no_service"
UNDER_WAY: Final = "under_way"
_REACH: Final = outside.Reach(PAYOUT_TIMEOUT_S, PAYOUT_BYTES, PAYOUT_RETRY_S)
_log = logging.getLogger("danshu.payouts")


class Payout(Struct, frozen=True, kw_only=True):
    """What is to be paid now; `tries` counts this one."""

    tenant: int
    id: uuid.UUID
    amount: int
    currency: str
    tries: int


P = TypeVar("P", bound=Payout)


class Payouts(Struct, Generic[P], frozen=True, kw_only=True):
    """A kind of money that is owed.

    `take` is the statement that takes up what is due (until when, now, how many), giving rows that
    `read` understands; `leave` sets the next try (or none) and the trouble of the one at `place`.
    `instruct` says what the service is asked; `say` states that it was paid, with its receipt.
    """

    take: str
    leave: str
    at_once: int
    read: Callable[[Sequence[Any]], P]
    place: Callable[[P], tuple[Any, ...]]
    instruct: Callable[[Connection, Worlds, P], Awaitable[Instruction]]
    say: Callable[[Connection, Worlds, P, str, int], Awaitable[None]]

    def begin(self, url: str) -> Callable[[Connection], Awaitable[int]]:
        """Give the step of the room: it pays what is due and tells how many it took up."""
        worlds = Worlds(url)

        async def step(connection: Connection) -> int:
            return await self.pay_due(connection, worlds, now_ms())

        return step

    async def pay_due(self, connection: Connection, worlds: Worlds, at_ms: int) -> int:
        """Pay what is owed and whose time has come; tells how many were taken up."""
        until = write.instant((at_ms + 2 * PAYOUT_TIMEOUT_S * 1000) * 1000)
        given = (until, write.instant(at_ms * 1000), self.at_once)
        rows = await (await connection.execute(self.take, given)).fetchall()
        if not rows:
            return 0
        async with outside.client() as web:
            for row in rows:
                await self._pay(connection, worlds, web, self.read(row), at_ms)
        return len(rows)

    async def _pay(
        self, connection: Connection, worlds: Worlds, web: httpx.AsyncClient, owed: P, at_ms: int
    ) -> None:
        wait_s = min(PAYOUT_RETRY_MAX_S, PAYOUT_RETRY_S << min(owed.tries - 1, 20))
        try:
            receipt = await self._ask(connection, worlds, web, owed)
            if receipt is None:
                await self._leave(connection, owed, at_ms + PAYOUT_RETRY_MAX_S * 1000, NO_SERVICE)
            elif not receipt.is_paid:
                await self._leave(connection, owed, at_ms + wait_s * 1000, UNDER_WAY)
            else:
                await self.say(connection, worlds, owed, receipt.number, at_ms)
        except NotAvailable as error:
            await self._leave(connection, owed, at_ms + wait_s * 1000, error.detail)
        except write.GuardFailed:
            await self._leave(connection, owed, at_ms + wait_s * 1000, "busy")
        except InputError as error:
            await self._leave(connection, owed, 0, error.detail)  # a person looks at it
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - logged; one payment must not stop the others
            _log.exception("%s cannot be paid", self.place(owed))
            await self._leave(connection, owed, at_ms + wait_s * 1000, "program")

    async def _ask(
        self, connection: Connection, worlds: Worlds, web: httpx.AsyncClient, owed: P
    ) -> Receipt | None:
        """Ask the merchant's service; None while there is none."""
        settings = await remedies.read_settings(connection, owed.tenant)
        if not settings.adapter:
            return None
        instruction = await self.instruct(connection, worlds, owed)
        service = cast("Settlement", registry.load("settlement", settings.adapter))
        account = Account(url=settings.url, secret=settings.secret)
        return await service.pay(account, outside.sender(web, "the service", _REACH), instruction)

    async def _leave(self, connection: Connection, owed: P, next_ms: int, trouble: str) -> None:
        again = write.instant(next_ms * 1000) if next_ms else None
        await connection.execute(self.leave, (again, trouble[:500], *self.place(owed)))
