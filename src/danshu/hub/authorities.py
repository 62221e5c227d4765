"""Which system has authority over which field, and that people don't write over its word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave.authority import HERE, Rule
from danshu.hub import sheet_targets
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
_ENTRIES: Final = "select kind,field,source,rule from field_authorities where tenant=%s"
_ENTRIES_OF: Final = _ENTRIES + " and kind=%s"


class Entry(Struct, frozen=True, kw_only=True):
    """Whose word holds for a field, and by which rule."""

    kind: str
    field: str
    source: str
    rule: Rule


async def read_entries(connection: Connection, tenant: int, kind: str = "") -> dict[str, Entry]:
    """Read the entries of a kind by field; of all kinds by "kind.field" where none is named."""
    sql, asked = (_ENTRIES_OF, (tenant, kind)) if kind else (_ENTRIES, (tenant,))
    rows = await (await connection.execute(sql, asked)).fetchall()
    entries = [Entry(kind=k, field=f, source=s, rule=Rule(r)) for k, f, s, r in rows]
    return {e.field if kind else f"{e.kind}.{e.field}": e for e in entries}


async def read_foreign(connection: Connection, tenant: int, kind: str) -> dict[str, str]:
    """Read the fields of a kind that are another system's to say, with its name."""
    entries = await read_entries(connection, tenant, kind)
    return {
        name: entry.source
        for name, entry in entries.items()
        if entry.source != HERE and entry.rule is Rule.AUTHORITY
    }


async def refuse_others(
    connection: Connection, tenant: int, kind: str, rows: Sequence[Struct]
) -> None:
    """Refuse rows that a person would write over another system's word. Raises InputError
    `not_authority`; in the caller's transaction.
    """
    foreign = await read_foreign(connection, tenant, kind)
    if not foreign:
        return
    given = [msgspec.structs.asdict(row) for row in rows]
    keys = [sheet_targets.key_of(kind, row) for row in given]
    present = await sheet_targets.read_present(connection, tenant, kind, keys)
    for i, (key, row) in enumerate(zip(keys, given, strict=True)):
        before = present.rows.get(key)
        for name, source in foreign.items():
            if before is not None and before[name] != row[name]:
                told = f"{' '.join(key)}: what {name} is, {source} says"
                raise InputError("not_authority", told, f"/{i}/{name}")
