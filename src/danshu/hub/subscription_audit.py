"""The audit's folder of subscriptions: do the facts give their rows?

What became of topics of the notice service has no fact of its own until it is first changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import subscription_facts as facts
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_TYPES: Final = frozenset(
    {
        "subscription.configured",
        "subscription.paused",
        "subscription.resumed",
        "subscription.dropped",
    }
)
_ROWS: Final = """
select id::text, name, url, mode, batch, width, timeout_s, types, convert_from(filters, 'UTF8'),
state, why from subscriptions where tenant=%s and (revision > 0 or made_by <> 'notices')
"""


class SubscriptionsFolder:
    """Adds up what each subscription was set to."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._set: dict[str, tuple[Any, ...]] = {}
        self._states: dict[str, tuple[str, str]] = {}

    @property
    def types(self) -> frozenset[str]:
        """Subscriptions set, paused, resumed, dropped."""
        return _TYPES

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        match fact.data:
            case facts.SubscriptionConfigured() as said:
                self._set[said.subscription] = (
                    *(said.name, said.url, said.mode, said.batch, said.width, said.timeout_s),
                    *(list(said.types), said.filters),
                )
            case facts.SubscriptionPaused() as said:
                self._states[said.subscription] = ("paused", said.reason)
            case facts.SubscriptionResumed() as said:
                self._states[said.subscription] = ("active", "")
            case facts.SubscriptionDropped() as said:
                self._set.pop(said.subscription, None)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """A subscription's facts lie on many days: nothing is compared by the day."""
        del connection, first, end
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare all subscriptions."""
        rows = await (await connection.execute(_ROWS, (self._tenant,))).fetchall()
        stored = {row[0]: tuple(row[1:]) for row in rows}
        told = {
            id_: (*said, *self._states.get(id_, ("active", ""))) for id_, said in self._set.items()
        }
        for id_ in stored.keys() - told.keys():  # a notice service's that was only paused so far
            state = self._states.get(id_)
            if state is not None and stored[id_][-2:] == state:
                told[id_] = stored[id_]
        return compare_rows("subscription_differs", "subscription", stored, told)
