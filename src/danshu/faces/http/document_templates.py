"""Templates of documents over HTTP: listed, tried on originals, published; pages of PDF drawn."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

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
from danshu.hub import (
    document_drawing,
    document_templates,
    document_trials,
    original_rows,
    originals,
)
from danshu.hub.document_templates import DocumentTemplate, DocumentTemplateVersion
from danshu.hub.document_trials import DocumentTrial
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ORIGINAL_DRAFT_BYTES

_ONE: Final = "/v1/document-templates/{code:str}"
_CODE: Final = 64


class DocumentTemplateList(Struct, frozen=True, kw_only=True):
    """Newest versions of all templates by code, at most TEMPLATES."""

    items: tuple[DocumentTemplateVersion, ...]


class DocumentTemplatePublish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version to publish: the original that it was trained on, and the version looked at."""

    template: DocumentTemplate
    sample: uuid.UUID
    seen: Annotated[int, Meta(ge=0)] = 0


class DocumentTrialAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template to be tried on an original; `code` is whose next version it is, "" = a new one."""

    template: DocumentTemplate
    sample: uuid.UUID
    code: Annotated[str, Meta(max_length=_CODE)] = ""


def _write(operation_id: str, right: str = "modality.write") -> dict[str, Any]:
    return declare_write(operation_id, "document templates", right, ORIGINAL_DRAFT_BYTES)


def _read(operation_id: str) -> dict[str, Any]:
    return declare_read(operation_id, "document templates", "modality.read")


@get("/v1/document-templates", **_read("listDocumentTemplates"))
async def list_templates(request: Request[Any, Any, Any]) -> DocumentTemplateList:
    """List the newest version of every template."""
    async with hub_of(request).connection() as connection:
        items = await document_templates.list_newest(connection, held_of(request).tenant)
    return DocumentTemplateList(items=items)


@get(_ONE, **_read("readDocumentTemplate"))
async def read_template(
    code: FromPath[str], request: Request[Any, Any, Any]
) -> DocumentTemplateVersion:
    """Read the newest version of a template."""
    async with hub_of(request).connection() as connection:
        return await document_templates.find(connection, held_of(request).tenant, code[:_CODE])


@put(_ONE, **_write("publishDocumentTemplate"))
async def publish_template(
    code: FromPath[str], request: Request[Any, Any, Any], data: JSONBody[DocumentTemplatePublish]
) -> Response[DocumentTemplateVersion]:
    """Publish the next version of a template; refused where it does not know its own sample."""
    if not code.isprintable() or not 0 < len(code) <= _CODE:
        raise InputError("bad_code", f"a code has 1 to {_CODE} characters", "/code")
    held = held_of(request)
    told = await document_trials.publish(
        hub_of(request),
        held.tenant,
        code,
        data.template,
        seen=data.seen,
        sample=data.sample,
        actor=held.actor,
    )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(told)


@post(_ONE + "/retire", **{**_write("retireDocumentTemplate"), "status_code": 200})
async def retire_template(
    code: FromPath[str], request: Request[Any, Any, Any]
) -> DocumentTemplateVersion:
    """Take a template out of use; its documents are read by the general reader again."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        return await document_templates.retire(connection, held.tenant, code[:_CODE], held.actor)


@post(
    "/v1/document-templates/try",
    **{**_write("tryDocumentTemplate", "modality.read"), "status_code": 200},
)
async def try_template(
    request: Request[Any, Any, Any], data: JSONBody[DocumentTrialAsked]
) -> DocumentTrial:
    """Read an original that was read before by a template that need not be published; keeps
    nothing and asks no model.
    """
    return await document_trials.attempt(
        hub_of(request), held_of(request).tenant, data.code, data.template, data.sample
    )


@get(
    "/v1/originals/{original:uuid}/pages/{page:int}",
    operation_id="readOriginalPage",
    tags=["originals"],
    responses=READ_PROBLEMS,
    guards=[may("original.read")],
    media_type="image/jpeg",
)
async def read_page(
    original: FromPath[uuid.UUID], page: FromPath[int], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Draw a page (from 0) of an original that is a PDF, as JPEG at 150 dots per inch."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        row = await original_rows.find(connection, tenant, original)
        body = await originals.content(connection, tenant, row)
    if body is None or row.media_type != "application/pdf":
        raise InputError("no_page", "this original has no pages to draw")
    drawn = await document_drawing.draw(body, page)
    headers = {
        "cache-control": "private, max-age=3600",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }
    return Response(drawn, media_type="image/jpeg", headers=headers)


ROUTES: Final = (
    list_templates,
    read_template,
    publish_template,
    retire_template,
    try_template,
    read_page,
)
