"""Whether a policy set means what it says: what zen lets pass in silence is found here.

Found: nodes that may not be (code, custom handlers, sub-decisions), edges to nowhere, cells that
cannot be read, names that nobody has, texts where numbers stand, enum values that do not exist,
clocks and chance, selectors that are no condition, effects out of bounds, rows that no case tries,
cases that come out differently.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import yaml
import zen
from msgspec import Struct

from danshu.capabilities.routing.policy import expressions
from danshu.capabilities.routing.policy.effects import OF_KIND
from danshu.capabilities.routing.policy.engine import Compiled, content_of
from danshu.capabilities.routing.policy.fields import (
    CONTEXTS,
    OF_WAREHOUSE,
    PATHS,
    ROOTS,
    WAREHOUSE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from danshu.capabilities.routing.policy.model import Case, Graph, GraphNode, PolicySet

Severity = Literal["error", "warning"]
ALLOWED: Final = frozenset(
    {"inputNode", "outputNode", "decisionTableNode", "expressionNode", "switchNode"}
)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,31}")
_ROOTS: Final = frozenset({"$", "$root", "#", "$nodes"})


class PolicyFinding(Struct, frozen=True, kw_only=True):
    """One thing that stands in the way, or should be thought about. `graph`, `node`, `row` and
    `column` say where ("" = the whole).
    """

    code: str
    severity: Severity
    zh: str
    en: str
    graph: str = ""
    node: str = ""
    row: str = ""
    column: str = ""


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    severity: Severity
    zh: str
    en: str


class _Place(Struct, frozen=True):
    graph: str = ""
    node: str = ""
    row: str = ""
    column: str = ""
    kind: str = "routing"

    def find(self, code: str, value: object = "", why: object = "") -> PolicyFinding:
        """Make a finding here, in the words of data/policy_findings.yaml."""
        told = _words()[code]
        return PolicyFinding(
            code=code,
            severity=told.severity,
            zh=told.zh.format(value=value, why=why),
            en=told.en.format(value=value, why=why),
            graph=self.graph,
            node=self.node,
            row=self.row,
            column=self.column,
        )


@lru_cache(maxsize=1)
def _words() -> dict[str, _Words]:
    raw = (resources.files("danshu") / "data" / "policy_findings.yaml").read_bytes()
    return msgspec.convert(yaml.safe_load(raw), dict[str, _Words])


def check(policy: PolicySet) -> tuple[PolicyFinding, ...]:
    """Give every finding of a set, graphs first, then its cases."""
    found: list[PolicyFinding] = []
    codes: set[str] = set()
    for graph in policy.graphs:
        if not _CODE.fullmatch(graph.code) or graph.code in codes:
            found.append(_Place(graph=graph.code).find("graph_code", graph.code))
        codes.add(graph.code)
        try:
            found.extend(_graph(graph, policy.kind))
        except Exception as error:  # noqa: BLE001 - the engine raises no narrower one
            why = expressions.describe(error)
            found.append(_Place(graph=graph.code).find("graph_broken", why=why))
    if all(one.severity != "error" for one in found):
        found.extend(_cases(policy))
    return tuple(dict.fromkeys(found))


def is_sound(findings: tuple[PolicyFinding, ...]) -> bool:
    """Tell whether nothing stands in the way of approval."""
    return all(one.severity != "error" for one in findings)


def _graph(graph: Graph, kind: str) -> Iterator[PolicyFinding]:
    here = _Place(graph=graph.code)
    ids = [node.id for node in graph.nodes]
    if len(set(ids)) < len(ids):
        yield here.find("node_double")
    for type_, code in (("inputNode", "no_input"), ("outputNode", "no_output")):
        if sum(node.type == type_ for node in graph.nodes) != 1:
            yield here.find(code)
    for edge in graph.edges:
        for end in (edge.source_id, edge.target_id):
            if end not in ids:
                yield here.find("edge_dangling", end)
    yield from _unreached(graph, here)
    if any(node.type not in ALLOWED for node in graph.nodes):
        for node in graph.nodes:
            if node.type not in ALLOWED:
                yield _Place(graph=graph.code, node=node.name).find("node_type", node.type)
        return
    known = _known(graph)
    for node in graph.nodes:
        yield from _node(graph, node, known, kind)
    try:
        zen.ZenEngine().create_decision(msgspec.json.encode(content_of(graph)).decode()).validate()
    except RuntimeError as error:
        yield here.find("graph_broken", why=expressions.describe(error))


def _unreached(graph: Graph, here: _Place) -> Iterator[PolicyFinding]:
    """A node that nothing leads to never speaks."""
    reached = {node.id for node in graph.nodes if node.type == "inputNode"}
    while True:
        more = {e.target_id for e in graph.edges if e.source_id in reached} - reached
        if not more:
            break
        reached |= more
    for node in graph.nodes:
        if node.id not in reached and node.type != "inputNode":
            yield _Place(graph=here.graph, node=node.name).find("node_unreached", node.name)


def _known(graph: Graph) -> frozenset[str]:
    """Names that nodes of the graph make: they may be looked up after them."""
    made: set[str] = set()
    for node in graph.nodes:
        content = node.content if isinstance(node.content, dict) else {}
        for one in content.get("expressions", []):
            made.add(str(one.get("key", "")).partition(".")[0])
        for one in content.get("outputs", []):
            made.add(str(one.get("field", "")).partition(".")[0])
        if path := content.get("outputPath"):
            made.add(str(path).partition(".")[0])
    return frozenset(made)


def _node(
    graph: Graph, node: GraphNode, known: frozenset[str], kind: str
) -> Iterator[PolicyFinding]:
    content = node.content if isinstance(node.content, dict) else {}
    for one in content.get("expressions", []):
        here = _Place(graph=graph.code, node=node.name, row=str(one.get("key", "")), kind=kind)
        yield from _expression(str(one.get("value", "")), known, here)
    for one in content.get("statements", []):
        text = str(one.get("condition", ""))
        here = _Place(graph=graph.code, node=node.name, row=str(one.get("id", "")), kind=kind)
        if text.strip():
            yield from _expression(text, known, here)
    if node.type == "decisionTableNode":
        yield from _table(_Place(graph=graph.code, node=node.name, kind=kind), content, known)


def _table(
    place: _Place, content: Mapping[str, Any], known: frozenset[str]
) -> Iterator[PolicyFinding]:
    for column in content.get("inputs", []):
        field = str(column.get("field") or "")
        here = msgspec.structs.replace(place, column=str(column.get("name", "")))
        if expressions.has_foreign_names(field):
            yield here.find("name_ascii", field)
        elif field:
            yield from _names(field, known, here)
    for n, row in enumerate(content.get("rules", []), 1):
        at = msgspec.structs.replace(place, row=str(row.get("_description") or n))
        for column in content.get("inputs", []):
            here = msgspec.structs.replace(at, column=str(column.get("name", "")))
            cell = str(row.get(column.get("id"), ""))
            if cell.strip():
                yield from _cell(cell, str(column.get("field") or ""), known, here)
        for column in content.get("outputs", []):
            here = msgspec.structs.replace(at, column=str(column.get("name", "")))
            cell = str(row.get(column.get("id"), ""))
            if cell.strip():
                yield from _expression(cell, known, here)
                if column.get("field") == "where":
                    yield from _selector(cell, here)


def _cell(cell: str, field: str, known: frozenset[str], here: _Place) -> Iterator[PolicyFinding]:
    why = expressions.trouble(cell, unary=bool(field))
    if why:
        yield here.find("cell_broken", cell, why)
        return
    yield from _manners(cell, here)
    yield from _names(cell, known, here)
    told = PATHS[here.kind].get(field)
    if told is None:
        return
    wrong = expressions.mismatch(cell, told)
    if wrong:
        yield here.find("cell_never", cell, wrong)
        return
    try:
        zen.evaluate_unary_expression(cell, {"$": told.sample, **sample_context(here.kind)})
    except RuntimeError as error:
        yield here.find("cell_broken", cell, expressions.describe(error))


def _expression(text: str, known: frozenset[str], here: _Place) -> Iterator[PolicyFinding]:
    why = expressions.trouble(text)
    if why:
        yield here.find("cell_broken", text, why)
        return
    yield from _manners(text, here)
    yield from _names(text, known, here)


def _manners(text: str, here: _Place) -> Iterator[PolicyFinding]:
    if expressions.has_foreign_names(text):
        yield here.find("name_ascii", text)
    for name in expressions.clocks(text):
        yield here.find("clock", name)


def _names(text: str, known: frozenset[str], here: _Place) -> Iterator[PolicyFinding]:
    for name in expressions.names(text):
        plain = name.removeprefix("$root.").removeprefix("$.")
        root = plain.partition(".")[0]
        if root in ROOTS[here.kind]:
            known_paths = PATHS[here.kind]
            fields = any(path == plain or path.startswith(plain + ".") for path in known_paths)
            if not fields:
                yield here.find("name_unknown", plain)
        elif root not in known and root not in _ROOTS and not root.startswith("#"):
            yield here.find("name_unknown", plain)


def _selector(cell: str, here: _Place) -> Iterator[PolicyFinding]:
    """A selector stands in the cell as a text: what the text says is looked at too."""
    for text in expressions.strings(cell):
        yield from check_selector(text.replace("\\'", "'").replace('\\"', '"'), here)


def check_selector(text: str, here: _Place | None = None) -> Iterator[PolicyFinding]:
    """Look at a selector of warehouses: "" selects all."""
    here = here or _Place()
    if not text.strip():
        return
    why = expressions.trouble(text)
    if why:
        yield here.find("where_broken", text, why)
        return
    yield from _manners(text, here)
    used = [name for name in expressions.names(text)]
    for name in used:
        if name not in OF_WAREHOUSE:
            yield here.find("where_name", name)
    kinds = [OF_WAREHOUSE[name] for name in used if name in OF_WAREHOUSE]
    if kinds and all(field.kind == "enum" for field in kinds):
        values = {value for field in kinds for value, _, _ in field.values}
        for told in expressions.strings(text):
            if told not in values:
                yield here.find("cell_never", text, told)
    try:
        expressions.holds(text, {field.path: field.sample for field in WAREHOUSE})
    except ValueError as error:
        yield here.find("where_broken", text, error)


def sample_context(kind: str = "routing") -> dict[str, dict[str, object]]:
    """Give a context with a value of its kind in every field."""
    out: dict[str, dict[str, object]] = {}
    for field in CONTEXTS[kind]:
        root, _, name = field.path.partition(".")
        out.setdefault(root, {})[name] = field.sample
    return out


def context_of(case: Case, kind: str = "routing") -> dict[str, dict[str, object]]:
    """Give the context of a case: what it tells over the samples."""
    out = sample_context(kind)
    for root, told in case.context.items():
        if isinstance(told, dict) and root in out:
            out[root] = {**out[root], **told}
    return out


def _cases(policy: PolicySet) -> Iterator[PolicyFinding]:
    """Run the cases: each must come out as told, and each row must be tried by one."""
    compiled = Compiled(policy)
    tried: set[str] = set()
    for case in policy.cases:
        here = _Place(row=case.name)
        for root, told in case.context.items():
            for name in told if isinstance(told, dict) else ("",):
                if f"{root}.{name}" not in PATHS[policy.kind]:
                    yield here.find("case_field", f"{root}.{name}")
        context = context_of(case, policy.kind)
        said, broken = compiled.ask(context)
        for graph, trouble in broken:
            yield msgspec.structs.replace(here, graph=graph).find("case_broken", case.name, trouble)
        for one in said:
            if one.effect not in OF_KIND[policy.kind]:
                yield here.find("effect_kind", one.effect)
        come = tuple((one.effect, one.where) for one in said)
        if not broken and come != case.expect:
            yield here.find("case_differs", case.name, come)
        tried |= {one.rule for one in said} | set(hits(compiled, context))
    for each in policy.graphs:
        yield from _untried(each, tried)


def _untried(graph: Graph, tried: set[str]) -> Iterator[PolicyFinding]:
    for node in graph.nodes:
        content = node.content if isinstance(node.content, dict) else {}
        for n, row in enumerate(content.get("rules", [])):
            if f"{graph.code}/{row.get('_id', n)}" not in tried:
                at = str(row.get("_description") or n + 1)
                yield _Place(graph=graph.code, node=node.name, row=at).find("row_untried", at)


def hits(compiled: Compiled, context: Mapping[str, Any]) -> Iterator[str]:
    """Name the rows that a context hits, by the engine's own trace: "graph/row"."""
    for code in compiled.codes:
        try:
            told = compiled.engine.evaluate(code, msgspec.json.encode(context), {"trace": True})
        except RuntimeError:
            continue
        for node in told["trace"].values():
            data = node.get("traceData")
            for one in data if isinstance(data, list) else [data]:
                if isinstance(one, dict) and isinstance(one.get("rule"), dict):
                    yield f"{code}/{one['rule'].get('_id', one.get('index'))}"
