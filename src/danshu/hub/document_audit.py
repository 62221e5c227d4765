"""The audit's folder of document templates: do the facts give the versions and who is in use?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.document_facts import DocumentTemplatePublished, DocumentTemplateRetired
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = (
    "select code, version, encode(digest,'hex'), encode(sha256(body),'hex'), active"
    " from document_templates where tenant=%s"
)


class DocumentTemplatesFolder:
    """Folds what was published and retired, and compares the rows at the end."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._digests: dict[tuple[str, int], str] = {}
        self._retired: set[tuple[str, int]] = set()

    @property
    def types(self) -> frozenset[str]:
        """Versions of templates."""
        return frozenset({"document_template.published", "document_template.retired"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, DocumentTemplatePublished):
            self._digests[data.code, data.version] = data.digest
        elif isinstance(data, DocumentTemplateRetired):
            self._retired.add((data.code, data.version))

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every version, its bytes, and that the newest is in use unless it was retired."""
        newest: dict[str, int] = {}
        for code, version in self._digests:
            newest[code] = max(version, newest.get(code, 0))
        said = {
            (code, version): (
                digest,
                digest,
                newest[code] == version and place not in self._retired,
            )
            for (code, version), digest in self._digests.items()
            for place in [(code, version)]
        }
        cursor = await connection.execute(_ROWS, (self._tenant,))
        rows = {(r[0], r[1]): (r[2], r[3], r[4]) for r in await cursor.fetchall()}
        return compare_rows("document_template_differs", "document_templates", rows, said)
