"""The data dictionary over HTTP: authorities of fields, what systems say, conflicts."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.weave.authority import Rule, Value
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    respond,
)
from danshu.faces.http.problems import of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.stock import allow_warehouses
from danshu.hub import authorities, dictionary, dictionary_conflicts
from danshu.hub.authorities import Entry
from danshu.hub.dictionary_conflicts import Conflict
from danshu.hub.fields import PLAIN, Word
from danshu.hub.sheet_kinds import words
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import (
    BATCH_BODY_BYTES,
    DICTIONARY_ROWS,
    PAGE_ROWS,
    REASON_CHARS,
)

_Kind = Literal["skus", "warehouses", "regions", "lanes", "stock"]
_Title = Annotated[str, Meta(max_length=64, pattern=PLAIN)]
_Text = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
_State = Annotated[Literal["open", "ruled", "settled"], QueryParameter(name="state")]


class DictionaryField(Struct, frozen=True, kw_only=True):
    """A field of a kind: what it is called, how it is read (`type`), whose word holds (`source`, ""
    nobody's) and by which rule.
    """

    kind: str
    kind_zh: str
    kind_en: str
    field: str
    zh: str
    en: str
    type: str
    source: str
    rule: str


class DictionarySource(Struct, frozen=True, kw_only=True):
    """A system that may say something; `hub` are the people at the console."""

    source: str
    title: str


class Dictionary(Struct, frozen=True, kw_only=True):
    """All fields, the systems, and how many conflicts there are by state."""

    fields: tuple[DictionaryField, ...]
    sources: tuple[DictionarySource, ...]
    conflicts: dict[str, int]


class SetAuthority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose word holds for a field, and by which rule."""

    source: Word
    rule: Rule


class NameSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a system is called."""

    title: _Title = ""


class Claims(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a system says of rows: each names its key and any of its fields."""

    source: Word
    rows: Annotated[
        tuple[dict[str, int | _Text], ...], Meta(min_length=1, max_length=DICTIONARY_ROWS)
    ]


class ClaimRejected(Struct, frozen=True, kw_only=True):
    """A row that was not taken: which, its field and the reason's code."""

    row: int
    field: str
    reason: str


class ClaimsHeard(Struct, frozen=True, kw_only=True):
    """Rows `written`, the `same`, `rejected`; fields that keep another system's word (`kept`), and
    of them those that wait for a person (`open`).
    """

    written: int
    same: int
    kept: int
    open: int
    rejected: tuple[ClaimRejected, ...]


class ConflictPage(Struct, frozen=True, kw_only=True):
    """Conflicts of a state, the oldest first; `next` is "" at the end."""

    items: tuple[Conflict, ...]
    next: str


class Settle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose word holds for one field of one row, and why; "hub" keeps what stands."""

    kind: _Kind
    key: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=2)]
    field: Word
    source: Word
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]


class Settled(Struct, frozen=True, kw_only=True):
    """What holds now."""

    source: str
    kept: Value


@get("/v1/dictionary", **declare_read("readDictionary", "master data", "master.read"))
async def read(request: Request[Any, Any, Any]) -> Dictionary:
    """Read every field of master data with its authority, the systems, and what differs."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        entries = await authorities.read_entries(connection, tenant)
        sources = await dictionary.read_sources(connection, tenant)
        conflicts = await dictionary_conflicts.count(connection, tenant)
    kinds = [words().kinds[name] for name in dictionary.KINDS]
    shown = [
        DictionaryField(
            kind=kind.name,
            kind_zh=kind.zh,
            kind_en=kind.en,
            field=field.name,
            zh=field.zh,
            en=field.en,
            type=field.type,
            source=entry.source if entry else "",
            rule=str(entry.rule) if entry else "",
        )
        for kind in kinds
        for field in kind.fields
        if field.name not in kind.key
        for entry in [entries.get(f"{kind.name}.{field.name}")]
    ]
    return Dictionary(
        fields=tuple(shown),
        sources=tuple([DictionarySource(source=s, title=t) for s, t in sources.items()]),
        conflicts=conflicts,
    )


@put(
    "/v1/dictionary/sources/{source:str}",
    **declare_write("nameSource", "master data", "master.write"),
)
async def name_source(
    source: FromPath[Word], data: JSONBody[NameSource], request: Request[Any, Any, Any]
) -> DictionarySource:
    """Name a system that may say something of master data."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await dictionary.name_source(connection, tenant, source, data.title)
    return DictionarySource(source=source, title=data.title)


@put(
    "/v1/dictionary/{kind:str}/{field:str}",
    **declare_write("setAuthority", "master data", "master.write"),
)
async def set_authority(
    kind: FromPath[str],
    field: FromPath[str],
    data: JSONBody[SetAuthority],
    request: Request[Any, Any, Any],
) -> SetAuthority:
    """Set whose word holds for a field; what was said of it before is forgotten."""
    held = held_of(request)
    entry = Entry(kind=kind, field=field, source=data.source, rule=data.rule)
    async with hub_of(request).connection() as connection, connection.transaction():
        place = (kind, field)
        await dictionary.set_entry(connection, held.tenant, entry, place, held.actor)
    return data


@delete(
    "/v1/dictionary/{kind:str}/{field:str}",
    operation_id="unsetAuthority",
    tags=["master data"],
    responses=PROBLEMS,
    guards=[may("master.write")],
)
async def unset_authority(
    kind: FromPath[str], field: FromPath[str], request: Request[Any, Any, Any]
) -> None:
    """Let a field take what it is given again."""
    held = held_of(request)
    async with hub_of(request).connection() as connection, connection.transaction():
        await dictionary.set_entry(connection, held.tenant, None, (kind, field), held.actor)


@post(
    "/v1/dictionary/{kind:str}/claims",
    **declare_write("hearClaims", "master data", "master.write", BATCH_BODY_BYTES),
    status_code=200,
)
async def hear(
    kind: FromPath[str], data: JSONBody[Claims], request: Request[Any, Any, Any]
) -> ClaimsHeard:
    """Take what a system says of rows: by each field's rule it holds, or stands in a conflict."""
    held, hub = held_of(request), hub_of(request)
    if kind == "stock":
        allow_warehouses(held, "stock.write", [str(r.get("warehouse", "")) for r in data.rows])
    async with hub.connection() as connection, connection.transaction():
        heard = await dictionary.hear(
            connection, held.tenant, kind, data.source, data.rows, held.actor
        )
    hub.worlds.forget(held.tenant)
    rejected = [ClaimRejected(row=r, field=f, reason=why) for r, f, why in heard.rejected]
    return ClaimsHeard(
        written=heard.written,
        same=heard.same,
        kept=heard.kept,
        open=heard.open,
        rejected=tuple(rejected),
    )


@get("/v1/dictionary/conflicts", **declare_read("listConflicts", "master data", "master.read"))
async def list_conflicts(
    request: Request[Any, Any, Any],
    conflict_state: _State = "open",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> ConflictPage:
    """List fields of which systems say different things."""
    since, kind, key, field = read_place(cursor, int, str, str, str) if cursor else (0, "", "", "")
    after = int(since), str(kind), str(key), str(field)
    async with hub_of(request).connection() as connection:
        found = await dictionary_conflicts.list_(
            connection, held_of(request).tenant, conflict_state, after, limit + 1
        )
    following = ""
    if len(found) > limit:
        last = found[limit - 1]
        following = write_place(last.opened_us, last.kind, dictionary.spell(last.key), last.field)
    return ConflictPage(items=tuple(found[:limit]), next=following)


@post(
    "/v1/dictionary/conflicts/settle",
    **declare_write("settleConflict", "master data", "master.write"),
    status_code=200,
)
async def settle(data: JSONBody[Settle], request: Request[Any, Any, Any]) -> Response[Settled]:
    """Decide whose word holds for one field of one row, until a system says something else."""
    held, hub = held_of(request), hub_of(request)
    if len(data.key) != len(words().kinds[data.kind].key):
        raise InputError("no_row", "the key has another number of parts", "/key")
    if data.kind == "stock":
        allow_warehouses(held, "stock.write", [data.key[0]])
    place = data.kind, data.key, data.field
    async with hub.connection() as connection, connection.transaction():
        kept = await dictionary_conflicts.settle(
            connection, held.tenant, place, data.source, data.reason, held.actor
        )
    if isinstance(kept, Refusal):
        return respond(of(kept))
    hub.worlds.forget(held.tenant)
    return Response(Settled(source=data.source, kept=kept))


ROUTES: Final = [
    read,
    name_source,
    set_authority,
    unset_authority,
    hear,
    list_conflicts,
    settle,
]
