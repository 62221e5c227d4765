"""Time-stamp tokens over checkpoints: what is stored of them. Only verified tokens come in.

A token covers the bytes of the checkpoint file (`checkpoints.note`): whatever is in the tree of
that size existed at its genTime plus accuracy, by the clock of the authority.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
_COLUMNS: Final = (
    "half,size,algorithm,authority,digest,gen_us,accuracy_us,serial,policy,signer,own,checked,token"
)
_READ: Final = (
    f"select {_COLUMNS} from tokens where tenant=%s and half=%s and size=%s"
    " order by algorithm, authority"
)
_PAGE: Final = (
    f"select {_COLUMNS} from tokens where tenant=%s and half=%s"
    " and (size,algorithm,authority) < (%s,%s,%s)"
    " order by size desc, algorithm desc, authority desc limit %s"
)
_ADD: Final = (
    f"insert into tokens(tenant,{_COLUMNS})"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict do nothing"
)
_COVERING: Final = (
    f"select {_COLUMNS} from tokens where tenant=%s and half=%s and size>=%s"
    " and not (own and %s) order by size, own, algorithm limit 1"
)
_NEWEST: Final = "select max(size) from tokens where tenant=%s and half=%s and size>=%s"
_FIRST: Final = "select min(size) from tokens where tenant=%s and half=%s and size>=%s"


class Token(Struct, frozen=True, kw_only=True):
    """A verified token over the checkpoint of `size` leaves of a book. `token` is the DER of the
    TimeStampResp (a file .tsr), `digest` that of the checkpoint file by `algorithm` (sha256, sm3).

    `own`: the authority belongs to whoever runs this hub, 自建(不中立): no proof to others.
    """

    half: str
    size: int
    algorithm: str
    authority: str
    digest: bytes
    gen_us: int
    accuracy_us: int | None
    serial: str
    policy: str
    signer: str
    own: bool
    checked: str
    token: bytes


async def read_tokens(connection: Connection, tenant: int, half: str, size: int) -> list[Token]:
    """Read the tokens over one checkpoint, by digest and authority; [] when it has none."""
    return _tokens(await (await connection.execute(_READ, (tenant, half, size))).fetchall())


async def page_tokens(
    connection: Connection, tenant: int, half: str, before: tuple[int, str, str], limit: int
) -> list[Token]:
    """Read tokens of a book, newest checkpoint first, below (size, algorithm, authority)."""
    cursor = await connection.execute(_PAGE, (tenant, half, *before, limit))
    return _tokens(await cursor.fetchall())


async def find_covering(
    connection: Connection, tenant: int, half: str, at_least: int, *, neutral: bool
) -> Token | None:
    """Find the first token over a checkpoint of so many leaves or more; with `neutral` none of the
    operator's own authorities.
    """
    cursor = await connection.execute(_COVERING, (tenant, half, at_least, neutral))
    return next(iter(_tokens(await cursor.fetchall())), None)


async def newest_stamped(
    connection: Connection, tenant: int, half: str, at_least: int
) -> int | None:
    """Give the size of the newest checkpoint with a token that has so many leaves or more."""
    return await _size(connection, _NEWEST, tenant, half, at_least)


async def first_stamped(
    connection: Connection, tenant: int, half: str, at_least: int
) -> int | None:
    """Give the size of the first checkpoint with a token that has so many leaves or more: the
    earliest proof that leaf `at_least` - 1 existed.
    """
    return await _size(connection, _FIRST, tenant, half, at_least)


async def add_token(connection: Connection, tenant: int, token: Token) -> None:
    """Keep a token that was verified; one of the same authority over the same checkpoint stays."""
    await connection.execute(
        _ADD,
        (
            tenant,
            token.half,
            token.size,
            token.algorithm,
            token.authority,
            token.digest,
            token.gen_us,
            token.accuracy_us,
            token.serial,
            token.policy,
            token.signer,
            token.own,
            token.checked,
            token.token,
        ),
    )


async def _size(
    connection: Connection, sql: str, tenant: int, half: str, at_least: int
) -> int | None:
    row = await (await connection.execute(sql, (tenant, half, at_least))).fetchone()
    return row[0] if row else None


def _tokens(rows: Sequence[tuple[Any, ...]]) -> list[Token]:
    return [
        Token(
            half=row[0], size=row[1], algorithm=row[2], authority=row[3], digest=row[4],
            gen_us=row[5], accuracy_us=row[6], serial=row[7], policy=row[8], signer=row[9],
            own=row[10], checked=row[11], token=row[12],
        )
        for row in rows
    ]  # fmt: skip
