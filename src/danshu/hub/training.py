"""Training rows: what an original says, what was read of it, what a person says is right.

They are the merchant's own, leave only by the route that exports them, and go with the original's
order when its personal data is erased. Facts name none of their values.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.intake import corrections

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator

    import psycopg

    from danshu.hub.original_rows import Row
    from danshu.ports.modality import Draft, Field, Parsed

    Connection = psycopg.AsyncConnection[Any]

UNSURE: Final = -1
"""The confidence of a value that nobody had read."""
_PUT: Final = """
insert into training_rows(tenant,original,path,key,modality,digest,perceptions,said,was_read,
  is_right,confidence,split_group)
select %s,%s,p.path,%s,%s,%s,%s,p.said,p.was_read,p.is_right,p.confidence,%s
from unnest(%s::text[],%s::text[],%s::text[],%s::text[],%s::int4[])
  p(path,said,was_read,is_right,confidence)
on conflict (tenant,original,path) do update set said=excluded.said, was_read=excluded.was_read,
is_right=excluded.is_right, confidence=excluded.confidence, at=excluded.at
"""
_READ: Final = """
select original::text, path, modality, digest, perceptions, said, was_read, is_right, confidence,
  split_group, to_char(at at time zone 'utc','YYYY-MM-DD"T"HH24:MI:SS"Z"')
from training_rows where tenant=%s and (%s='' or modality=%s) and (original,path) > (%s,%s)
order by original, path limit %s
"""
_ERASE: Final = "delete from training_rows where tenant=%s and original = any(%s)"
_FORGET: Final = (
    "update original_reviews set corrections='[]', draft='{}' where tenant=%s and original=any(%s)"
)
_NOTHING: Final = "00000000-0000-0000-0000-000000000000"
_AT_ONCE: Final = 1_000


class TrainingRow(Struct, frozen=True, kw_only=True):
    """A field of an original. `group` is the same for all originals of one customer, store or
    device: train and test must not share one, or the test is of memory. `confidence` is what the
    plug-in said, in thousandths, -1 = it had not read the field. `digest` is that of the bytes.
    """

    original: str
    path: str
    modality: str
    digest: str
    models: tuple[str, ...]
    said: str
    was_read: str
    is_right: str
    confidence: int
    group: str
    at: str


async def keep(
    connection: Connection, tenant: int, row: Row, key: str, parsed: Parsed, draft: Draft
) -> None:
    """Keep what a confirmed draft says of each field, in the caller's transaction."""
    was, right = corrections.flatten(parsed.draft), corrections.flatten(draft)
    fields: dict[str, Field] = {f.path: f for f in parsed.fields}
    paths = sorted(
        fields.keys() | {p for p in was.keys() | right.keys() if was.get(p) != right.get(p)}
    )
    told = [fields.get(path) for path in paths]
    await connection.execute(
        _PUT,
        (
            tenant,
            row.id,
            key,
            row.modality,
            row.digest,
            list(parsed.models),
            group_of(row, draft),
            paths,
            [f.said if f else "" for f in told],
            [was.get(path, "") for path in paths],
            [right.get(path, "") for path in paths],
            [f.confidence if f else UNSURE for f in told],
        ),
    )


def group_of(row: Row, draft: Draft) -> str:
    """Name the group of an original, without naming whose it is."""
    source = row.source
    of = next(
        (f"{what}/{code}" for what, code in (
            ("customer", draft.customer or source.get("customer", "")),
            ("store", draft.store or source.get("store", "")),
            ("device", source.get("device", "")),
            ("speaker", source.get("speaker", "")),
        ) if code),
        f"original/{row.digest}",
    )  # fmt: skip
    return hashlib.sha256(of.encode()).hexdigest()[:16]


async def export(
    connection: Connection, tenant: int, modality: str = ""
) -> AsyncIterator[TrainingRow]:
    """Give all rows, of a modality or of all ("")."""
    last = (_NOTHING, "")
    while True:
        values = (tenant, modality, modality, *last, _AT_ONCE)
        rows = await (await connection.execute(_READ, values)).fetchall()
        for row in rows:
            yield TrainingRow(
                original=row[0],
                path=row[1],
                modality=row[2],
                digest=row[3],
                models=tuple(row[4]),
                said=row[5],
                was_read=row[6],
                is_right=row[7],
                confidence=row[8],
                group=row[9],
                at=row[10],
            )
        if len(rows) < _AT_ONCE:
            return
        last = (rows[-1][0], rows[-1][1])


async def erase(connection: Connection, tenant: int, originals: list[uuid.UUID]) -> int:
    """Erase what originals taught and what reviewers wrote into them, in the caller's transaction.

    Gives how many rows went. That they were reviewed, by whom and how, stays.
    """
    done = await connection.execute(_ERASE, (tenant, originals))
    await connection.execute(_FORGET, (tenant, originals))
    return done.rowcount
