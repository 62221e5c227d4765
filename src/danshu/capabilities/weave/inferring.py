"""From an OpenAPI 3 document or a sample to a proposal: fields, parts, and a mapping by names.

A proposal is confirmed by a person; nothing is sent. References are followed as deep as a document
of people goes, so that one which refers to itself ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.weave import proposing
from danshu.capabilities.weave.proposing import FarField
from danshu.capabilities.weave.woven import Kind, Woven, WovenAuth, WovenField, WovenPart
from danshu.kernel.errors import InputError
from danshu.kernel.limits import WOVEN_FIELDS, WOVEN_OPERATIONS, WOVEN_SOURCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DEPTH: Final = 12
_KEYS: Final = ("idempotency-key", "x-idempotency-key")
_SCALARS: Final = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_JSON: Final = re.compile(r"^application/(.*\+)?json(;|$)")


class FarOperation(Struct, frozen=True, kw_only=True):
    """An operation of a document: `id` chooses it."""

    id: str
    method: str
    path: str
    title: str = ""


class Inferred(Struct, frozen=True, kw_only=True):
    """What was read: operations to choose from, the far side's fields, and a proposal where one
    was chosen or samples were given.
    """

    title: str = ""
    operations: tuple[FarOperation, ...] = ()
    asks: tuple[FarField, ...] = ()
    gives: tuple[FarField, ...] = ()
    woven: Woven | None = None


def infer(
    kind: Kind, document: str = "", operation: str = "", question: str = "", response: str = ""
) -> Inferred:
    """Read a document, or a sample of a request's body and of a response.

    Raises InputError `woven_source`, `no_operation`.
    """
    if document.strip():
        told = _load(document)
        if not isinstance(told, dict) or not str(told.get("openapi", "")).startswith("3."):
            raise InputError("woven_source", "an OpenAPI document of version 3 is expected")
        return _from_document(kind, told, operation)
    asked, answered = _sample(question, "/question"), _sample(response, "/response")
    asks = tuple(proposing.flatten(asked))
    gives = tuple(proposing.flatten(answered))
    parts = [("body", field.path, field) for field in asks if not field.rows]
    woven = _propose(
        kind, Woven(code="", base_url="", method="POST" if asks else "GET"), parts, gives
    )
    woven = replace(
        woven,
        body="json" if asks else "none",
        question_sample=_example(woven.question, parts),
        response_sample=_dump(answered),
    )
    return Inferred(asks=asks, gives=gives, woven=woven)


def _load(text: str) -> Any:
    if len(text.encode()) > WOVEN_SOURCE_BYTES:
        raise InputError("too_large", f"a document has at most {WOVEN_SOURCE_BYTES} bytes")
    if text.lstrip()[:1] == "{":
        return _sample(text, "/document")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError("woven_source", f"not YAML: {error}"[:300]) from error


def _sample(text: str, pointer: str) -> Any:
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InputError("woven_source", f"not JSON: {error}"[:300], pointer) from error


def _from_document(kind: Kind, told: Mapping[str, Any], chosen: str) -> Inferred:
    found = list(_operations(told))[:WOVEN_OPERATIONS]
    operations = tuple([each for each, _ in found])
    title = str(_dict(told.get("info")).get("title", ""))[:100]
    if not chosen:
        return Inferred(title=title, operations=operations)
    for each, (item, body) in found:
        if each.id == chosen:
            asks, gives, woven = _one(kind, told, each, item, body)
            return Inferred(title=title, operations=operations, asks=asks, gives=gives, woven=woven)
    raise InputError("no_operation", "the document has no such operation", "/operation")


def _operations(
    told: Mapping[str, Any],
) -> Iterator[tuple[FarOperation, tuple[dict[str, Any], dict[str, Any]]]]:
    for path, item in _dict(told.get("paths")).items():
        item = _dict(_follow(told, item))
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                body = item[method]
                title = str(body.get("summary") or body.get("operationId") or "")[:100]
                said = FarOperation(
                    id=f"{method.upper()} {path}", method=method.upper(), path=path, title=title
                )
                yield said, (item, body)


def _one(
    kind: Kind,
    told: Mapping[str, Any],
    one: FarOperation,
    item: Mapping[str, Any],
    body: Mapping[str, Any],
) -> tuple[tuple[FarField, ...], tuple[FarField, ...], Woven]:
    parts: list[tuple[str, str, FarField]] = []
    for raw in [*_list(item.get("parameters")), *_list(body.get("parameters"))]:
        given = _dict(_follow(told, raw))
        place, name = str(given.get("in")), str(given.get("name", ""))
        if place in ("path", "query", "header") and name:
            schema = _resolve(told, given.get("schema", {}))
            field = FarField(
                path=name,
                name=name,
                type=_SCALARS.get(_type(schema), "any"),
                required=place == "path" or given.get("required") is True,
                example=_dump(given.get("example", schema.get("example"))),
            )
            if place != "header" or name.lower() not in _KEYS:
                parts.append((place, name, field))
    content = _dict(_dict(_follow(told, body.get("requestBody"))).get("content"))
    schema = _schema_of(told, content)
    asks = tuple(proposing.flatten_schema(schema)) if schema else ()
    parts += [("body", field.path, field) for field in asks if not field.rows]
    gives = _answers(told, body)
    servers = _list(told.get("servers"))
    url = str(_dict(servers[0]).get("url", "")) if servers else ""
    is_form = any(t.startswith("application/x-www-form") for t in content) and not schema
    woven = _propose(
        kind,
        Woven(
            code=_code(one),
            zh=one.title[:64],
            en=one.title[:64],
            base_url=url.rstrip("/"),
            path=one.path,
            body="form" if is_form else "json" if asks else "none",
            auth=_auth(told, body),
        ),
        parts,
        gives,
    )
    named = [_dict(_follow(told, raw)).get("name", "") for raw in _list(body.get("parameters"))]
    samples = replace(
        woven,
        method=one.method,
        idempotency=next((str(name) for name in named if str(name).lower() in _KEYS), ""),
        question_sample=_example(woven.question, parts),
        response_sample=_dump(proposing.example(gives)),
    )
    return tuple([field for _, _, field in parts]), gives, samples


def _answers(told: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[FarField, ...]:
    answers = _dict(body.get("responses"))
    for status in ("200", "201", "202", "2XX", "default"):
        schema = _schema_of(told, _dict(_dict(_follow(told, answers.get(status))).get("content")))
        if schema:
            return tuple(proposing.flatten_schema(schema))
    return ()


def _schema_of(told: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    for kind, media in content.items():
        if _JSON.match(kind):
            return _resolve(told, _dict(media).get("schema", {}))
    return {}


def _propose(
    kind: Kind,
    woven: Woven,
    parts: list[tuple[str, str, FarField]],
    gives: tuple[FarField, ...],
) -> Woven:
    question: dict[str, WovenField] = {}
    made: list[WovenPart] = []
    for place, name, field in parts[:WOVEN_FIELDS]:
        target = proposing.name_asked(kind, field)
        question.setdefault(target.name, target)
        text = f"[{target.name}]" if target.type == "list" else target.name
        told = {"place": place, "name": name, "expression": text}
        made.append(msgspec.convert(told, WovenPart))
    return replace(
        woven,
        kind=kind,
        question=tuple(question.values()),
        parts=tuple(made),
        answer=proposing.map_answer(kind, gives),
    )


def _auth(told: Mapping[str, Any], body: Mapping[str, Any]) -> WovenAuth:
    """Read the first way of authentication that the operation names."""
    schemes = _dict(_dict(told.get("components")).get("securitySchemes"))
    for need in _list(body.get("security", told.get("security"))):
        for name in _dict(need):
            scheme = _dict(_follow(told, schemes.get(name)))
            kind, place = scheme.get("type"), scheme.get("in")
            if kind == "apiKey" and place in ("header", "query"):
                return WovenAuth(kind=place, name=str(scheme.get("name", "")))
            if kind == "http" and scheme.get("scheme") in ("basic", "bearer"):
                return WovenAuth(kind=scheme["scheme"])
            flow = _dict(_dict(scheme.get("flows")).get("clientCredentials"))
            if kind == "oauth2" and flow:
                return WovenAuth(
                    kind="oauth2",
                    token_url=str(flow.get("tokenUrl", "")),
                    scope=" ".join(map(str, _list(_dict(need)[name]))),
                )
    return WovenAuth()


def _follow(told: Mapping[str, Any], value: Any) -> Any:
    """Follow a reference within the document (RFC 6901); what leads nowhere is nothing."""
    for _ in range(_DEPTH):
        if not isinstance(value, dict) or "$ref" not in value:
            return value
        at: Any = told
        for step in str(value["$ref"]).removeprefix("#/").split("/"):
            at = _dict(at).get(step.replace("~1", "/").replace("~0", "~"))
        value = at
    return None


def _resolve(told: Mapping[str, Any], schema: Any, depth: int = 0) -> dict[str, Any]:
    """Give a schema with its references in place, as deep as `_DEPTH`."""
    schema = _dict(_follow(told, schema))
    if depth > _DEPTH:
        return {}
    for each in _list(schema.get("allOf")):
        part = _resolve(told, each, depth + 1)
        properties = {**_dict(schema.get("properties")), **_dict(part.get("properties"))}
        required = [*_list(schema.get("required")), *_list(part.get("required"))]
        schema = {"type": "object", **schema, "properties": properties, "required": required}
    for names in ("oneOf", "anyOf"):
        choices = _list(schema.get(names))
        if choices and "type" not in schema:
            schema = {**schema, **_resolve(told, choices[0], depth + 1)}
    properties = _dict(schema.get("properties"))
    inner = {k: _resolve(told, v, depth + 1) for k, v in list(properties.items())[:WOVEN_FIELDS]}
    found = {**schema, "properties": inner} if properties else dict(schema)
    if "items" in schema:
        found["items"] = _resolve(told, schema["items"], depth + 1)
    return found


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "")
    return str(next((k for k in kind if k != "null"), "")) if isinstance(kind, list) else str(kind)


def _code(one: FarOperation) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"\{[^}]*\}", "", one.path).lower())
    code = "_".join([word for word in words if not re.fullmatch(r"v\d+|api", word)][-3:])
    return re.sub(r"^[^a-z]+", "", code)[:40] or "capability"


def _example(question: tuple[WovenField, ...], parts: list[tuple[str, str, FarField]]) -> str:
    given: dict[str, Any] = {}
    for field, (_, _, far) in zip(question, parts, strict=False):
        given[field.name] = proposing.example_of(field, far)
    return _dump(given)


def _dump(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
