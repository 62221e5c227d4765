"""Certificates of people over HTTP."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.people import WithReason
from danshu.hub import certificates, people
from danshu.hub.certificates import Certificate
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import ORDER_BODY_BYTES

_Text = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
_OF: Final = "/v1/people/{person_id:uuid}/certificates"


class CertificateGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate that a person showed: what it is, its number, the last day that it counts."""

    certificate: _Text
    number: _Text
    until: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}(?![\s\S])")]


class Certificates(Struct, frozen=True, kw_only=True):
    """The certificates of a person."""

    person: uuid.UUID
    items: tuple[Certificate, ...]


@get(
    _OF,
    operation_id="listCertificates",
    tags=["people"],
    responses=READ_PROBLEMS,
    guards=[may("person.read")],
)
async def list_certificates(
    person_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Certificates:
    """List the certificates of a person."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await people.find(connection, held.tenant, person_id)
        found = await certificates.of_person(connection, held.tenant, person_id)
    return Certificates(person=person_id, items=tuple(found))


@put(
    _OF,
    operation_id="recordCertificate",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def record_certificate(
    person_id: FromPath[uuid.UUID],
    data: JSONBody[CertificateGiven],
    request: Request[Any, Any, Any],
) -> Response[Certificates]:
    """Record a certificate of a person, or its new number and day; a fact with a name on it."""
    held = held_of(request)
    told = Certificate(
        certificate=data.certificate.strip(), number=data.number.strip(), until=data.until
    )
    async with hub_of(request).connection() as connection:
        refusal = await certificates.record(connection, held.tenant, person_id, told, held.actor)
        if refusal:
            return respond(problems.of(refusal))
        found = await certificates.of_person(connection, held.tenant, person_id)
    return Response(Certificates(person=person_id, items=tuple(found)))


@post(
    _OF + "/{certificate:str}/remove",
    operation_id="removeCertificate",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def remove_certificate(
    person_id: FromPath[uuid.UUID],
    certificate: FromPath[str],
    data: JSONBody[WithReason],
    request: Request[Any, Any, Any],
) -> Certificates:
    """Take a certificate of a person away, with the reason."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await certificates.remove(
            connection, held.tenant, person_id, certificate, data.reason, held.actor
        )
        found = await certificates.of_person(connection, held.tenant, person_id)
    return Certificates(person=person_id, items=tuple(found))


ROUTES: Final = [list_certificates, record_certificate, remove_certificate]
