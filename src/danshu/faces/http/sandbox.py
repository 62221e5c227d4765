"""The sandbox 沙箱验证区 over HTTP: counters of trust, what is demanded, what reviews teach."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct

from danshu.capabilities.intake import sandbox
from danshu.capabilities.intake.corrections import Agreement
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    respond,
)
from danshu.faces.http.questions import Word
from danshu.hub import original_rows, review_agreement, review_views, sandbox_settings, training
from danshu.hub import sandbox as counters
from danshu.hub.fields import PLAIN
from danshu.hub.review_views import CounterShown
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import AMOUNT_MINOR, SANDBOX_ERROR_PPM, SANDBOX_IN_A_ROW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from danshu.hub.compose import Hub

_MODALITY = Annotated[str, Meta(max_length=64, pattern=PLAIN)]
_LINES: Final = ResponseSpec(
    bytes, description="One JSON object a line", media_type="application/jsonl",
    generate_examples=False,
)  # fmt: skip


class SandboxLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is demanded of a modality ("" = of all that are not set apart): so many reviews in a row
    without a correction, the bound on the error in ppm, the calibrated confidence in thousandths;
    the money above which nothing goes by itself; shares in thousandths of samples and of second
    reviews. `version` is the one that was looked at, 0 = none was set.
    """

    modality: _MODALITY = ""
    version: Annotated[int, Meta(ge=0)] = 0
    in_a_row: Annotated[int, Meta(ge=SANDBOX_IN_A_ROW, le=100_000)] = SANDBOX_IN_A_ROW
    error_ppm: Annotated[int, Meta(ge=30, le=SANDBOX_ERROR_PPM)] = 6_000
    confidence: Annotated[int, Meta(ge=0, le=1000)] = 900
    amount_fen: Annotated[int, Meta(ge=0, le=AMOUNT_MINOR)] = 500_000
    sample: Annotated[int, Meta(ge=1, le=1000)] = 20
    second: Annotated[int, Meta(ge=0, le=1000)] = 50


class Sandbox(Struct, frozen=True, kw_only=True):
    """All counters of a merchant, what it has set, and how far two reviewers agree."""

    counters: tuple[CounterShown, ...]
    settings: tuple[SandboxLimits, ...]
    agreement: tuple[Agreement, ...]


class SandboxReset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a person takes the trust away."""

    note: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]


@get("/v1/sandbox", **declare_read("getSandbox", "reviews", "review.read"))
async def get_sandbox(request: Request[Any, Any, Any]) -> Sandbox:
    """Read how far each modality, version, model and class of device has come."""
    async with hub_of(request).connection() as connection:
        return await _read(connection, held_of(request).tenant)


@put("/v1/sandbox/settings", **declare_write("setSandbox", "reviews", "sandbox.write"))
async def set_sandbox(
    data: JSONBody[SandboxLimits], request: Request[Any, Any, Any]
) -> Response[Sandbox]:
    """Set what is demanded from now on; 409 where somebody else has changed it."""
    held = held_of(request)
    limits = msgspec.convert(data, sandbox.Limits, from_attributes=True)
    async with hub_of(request).connection() as connection:
        done = await sandbox_settings.put(
            connection, held.tenant, data.modality, data.version, limits, held.actor
        )
        if isinstance(done, Refusal):
            return respond(problems.of(done))
        return Response(await _read(connection, held.tenant))


@post(
    "/v1/sandbox/{key:str}/reset",
    status_code=200,
    **declare_write("resetSandbox", "reviews", "sandbox.write"),
)
async def reset_sandbox(
    key: FromPath[str], data: JSONBody[SandboxReset], request: Request[Any, Any, Any]
) -> Sandbox:
    """Take the trust away: the next originals of the kind all go to a person."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        async with connection.transaction():
            await counters.reset(
                connection, held.tenant, key, "by_hand", held.actor, note=data.note
            )
        return await _read(connection, held.tenant)


async def _read(connection: Any, tenant: int) -> Sandbox:
    shown = []
    limits: dict[str, sandbox.Limits] = {}
    for kept in await counters.list_all(connection, tenant):
        of = kept.key.modality
        if of not in limits:
            limits[of] = await sandbox_settings.read(connection, tenant, of)
        shown.append(review_views.show_counter(kept.name, kept.key, kept, limits[of]))
    settings = [
        SandboxLimits(modality=modality, version=version, **msgspec.structs.asdict(told))
        for modality, version, told in await sandbox_settings.list_set(connection, tenant)
    ]
    return Sandbox(
        counters=tuple(shown),
        settings=tuple(settings),
        agreement=await review_agreement.read(connection, tenant),
    )


@get(
    "/v1/training-rows",
    operation_id="exportTrainingRows",
    tags=["reviews"],
    responses={200: _LINES, **READ_PROBLEMS},
    guards=[may("training.read")],
)
async def export_training_rows(request: Request[Any, Any, Any], modality: Word = "") -> Stream:
    """Export what reviewers taught, a JSON object a line, by original and field."""
    hub, tenant = hub_of(request), held_of(request).tenant
    return Stream(
        _lines(hub, tenant, modality),
        media_type="application/jsonl",
        headers={
            "content-disposition": 'attachment; filename="training-rows.jsonl"',
            "cache-control": "no-store",
        },
    )


async def _lines(hub: Hub, tenant: int, modality: str) -> AsyncIterator[bytes]:
    async with hub.connection() as connection:
        async for row in training.export(connection, tenant, modality):
            yield msgspec.json.encode(row) + b"\n"


@delete(
    "/v1/training-rows/{original_id:uuid}",
    operation_id="eraseTrainingRows",
    tags=["reviews"],
    responses=READ_PROBLEMS,
    guards=[may("sandbox.write")],
)
async def erase_training_rows(
    original_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> None:
    """Erase what an original taught, and the values that reviewers wrote of it."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection, connection.transaction():
        await original_rows.find(connection, tenant, original_id)
        await training.erase(connection, tenant, [original_id])


ROUTES: Final = [
    get_sandbox,
    set_sandbox,
    reset_sandbox,
    export_training_rows,
    erase_training_rows,
]
