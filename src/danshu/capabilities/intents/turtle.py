"""An intent graph as Turtle (RDF 1.1), written the same each time and read whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.intents.model import KINDS, MEMBERS, IntentGraph
from danshu.kernel.errors import InputError
from danshu.kernel.limits import INTENT_TURTLE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

SPACE: Final = "urn:danshu:intent#"
NODES: Final = "urn:danshu:intent:"
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PREFIXES: Final = {"equipment": "e", "symptom": "s", "regulation": "r", "action": "a"}
# member -> predicate, kind of what it links to ("" = text, "#" = number), whether many
_MEMBERS: Final[dict[str, tuple[str, str, bool]]] = {
    "spellings": ("spelling", "", True),
    "number": ("number", "", False),
    "clause": ("clause", "", False),
    "text": ("text", "", False),
    "source": ("source", "", False),
    "verified_by": ("verifiedBy", "", False),
    "level": ("level", "#", False),
    "service": ("service", "", False),
    "parts": ("part", "", True),
    "release": ("release", "", False),
    "equipment": ("onEquipment", "equipment", True),
    "regulations": ("governedBy", "regulation", True),
    "requires": ("requires", "action", True),
    "forbids": ("forbids", "action", True),
    "replaces": ("replaces", "regulation", True),
    "contradicts": ("contradicts", "action", True),
}
_BY_PREDICATE: Final = {told[0]: (member, *told[1:]) for member, told in _MEMBERS.items()}
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def write(graph: IntentGraph) -> str:
    """Write a graph, nodes by kind and code."""
    lines = [f"@prefix k: <{SPACE}> ."]
    lines += [f"@prefix {p}: <{NODES}{kind}:> ." for kind, p in PREFIXES.items()]
    for kind, member in MEMBERS.items():
        for node in sorted(getattr(graph, member), key=lambda n: str(n.code)):
            lines += ["", _write_node(kind, node)]
    return "\n".join(lines) + "\n"


def _write_node(kind: str, node: Any) -> str:
    said = [f"{PREFIXES[kind]}:{node.code} a k:{kind.capitalize()}"]
    labels = [_quote(node.title) + "@zh"] if node.title else []
    labels += [_quote(node.title_en) + "@en"] if node.title_en else []
    if labels:
        said.append(f"k:label {' , '.join(labels)}")
    for member, (predicate, of, many) in _MEMBERS.items():
        value = getattr(node, member, None)
        if not value:
            continue
        values = value if many else (value,)
        said.append(f"k:{predicate} {' , '.join([_write_value(v, of) for v in values])}")
    return " ;\n  ".join(said) + " ."


def _write_value(value: Any, of: str) -> str:
    if of == "#":
        return str(value)
    return f"{PREFIXES[of]}:{value}" if of else _quote(value)


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def read(text: str) -> IntentGraph:
    """Read a graph. What is not of its vocabulary is refused, so that nothing is lost unseen.

    Raises InputError `turtle` (its grammar), `turtle_unknown` (something that is no part of an
    intent graph), `too_large`.
    """
    if len(text.encode("utf-8", "surrogatepass")) > INTENT_TURTLE_BYTES:
        raise InputError("too_large", f"Turtle is at most {INTENT_TURTLE_BYTES} bytes")
    nodes: dict[tuple[str, str], dict[str, Any]] = {}
    links: list[tuple[str, str, str, Any]] = []
    for subject, predicate, value in _parse(text):
        kind, code = _place(subject)
        if predicate == _TYPE:
            if getattr(value, "value", "") != f"{SPACE}{kind.capitalize()}":
                raise _unknown(f"{subject} is said to be {value}")
            nodes[kind, code] = {"code": code}
        else:
            links.append((kind, code, predicate, value))
    for kind, code, predicate, value in links:
        if (kind, code) not in nodes:
            raise _unknown(f"{kind} {code} is not said to be one")
        _add(nodes[kind, code], kind, predicate, value)
    found: dict[str, list[Any]] = defaultdict(list)
    for (kind, _), members in sorted(nodes.items()):
        found[MEMBERS[kind]].append(members)
    try:
        return msgspec.convert(dict(found), IntentGraph)
    except msgspec.ValidationError as error:
        raise _unknown(str(error)) from error


def _parse(text: str) -> Iterable[tuple[str, str, Any]]:
    import pyoxigraph as ox

    try:
        for quad in ox.parse(input=text.encode(), format=ox.RdfFormat.TURTLE):
            if not isinstance(quad.subject, ox.NamedNode):
                raise _unknown("a node without a name")
            yield quad.subject.value, quad.predicate.value, quad.object
    except (SyntaxError, UnicodeEncodeError) as error:
        raise InputError("turtle", str(error)[:300], "/turtle") from error


def _unknown(what: str) -> InputError:
    return InputError("turtle_unknown", what[:300], "/turtle")


def _place(iri: str) -> tuple[str, str]:
    kind, _, code = iri.removeprefix(NODES).partition(":")
    if not iri.startswith(NODES) or kind not in KINDS or not code:
        raise _unknown(f"{iri} is no node of an intent graph")
    return kind, code


def _add(node: dict[str, Any], kind: str, predicate: str, value: Any) -> None:
    name = predicate.removeprefix(SPACE)
    language = getattr(value, "language", "")
    if name == "label":
        member, of, many = ("title_en" if language == "en" else "title"), "", False
        if language not in ("zh", "en"):
            raise _unknown(f"a label of {node['code']} is neither zh nor en")
    else:
        member, of, many = _BY_PREDICATE.get(name, ("", "", False))
    if not member or member not in KINDS[kind].__struct_fields__:
        raise _unknown(f"{kind} {node['code']}: {predicate}")
    told = getattr(value, "value", "")
    if of in ("", "#") and not hasattr(value, "datatype"):
        raise _unknown(f"{node['code']} {name}: no text")
    if of not in ("", "#"):
        linked, told = _place(told)
        if linked != of:
            raise _unknown(f"{node['code']} {name}: {told} is no {of}")
    if of == "#":
        if not told.isascii() or not told.isdigit() or len(told) > 4:
            raise _unknown(f"{node['code']} {name}: no number")
        told = int(told)
    if many:
        node[member] = (*node.get(member, ()), told)
    elif member in node:
        raise _unknown(f"{node['code']} says {name} twice")
    else:
        node[member] = told


@lru_cache(maxsize=1)
def shipped() -> IntentGraph:
    """Read the graph that is shipped: version 0 of every merchant's."""
    return read(_data("danshu.ttl"))


@lru_cache(maxsize=1)
def shapes() -> str:
    """Read the shapes that every graph is checked by (SHACL)."""
    return _data("shapes.ttl")


def _data(name: str) -> str:
    return (resources.files("danshu") / "data" / "intents" / name).read_text("utf-8")
