"""The audit's folder of the assistant: do the facts give how it is set up?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.assistant.facts import AssistantSet
from danshu.ledger.findings import Difference, compare_tables

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_QUERIES: Final = {
    "assistant_settings": "select 'setting', url, model, day_tokens, keys_act"
    " from assistant_settings where tenant=%s",
}


class AssistantFolder:
    """Folds what was set, the last counts, and compares the row at the end."""

    types = frozenset({"assistant.set"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._told: dict[str, dict[Any, tuple[Any, ...]]] = {table: {} for table in _QUERIES}
        self._last = ""

    def fold(self, fact: Fact) -> None:
        """Take in one fact; each has a stream of its own, and its id tells when it was said."""
        match fact.data:
            case AssistantSet() as data if fact.id > self._last:
                self._last = fact.id
                told = (data.url, data.model, data.day_tokens, data.keys_act)
                self._told["assistant_settings"]["setting"] = told

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a day of streams: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the setting."""
        return await compare_tables(
            connection, self._tenant, "assistant_differs", _QUERIES, self._told
        )
