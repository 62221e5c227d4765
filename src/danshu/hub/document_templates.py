"""Templates of documents 单据模板: trained by pointing on one sample, tried, published by version.

A template says by which words its documents are known, where each field stands and what each
column is. The plug-in `photo` reads by it (adapters/modalities/_document_template.py); here it is
kept and handed out; document_trials.py tries it.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.hub import merchants
from danshu.hub.document_facts import DocumentTemplatePublished, DocumentTemplateRetired
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import TEMPLATE_ANCHORS, TEMPLATE_FIELDS, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.kernel.fact import Actor

Connection = Any
_Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
_Place = Annotated[float, Meta(ge=-5_000, le=5_000)]
FieldRole = Literal[
    "customer", "number", "due", "address", "receiver", "phone", "total", "capitals", "remark"
]
ColumnRole = Literal["code", "name", "spec", "quantity", "unit", "price", "amount", "no", "remark"]
MOVED: Final = Refusal(
    code="template_moved",
    reason="他人已发布新版本,先看新的",
    reason_en="Somebody else has published a version: look at it first",
    clause="document_templates.version",
)


class DocumentAnchor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words by which a document is known, with where their upper left corner stands (thousandths
    of the upright page's width).
    """

    text: _Words
    x: _Place
    y: _Place


class PointedField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field: left, top, right, bottom of where it stands, from its label's upper left corner, or
    from the page's where it has none.
    """

    role: FieldRole
    label: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""
    box: tuple[_Place, _Place, _Place, _Place]


class PointedColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a column is, by the words of its header."""

    role: ColumnRole
    header: _Words


class DocumentTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template as it is pointed out. `customer` is whose documents they are, "" = many's."""

    title: _Words
    customer: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    anchors: Annotated[tuple[DocumentAnchor, ...], Meta(min_length=2, max_length=TEMPLATE_ANCHORS)]
    fields: Annotated[tuple[PointedField, ...], Meta(max_length=TEMPLATE_FIELDS)] = ()
    columns: Annotated[tuple[PointedColumn, ...], Meta(max_length=TEMPLATE_FIELDS)] = ()


class DocumentTemplateVersion(Struct, frozen=True, kw_only=True):
    """A version of a template: who published it when, and the sample that it was tried on."""

    code: str
    version: int
    template: DocumentTemplate
    sample: uuid.UUID | None
    active: bool
    by: str
    at_ms: int


_COLUMNS: Final = (
    "code, version, body, sample, active, by, (extract(epoch from at)*1000)::int8 as at_ms"
)
_NEWEST: Final = (
    f"select distinct on (code) {_COLUMNS} from document_templates where tenant=%s"
    " order by code, version desc"
)
_ONE: Final = (
    f"select {_COLUMNS} from document_templates where tenant=%s and code=%s order by version desc"
    " limit 1"
)
_ACTIVE: Final = (
    "select code, version, body from document_templates where tenant=%s and active order by code"
)
_LOCK: Final = "select 1 from tenants where id=%s for update"
_RETIRE: Final = (
    "update document_templates set active=false where tenant=%s and code=%s and active"
    " returning version"
)
_ADD: Final = (
    "insert into document_templates(tenant,code,version,body,digest,sample,by)"
    " values(%s,%s,%s,%s,%s,%s,%s)"
)
_decode: Final = msgspec.json.Decoder(DocumentTemplate).decode


async def list_newest(connection: Connection, tenant: int) -> tuple[DocumentTemplateVersion, ...]:
    """List the newest version of every template by code."""
    found = await (await connection.execute(_NEWEST, (tenant,))).fetchall()
    return tuple([_show(row) for row in found])


async def find(connection: Connection, tenant: int, code: str) -> DocumentTemplateVersion:
    """Give the newest version of a template. Raises InputError `no_template`."""
    row = await (await connection.execute(_ONE, (tenant, code))).fetchone()
    if row is None:
        raise InputError("no_template", f"there is no template {code!r}")
    return _show(row)


def _show(row: Any) -> DocumentTemplateVersion:
    code, version, body, sample, active, by, at_ms = row
    return DocumentTemplateVersion(
        code=code, version=version, template=_decode(bytes(body)), sample=sample, active=active,
        by=by, at_ms=at_ms,
    )  # fmt: skip


async def load(connection: Connection, tenant: int) -> tuple[Mapping[str, object], ...]:
    """Give the templates in use as plug-ins are lent them: with `code`, `version`, `digest`."""
    found = await (await connection.execute(_ACTIVE, (tenant,))).fetchall()
    return tuple([lend(code, version, _decode(bytes(body))) for code, version, body in found])


def lend(code: str, version: int, template: DocumentTemplate) -> Mapping[str, object]:
    """Give a template as plug-ins see it."""
    digest = hashlib.sha256(msgspec.json.encode([code, version, template])).hexdigest()
    return {"code": code, "version": version, "digest": digest, **msgspec.to_builtins(template)}


async def add(
    connection: Connection,
    tenant: int,
    code: str,
    template: DocumentTemplate,
    *,
    seen: int,
    sample: uuid.UUID,
    actor: Actor,
) -> DocumentTemplateVersion | Refusal:
    """Make a template that was tried the next version in use, with its fact; `seen` is the version
    that was looked at, 0 = none. Raises InputError `too_many`.
    """
    body = msgspec.json.encode(template)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        newest = await list_newest(connection, tenant)
        before = next((p.version for p in newest if p.code == code), 0)
        if before != seen:
            return MOVED
        if not before and len(newest) >= TEMPLATES:
            raise InputError("too_many", f"at most {TEMPLATES} templates")
        await connection.execute(_RETIRE, (tenant, code))
        digest = hashlib.sha256(body)
        values = (tenant, code, before + 1, body, digest.digest(), sample, actor.sub)
        await connection.execute(_ADD, values)
        said = DocumentTemplatePublished(
            code=code, digest=digest.hexdigest(), sample=str(sample), version=before + 1
        )
        await merchants.say(connection, tenant, actor, said)
        return await find(connection, tenant, code)


async def retire(
    connection: Connection, tenant: int, code: str, actor: Actor
) -> DocumentTemplateVersion:
    """Take a template out of use; one that is out already stays so."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        held = await find(connection, tenant, code)
        gone = await (await connection.execute(_RETIRE, (tenant, code))).fetchone()
        if gone is not None:
            said = DocumentTemplateRetired(code=code, version=gone[0])
            await merchants.say(connection, tenant, actor, said)
        return await find(connection, tenant, held.code)
