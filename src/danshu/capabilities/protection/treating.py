"""A table of rows made less recognisable: masked, renamed, scrubbed, generalised, thinned.

Columns are lists of one length, `persons` says whose row each is (None: nobody's). Everything is a
function of them and of the plan; the report counts people, not rows, so that somebody with many
orders is no crowd.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from danshu.capabilities.protection import generalising, lattice, masking, strength
from danshu.capabilities.protection.crowds import Crowds
from danshu.capabilities.protection.lattice import Aim
from danshu.capabilities.protection.model import Strength

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from danshu.capabilities.protection.generalising import Kind
    from danshu.capabilities.protection.strength import Key

Columns = dict[str, list[Any]]


class Plan(Struct, frozen=True, kw_only=True):
    """What is done to which columns.

    `quasi`: what others may know of a person, each with its hierarchy. `sensitive`: what must not
    be learnt, "" where nothing is told of. `masked`: column -> its class. `renamed` get a name of
    the recipient's own, made with `key`. `texts` are scrubbed. `aim` None only measures.
    """

    quasi: dict[str, generalising.Kind] = {}
    sensitive: str = ""
    masked: dict[str, str] = {}
    renamed: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    key: bytes = b""
    aim: Aim | None = None


class Treated(Struct, frozen=True, kw_only=True):
    """The rows that may leave, how strong they are, and to which level each column went.

    `kept` are the places of the rows that stayed. None of `strength` where no row is a person's.
    """

    columns: Columns
    kept: tuple[int, ...]
    strength: Strength | None
    levels: dict[str, int]


def treat(
    columns: Mapping[str, Sequence[Any]],
    persons: Sequence[str | None],
    plan: Plan,
    scrub: Callable[[str], str],
) -> Treated | None:
    """Treat a table; None where no generalisation reaches the aim."""
    quasi = [name for name in plan.quasi if name in columns]
    kinds = [plan.quasi[name] for name in quasi]
    levels = (0,) * len(quasi)
    keys = list(zip(*(columns[name] for name in quasi), strict=True)) if quasi else []
    keys = keys or [()] * len(persons)
    values = columns.get(plan.sensitive) or [None] * len(persons)
    peopled = any(p is not None for p in persons)
    if plan.aim is not None and peopled:
        first = keys

        def exact(at: tuple[int, ...]) -> dict[Key, Counter[Any]]:
            return _classes(_told(first, kinds, at), persons, values)

        reach = Crowds(first, persons, kinds).reach
        found = lattice.search({}, kinds, plan.aim, exact=exact, reach=reach)
        if found is None:
            return None
        levels = found.levels
        keys = _told(first, kinds, levels)
    classes = _classes(keys, persons, values)
    least = plan.aim.k if plan.aim is not None else 0
    good = {
        key
        for key, counted in classes.items()
        if counted.total() >= least and (plan.aim is None or len(counted) >= plan.aim.distinct)
    }
    kept = tuple(at for at, person in enumerate(persons) if person is None or keys[at] in good)
    told = None
    if peopled:
        left = sum(counted.total() for key, counted in classes.items() if key not in good)
        told = strength.measure(
            {key: counted for key, counted in classes.items() if key in good}, suppressed=left
        )
    return Treated(
        columns=_write(columns, keys, quasi, kept, plan, scrub),
        kept=kept,
        strength=told,
        levels=dict(zip(quasi, levels, strict=True)),
    )


def _told(keys: Sequence[Key], kinds: Sequence[Kind], levels: Sequence[int]) -> list[Key]:
    """Generalise keys; each different one once."""
    made = {
        key: tuple(
            generalising.generalise(kind, level, value)
            for kind, level, value in zip(kinds, levels, key, strict=True)
        )
        for key in set(keys)
    }
    return [made[key] for key in keys]


def _classes(
    keys: Iterable[Key], persons: Sequence[str | None], values: Sequence[Any]
) -> dict[Key, Counter[Any]]:
    """Count people into classes, each once a class, by the first value that they are seen with."""
    seen: set[tuple[Key, str]] = set()
    classes: dict[Key, Counter[Any]] = {}
    for key, person, value in zip(keys, persons, values, strict=True):
        if person is None or (key, person) in seen:
            continue
        seen.add((key, person))
        classes.setdefault(key, Counter())[value] += 1
    return classes


def _write(
    columns: Mapping[str, Sequence[Any]],
    keys: Sequence[Key],
    quasi: Sequence[str],
    kept: Sequence[int],
    plan: Plan,
    scrub: Callable[[str], str],
) -> Columns:
    place = {name: at for at, name in enumerate(quasi)}
    out: Columns = {}
    for name, values in columns.items():
        if name in place:
            told = [keys[at][place[name]] for at in kept]
        else:
            told = [values[at] for at in kept]
        if name in plan.renamed:
            told = [masking.pseudonym(plan.key, str(v)) if v is not None else None for v in told]
        elif name in plan.masked:
            told = [mask(v, plan.masked[name]) for v in told]
        elif name in plan.texts:
            told = [scrub(v) if isinstance(v, str) else v for v in told]
        out[name] = told
    return out


def mask(value: Any, kind: str) -> Any:
    """Mask a text by its class; a number is told by its band (¥10, or 5 pieces)."""
    if isinstance(value, str):
        return masking.mask(value, kind)
    if isinstance(value, int) and not isinstance(value, bool):
        return generalising.generalise("amount" if kind == "amount" else "count", 1, value)
    return value
