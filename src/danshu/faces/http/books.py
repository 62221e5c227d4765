"""The merchant's books as the page 证据与封存 shows and sets them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.placing import PLAIN
from danshu.hub import anchoring, log_settings, log_state, witnessing
from danshu.hub.anchoring import AnchorAccount
from danshu.hub.log_state import LogState
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ANCHOR_EVERY_H
from danshu.ledger.prove import Prover

Url = Annotated[str, Meta(min_length=8, max_length=500, pattern=PLAIN)]
Half = Annotated[str, Meta(min_length=6, max_length=16, pattern=PLAIN)]


class BooksPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether everybody may read checkpoints, hash tiles and proofs; entries never are public."""

    public: bool


class NewWitness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A witness: its vkey (type 0x04), and the address below which it answers /add-checkpoint."""

    vkey: Annotated[str, Meta(min_length=1, max_length=400, pattern=PLAIN)]
    url: Url


class NewAnchor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account with an evidence platform. `secret` "" keeps the one that is there."""

    adapter: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    url: Url
    key: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    secret: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    every_h: Annotated[int, Meta(ge=1, le=720)] = ANCHOR_EVERY_H


class Came(Struct, frozen=True, kw_only=True):
    """How many cosignatures or receipts came of the asking."""

    came: int


async def _read(request: Request[Any, Any, Any]) -> LogState:
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await log_state.read(connection, held_of(request).tenant, hub.clock())


@get(
    "/v1/books",
    operation_id="readBooks",
    tags=["proof"],
    responses=READ_PROBLEMS,
    guards=[may("log.read")],
)
async def read_books(request: Request[Any, Any, Any]) -> LogState:
    """Read how the log stands: books, keys, witnesses, heads, anchors, gaps."""
    return await _read(request)


@patch(
    "/v1/books/settings",
    operation_id="changeBooks",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write"), only_json],
)
async def change_books(data: JSONBody[BooksPatch], request: Request[Any, Any, Any]) -> LogState:
    """Open the log to everybody, or close it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await log_settings.set_public(connection, held.tenant, data.public, held.actor)
    return await _read(request)


@put(
    "/v1/books/witnesses",
    operation_id="putWitness",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write"), only_json],
)
async def put_witness(data: JSONBody[NewWitness], request: Request[Any, Any, Any]) -> LogState:
    """Take a witness by its vkey, or change its address; what it found before is forgotten."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await log_settings.put_witness(connection, held.tenant, data.vkey, data.url, held.actor)
    return await _read(request)


@delete(
    "/v1/books/witnesses",
    operation_id="dropWitness",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write")],
    status_code=204,
)
async def drop_witness(
    request: Request[Any, Any, Any],
    name: Annotated[str, QueryParameter(min_length=1, max_length=300, pattern=PLAIN)],
) -> None:
    """Ask a witness no more; its cosignatures stay."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await log_settings.drop_witness(connection, held.tenant, name, held.actor)


@post(
    "/v1/books/{half:str}/cosignatures",
    operation_id="askWitnesses",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write")],
    status_code=200,
)
async def ask_witnesses(half: FromPath[Half], request: Request[Any, Any, Any]) -> Came:
    """Show a book's newest checkpoint to the witnesses that have not cosigned it, now."""
    prover: Prover = request.app.state.prover
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        if half not in [b.half for b in await log_state.read_books(connection, tenant)]:
            raise InputError("not_found", "there is no such book")
        came = await witnessing.ask_due(connection, prover, 0, tenant, half)
    return Came(came=came)


@put(
    "/v1/books/anchor",
    operation_id="putAnchor",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write"), only_json],
)
async def put_anchor(data: JSONBody[NewAnchor], request: Request[Any, Any, Any]) -> LogState:
    """Deposit with this evidence platform from now on."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        before = await anchoring.find_account(connection, held.tenant)
        secret = data.secret or (before.secret if before else "")
        if not secret:
            raise InputError("bad_field", "a new account needs a secret", "/secret")
        account = AnchorAccount(
            adapter=data.adapter,
            url=data.url,
            key=data.key,
            secret=secret,
            every_h=data.every_h,
        )
        await log_settings.put_anchor(connection, held.tenant, account, held.actor)
    return await _read(request)


@delete(
    "/v1/books/anchor",
    operation_id="dropAnchor",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write")],
    status_code=204,
)
async def drop_anchor(request: Request[Any, Any, Any]) -> None:
    """Deposit no more; receipts stay."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await log_settings.put_anchor(connection, held.tenant, None, held.actor)


@post(
    "/v1/books/anchors",
    operation_id="depositNow",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.write")],
    status_code=200,
)
async def deposit_now(request: Request[Any, Any, Any]) -> Came:
    """Make this period's deposit now, and ask again for receipts that are open."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        came = await anchoring.deposit_due(connection, hub.clock(), tenant, at_once=True)
    return Came(came=came)


@get(
    "/v1/books/certificate",
    operation_id="readCertificate",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("log.read")],
    media_type="application/octet-stream",
)
async def read_certificate(
    request: Request[Any, Any, Any],
    evidence_no: Annotated[str, QueryParameter(min_length=1, max_length=128, pattern=PLAIN)],
) -> Response[bytes]:
    """Fetch the platform's certificate of a deposit, as it issues it."""
    async with hub_of(request).connection() as connection:
        body = await anchoring.certificate(connection, held_of(request).tenant, evidence_no)
    headers = {"content-disposition": 'attachment; filename="certificate"'}
    return Response(body, media_type="application/octet-stream", headers=headers)


ROUTES: Final = [
    read_books,
    change_books,
    put_witness,
    drop_witness,
    ask_witnesses,
    put_anchor,
    drop_anchor,
    deposit_now,
    read_certificate,
]
