"""The rows of originals: read, listed, changed with the facts that change them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.ledger import vault
from danshu.ledger.write import instant
from danshu.ports.modality import Draft, Parsed, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = Any
STATES: Final = ("received", "asking", "review", "ordered", "acted", "rejected", "unreadable")
NO_ORIGINAL: Final = InputError("no_original", "there is no such original")
_NAMES: Final = (
    *("id", "modality", "version", "models", "digest", "salt", "media_type", "name", "bytes"),
    *("source", "state", "intent", "draft", "question", "confidence", "amount_fen", "troubles"),
    *("reasons", "tries", "reason", "by", "order_id", "repair_id", "received", "done", "seq"),
    *("head", "key"),
)
_COLUMNS: Final = ",".join(
    f"{n}::text" if n in ("source", "draft", "question") else n for n in _NAMES
)
_READ: Final = f"select {_COLUMNS} from originals where tenant=%s and id=%s"
_BY_KEY: Final = f"select {_COLUMNS} from originals where tenant=%s and key=%s"
_OF_ORDER: Final = (
    f"select {_COLUMNS} from originals where tenant=%s and order_id=%s order by id limit 8"
)
_IS_ORDER: Final = "select 1 from orders where tenant=%s and id=%s"
_PARSED: Final = "select parsed::text from originals where tenant=%s and id=%s"
_INSERT: Final = (
    "insert into originals(tenant,id,key,modality,digest,salt,media_type,name,bytes,source,speaker,"
    "store,device,device_class,state,due,received,seq,head) values(%(tenant)s,%(id)s,%(key)s,"
    "%(modality)s,%(digest)s,%(salt)s,%(media_type)s,%(name)s,%(bytes)s,%(source)s::jsonb,"
    "%(speaker)s,%(store)s,%(device)s,%(device_class)s,'received',%(due)s,%(received)s,%(seq)s,"
    "%(head)s) on conflict (tenant,key) do nothing returning " + _COLUMNS
)
_encode: Final = msgspec.json.Encoder().encode
_decode_source: Final = msgspec.json.Decoder(dict[str, str]).decode
_decode_draft: Final = msgspec.json.Decoder(Draft).decode
_decode_question: Final = msgspec.json.Decoder(Question).decode
_decode_parsed: Final = msgspec.json.Decoder(Parsed).decode
_JSON: Final = frozenset({"parsed", "draft", "question"})


class Row(Struct, frozen=True, kw_only=True):
    """An original as it stands, without what was read in it (`read_parsed`).

    `confidence` in thousandths, `digest` SHA-256 (hex) of its bytes, `draft` what would be or was
    ordered; `order`, `repair` what became of it. `reasons` say why it did not go by itself,
    `reason` why nothing was ordered. `seq` and `head` are the end of its stream.
    """

    id: uuid.UUID
    modality: str
    version: str
    models: tuple[str, ...]
    digest: str
    salt: bytes
    media_type: str
    name: str
    size: int
    source: Mapping[str, str]
    state: str
    intent: str
    draft: Draft | None
    question: Question | None
    confidence: int
    amount_fen: int
    troubles: tuple[str, ...]
    reasons: tuple[str, ...]
    tries: int
    reason: str
    by: str
    order: uuid.UUID | None
    repair: uuid.UUID | None
    received: datetime.datetime
    done: datetime.datetime | None
    seq: int
    head: bytes
    key: str

    @property
    def device_class(self) -> str:
        """What kind of device it came from; trust is earned for each."""
        return self.source.get("device_class", "")

    @property
    def received_ms(self) -> int:
        """When it came in."""
        return self.received_us // 1000

    @property
    def received_us(self) -> int:
        """The same in microseconds, as pages are cut."""
        return round(self.received.timestamp() * 1_000_000)


def row_of(found: Sequence[Any]) -> Row:
    """Make a row of what the database gave for the columns here."""
    told = dict(zip(_NAMES, found, strict=True))
    draft, question = told["draft"], told["question"]
    return Row(
        id=told["id"],
        modality=told["modality"],
        version=told["version"],
        models=tuple(told["models"]),
        digest=bytes(told["digest"]).hex(),
        salt=bytes(told["salt"]),
        media_type=told["media_type"],
        name=told["name"],
        size=told["bytes"],
        source=_decode_source(told["source"]),
        state=told["state"],
        intent=told["intent"],
        draft=None if draft is None else _decode_draft(draft),
        question=None if question is None else _decode_question(question),
        confidence=told["confidence"],
        amount_fen=told["amount_fen"],
        troubles=tuple(told["troubles"]),
        reasons=tuple(told["reasons"]),
        tries=told["tries"],
        reason=told["reason"],
        by=told["by"],
        order=told["order_id"],
        repair=told["repair_id"],
        received=told["received"],
        done=told["done"],
        seq=told["seq"],
        head=bytes(told["head"]),
        key=told["key"],
    )


def number_of(id_: uuid.UUID, received_ms: int) -> str:
    """Give the number of the order that an original becomes: the same for ever."""
    day = rfc3339(received_ms)[:10].replace("-", "")
    return f"ORG-{day}-{id_.hex[-10:].upper()}"


def commit_to(row: Row, words: Parsed | Draft) -> str:
    """Give the salted commitment to what was read or confirmed, as facts name it."""
    return vault.commit(row.salt, type(words).__name__.lower(), _encode(words))


async def find(connection: Connection, tenant: int, id_: uuid.UUID, *, lock: bool = False) -> Row:
    """Read an original, locked or not. Raises InputError `no_original`."""
    query = _READ + (" for update" if lock else "")
    found = await (await connection.execute(query, (tenant, id_))).fetchone()
    if found is None:
        raise NO_ORIGINAL
    return row_of(found)


async def find_by_key(connection: Connection, tenant: int, key: str) -> Row | None:
    """Read the original that came in under a key."""
    found = await (await connection.execute(_BY_KEY, (tenant, key))).fetchone()
    return None if found is None else row_of(found)


async def of_order(connection: Connection, tenant: int, order: uuid.UUID) -> tuple[Row, ...]:
    """Give the originals that an order was placed from. Raises InputError `no_order`."""
    found = await (await connection.execute(_OF_ORDER, (tenant, order))).fetchall()
    if not found and not await (await connection.execute(_IS_ORDER, (tenant, order))).fetchone():
        raise InputError("no_order", "there is no such order")
    return tuple([row_of(f) for f in found])


async def read_parsed(connection: Connection, tenant: int, id_: uuid.UUID) -> Parsed | None:
    """Give how an original was read; None before it was, and after it was erased."""
    found = await (await connection.execute(_PARSED, (tenant, id_))).fetchone()
    if found is None or found[0] is None:
        return None
    return _decode_parsed(found[0])


async def insert(connection: Connection, values: Mapping[str, Any]) -> Row | None:
    """Write the row of a new original, inside the caller's transaction; None where its key is
    known.
    """
    found = await (await connection.execute(_INSERT, values)).fetchone()
    return None if found is None else row_of(found)


async def change(
    connection: Connection,
    tenant: int,
    row: Row,
    actor: Actor,
    now_ms: int,
    said: Sequence[Struct],
    **columns: Any,
) -> Row:
    """Say facts of a locked original and write the columns that they change, in the caller's
    transaction; gives how it stands then.
    """
    end = (row.seq, row.head)
    if said:
        end = await say_next(connection, tenant, row.id, end, actor, now_ms, *said)
    columns |= {"seq": end[0], "head": end[1]}
    sets = ",".join([f"{n}=%s::jsonb" if n in _JSON else f"{n}=%s" for n in columns])
    values = [_write(n, v) for n, v in columns.items()]
    query = f"update originals set {sets} where tenant=%s and id=%s returning {_COLUMNS}"
    found = await (await connection.execute(query, (*values, tenant, row.id))).fetchone()
    return row_of(found)


def _write(name: str, value: Any) -> Any:
    if name in _JSON and value is not None:  # the database keeps no U+0000 in its JSON
        return _encode(value).decode().replace("\\u0000", "\\ufffd")
    if name in ("due", "done") and isinstance(value, int):
        return instant(value * 1000)
    return value


async def list_rows(
    connection: Connection,
    tenant: int,
    filters: Mapping[str, str],
    after: tuple[datetime.datetime, uuid.UUID] | None,
    limit: int,
    *,
    oldest: bool = False,
) -> tuple[Row, ...]:
    """List originals, the newest first or the oldest; `filters` by state, modality, device_class,
    store, device.
    """
    query = f"select {_COLUMNS} from originals where tenant=%s"
    values: list[Any] = [tenant]
    for name, value in filters.items():
        if value:
            query += f" and {name} = any(%s)" if name == "state" else f" and {name}=%s"
            values.append(value.split(",") if name == "state" else value)
    order = "asc" if oldest else "desc"
    if after is not None:
        query += f" and (received,id) {'>' if oldest else '<'} (%s,%s)"
        values += after
    query += f" order by received {order}, id {order} limit %s"
    found = await (await connection.execute(query, (*values, limit))).fetchall()
    return tuple([row_of(f) for f in found])
