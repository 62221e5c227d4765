"""The audit's folder of models: do the facts of each give its row, and is its file the one that
its digest names?
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from danshu.capabilities.learning import facts as said
from danshu.capabilities.learning import registry
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = Any
_ROWS: Final = """
select id, target, kind, digest, state from learning_models where tenant=%s and id>=%s and id<%s
"""
_SETTING: Final = "select by_rule from learning_settings where tenant=%s"
_FILES: Final = "select digest, body from learning_files where tenant=%s order by digest"


class LearningFolder:
    """Folds models and compares the rows of a day; at the end the setting and the files."""

    types = frozenset(
        {
            "learning.trained",
            "learning.promoted",
            "learning.fell_back",
            "learning.retired",
            "learning.configured",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._folded: dict[uuid.UUID, tuple[str, str, str, str]] = {}
        self._setting: tuple[int, bool] | None = None

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, Raw):
            raise ProgramError(f"an unknown fact of models in {fact.stream}")
        if isinstance(data, said.LearningConfigured):
            at_ms = epoch_ms(fact.time)
            if self._setting is None or at_ms >= self._setting[0]:
                self._setting = (at_ms, data.by_rule)
        elif isinstance(data, said.LearningTrained):
            self._folded[fact.stream] = (data.target, data.kind, data.digest, data.state)
        else:
            target, kind, digest, _ = self._folded[fact.stream]
            state = registry.evolve("challenger", data)
            self._folded[fact.stream] = (target, kind, digest, state)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the models that were trained within a day of streams."""
        told, self._folded = self._folded, {}
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows = {id_: tuple(more) for id_, *more in await cursor.fetchall()}
        return compare_rows("model_differs", "learning_models", rows, told)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the setting, and hash every file again."""
        row = await (await connection.execute(_SETTING, (self._tenant,))).fetchone()
        is_told = {self._tenant: self._setting[1]} if self._setting else {}
        is_kept = {self._tenant: row[0]} if row else {}
        found = compare_rows("model_differs", "learning_settings", is_kept, is_told)
        for digest, body in await (await connection.execute(_FILES, (self._tenant,))).fetchall():
            if hashlib.sha256(bytes(body)).hexdigest() != digest:
                where = f"learning_files {digest}"
                found.append(Difference(code="model_differs", where=where, detail="SHA-256"))
        return found
