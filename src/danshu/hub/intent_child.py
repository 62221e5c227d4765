"""Checks a graph (SHACL) and asks it by SPARQL for others: `python -m` this module.

One errand each, JSON in, JSON out. Both are slow or somebody's program: they run where they may be
ended.
"""

from __future__ import annotations

import resource
import signal
import sys
from typing import Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.intents import checking, merging, turtle
from danshu.capabilities.intents.model import IntentFinding, IntentGraph
from danshu.kernel.limits import (
    INTENT_CHECK_MS,
    INTENT_MEMORY_BYTES,
    INTENT_QUERY_MS,
    INTENT_QUERY_ROWS,
)


class IntentErrand(Struct, frozen=True, kw_only=True):
    """What is to be done with a merchant's graph beside the shipped one."""

    does: Literal["check", "query"]
    own: IntentGraph
    query: str = ""


class IntentDone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Findings, or the names and rows of a SELECT; `fault` says what is wrong with a query, `more`
    that rows were left out.
    """

    findings: tuple[IntentFinding, ...] = ()
    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: bool = False
    fault: str = ""


def perform(errand: IntentErrand) -> IntentDone:
    """Do what is asked."""
    if errand.does == "check":
        return IntentDone(findings=checking.check(errand.own))
    return _query(merging.merge(turtle.shipped(), errand.own), errand.query)


def _query(graph: IntentGraph, query: str) -> IntentDone:
    import pyoxigraph as ox

    store = ox.Store()
    store.load(input=turtle.write(graph).encode(), format=ox.RdfFormat.TURTLE)
    prefixes = {"k": turtle.SPACE} | {
        short: f"{turtle.NODES}{kind}:" for kind, short in turtle.PREFIXES.items()
    }
    try:
        found = store.query(query, prefixes=prefixes)
    except SyntaxError as error:
        return IntentDone(fault=str(error)[:300])
    if not isinstance(found, ox.QuerySolutions):
        return IntentDone(fault="only SELECT is answered")
    names = tuple([v.value for v in found.variables])
    rows: list[tuple[str, ...]] = []
    for row in found:
        if len(rows) == INTENT_QUERY_ROWS:
            return IntentDone(names=names, rows=tuple(rows), more=True)
        rows.append(tuple([_text(row[name]) for name in names]))
    return IntentDone(names=names, rows=tuple(rows))


def _text(value: object) -> str:
    """Give a value as Turtle would name it."""
    text = str(getattr(value, "value", "") or "")
    for kind, short in turtle.PREFIXES.items():
        text = text.replace(f"{turtle.NODES}{kind}:", f"{short}:")
    return text.replace(turtle.SPACE, "k:")[:500]


def main() -> None:
    """Do one errand."""
    resource.setrlimit(resource.RLIMIT_AS, (INTENT_MEMORY_BYTES, INTENT_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=IntentErrand)
    within_ms = INTENT_QUERY_MS if errand.does == "query" else INTENT_CHECK_MS
    # Nobody handles the signal: the process ends whatever its libraries are at.
    signal.setitimer(signal.ITIMER_REAL, within_ms / 1000)
    sys.stdout.buffer.write(msgspec.json.encode(perform(errand)))


if __name__ == "__main__":
    main()
