"""One graph on one context, as the canvas's simulator shows it: result, trace, effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.policy import effects, expressions
from danshu.capabilities.routing.policy.effects import PolicyEffect
from danshu.capabilities.routing.policy.engine import Compiled
from danshu.capabilities.routing.policy.lint import context_of
from danshu.capabilities.routing.policy.model import Case, PolicySet
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ran(Struct, frozen=True, kw_only=True):
    """What came out. `trace` is the engine's, by node; `error` says why nothing did, "" else."""

    result: Any
    trace: Any
    effects: tuple[PolicyEffect, ...]
    error: str


def run(policy: PolicySet, code: str, told: Mapping[str, Any]) -> Ran:
    """Run a graph of a set on a context: what is told over sample values.

    Raises InputError `no_graph` when the set has none of that code.
    """
    graphs = [graph for graph in policy.graphs if graph.code == code]
    if not graphs:
        raise InputError("no_graph", f"no graph {code!r}", "/graph")
    context = context_of(Case(name="", context=dict(told)), policy.kind)
    try:
        compiled = Compiled(PolicySet(graphs=tuple(graphs[:1]), kind=policy.kind))
        came = compiled.engine.evaluate(code, msgspec.json.encode(context), {"trace": True})
    except Exception as error:  # noqa: BLE001 - the engine raises no narrower one
        return Ran(result=None, trace=None, effects=(), error=expressions.describe(error))
    read = effects.read(came["result"])
    if isinstance(read, effects.Told):
        why = f"{read.code} {read.value}".strip()
        return Ran(result=came["result"], trace=came.get("trace"), effects=(), error=why)
    return Ran(result=came["result"], trace=came.get("trace"), effects=tuple(read), error="")
