"""A graph laid beside its shapes (SHACL 1.0, W3C 2017). Slow (rdflib, pyshacl): on edit alone, and
in a process that may be ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.intents import merging, turtle
from danshu.capabilities.intents.model import IntentFinding

if TYPE_CHECKING:
    from danshu.capabilities.intents.model import IntentGraph

_FINDING: Final = "urn:danshu:intent:finding:"


def check(own: IntentGraph) -> tuple[IntentFinding, ...]:
    """Find what stands in the way of a merchant's graph, beside the shipped one."""
    base = turtle.shipped()
    found = list(merging.lint(base, own))
    whole = merging.merge(base, own)
    return tuple(dict.fromkeys([*found, *validate(whole)]))


def validate(graph: IntentGraph) -> tuple[IntentFinding, ...]:
    """Lay a graph beside the shapes."""
    import pyshacl
    import rdflib

    data = rdflib.Graph().parse(data=turtle.write(graph), format="turtle")
    shapes = rdflib.Graph().parse(data=turtle.shapes(), format="turtle")
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=True)
    shacl = rdflib.SH
    found = []
    for result in report.subjects(rdflib.RDF.type, shacl.ValidationResult):
        where = str(report.value(result, shacl.focusNode) or "")
        kind, _, code = where.removeprefix(turtle.NODES).partition(":")
        shape = report.value(result, shacl.sourceShape)
        constraint = report.value(result, shacl.sourceConstraint)
        messages = [
            *report.objects(result, shacl.resultMessage),
            *shapes.objects(constraint, shacl.message),
        ]
        found.append(
            IntentFinding(
                code=_name(constraint) or _name(shape) or "shape",
                kind=kind,
                node=code,
                value=str(report.value(result, shacl.value) or "").rpartition(":")[2],
                detail=next(
                    (str(m) for m in messages if getattr(m, "language", "") == "en"), "shape"
                ),
            )
        )
    return tuple(sorted(set(found), key=lambda f: (f.kind, f.node, f.code, f.value)))


def _name(shape: Any) -> str:
    text = str(shape or "")
    return text.removeprefix(_FINDING) if text.startswith(_FINDING) else ""
