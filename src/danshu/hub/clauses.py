"""The clauses of each merchant by the digest that orders' rows name them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.hub import masters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from danshu.capabilities.contract.model import Clause
    from danshu.hub.order_rows import OrderRow


class Clauses:
    """What of them was read; a clause never changes, so it is read once."""

    def __init__(self) -> None:
        self._books: dict[int, Mapping[str, Clause]] = {}

    async def of(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, rows: Sequence[OrderRow]
    ) -> Mapping[str, Clause]:
        """Give a book that has the clauses of these orders; one defined since is looked up."""
        book = self._books.get(tenant)
        if book is None or any(t.digest not in book for row in rows for t in row.terms):
            book, _ = await masters.load_definitions(connection, tenant)
            self._books[tenant] = book
        return book
