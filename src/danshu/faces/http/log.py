"""The log for third parties: static files by C2SP tlog-tiles, and proofs, without the API's forms.

They are public when the merchant says so; otherwise they are there for the merchant's own callers
with the right `log.read` alone. Entries always need that right: they hold digests and pseudonyms,
and tell how a merchant works. A log that one may not read is not there: 404.
"""

from __future__ import annotations

import gzip
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from danshu.faces.http.auth import Keyring, require
from danshu.faces.http.framework import hub_of
from danshu.hub import log_files
from danshu.hub.log_files import NOT_THERE, PublicBook
from danshu.kernel.errors import InputError
from danshu.kernel.limits import INTEGER_MAX
from danshu.kernel.tiles import ENTRIES, parse_path
from danshu.ledger.prove import Prover

_TEXT: Final = "text/plain"  # the framework adds the charset
_BYTES: Final = "application/octet-stream"
_FOREVER: Final = "max-age=31536000, immutable"
_NOW: Final = (
    "max-age=1"  # tlog-tiles: caching a checkpoint beyond a few seconds is to be prevented
)
_PREFIX: Final = "/log/{code:str}/{half:str}"
Index = Annotated[int, QueryParameter(ge=0, le=INTEGER_MAX)]


async def _open(request: Request[Any, Any, Any], code: str, half: str) -> PublicBook:
    """Find a book that the caller may read; else it is not there."""
    async with hub_of(request).connection() as connection:
        book = await log_files.find(connection, code, half)
    if not book.public:
        try:
            await _require(request, book)
        except InputError as error:
            raise NOT_THERE from error
    return book


async def _require(request: Request[Any, Any, Any], book: PublicBook) -> None:
    keyring: Keyring = request.app.state.keyring
    held = require(await keyring.identify(request.scope), "log.read")
    if held.tenant != book.tenant:
        raise InputError("forbidden", "this is another merchant's log")


def _respond(
    book: PublicBook, body: bytes, kind: str, kept: str, *, gzipped: bool = False
) -> Response[bytes]:
    headers = {"cache-control": f"{'public' if book.public else 'private'}, {kept}"}
    if book.public:
        headers["access-control-allow-origin"] = "*"
    if gzipped:
        headers["content-encoding"] = "gzip"
    return Response(body, media_type=kind, headers=headers)


@get(f"{_PREFIX}/checkpoint", operation_id="logCheckpoint", include_in_schema=False)
async def read_checkpoint(
    code: FromPath[str], half: FromPath[str], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Give the newest checkpoint with the cosignatures that it has."""
    book = await _open(request, code, half)
    async with hub_of(request).connection() as connection:
        body = await log_files.read_checkpoint(connection, book)
    return _respond(book, body, _TEXT, _NOW)


@get(f"{_PREFIX}/tile/{{rest:path}}", operation_id="logTile", include_in_schema=False)
async def read_tile(
    code: FromPath[str],
    half: FromPath[str],
    rest: FromPath[str],
    request: Request[Any, Any, Any],
) -> Response[bytes]:
    """Give a tile of hashes, or, with the right, a bundle of entries."""
    book = await _open(request, code, half)
    try:
        tile = parse_path(f"tile/{rest.lstrip('/')}")
    except InputError as error:
        raise NOT_THERE from error
    if tile.level == ENTRIES:
        await _require(request, book)
    async with hub_of(request).connection() as connection:
        body = await log_files.read_tile(connection, book, tile)
    if tile.level == ENTRIES:
        private = PublicBook(tenant=book.tenant, half=book.half, size=book.size, public=False)
        squeezed = "gzip" in request.headers.get("accept-encoding", "")
        body = gzip.compress(body, 6, mtime=0) if squeezed else body
        return _respond(private, body, _BYTES, _FOREVER, gzipped=squeezed)
    return _respond(book, body, _BYTES, _FOREVER)


@get(f"{_PREFIX}/proof/{{index:int}}", operation_id="logProof", include_in_schema=False)
async def prove_entry(
    code: FromPath[str],
    half: FromPath[str],
    index: FromPath[int],
    request: Request[Any, Any, Any],
) -> Response[bytes]:
    """Give the `.tlog-proof` of an entry under the newest checkpoint."""
    book = await _open(request, code, half)
    prover: Prover = request.app.state.prover
    async with hub_of(request).connection() as connection:
        body = await log_files.prove_entry(connection, prover, book, index)
    return _respond(book, body, _TEXT, _NOW)


@get(f"{_PREFIX}/consistency/{{old:int}}", operation_id="logConsistency", include_in_schema=False)
async def prove_growth(
    code: FromPath[str],
    half: FromPath[str],
    old: FromPath[int],
    request: Request[Any, Any, Any],
    size: Index = 0,
) -> Response[bytes]:
    """Give the consistency file from `old` leaves to a checkpoint: `size`, or the newest."""
    book = await _open(request, code, half)
    prover: Prover = request.app.state.prover
    async with hub_of(request).connection() as connection:
        body = await log_files.prove_growth(connection, prover, book, old, size)
    return _respond(book, body, _TEXT, _FOREVER if size else _NOW)


ROUTES: Final = [read_checkpoint, read_tile, prove_entry, prove_growth]
