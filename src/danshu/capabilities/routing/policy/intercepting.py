"""An intercept set 错单拦截规则集 at work: whether an order may go on, by what is seen of it.

The graphs, their language, their linter and their engine are those of every policy; what they look
at and may say is their own. A graph's word depends on the fields that it names, on nothing else: it
is remembered by their values, so that the usual order costs one look-up.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.policy.effects import STOPS, PolicyEffect
from danshu.capabilities.routing.policy.engine import BROKEN, Said, now_of
from danshu.capabilities.routing.policy.fields import INTERCEPT
from danshu.kernel.limits import POLICY_MEMO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.policy.engine import Compiled

PATHS: Final = tuple(field.path for field in INTERCEPT)
PLACE: Final = {path: n for n, path in enumerate(PATHS)}
_NOW: Final = tuple(path for path in PATHS if path.startswith("now."))


class Verdict(Struct, frozen=True, kw_only=True):
    """What a set says of an order: `effect` is the gravest of reject, hold and review, "" where it
    may go on; `reasons` in words, `rules` what was hit ("graph/row"), both in order.
    """

    policy: str
    effect: str
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    tell: tuple[str, ...] = ()


class Interceptor:
    """A compiled intercept set. Not for several threads at once."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        used = sorted({n for each in compiled.paths for n in each})
        self.used = tuple(used)
        self.reads = frozenset(PATHS[n] for n in used)
        self._key = itemgetter(*used) if len(used) > 1 else None
        self._getters = [itemgetter(*p) if len(p) > 1 else None for p in compiled.paths]
        self._said: dict[tuple[Any, ...], Said] = {}
        self._verdicts: dict[Any, Verdict | None] = {}

    def judge(self, seen: Sequence[Any]) -> Verdict | None:
        """Say what the set says of what is seen, in the order of PATHS; None for nothing.

        What a graph cannot work out asks for review, with the graph's name: it is never skipped.
        """
        if not self.used:
            return None
        key = self._key(seen) if self._key else seen[self.used[0]]
        try:
            return self._verdicts[key]
        except KeyError:
            if len(self._verdicts) >= POLICY_MEMO:
                self._verdicts.clear()
            told = self._verdicts[key] = self._judge(seen)
            return told

    def _judge(self, seen: Sequence[Any]) -> Verdict | None:
        effects: list[PolicyEffect] = []
        for n, (code, places) in enumerate(
            zip(self.compiled.codes, self.compiled.paths, strict=True)
        ):
            get = self._getters[n]
            key = (n, get(seen) if get else tuple([seen[p] for p in places]))
            said = self._said.get(key)
            if said is None:
                said = self.compiled.run(code, msgspec.json.encode(_nest(seen, places)))
                if len(self._said) >= POLICY_MEMO:
                    self._said.clear()
                if not said.trouble:
                    self._said[key] = said
            effects += said.effects
            if said.trouble:
                effects.append(PolicyEffect(effect="review", reason=BROKEN, rule=code))
        return settle(effects, self.compiled.digest)

    def explain(self, seen: Sequence[Any]) -> tuple[tuple[str, str], ...]:
        """Give what the set looked at, as (field, value in text)."""
        return tuple([(PATHS[n], _text(seen[n])) for n in self.used])


def settle(effects: Sequence[PolicyEffect], policy: str) -> Verdict | None:
    """Make one verdict of effects; None where nothing was said."""
    stops = [e for e in effects if e.effect in STOPS]
    tell = tuple(dict.fromkeys(e.reason for e in effects if e.effect == "tell"))
    if not stops and not tell:
        return None
    gravest = next((name for name in STOPS if any(e.effect == name for e in stops)), "")
    return Verdict(
        policy=policy,
        effect=gravest,
        rules=tuple(dict.fromkeys(e.rule for e in stops if e.rule)),
        reasons=tuple(dict.fromkeys(e.reason for e in stops)),
        tell=tell,
    )


def moment(now_ms: int) -> tuple[int, ...]:
    """Give the moment as the last fields of PATHS, in China's time."""
    told = now_of(now_ms)
    return tuple([told[path.removeprefix("now.")] for path in _NOW])


def _nest(seen: Sequence[Any], places: Sequence[int]) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for n in places:
        root, _, name = PATHS[n].partition(".")
        out.setdefault(root, {})[name] = seen[n]
    return out


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
