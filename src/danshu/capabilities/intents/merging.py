"""What a merchant's graph makes of the shipped one, and what it may not.

It only adds. What is shipped as forbidden stays forbidden whoever approves otherwise: a merchant's
regulation may be followed instead of a shipped one (`replaces`), which keeps its prohibitions.
"""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from danshu.capabilities.intents import deciding
from danshu.capabilities.intents.model import (
    MEMBERS,
    IntentAction,
    IntentEquipment,
    IntentFinding,
    IntentGraph,
    IntentRegulation,
    IntentSymptom,
)
from danshu.kernel.limits import INTENT_RULES

N = TypeVar("N", IntentEquipment, IntentSymptom, IntentRegulation, IntentAction)


def merge(base: IntentGraph, own: IntentGraph) -> IntentGraph:
    """Unite two graphs; where both say a single value, the merchant's word counts, but for the
    number of a regulation and a safety level that would become lower.
    """
    return IntentGraph(
        equipment=_unite(base.equipment, own.equipment),
        symptoms=_unite(base.symptoms, own.symptoms),
        regulations=_unite(base.regulations, own.regulations),
        actions=_unite(base.actions, own.actions),
    )


def _unite(base: tuple[N, ...], own: tuple[N, ...]) -> tuple[N, ...]:
    found = {node.code: node for node in base}
    for node in own:
        was = found.get(node.code)
        found[node.code] = node if was is None else _join(was, node)
    return tuple(found.values())


def _join(was: N, new: N) -> N:
    told: dict[str, Any] = {}
    for member in was.__struct_fields__:
        old: Any = getattr(was, member)
        more: Any = getattr(new, member)
        if member == "equipment" and not old:
            continue  # on any equipment: naming some would take the others away
        if isinstance(old, tuple):
            told[member] = (*old, *[v for v in more if v not in old])
        elif member == "level":
            told[member] = max(old, more)
        elif more and member != "number":
            told[member] = more
    return replace(was, **told)


def lint(base: IntentGraph, own: IntentGraph) -> tuple[IntentFinding, ...]:
    """Find what a merchant's graph may not say of the shipped one, and what it says twice."""
    found: list[IntentFinding] = []
    for kind, member in MEMBERS.items():
        codes = [node.code for node in getattr(own, member)]
        for code in sorted({c for c in codes if codes.count(c) > 1}):
            found.append(_say("code_twice", kind, code, code, "this code stands twice"))
    shipped = {r.code: r for r in base.regulations}
    for mine in own.regulations:
        theirs = shipped.get(mine.code)
        if theirs is None:
            continue
        if mine.number not in ("", theirs.number):
            why = "a shipped regulation keeps its number"
            found.append(_say("shipped_number", "regulation", mine.code, mine.number, why))
        extra = [a for a in mine.requires if a not in theirs.requires]
        for action in extra:
            why = "write a regulation of your own that replaces the shipped one"
            found.append(_say("shipped_requires", "regulation", mine.code, action, why))
        if mine.replaces:
            why = "a shipped regulation replaces nothing"
            found.append(_say("shipped_replaces", "regulation", mine.code, mine.replaces[0], why))
    whole = merge(base, own)
    if deciding.count_rules(whole) > INTENT_RULES:
        why = "symptoms by regulations by equipment are more than a graph may give"
        found.append(_say("too_many_rules", "", "", str(INTENT_RULES), why))
    found += _shared(whole)
    for circle in _circles(whole):
        why = "regulations that replace one another leave none to follow"
        found.append(_say("replaces_circle", "regulation", circle, circle, why))
    levels = {a.code: a.level for a in base.actions}
    for action_ in own.actions:
        if 0 < action_.level < levels.get(action_.code, 0):
            why = "a shipped safety level is not lowered"
            value = str(action_.level)
            found.append(_say("shipped_level", "action", action_.code, value, why))
    return tuple(found)


def _shared(graph: IntentGraph) -> list[IntentFinding]:
    """Find spellings that name two things of a kind: words would not say which."""
    found = []
    for kind, member in MEMBERS.items():
        first: dict[str, str] = {}
        for node in getattr(graph, member):
            for spelling in (node.title, *getattr(node, "spellings", ())):
                word = spelling.strip().casefold()
                was = first.setdefault(word, node.code)
                if word and was != node.code and kind != "regulation":
                    why = f"{was} is called so too"
                    found.append(_say("spelling_taken", kind, node.code, spelling, why))
    return found


def _circles(graph: IntentGraph) -> list[str]:
    """Give the codes of regulations that replace themselves by way of others."""
    after = {r.code: r.replaces for r in graph.regulations}
    found = []
    for code in after:
        seen: set[str] = set()
        waiting = list(after[code])
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += after.get(at, ())
        if code in seen:
            found.append(code)
    return found


def _say(code: str, kind: str, node: str, value: str, detail: str) -> IntentFinding:
    return IntentFinding(code=code, kind=kind, node=node, value=value, detail=detail)
