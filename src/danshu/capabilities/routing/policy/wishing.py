"""A policy told in words, read by rules into one decision table; or not read at all.

What is not understood is named, and then there is no plan: half a policy is another policy. Reading
needs no model, and words can do no more than these rules let them: choose known fields, known
warehouses and the effects that a table may have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.routing.policy.model import Case, Graph, GraphEdge, GraphNode, PolicySet
from danshu.capabilities.routing.policy.wish_words import (
    FILLERS,
    KINDS,
    OR,
    RATE,
    REVIEWS,
    VERBS,
    Limb,
    Meaning,
    amounts,
    calendar,
    goods,
    parcels,
    weather,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

Rule = Callable[[str, int], int]
PREFERENCE_FEN: Final = 500
"""How much nearer, in fen, a preferred warehouse counts; a person sees and changes it."""
_FIELDS: Final = ("effect", "where", "fen", "most", "reason")
_NAMES: Final = ("效果", "选哪些仓", "加减(分)", "包裹上限", "原因")


class Known(Struct, frozen=True, kw_only=True):
    """What words may name: (name, values). Names are in plain characters (lower case, one width);
    places have six-digit province codes, spans of days (first, last) as 20261111.
    """

    places: tuple[tuple[str, tuple[str, ...]], ...] = ()
    warehouses: tuple[tuple[str, str], ...] = ()
    channels: tuple[tuple[str, str], ...] = ()
    spans: tuple[tuple[str, tuple[int, int]], ...] = ()


class Wished(Struct, frozen=True, kw_only=True):
    """What was read. `policy` is None where something was not: `unknown` are those words, `why`
    says more about them where that helps.
    """

    policy: PolicySet | None
    zh: str
    en: str
    understood: tuple[Meaning, ...]
    unknown: tuple[str, ...]
    why: tuple[Meaning, ...] = ()


class _Read(Struct, kw_only=True):
    """What has been gathered so far; `targets` and `verbs` stand in `row` in their order."""

    limbs: list[Limb] = []
    row: list[tuple[str, str, str]] = []  # verb or target, value, as people call it
    effects: list[tuple[dict[str, str | int], Meaning]] = []
    unknown: list[str] = []
    why: list[Meaning] = []
    ors: list[tuple[int, int]] = []


def read(words: str, known: Known) -> Wished:
    """Read words (plain characters) with the names that the merchant has."""
    state = _Read()
    rules = _rules(known, state)
    at, lost = 0, ""
    while at < len(words):
        step = next((n for rule in rules if (n := rule(words, at))), 0)
        filler = 0 if step else _match(FILLERS, words, at)
        if not step and not filler:
            lost += words[at]
            at += 1
            continue
        if lost:
            state.unknown.append(lost)
            lost = ""
        at += step or filler
    if lost:
        state.unknown.append(lost)
    _check_ors(state)
    _pair(state)
    return _conclude(words, state)


def _match(pattern: re.Pattern[str], words: str, at: int) -> int:
    found = pattern.match(words, at)
    return found.end() - at if found else 0


def _rules(known: Known, state: _Read) -> tuple[Rule, ...]:
    """Give the readers, the surer before the vaguer; each says how many characters it took."""
    row, limbs = state.row, state.limbs
    return (
        lambda w, at: _read_rate(w, at, state),
        _named(known.warehouses, lambda _, v: row.append(("target", f'code == "{v}"', v))),
        _named(KINDS, lambda name, v: row.append(("target", f'kind == "{v}"', name))),
        lambda w, at: _read_effect(w, at, state),
        lambda w, at: _gather(limbs, calendar(w, at, known.spans)),
        lambda w, at: _gather(limbs, amounts(w, at)),
        lambda w, at: _gather(limbs, weather(w, at)),
        lambda w, at: _gather(limbs, goods(w, at)),
        _named(known.channels, lambda n, v: limbs.append(_any("order.channel", n, (v,)))),
        _named(known.places, lambda n, v: limbs.append(_any("order.province", n, v))),
        lambda w, at: _read_or(w, at, state),
    )


def _named(names: Iterable[tuple[str, Any]], take: Callable[[str, Any], None]) -> Rule:
    """Read one of the names, the longest that fits."""
    longest = sorted(((n, v) for n, v in names if n), key=lambda e: (-len(e[0]), e[0]))

    def rule(words: str, at: int) -> int:
        for name, value in longest:
            if words.startswith(name, at) and _whole(words, at, name):
                take(name, value)
                return len(name)
        return 0

    return rule


def _gather(limbs: list[Limb], found: tuple[int, tuple[Limb, ...]]) -> int:
    limbs.extend(found[1])
    return found[0]


def _read_rate(words: str, at: int, state: _Read) -> int:
    taken = _match(RATE, words, at)
    if taken:
        state.unknown.append(words[at : at + taken].strip())
        state.why.append(
            Meaning(
                zh="每仓限量由仓的日产能管,不是分仓策略",
                en="how much a warehouse takes is its capacity, no policy of routing",
            )
        )
    return taken


def _read_effect(words: str, at: int, state: _Read) -> int:
    taken, most = parcels(words, at)
    if taken:
        told = Meaning(zh=f"最多 {most} 个包裹", en=f"at most {most} parcels")
        state.effects.append(({"effect": "parcels_max", "most": most}, told))
        return taken
    for pattern, effect, zh, en in REVIEWS:
        if taken := _match(pattern, words, at):
            state.effects.append(({"effect": effect, "reason": zh}, Meaning(zh=zh, en=en)))
            return taken
    for pattern, effect in VERBS:
        if taken := _match(pattern, words, at):
            state.row.append(("verb", effect, ""))
            return taken
    return 0


def _read_or(words: str, at: int, state: _Read) -> int:
    """Either of two: a table has that for names of one field only, see `_check_ors`."""
    taken = _match(OR, words, at)
    if taken:
        state.ors.append((len(state.limbs), len(state.row)))
    return taken


def _check_ors(state: _Read) -> None:
    """Conditions of a row all hold: what was told as either of two would become both."""
    for limb, row in state.ors:
        limbs, targets = state.limbs[limb - 1 : limb + 1], state.row[row - 1 : row + 1]
        names = len(limbs) == 2 and len({n.field for n in limbs}) == 1
        is_name = names and limbs[0].cell.startswith("'")
        is_place = len(targets) == 2 and {kind for kind, _, _ in targets} == {"target"}
        if not (limb and is_name) and not (row and is_place):
            state.unknown.append("或")
            state.why.append(
                Meaning(zh="「或」只用于同类名字", en="either of two is for names of one kind")
            )


def _whole(words: str, at: int, name: str) -> bool:
    """A name in Latin letters ends where its word ends."""
    if not name.isascii():
        return True
    around = words[max(0, at - 1) : at] + words[at + len(name) : at + len(name) + 1]
    return not any(c.isascii() and c.isalnum() for c in around)


def _any(field: str, name: str, values: Sequence[str]) -> Limb:
    told = {"order.channel": ("渠道", "channel"), "order.province": ("收货地", "to")}[field]
    return Limb(
        field=field,
        cell=", ".join(f"'{v}'" for v in values),
        told=Meaning(zh=f"{told[0]} {name}", en=f"{told[1]} {name}"),
        yes=values[0],
        name=told[0],
        no="other" if field == "order.channel" else "000000",
    )


def _pair(state: _Read) -> None:
    """Give each verb the warehouses that follow it; those before the first verb are its own."""
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    before: list[tuple[str, str]] = []
    for kind, value, name in state.row:
        if kind == "verb":
            groups.append((value, []))
        else:
            (groups[-1][1] if groups else before).append((value, name))
    if before and groups:
        groups[0][1][:0] = before
    elif before:
        state.unknown += [name for _, name in before]
        state.why.append(Meaning(zh="没说拿这些仓怎么办", en="what to do with them was not said"))
    for verb, targets in groups:
        if not targets:
            state.unknown.append({"prefer": "优先", "require": "只用"}.get(verb, verb))
            state.why.append(Meaning(zh="没说是哪个仓", en="which warehouse was not said"))
            continue
        where = " or ".join(dict.fromkeys(value for value, _ in targets))
        if verb == "require" and len(targets) > 1:
            where = f"({where})"
        told = "、".join(dict.fromkeys(name for _, name in targets))
        zh, en = {
            "prefer": ("优先", "prefer"), "require": ("只用", "use only"),
            "forbid": ("不用", "do not use"), "avoid": ("避让", "avoid"),
        }[verb]  # fmt: skip
        effect: dict[str, str | int] = {"effect": verb, "where": where}
        if verb in ("prefer", "avoid"):
            effect["fen"] = PREFERENCE_FEN
        state.effects.append((effect, Meaning(zh=f"{zh} {told}", en=f"{en} {told}")))


def _conclude(words: str, state: _Read) -> Wished:
    limbs = _join(state.limbs)
    meanings = tuple([*[limb.told for limb in limbs], *[told for _, told in state.effects]])
    zh_if = "、".join(limb.told.zh for limb in limbs) or "所有订单"
    en_if = ", ".join(limb.told.en for limb in limbs) or "all orders"
    zh = f"{zh_if}:{';'.join(t.zh for _, t in state.effects)}"
    en = f"{en_if}: {'; '.join(t.en for _, t in state.effects)}"
    unknown, why = tuple(state.unknown), list(state.why)
    if not state.effects and not unknown:
        why.append(Meaning(zh="没说要怎么办", en="what to do was not said"))
    if unknown or not state.effects:
        return Wished(
            policy=None, zh="", en="", understood=meanings, unknown=unknown, why=tuple(why)
        )
    code = "wish_" + hashlib.sha256(words.encode()).hexdigest()[:8]
    graph = _graph(code, zh[:60], en[:60], limbs, state.effects)
    policy = PolicySet(graphs=(graph,), cases=_cases(zh[:40], limbs, state.effects))
    return Wished(policy=policy, zh=zh, en=en, understood=meanings, unknown=())


def _join(limbs: Sequence[Limb]) -> list[Limb]:
    """Two values of one field: either of names, both of numbers."""
    by: dict[str, Limb] = {}
    for limb in limbs:
        known = by.get(limb.field)
        by[limb.field] = limb if known is None else known.join(limb)
    return list(by.values())


def _graph(
    code: str,
    zh: str,
    en: str,
    limbs: Sequence[Limb],
    effects: Sequence[tuple[dict[str, str | int], Meaning]],
) -> Graph:
    rules = []
    for n, (effect, told) in enumerate(effects, 1):
        row: dict[str, str] = {"_id": f"r{n}", "_description": told.zh[:60]}
        row |= {f"i{i}": limb.cell for i, limb in enumerate(limbs, 1)}
        for o, field in enumerate(_FIELDS, 1):
            value = effect.get(field, "")
            row[f"o{o}"] = str(value) if isinstance(value, int) or not value else f"'{value}'"
        rules.append(row)
    table = {
        "hitPolicy": "collect",
        "passThrough": False,
        "outputPath": "effects",
        "executionMode": "single",
        "inputs": [
            {"id": f"i{i}", "name": limb.name, "field": limb.field}
            for i, limb in enumerate(limbs, 1)
        ],
        "outputs": [
            {"id": f"o{o}", "name": name, "field": field}
            for o, (field, name) in enumerate(zip(_FIELDS, _NAMES, strict=True), 1)
        ],
        "rules": rules,
    }
    return Graph(
        code=code,
        zh=zh,
        en=en,
        nodes=(
            GraphNode(id="in", type="inputNode", name="订单与信号", position={"x": 80, "y": 200}),
            GraphNode(
                id="rules", type="decisionTableNode", name="用话起草", content=table,
                position={"x": 360, "y": 200},
            ),
            GraphNode(id="out", type="outputNode", name="策略效果", position={"x": 660, "y": 200}),
        ),
        edges=(
            GraphEdge(id="e1", source_id="in", target_id="rules"),
            GraphEdge(id="e2", source_id="rules", target_id="out"),
        ),
        purpose=zh,
    )  # fmt: skip


def _cases(
    name: str, limbs: Sequence[Limb], effects: Sequence[tuple[dict[str, str | int], Meaning]]
) -> tuple[Case, ...]:
    """Give a case that all conditions hold in, and one in which the first does not."""
    said = tuple((str(e["effect"]), str(e.get("where", ""))) for e, _ in effects)
    yes = Case(name=f"{name}:满足", context=_context(limbs), expect=said)
    if not limbs:
        return (yes,)
    first, *others = limbs
    no = Case(name=f"{name}:不满足", context=_context([*others], first), expect=())
    return yes, no


def _context(limbs: Sequence[Limb], broken: Limb | None = None) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for limb in (*limbs, *([broken] if broken else [])):
        root, _, field = limb.field.partition(".")
        context.setdefault(root, {})[field] = limb.no if limb is broken else limb.yes
    return context
