"""Policy sets: graphs and the cases that they are held to, as canonical bytes under one digest."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import POLICY_CASES, POLICY_GRAPHS, POLICY_NODES, POLICY_SET_BYTES

FORM: Final = "danshu-policy-1"
PolicyKind = Literal["routing", "intercept"]
ROUTING: Final = "routing"
INTERCEPT: Final = "intercept"
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class GraphNode(Struct, frozen=True, kw_only=True):
    """One node of a graph as the canvas keeps it (JDM)."""

    id: str
    type: str
    name: str
    content: Any = None
    position: dict[str, int | float] = {}


class GraphEdge(Struct, frozen=True, kw_only=True, rename="camel"):
    """A connection; `source_handle` names the statement of a switch."""

    id: str
    source_id: str
    target_id: str
    type: str = "edge"
    source_handle: str | None = None
    target_handle: str | None = None


class Graph(Struct, frozen=True, kw_only=True):
    """One policy: what it is for, and its graph. `code` is ASCII, unique in its set."""

    code: str
    zh: str
    en: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    purpose: str = ""


class Case(Struct, frozen=True, kw_only=True):
    """A case that the set is held to: a context, and the effects that must come out of it, as
    (effect, where) in order. Fields that are not given have the sample value of their kind.
    """

    name: str
    context: dict[str, Any] = {}
    expect: tuple[tuple[str, str], ...] = ()


class PolicySet(Struct, frozen=True, kw_only=True, dict=True):
    """All that is in force together, in the order in which it speaks. `kind`: what it decides,
    routing (where an order goes) or intercept (whether it may go on).
    """

    graphs: tuple[Graph, ...] = ()
    cases: tuple[Case, ...] = ()
    kind: PolicyKind = ROUTING

    @cached_property
    def content(self) -> bytes:
        """Canonical bytes: equal sets, equal bytes. Raises InputError `policy` beyond limits."""
        return write(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, 64 hex digits: the name that decisions refer to."""
        return hashlib.sha256(self.content).hexdigest()


def write(policy: PolicySet) -> bytes:
    """Write a set's canonical bytes; positions are rounded to whole points, no other number may be
    broken (money and limits are integers, ratios stand in expressions as text).
    """
    told = {"form": FORM, **msgspec.to_builtins(policy)}
    if policy.kind == ROUTING:  # sets that were published before there were others keep their names
        del told["kind"]
    for graph in told["graphs"]:
        for node in graph["nodes"]:
            node["position"] = {k: round(v) for k, v in sorted(node["position"].items())}
    if len(policy.graphs) > POLICY_GRAPHS or len(policy.cases) > POLICY_CASES:
        raise InputError("policy", f"over {POLICY_GRAPHS} graphs or {POLICY_CASES} cases")
    if any(len(graph.nodes) > POLICY_NODES for graph in policy.graphs):
        raise InputError("policy", f"a graph has over {POLICY_NODES} nodes")
    raw = _ENCODER.encode(_texts(told))
    if len(raw) > POLICY_SET_BYTES:
        raise InputError("policy", f"{len(raw)} bytes, {POLICY_SET_BYTES} are possible")
    return raw


def _texts(value: Any) -> Any:
    """Numbers with a fraction in a case's context become {"ratio": "0.7"}: the profile of evidence
    has integers only.
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() else {"ratio": repr(value)}
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(v) for v in value]
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"ratio"}:
            return float(value["ratio"])
        return {k: _numbers(v) for k, v in value.items()}
    return [_numbers(v) for v in value] if isinstance(value, list) else value


def read(raw: bytes) -> PolicySet:
    """Read a set's bytes. Raises InputError `policy` when they are none."""
    try:
        told = msgspec.json.decode(raw)
        if told.pop("form") != FORM:
            raise InputError("policy", "not a policy set of this form")
        return msgspec.convert(_numbers(told), PolicySet)
    except (msgspec.MsgspecError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError("policy", f"not a policy set: {error}") from error
