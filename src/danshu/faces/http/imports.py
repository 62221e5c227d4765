"""Imports: a sheet is kept, its columns are chosen, every row is shown before one is written."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from danshu.faces.http import problems, sheets
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
    respond,
)
from danshu.faces.http.import_views import (
    Import,
    ImportKinds,
    ImportMode,
    ImportPage,
    ImportRows,
    show,
    show_kind,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import intake_sheets, sheet_views
from danshu.hub.compose import Hub
from danshu.hub.fields import PLAIN
from danshu.hub.intake_sheets import Sheet
from danshu.hub.sheet_columns import Chosen
from danshu.hub.sheet_kinds import words
from danshu.hub.sheet_targets import Connection
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import SHEET_BYTES, SHEET_CHUNK_ROWS

_LAST: Final = uuid.UUID(int=2**128 - 1)
_KINDS = Literal["skus", "warehouses", "regions", "lanes", "stock", "bundles"]
_STATES = Literal[
    "", "uploaded", "mapped", "applying", "applied", "refused", "failed", "undoing", "undone"
]
KindName = Annotated[_KINDS, QueryParameter(name="kind")]
AnyKind = Annotated[
    Literal["", "skus", "warehouses", "regions", "lanes", "stock", "bundles"],
    QueryParameter(name="kind"),
]
FileName = Annotated[str, QueryParameter(name="name", max_length=200, pattern=PLAIN)]
SheetState = Annotated[_STATES, QueryParameter(name="state")]
RowOutcome = Annotated[
    Literal["", "new", "changed", "same", "rejected"], QueryParameter(name="outcome")
]
RowUndone = Annotated[
    Literal["", "restored", "changed_since", "kept"],
    QueryParameter(name="undone", description="what undoing did to the row"),
]
Lang = Annotated[Literal["zh", "en"], QueryParameter(name="lang")]


_READ: Final[dict[str, Any]] = {
    "tags": ["imports"],
    "responses": READ_PROBLEMS,
    "guards": [may("master.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["imports"],
    "responses": PROBLEMS,
    "guards": [may("master.read")],
}


@get("/v1/imports/kinds", operation_id="listImportKinds", **_READ)
async def list_kinds() -> ImportKinds:
    """List what can be brought in as a sheet, with the names that columns go by."""
    return ImportKinds(
        items=tuple([show_kind(kind) for kind in words().kinds.values()]),
        storage=words().storage_names,
    )


@post(
    "/v1/imports",
    operation_id="uploadImport",
    tags=["imports"],
    responses=PROBLEMS,
    guards=[may("master.read")],
    request_max_body_size=SHEET_BYTES,
    operation_class=raw_body(
        "A CSV (UTF-8, UTF-16 or GB18030) or XLSX file; what it is follows from its bytes",
        sheets.CSV,
        sheets.XLSX,
        "application/octet-stream",
    ),
)
async def upload(
    request: Request[Any, Any, Any], kind: KindName, name: FileName = ""
) -> Response[Import]:
    """Keep a file and propose what its columns are."""
    held = held_of(request)
    _allow(held, kind)
    body = await request.body()
    async with hub_of(request).connection() as connection:
        kept = await intake_sheets.keep(
            connection, held.tenant, intake_sheets.find_kind(kind), name, body, held.actor
        )
    return _answer(kept, 201)


@get("/v1/imports", operation_id="listImports", **_READ)
async def list_imports(
    request: Request[Any, Any, Any],
    kind: AnyKind = "",
    sheet_state: SheetState = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ImportPage:
    """List imports; unfinished ones can be taken up until they expire."""
    before = _uuid(read_place(cursor, str)[0]) if cursor else _LAST
    async with hub_of(request).connection() as connection:
        rows = await intake_sheets.list_sheets(
            connection, held_of(request).tenant, kind, sheet_state, before, limit + 1
        )
    following = write_place(str(rows[limit - 1].id)) if len(rows) > limit else ""
    return ImportPage(items=tuple([show(s) for s in rows[:limit]]), next=following)


@get("/v1/imports/{import_id:uuid}", operation_id="getImport", **_READ)
async def get_import(import_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Import:
    """Read an import: its columns, its counts, how far it has come."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        sheet = await intake_sheets.read(connection, tenant, import_id)
        if sheet.state in ("applied", "undone"):
            await _notice(hub, connection, tenant, sheet)
    return show(sheet)


async def _notice(hub: Hub, connection: Connection, tenant: int, sheet: Sheet) -> None:
    """Rows were written by another process: what this one remembers may be old."""
    await hub.worlds.notice(connection, tenant)
    if sheet.kind.name == "stock" and hub.clock() - sheet.changed_ms < _FRESH_MS:
        hub.worlds.distrust({tenant})


_FRESH_MS: Final = 60_000


@put(
    "/v1/imports/{import_id:uuid}/mapping",
    operation_id="mapImport",
    tags=["imports"],
    responses=PROBLEMS,
    guards=[may("master.read"), only_json],
)
async def map_import(
    import_id: FromPath[uuid.UUID], data: JSONBody[Chosen], request: Request[Any, Any, Any]
) -> Response[Import]:
    """Choose the columns: every row is judged and nothing is written. Without columns they are
    proposed again, for another tab or row of names.
    """
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        sheet = await intake_sheets.read(connection, held.tenant, import_id)
        _allow(held, sheet.kind.name)
        chosen = await intake_sheets.choose(connection, held.tenant, import_id, data)
    return _answer(chosen, 200)


@get("/v1/imports/{import_id:uuid}/preview", operation_id="previewImport", **_READ)
async def preview(
    import_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    outcome: RowOutcome = "",
    undone: RowUndone = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ImportRows:
    """List the rows: what is there, what would be or was written, or why a row is left out."""
    after = int(read_place(cursor, int)[0]) if cursor else 0
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        await intake_sheets.read(connection, tenant, import_id)
        rows = await sheet_views.list_rows(
            connection,
            tenant,
            import_id,
            outcome=outcome,
            undone=undone,
            after=after,
            limit=limit + 1,
        )
    following = write_place(rows[limit - 1].line) if len(rows) > limit else ""
    return ImportRows(items=tuple(rows[:limit]), next=following)


@get(
    "/v1/imports/{import_id:uuid}/rejects",
    operation_id="downloadImportRejects",
    media_type=sheets.CSV,
    **_READ,
)
async def download_rejects(
    import_id: FromPath[uuid.UUID], request: Request[Any, Any, Any], lang: Lang = "zh"
) -> Stream:
    """Give the rejected rows as a CSV file: the columns as they came, then row, column, reason."""
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        sheet = await intake_sheets.read(connection, tenant, import_id)
        lines = await sheet_views.write_rejects(connection, tenant, sheet, lang)
    return Stream(
        _joined(lines),
        media_type=f"{sheets.CSV}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="rejects-{import_id}.csv"'},
    )


def _joined(lines: Iterator[str]) -> Iterator[bytes]:
    part: list[str] = []
    for line in lines:
        part.append(line)
        if len(part) == SHEET_CHUNK_ROWS:
            yield "".join(part).encode()
            part.clear()
    yield "".join(part).encode()


@post(
    "/v1/imports/{import_id:uuid}/apply",
    operation_id="applyImport",
    tags=["imports"],
    responses=PROBLEMS,
    guards=[may("master.read"), only_json],
    status_code=202,
)
async def apply(
    import_id: FromPath[uuid.UUID], data: JSONBody[ImportMode], request: Request[Any, Any, Any]
) -> Response[Import]:
    """Begin to write the rows; read the import to follow it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await _allow_sheet(connection, held, import_id)
        begun = await sheet_views.start(connection, held.tenant, import_id, data.mode, held.actor)
    return _answer(begun, 202)


@post("/v1/imports/{import_id:uuid}/undo", operation_id="undoImport", status_code=202, **_WRITE)
async def undo(import_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Response[Import]:
    """Begin to bring back what was there before; what was changed since is listed, not touched."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await _allow_sheet(connection, held, import_id)
        begun = await sheet_views.undo(connection, held.tenant, import_id, held.actor)
    return _answer(begun, 202)


@delete("/v1/imports/{import_id:uuid}", operation_id="dropImport", status_code=200, **_WRITE)
async def drop(import_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Response[None]:
    """Give up an import that was not started."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        sheet = await intake_sheets.read(connection, held.tenant, import_id)
        _allow(held, sheet.kind.name)
        refusal = await intake_sheets.give_up(connection, held.tenant, import_id)
    return respond(problems.of(refusal)) if refusal else Response(None)


def _allow(held: Held, kind: str) -> None:
    require(held, "stock.write" if kind == "stock" else "master.write")


async def _allow_sheet(connection: Connection, held: Held, import_id: uuid.UUID) -> None:
    """Stock is written by whoever may write that of each warehouse in the sheet."""
    sheet = await intake_sheets.read(connection, held.tenant, import_id)
    _allow(held, sheet.kind.name)
    if sheet.kind.name == "stock":
        for code in await sheet_views.list_warehouses(connection, held.tenant, import_id):
            require(held, "stock.write", warehouse=code)


def _answer(outcome: Sheet | Refusal, status: int) -> Response[Any]:
    if isinstance(outcome, Refusal):
        return respond(problems.of(outcome))
    return Response(show(outcome), status_code=status)


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor belongs to another list") from error


ROUTES: Final = [
    list_kinds,
    upload,
    list_imports,
    get_import,
    map_import,
    preview,
    download_rejects,
    apply,
    undo,
    drop,
]
