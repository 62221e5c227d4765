"""What people call things: stores and customers, options, units of a SKU, aliases.

One mechanism for four kinds: rows are written whole by their key, read in pages by it, and switched
off rather than taken away, since originals were read by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.intake.folding import fold
from danshu.hub.fields import PLAIN, Code, Label, Minor, Word
from danshu.hub.selling_masters import known_skus, say_imported
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ALLERGENS, NAMES, UNITS_OF_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = Any
Kind = Literal["directory", "options", "sku_units", "aliases"]
Called = Literal["sku", "store", "customer", "supplier", "option", "device", "symptom"]
_TITLE = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where somebody of the directory is reached."""

    name: Word = ""
    phone: Word = ""
    province: Word = ""
    city: Word = ""
    district: Word = ""
    detail: Label = ""


class DirectoryEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A store, customer or supplier; `warehouse` is the one that usually serves it."""

    kind: Literal["store", "customer", "supplier"]
    code: Code
    name: _TITLE
    warehouse: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    address: Contact = Contact()
    active: bool = True


class Option(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes goods (加燕麦奶): `sku` is shipped along with each unit where it is goods,
    `price_fen` is added to a unit's price, `storage` what it makes of the line's storage class.
    """

    code: Code
    name: _TITLE
    sku: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    price_fen: Minor = 0
    storage: Literal["", "chilled", "frozen", "licensed", "dangerous"] = ""
    allergens: Annotated[tuple[Word, ...], Meta(max_length=ALLERGENS)] = ()
    active: bool = True


class SkuUnit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure word of a SKU and how many of its own units it stands for (箱 = 12)."""

    sku: Code
    unit: Annotated[str, Meta(min_length=1, max_length=16, pattern=PLAIN)]
    units: Annotated[int, Meta(ge=1, le=UNITS_OF_UNIT)]


class Alias(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody calls something: `scope` is the customer whose word it is, "" = everybody's;
    `source` tells where it came from (`hand`, `review`, `import`).
    """

    kind: Called
    scope: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    alias: _TITLE
    code: Code
    source: Literal["hand", "review", "import"] = "hand"
    active: bool = True


class Names(Struct, frozen=True, kw_only=True):
    """All of a merchant that is in use, as lexicons are built of it."""

    directory: tuple[DirectoryEntry, ...]
    options: tuple[Option, ...]
    sku_units: tuple[SkuUnit, ...]
    aliases: tuple[Alias, ...]


class Shape(Struct, frozen=True, kw_only=True):
    """One kind: its row, what no two rows share, its columns in the database."""

    row: type[Struct]
    key: tuple[str, ...]
    searched: tuple[str, ...]
    folded: bool = False  # the key holds folded words, not the words themselves

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns as the row names them."""
        return self.row.__struct_fields__


SHAPES: Final[dict[str, Shape]] = {
    "directory": Shape(row=DirectoryEntry, key=("kind", "code"), searched=("code", "name")),
    "options": Shape(row=Option, key=("code",), searched=("code", "name")),
    "sku_units": Shape(row=SkuUnit, key=("sku", "unit"), searched=("sku", "unit")),
    "aliases": Shape(
        row=Alias, key=("kind", "scope", "folded", "code"), searched=("alias", "code"), folded=True
    ),
}
_LOCK: Final = "select 1 from tenants where id=%s for update"
_MISSING: Final = {
    "store": "select code from directory where tenant=%s and kind='store' and code=any(%s)",
    "customer": "select code from directory where tenant=%s and kind='customer' and code=any(%s)",
    "supplier": "select code from directory where tenant=%s and kind='supplier' and code=any(%s)",
    "option": "select code from options where tenant=%s and code=any(%s)",
    "warehouse": "select code from warehouses where tenant=%s and code=any(%s)",
}


async def put(
    connection: Connection, tenant: int, kind: str, rows: Sequence[Any], actor: Actor
) -> None:
    """Write rows of a kind by their key. Raises InputError for what hangs in the air: an unknown
    SKU, store or warehouse, a word that folds to nothing; `too_many` beyond NAMES.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        await write(connection, tenant, kind, rows, actor)


async def write(
    connection: Connection, tenant: int, kind: str, rows: Sequence[Any], actor: Actor
) -> None:
    """Write rows inside the caller's transaction, with their fact; raises as `put`."""
    shape = SHAPES[kind]
    await _check_codes(connection, tenant, kind, rows)
    columns = [*shape.columns, *(["folded"] if shape.folded else [])]
    others = [c for c in columns if c not in shape.key]
    marks = ",".join(["%s"] * (len(columns) + 1))
    sets = ",".join([f"{c}=excluded.{c}" for c in others])
    query = (
        f"insert into {kind}(tenant,{','.join(columns)}) values({marks})"
        f" on conflict (tenant,{','.join(shape.key)}) do update set {sets}"
    )
    for i, row in enumerate(rows):
        values = [_stored(getattr(row, c)) for c in shape.columns]
        if shape.folded:
            values.append(fold(row.alias))
            if not values[-1]:
                raise InputError("nothing_said", "the alias holds no word", f"/{i}/alias")
        await connection.execute(query, (tenant, *values))
    count = f"select count(*) from (select 1 from {kind} where tenant=%s limit %s) k"
    found = await (await connection.execute(count, (tenant, NAMES + 1))).fetchone()
    if found and found[0] > NAMES:
        raise InputError("too_many", f"at most {NAMES} rows")
    await say_imported(connection, tenant, actor, kind, rows)


def _stored(value: Any) -> Any:
    if isinstance(value, Struct):
        return msgspec.json.encode(value).decode()
    return list(value) if isinstance(value, tuple) else value


async def learn_alias(
    connection: Connection, tenant: int, *, kind: Called, scope: str, alias: str, code: str,
    actor: Actor,
) -> None:  # fmt: skip
    """Keep what a reviewer chose, inside the caller's transaction: next time it is found. A word
    that folds to nothing teaches nothing.
    """
    if fold(alias):
        row = Alias(kind=kind, scope=scope, alias=alias[:200], code=code, source="review")
        await write(connection, tenant, "aliases", [row], actor)


async def _check_codes(connection: Connection, tenant: int, kind: str, rows: Sequence[Any]) -> None:
    """Refuse rows that name what is not there."""
    wanted: dict[str, list[tuple[str, str]]] = {}
    for i, row in enumerate(rows):
        for what, code, field in _references(kind, row):
            wanted.setdefault(what, []).append((code, f"/{i}/{field}"))
    for what, places in wanted.items():
        codes = [code for code, _ in places]
        if what == "sku":
            known = await known_skus(connection, tenant, codes)
        else:
            cursor = await connection.execute(_MISSING[what], (tenant, codes))
            known = frozenset([r[0] for r in await cursor.fetchall()])
        for code, place in places:
            if code not in known:
                raise InputError("unknown_code", f"there is no {what} {code!r}", place)


def _references(kind: str, row: Any) -> list[tuple[str, str, str]]:
    """What a row names, as (kind, code, field)."""
    if kind == "directory":
        return [("warehouse", row.warehouse, "warehouse")] if row.warehouse else []
    if kind == "options":
        return [("sku", row.sku, "sku")] if row.sku else []
    if kind == "sku_units":
        return [("sku", row.sku, "sku")]
    named = [(row.kind, row.code, "code")] if row.kind in ("sku", *_MISSING) else []
    return [*named, *([("customer", row.scope, "scope")] if row.scope else [])]


async def list_rows(
    connection: Connection, tenant: int, kind: str, q: str, after: Sequence[str], limit: int
) -> list[tuple[tuple[str, ...], Any]]:
    """List rows by their key after a key: (key, row); `q` is part of a code or name."""
    shape = SHAPES[kind]
    columns, key = ",".join(shape.columns), ",".join(shape.key)
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    matches = " or ".join([f"{c} ilike %s" for c in shape.searched])
    beyond = f"and ({key}) > ({','.join(['%s'] * len(after))})" if after else ""
    cursor = await connection.execute(
        f"select {key},{columns} from {kind} where tenant=%s and ({matches}) {beyond}"
        f" order by {key} limit %s",
        (tenant, *[like] * len(shape.searched), *after, limit),
    )
    wide = len(shape.key)
    return [(tuple(r[:wide]), _row(shape, r[wide:])) for r in await cursor.fetchall()]


async def load(connection: Connection, tenant: int) -> Names:
    """Read all that is in use. At most NAMES of each kind, since no more can be written."""
    found: dict[str, tuple[Any, ...]] = {}
    for kind, shape in SHAPES.items():
        active = " and active" if "active" in shape.columns else ""
        cursor = await connection.execute(
            f"select {','.join(shape.columns)} from {kind} where tenant=%s{active}"
            f" order by {','.join(shape.key)}",
            (tenant,),
        )
        found[kind] = tuple([_row(shape, r) for r in await cursor.fetchall()])
    return Names(**found)


def _row(shape: Shape, values: Sequence[Any]) -> Any:
    return msgspec.convert(dict(zip(shape.columns, values, strict=True)), shape.row)
