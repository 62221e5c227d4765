"""What people call those who acted: a person by their number, a key or a system by its name."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

_PERSON: Final = "person:"
_NUMBERS: Final = "select id, number from people where tenant=%s and id = any(%s)"


async def name_actors(
    connection: psycopg.AsyncConnection[Any], tenant: int, subjects: Iterable[str]
) -> dict[str, str]:
    """Give what to show for each subject of facts; who is no person is shown as they are."""
    names = {subject: subject for subject in subjects}
    people: dict[uuid.UUID, str] = {}
    for subject in names:
        if subject.startswith(_PERSON):
            try:
                people[uuid.UUID(subject.removeprefix(_PERSON))] = subject
            except ValueError:
                continue
    if people:
        cursor = await connection.execute(_NUMBERS, (tenant, list(people)))
        names |= {people[id_]: number for id_, number in await cursor.fetchall()}
    return names
