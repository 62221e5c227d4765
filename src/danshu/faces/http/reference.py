"""The OpenAPI document, as bytes and as a page: no script, nothing from elsewhere."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import jinja2
import msgspec
from litestar import Litestar, Request
from litestar.enums import MediaType
from litestar.openapi.plugins import OpenAPIRenderPlugin
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER: Final = importlib.resources.files("danshu.faces.http")
_TEMPLATE: Final = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string(_FOLDER.joinpath("reference.html").read_text("utf-8"))
_STYLE: Final = _FOLDER.joinpath("reference.css").read_bytes()
_METHODS: Final = ("get", "post", "put", "patch", "delete")


class Row(Struct, frozen=True, kw_only=True):
    """A field of a schema, a parameter or an answer. `link` names a schema, "" = none."""

    name: str
    kind: str
    link: str
    note: str
    required: bool = False


class Route(Struct, frozen=True, kw_only=True):
    """One method of one path."""

    method: str
    path: str
    name: str
    title: str
    parameters: tuple[Row, ...]
    bodies: tuple[Row, ...]
    answers: tuple[Row, ...]


class Shape(Struct, frozen=True, kw_only=True):
    """A schema: fields, or the words that it allows."""

    name: str
    note: str
    fields: tuple[Row, ...]
    words: tuple[str, ...]


def document(framework: Litestar) -> bytes:
    """Write the OpenAPI document of an application: keys sorted, one member a line, newline at the
    end; the same code gives the same bytes.
    """
    raw = msgspec.json.encode(framework.openapi_schema.to_schema(), order="sorted")
    return msgspec.json.format(raw, indent=1) + b"\n"


class Page(OpenAPIRenderPlugin):
    """The document as one HTML page."""

    def __init__(self) -> None:
        super().__init__(path="/")
        self._made = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Give the page; it is made once."""
        if not self._made:
            self._made = render(openapi_schema)
        return self._made


class Style(OpenAPIRenderPlugin):
    """The page's style sheet, a file of its own: a strict policy allows no other."""

    def __init__(self) -> None:
        super().__init__(path="/reference.css", media_type=MediaType.CSS)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Give the sheet."""
        return _STYLE


def render(document: Mapping[str, Any]) -> bytes:
    """Write a document as HTML: routes by tag, then every schema with its fields."""
    groups: dict[str, list[Route]] = {}
    for path, item in sorted(document["paths"].items()):
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = operation.get("tags", ["other"])[0]
                groups.setdefault(tag, []).append(_route(path, method, operation))
    shapes = [_shape(n, s) for n, s in sorted(document["components"]["schemas"].items())]
    page = _TEMPLATE.render(info=document["info"], groups=sorted(groups.items()), shapes=shapes)
    return page.encode()


def _route(path: str, method: str, operation: Mapping[str, Any]) -> Route:
    contents = operation.get("requestBody", {}).get("content", {})
    return Route(
        method=method.upper(),
        path=path,
        name=operation["operationId"],
        title=operation.get("description") or operation.get("summary", ""),
        parameters=tuple(
            _row(f"{p['in']} {p['name']}", p.get("schema", {}), p.get("required", False), p)
            for p in operation.get("parameters", [])
        ),
        bodies=tuple(_row(kind, c.get("schema", {})) for kind, c in contents.items()),
        answers=tuple(_answers(operation.get("responses", {}))),
    )


def _answers(responses: Mapping[str, Any]) -> Iterator[Row]:
    for status, answer in sorted(responses.items()):
        schemas = [c.get("schema", {}) for c in answer.get("content", {}).values()] or [{}]
        yield _row(status, schemas[0], False, answer)


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    required = schema.get("required", [])
    return Shape(
        name=name,
        note=schema.get("description", ""),
        fields=tuple(_row(n, s, n in required) for n, s in schema.get("properties", {}).items()),
        words=tuple(str(word) for word in schema.get("enum", [])),
    )


def _row(
    name: str, schema: Mapping[str, Any], required: bool = False, told: Mapping[str, Any] = {}
) -> Row:
    kind, link = _kind(schema)
    note = told.get("description") or schema.get("description", "")
    return Row(name=name, kind=kind, link=link, note=note, required=required)


def _kind(schema: Mapping[str, Any]) -> tuple[str, str]:
    """Give what a schema is in a word or two, and the schema of the page that it leads to."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name, name
    for member in ("oneOf", "anyOf", "allOf"):
        if member in schema:
            kinds = [_kind(one) for one in schema[member]]
            return " | ".join(k for k, _ in kinds), next((n for _, n in kinds if n), "")
    if "items" in schema and isinstance(schema["items"], dict):
        kind, link = _kind(schema["items"])
        return f"[{kind}]", link
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"]), ""
    kind = schema.get("type", "any")
    words = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return words + (f" ({schema['format']})" if "format" in schema else ""), ""
