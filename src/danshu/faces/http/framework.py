"""How Litestar is used here: bodies decoded strictly by msgspec, unknown fields shown as refused,
one error shape.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

import msgspec
from litestar import Request, Response
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.datastructures import ResponseHeader
from litestar.dto import AbstractDTO, DTOConfig
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

from danshu.capabilities.people import policies
from danshu.faces.http import cookies, problems
from danshu.faces.http.auth import Held, Keyring, require
from danshu.faces.http.hot import check_json, explain
from danshu.hub.compose import Hub
from danshu.hub.sessions import Session
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import ORDER_BODY_BYTES
from danshu.ledger import archived

if TYPE_CHECKING:
    from collections.abc import Generator

    from litestar._openapi.schema_generation import SchemaCreator
    from litestar.connection import ASGIConnection
    from litestar.dto.data_structures import DTOFieldDefinition
    from litestar.handlers.base import BaseRouteHandler
    from litestar.openapi.spec import Reference
    from litestar.typing import FieldDefinition

T = TypeVar("T")


class StrictStructs(StructSchemaPlugin):
    """Shows `forbid_unknown_fields` as `additionalProperties: false`, which Litestar leaves out,
    and tuple[T, ...] as a list of T alone.
    """

    def to_openapi_schema(
        self, field_definition: FieldDefinition, schema_creator: SchemaCreator
    ) -> Schema:
        schema = super().to_openapi_schema(field_definition, schema_creator)
        if field_definition.type_.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        for each in (schema.properties or {}).values():
            _drop_ellipsis(each)
        return schema


def _drop_ellipsis(schema: Reference | Schema) -> None:
    """Take the `...` of an annotated tuple[T, ...] away, which Litestar shows as a second type."""
    if not isinstance(schema, Schema):
        return
    items = schema.items
    if isinstance(items, Schema) and items.one_of and items.one_of[-1] == Schema():
        kinds = list(items.one_of[:-1])
        schema.items = kinds[0] if len(kinds) == 1 else Schema(one_of=kinds)
    if isinstance(schema.items, Schema):
        _drop_ellipsis(schema.items)
    for inner in schema.one_of or ():
        _drop_ellipsis(inner)


class Strict(AbstractDTO[T], Generic[T]):
    """Decodes a body by msgspec in strict mode; without it the framework would take "5" for 5."""

    config: ClassVar[DTOConfig] = DTOConfig()
    _decoders: ClassVar[dict[str, msgspec.json.Decoder[Any]]] = {}

    def decode_bytes(self, value: bytes) -> Any:
        decoder = self._decoders[self.asgi_connection.route_handler.handler_id]
        try:
            return decoder.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise problems.of_decoding(error, value) from error

    def data_to_encodable_type(self, data: Any) -> Any:
        return data

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        if field_definition.name == "data":
            cls._decoders[handler_id] = msgspec.json.Decoder(field_definition.annotation)

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(
        cls, model_type: type[Any]
    ) -> Generator[DTOFieldDefinition, None, None]:
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        return False


def _spec(description: str) -> ResponseSpec:
    return ResponseSpec(
        problems.Problem,
        media_type=problems.PROBLEM_JSON,
        description=description,
        generate_examples=False,
    )


PROBLEMS: Final = {
    400: _spec("The bytes cannot be understood"),
    401: _spec("Not signed in, no valid API key"),
    403: _spec("The role may not do this, or the request is not from our own page"),
    404: _spec("There is no such thing in this tenant"),
    409: _spec("A business no, or another body under a known key"),
    413: _spec("The body is too large"),
    415: _spec("Another content type is expected"),
    422: _spec("Understood, and cannot be done"),
    429: _spec("Too much is waiting; see Retry-After"),
    503: _spec("Not available, or the outcome is unknown; repeat with the same key"),
}
READ_PROBLEMS: Final = {n: PROBLEMS[n] for n in (400, 401, 403, 404, 503)}
RETRY: Final = ResponseHeader(name="Retry-After", description="seconds", documentation_only=True)

_CODES: Final = {
    400: "bad_filter",
    404: "not_found",
    405: "method",
    413: "too_large",
    415: "content_type",
}


def respond(problem: problems.Problem) -> Response[Any]:
    """Give a problem as a response."""
    headers = {}
    if problem.retry_after_s:
        headers["retry-after"] = str(problem.retry_after_s)
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(
        problem, status_code=problem.status, media_type=problems.PROBLEM_JSON, headers=headers
    )


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Turn any exception into a problem. A query is never repeated: it may name people."""
    if not isinstance(error, HTTPException):
        return respond(explain(error))
    status = error.status_code
    if status >= 500:
        return respond(explain(error))
    pointer, detail = "", error.detail
    if status == 413:
        limit = request.route_handler.resolve_request_max_body_size()
        return respond(problems.make("too_large", f"the body is at most {limit} bytes"))
    if isinstance(error.extra, list) and error.extra:
        first = error.extra[0]
        if first.get("key") == "data":  # a route that wants a body got none
            return respond(problems.make("empty_body", "the body is empty"))
        detail = str(first.get("message", detail))
        pointer = "/" + str(first.get("key", "")).replace(".", "/")
    return respond(problems.make(_CODES.get(status, "bad_filter"), detail, pointer, status))


def may(action: str) -> Any:
    """Make the guard of a route: the key is known, its role may do `action`; before the body is
    read. Raises ProgramError for an action that no policy can name.
    """
    if action not in policies.actions():
        raise ProgramError(f"{action!r} is not in data/policies/danshu.cedarschema")

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        keyring: Keyring = connection.app.state.keyring
        held = await keyring.identify(connection.scope)
        connection.scope["state"]["held"] = require(held, action)

    return guard


def declare_read(operation_id: str, tag: str, right: str) -> dict[str, Any]:
    """Declare how a setting is read: what its route says beside its path."""
    return {
        "operation_id": operation_id,
        "tags": [tag],
        "responses": READ_PROBLEMS,
        "guards": [may(right)],
    }


def declare_write(
    operation_id: str, tag: str, right: str, body_bytes: int = ORDER_BODY_BYTES
) -> dict[str, Any]:
    """Declare how a setting is written, by a JSON body of so many bytes at most."""
    return {
        "operation_id": operation_id,
        "tags": [tag],
        "responses": PROBLEMS,
        "guards": [may(right), only_json],
        "request_max_body_size": body_bytes,
    }


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The guard of routes about the own account: a person's session, which may be limited."""
    keyring: Keyring = connection.app.state.keyring
    held = await keyring.identify(connection.scope)
    if held.session is None:
        raise InputError("forbidden", "this is for people, not for API keys")
    connection.scope["state"]["held"] = held


async def own_page(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The guard of unsafe routes that need no session: no other site's page may call them."""
    keyring: Keyring = connection.app.state.keyring
    cookies.check_origin(connection.scope, keyring.origin)


async def only_json(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The guard of routes whose body is JSON."""
    check_json(connection.headers.get("content-type", "application/json").encode("latin-1"))


async def recall(request: Request[Any, Any, Any]) -> None:
    """Before a route about something old: what was put away of it comes back first."""
    held: Held | None = request.scope["state"].get("held")
    if held is None:
        return
    now_ms = time.time_ns() // 1_000_000
    named = [v for v in request.path_params.values() if isinstance(v, uuid.UUID)]
    if old := [id_ for id_ in named if not archived.is_young(id_, now_ms)]:
        async with hub_of(request).connection() as connection:
            await archived.recall(connection, held.tenant, old)


def held_of(request: Request[Any, Any, Any]) -> Held:
    """Give the caller whom the route's guard let pass."""
    held: Held = request.scope["state"]["held"]
    return held


def session_of(request: Request[Any, Any, Any]) -> Session:
    """Give the session that `signed_in` let pass."""
    session = held_of(request).session
    if session is None:
        raise ProgramError("the route is not guarded by `signed_in`")
    return session


def hub_of(request: Request[Any, Any, Any]) -> Hub:
    """Give the hub that the application serves."""
    hub: Hub = request.app.state.hub
    return hub


def raw_body(description: str, *media_types: str) -> type[Operation]:
    """Document a route that reads its body as it is."""
    content = {
        t: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        for t in media_types
    }

    @dataclass
    class RawOperation(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody(content=content, description=description, required=True)

    return RawOperation
