"""Access centre 多模态接入中心 over HTTP: modalities, samples, trials of services, mappings."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from danshu.capabilities.weave.mapping import WovenFault
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    raw_body,
)
from danshu.faces.http.perceivers import ONE, READ, TAG, WRITE, MappingAsked
from danshu.hub import modality_views, perceiver_mapping, perceiver_trials
from danshu.hub.fields import PLAIN
from danshu.hub.modality_views import ModalityView
from danshu.hub.perceiver_trials import PerceiverSample, PerceiverTried
from danshu.kernel.limits import (
    EXPRESSION_BYTES,
    PERCEIVER_EXPECTS_CHARS,
    PERCEIVER_SAMPLE_BYTES,
)
from danshu.ports.modality import Parsed
from danshu.ports.perceiver import Perception

Ask = Request[Any, Any, Any]
_SAMPLES: Final = "/v1/perceiver-samples"
_ANY: Final = ("audio/wav", "image/jpeg", "image/png", "application/pdf", "application/json")
_LINES: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*(?![\s\S])"  # lines may follow one another
_KIND: Final = r"^[a-z][a-z0-9_]*$"
Kind = Annotated[str, QueryParameter(min_length=1, max_length=32, pattern=_KIND)]
Name = Annotated[str, QueryParameter(max_length=200, pattern=PLAIN)]
Expects = Annotated[
    str,
    QueryParameter(
        max_length=PERCEIVER_EXPECTS_CHARS, pattern=_LINES, description="the text that is in it"
    ),
]
SampleId = Annotated[
    uuid.UUID | None, QueryParameter(description="a kept sample; without one the body is tried")
]


class Modalities(Struct, frozen=True, kw_only=True):
    """Every way in which originals come."""

    items: tuple[ModalityView, ...]


class PerceiverSamples(Struct, frozen=True, kw_only=True):
    """A merchant's samples, by kind."""

    items: tuple[PerceiverSample, ...]


class MappingShown(Struct, frozen=True, kw_only=True):
    """What an answer would be understood as; `values` is what each expression became, by place.
    `parsed` is the draft that it would make; null where no modality reads such originals.
    """

    perception: Perception | None
    values: dict[str, Any]
    faults: tuple[WovenFault, ...]
    parsed: Parsed | None


@get("/v1/modalities", **declare_read("listModalities", TAG, READ))
async def list_modalities(request: Ask) -> Modalities:
    """List modalities: services that each needs, what came of it, how near it is to running by
    itself.
    """
    async with hub_of(request).connection() as connection:
        found = await modality_views.list_modalities(connection, held_of(request).tenant)
    return Modalities(items=tuple(found))


@post(
    "/v1/perceivers/preview",
    **declare_write("previewPerceiverMapping", TAG, WRITE, 2 * EXPRESSION_BYTES),
    status_code=200,
)
async def preview_mapping(data: JSONBody[MappingAsked], request: Ask) -> MappingShown:
    """Say what an answer would be understood as: nothing is sent, nothing written."""
    told = await perceiver_mapping.preview(data.kind, data.mapping, data.answer)
    parsed = None
    if told.perception is not None:
        parsed = await modality_views.preview_draft(
            hub_of(request), held_of(request).tenant, told.perception
        )
    return MappingShown(
        perception=told.perception, values=told.values, faults=told.faults, parsed=parsed
    )


@post(
    ONE + "/test",
    operation_id="tryPerceiver",
    tags=[TAG],
    responses=PROBLEMS,
    guards=[may(WRITE)],
    status_code=200,
    request_max_body_size=PERCEIVER_SAMPLE_BYTES,
    operation_class=raw_body("an original, or nothing where a sample is named", *_ANY),
)
async def try_perceiver(
    perceiver_id: FromPath[uuid.UUID],
    request: Ask,
    sample: SampleId = None,
    name: Name = "",
    expects: Expects = "",
) -> PerceiverTried:
    """Have a service look at an original or a sample: what it saw, how long, at what cost. It is
    counted and paid like any call.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        service = await perceiver_trials.find(connection, tenant, perceiver_id)
        if sample is not None:
            kept = await perceiver_trials.read(connection, tenant, sample)
            body = await perceiver_trials.read_body(connection, tenant, kept)
            media_type, name, expects = kept.media_type, kept.name, kept.expects
        else:
            body = await request.body()
            media_type = request.headers.get("content-type", "")
    return await perceiver_trials.try_service(hub, service, body, media_type, name, expects)


@get(_SAMPLES, **declare_read("listPerceiverSamples", TAG, READ))
async def list_samples(request: Ask) -> PerceiverSamples:
    """List the originals that services are tried on."""
    async with hub_of(request).connection() as connection:
        found = await perceiver_trials.read_all(connection, held_of(request).tenant)
    return PerceiverSamples(items=tuple(found))


@post(
    _SAMPLES,
    operation_id="addPerceiverSample",
    tags=[TAG],
    responses=PROBLEMS,
    guards=[may(WRITE)],
    request_max_body_size=PERCEIVER_SAMPLE_BYTES,
    operation_class=raw_body(f"at most {PERCEIVER_SAMPLE_BYTES} bytes", *_ANY),
)
async def add_sample(
    request: Ask, kind: Kind, name: Name = "", expects: Expects = ""
) -> PerceiverSample:
    """Keep an original to try services on; let it hold nobody's personal data."""
    held, hub = held_of(request), hub_of(request)
    body, media_type = await request.body(), request.headers.get("content-type", "")
    async with hub.connection() as connection:
        return await perceiver_trials.keep(
            connection, held.tenant, kind, name, body, media_type, expects, hub.clock()
        )


@get(
    _SAMPLES + "/{sample_id:uuid}/body",
    **declare_read("readPerceiverSample", TAG, READ),
    media_type="application/octet-stream",
)
async def read_sample(sample_id: FromPath[uuid.UUID], request: Ask) -> Response[bytes]:
    """Read the bytes of a sample."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        kept = await perceiver_trials.read(connection, tenant, sample_id)
        body = await perceiver_trials.read_body(connection, tenant, kept)
    headers = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}
    return Response(body, media_type=kept.media_type, headers=headers)


@delete(
    _SAMPLES + "/{sample_id:uuid}",
    operation_id="dropPerceiverSample",
    tags=[TAG],
    responses=PROBLEMS,
    guards=[may(WRITE)],
)
async def drop_sample(sample_id: FromPath[uuid.UUID], request: Ask) -> None:
    """Drop a sample; its bytes are gone."""
    async with hub_of(request).connection() as connection:
        await perceiver_trials.drop(connection, held_of(request).tenant, sample_id)


ROUTES: Final = [
    list_modalities,
    preview_mapping,
    try_perceiver,
    list_samples,
    add_sample,
    read_sample,
    drop_sample,
]
