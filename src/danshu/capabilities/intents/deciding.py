"""What is done about a symptom: asked of the graph once per version, then looked up.

No classifier and no speaker names an action. What a regulation forbids is given by no answer, and
where the graph does not say one thing, a person decides.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.intents import turtle
from danshu.capabilities.intents.model import IntentGraph
from danshu.kernel.errors import InputError
from danshu.kernel.limits import INTENT_RULES, INTENT_SYMPTOMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.intents.model import IntentAction, IntentRegulation

# Which regulation governs which symptom on which equipment, and whether another is followed instead
_RULES: Final = """
PREFIX k: <urn:danshu:intent#>
SELECT ?equipment ?symptom ?regulation ?replaced WHERE {
  ?symptom a k:Symptom ; k:governedBy ?regulation . ?equipment a k:Equipment .
  FILTER ( NOT EXISTS { ?symptom k:onEquipment ?x } || EXISTS { ?symptom k:onEquipment ?equipment })
  FILTER ( NOT EXISTS { ?regulation k:onEquipment ?y }
           || EXISTS { ?regulation k:onEquipment ?equipment } )
  BIND ( EXISTS { ?symptom k:governedBy ?newer . ?newer k:replaces+ ?regulation
    FILTER ( NOT EXISTS { ?newer k:onEquipment ?z } || EXISTS { ?newer k:onEquipment ?equipment } )
  } AS ?replaced )
}
"""


class DirectedStep(Struct, frozen=True, kw_only=True):
    """One link of the way to a decision: a symptom is `governed_by` a regulation, which `requires`
    or `forbids` an action; a regulation is `replaced`. Codes of nodes.
    """

    origin: str
    link: str
    target: str


class DirectedAction(Struct, frozen=True, kw_only=True):
    """An action, what is ordered for it and who lets it be done. `level` as of IntentAction."""

    code: str
    title: str
    title_en: str
    level: int
    service: str
    release: str
    parts: tuple[str, ...] = ()


class Directed(Struct, frozen=True, kw_only=True):
    """What the graph says. `actions` never hold a forbidden one and are empty where the graph does
    not say one thing; `candidates` are then what a person chooses among.

    `contradiction` says why a person decides, "" = none has to: `unknown_equipment`,
    `unknown_symptom`, `no_symptom`, `no_regulation`, `required_forbidden`, `actions_contradict`,
    `several_actions`, `asked_forbidden`, `too_many`. `regulation` is the official number of the
    first one followed, `clause` its clause; `verified`: all that are followed were laid beside
    their text.
    """

    equipment: str
    symptoms: tuple[str, ...]
    actions: tuple[DirectedAction, ...] = ()
    candidates: tuple[DirectedAction, ...] = ()
    regulation: str = ""
    regulation_title: str = ""
    clause: str = ""
    forbids: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    verified: bool = False
    contradiction: str = ""
    why: tuple[DirectedStep, ...] = ()

    @property
    def action(self) -> str:
        """Code of the first action, "" = a person decides."""
        return self.actions[0].code if self.actions else ""


class Index(Struct, frozen=True, kw_only=True):
    """A graph, ready to be asked: one answer for each symptom of each class of equipment."""

    graph: IntentGraph
    digest: str
    answers: dict[tuple[str, str], Directed]
    equipment: frozenset[str]
    symptoms: frozenset[str]
    contradicts: frozenset[tuple[str, str]]
    titles: dict[str, tuple[str, str]]


def build(graph: IntentGraph, digest: str = "") -> Index:
    """Ask a graph for all its answers. Raises InputError `too_many` beyond INTENT_RULES."""
    if count_rules(graph) > INTENT_RULES:
        raise InputError("too_many", f"at most {INTENT_RULES} rules follow from an intent graph")
    regulations = {r.code: r for r in graph.regulations}
    actions = {a.code: a for a in graph.actions}
    rules: dict[tuple[str, str], list[tuple[IntentRegulation, bool]]] = {}
    for equipment, symptom, regulation, replaced in query_rules(graph):
        if regulation in regulations:
            told = (regulations[regulation], replaced)
            rules.setdefault((equipment, symptom), []).append(told)
    pairs = [(a.code, other) for a in graph.actions for other in a.contradicts]
    contradicts = frozenset(pairs + [(b, a) for a, b in pairs])
    answers = {
        key: _answer(key, sorted(held, key=lambda h: h[0].code), actions, contradicts)
        for key, held in rules.items()
    }
    nodes: list[Any] = [*graph.equipment, *graph.symptoms, *graph.actions]
    return Index(
        graph=graph,
        digest=digest,
        answers=answers,
        equipment=frozenset([e.code for e in graph.equipment]),
        symptoms=frozenset([s.code for s in graph.symptoms]),
        contradicts=contradicts,
        titles={n.code: (n.title, n.title_en) for n in nodes},
    )


def count_rules(graph: IntentGraph) -> int:
    """Bound how many rules a graph gives: symptom by regulation by equipment."""
    every = len(graph.equipment)
    return sum([len(s.regulations) * (len(s.equipment) or every) for s in graph.symptoms])


def query_rules(graph: IntentGraph) -> list[tuple[str, str, str, bool]]:
    """Ask by SPARQL: equipment, symptom, regulation, and whether another is followed instead."""
    import pyoxigraph as ox

    store = ox.Store()
    store.load(input=turtle.write(graph).encode(), format=ox.RdfFormat.TURTLE)
    found: Any = store.query(_RULES)
    rules = []
    for row in found:
        equipment, symptom, regulation = [
            row[name].value.rpartition(":")[2] for name in ("equipment", "symptom", "regulation")
        ]
        rules.append((equipment, symptom, regulation, row["replaced"].value == "true"))
    return rules


def _answer(
    key: tuple[str, str],
    held: Sequence[tuple[IntentRegulation, bool]],
    actions: dict[str, IntentAction],
    contradicts: frozenset[tuple[str, str]],
) -> Directed:
    equipment, symptom = key
    followed = [r for r, replaced in held if not replaced]
    required = _once([a for r in followed for a in r.requires if a in actions])
    forbids = _once([a for r, _ in held for a in r.forbids])
    first = followed[0] if followed else None
    why = []
    for regulation, replaced in held:
        link = "replaced" if replaced else "governed_by"
        why.append(DirectedStep(origin=symptom, link=link, target=regulation.code))
        if not replaced:
            why += [_step(regulation, "requires", a) for a in regulation.requires]
        why += [_step(regulation, "forbids", a) for a in regulation.forbids]
    allowed = tuple([_shown(actions[a]) for a in required if a not in forbids])
    trouble = ""
    if not followed or not required:
        trouble = "no_regulation"
    elif set(required) & set(forbids):
        trouble = "required_forbidden"
    elif _contradict(required, contradicts):
        trouble = "actions_contradict"
    elif len({r.requires for r in followed}) > 1:
        trouble = "several_actions"
    return Directed(
        equipment=equipment,
        symptoms=(symptom,),
        actions=() if trouble else allowed,
        candidates=allowed if trouble else (),
        regulation=first.number if first else "",
        regulation_title=first.title if first else "",
        clause=first.clause if first else "",
        forbids=forbids,
        verified=bool(followed) and all(r.verified_by for r in followed),
        contradiction=trouble,
        why=tuple(why),
    )


def _step(regulation: IntentRegulation, link: str, action: str) -> DirectedStep:
    return DirectedStep(origin=regulation.code, link=link, target=action)


def _shown(action: IntentAction) -> DirectedAction:
    return DirectedAction(
        code=action.code,
        title=action.title,
        title_en=action.title_en,
        level=action.level,
        service=action.service,
        release=action.release,
        parts=action.parts,
    )


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _contradict(actions: Sequence[str], contradicts: frozenset[tuple[str, str]]) -> bool:
    return any((a, b) in contradicts for a in actions for b in actions)


def decide(
    index: Index, equipment: str, symptoms: Sequence[str], asked: Sequence[str] = ()
) -> Directed:
    """Say what is done about symptoms of a class of equipment. `asked` are the actions that
    whoever reported it wants, which change nothing but that a forbidden one goes to a person.
    """
    if len(symptoms) == 1 and not asked:
        found = index.answers.get((equipment, symptoms[0]))
        if found is not None:
            return found
    told = _combine(index, equipment, _once(symptoms[: INTENT_SYMPTOMS + 1]))
    wanted = _once(asked[:INTENT_SYMPTOMS])
    if not wanted:
        return told
    done = [a.code for a in told.actions]
    against = [
        a for a in wanted if a in told.forbids or any((a, d) in index.contradicts for d in done)
    ]
    if against and not told.contradiction:
        return replace(told, asked=wanted, contradiction="asked_forbidden")
    return replace(told, asked=wanted)


def _combine(index: Index, equipment: str, symptoms: tuple[str, ...]) -> Directed:
    if len(symptoms) > INTENT_SYMPTOMS:
        return _unsure(index, equipment, symptoms, "too_many")
    if not symptoms:
        return _unsure(index, equipment, symptoms, "no_symptom")
    if equipment not in index.equipment:
        return _unsure(index, equipment, symptoms, "unknown_equipment")
    if not index.symptoms.issuperset(symptoms):
        return _unsure(index, equipment, symptoms, "unknown_symptom")
    answers = [index.answers.get((equipment, symptom)) for symptom in symptoms]
    known = [a for a in answers if a is not None]
    if len(known) < len(answers):
        return _unsure(index, equipment, symptoms, "no_regulation")
    if len(known) == 1:
        return known[0]
    return _unite(index, equipment, symptoms, known)


def _unite(
    index: Index, equipment: str, symptoms: tuple[str, ...], known: list[Directed]
) -> Directed:
    """Unite the answers to several symptoms: each has to say the same, and forbid none of it."""
    forbids = _once([f for a in known for f in a.forbids])
    wanted = {a.code: a for answer in known for a in (*answer.actions, *answer.candidates)}
    trouble = next((a.contradiction for a in known if a.contradiction), "")
    if not trouble and set(wanted) & set(forbids):
        trouble = "required_forbidden"
    if not trouble and _contradict(list(wanted), index.contradicts):
        trouble = "actions_contradict"
    if not trouble and any(a.actions != b.actions for a, b in pairwise(known)):
        trouble = "several_actions"
    allowed = tuple([a for code, a in wanted.items() if code not in forbids])
    return replace(
        known[0],
        symptoms=symptoms,
        actions=() if trouble else allowed,
        candidates=allowed if trouble else (),
        forbids=forbids,
        verified=all(a.verified for a in known),
        contradiction=trouble,
        why=tuple(dict.fromkeys([step for a in known for step in a.why])),
    )


def _unsure(index: Index, equipment: str, symptoms: tuple[str, ...], code: str) -> Directed:
    """Leave it to a person; what is forbidden for a symptom on any equipment is forbidden here."""
    forbids = _once(
        [
            f
            for (where, symptom), answer in index.answers.items()
            if symptom in symptoms and (where == equipment or equipment not in index.equipment)
            for f in answer.forbids
        ]
    )
    return Directed(equipment=equipment, symptoms=symptoms, forbids=forbids, contradiction=code)
