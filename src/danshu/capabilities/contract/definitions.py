"""Definitions of promises: YAML in, linted and hashed clauses out.

The YAML is read by YAML 1.2's rule for booleans (only true and false), because `on` is a key
here. Shares in `warn` become permille, so that the canonical bytes hold no float.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import yaml
from msgspec.structs import replace

from danshu.capabilities.contract import lint
from danshu.capabilities.contract.facts import Pinned
from danshu.capabilities.contract.model import Clause, Clock, Definition, Pausing, Texts, Unstarted
from danshu.kernel import calendar, canonical, limits
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    Find = Callable[[str], calendar.Calendar]

SHIPPED = ("ship48h", "nextday", "damage", "announced")

_T = TypeVar("_T")
_BOOL = "tag:yaml.org,2002:bool"
_PLACE = re.compile(r"(?s)(.*?) - at `\$?(.*)`")


class _Loader(yaml.SafeLoader):
    """Safe YAML with 1.2's booleans, that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            at = f"line {node.start_mark.line + 1}"
            raise InputError("definition_yaml", f"a mapping gives a key twice, {at}")
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))


def parse(raw: bytes, find: Find = calendar.load) -> Definition:
    """Read and lint one definition. Raises InputError with the place of what is wrong.

    `find` gives a calendar by its reference, as `calendar.load` does.
    """
    definition = convert(load_tree(raw), Definition)
    lint.check(definition)
    return replace(definition, clock=pin_calendar(definition.clock, find))


def load_tree(raw: bytes) -> Any:
    """Read YAML as plain values, the shares of its clock's `warn` as permille.

    Raises InputError `definition_bytes`, `definition_yaml` or `definition_warn`.
    """
    if len(raw) > limits.DEFINITION_BYTES:
        raise InputError("definition_bytes", f"more than {limits.DEFINITION_BYTES} bytes")
    try:
        tree = yaml.load(raw, Loader=_Loader)  # a SafeLoader: builds plain values only
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError("definition_yaml", f"not YAML: {str(error)[:200]}") from error
    _write_permille(tree)
    return tree


def convert(tree: Any, shape: type[_T]) -> _T:
    """Make plain values a Struct. Raises InputError `definition_shape` with a JSON pointer."""
    try:
        return msgspec.convert(tree, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise name_place(str(error)) from error


def pin_calendar(clock: Clock, find: Find = calendar.load) -> Clock:
    """Name the calendar with its digest, so that the digest of what holds the clock covers it too.

    Raises InputError `definition_calendar` when it is unknown.
    """
    if clock.calendar == "elapsed":
        return clock
    return replace(clock, calendar=_find_calendar(clock.calendar, find).reference)


def read(body: bytes, find: Find = calendar.load) -> Clause:
    """Read a definition's canonical bytes, as stored, and make it ready.

    Raises InputError when the bytes are no linted definition.
    """
    try:
        definition = msgspec.json.decode(body, type=Definition)
    except (msgspec.DecodeError, RecursionError) as error:
        raise name_place(str(error)) from error
    lint.check(definition)
    return prepare(definition, find)


def encode(definition: Definition) -> bytes:
    """Write the canonical bytes of a definition: what its digest is of."""
    return canonical.encode_struct(definition)


def prepare(definition: Definition, find: Find = calendar.load) -> Clause:
    """Make a linted definition ready for the hot path.

    Raises InputError when its calendar is unknown.
    """
    clock, params = definition.clock, definition.params
    zh, en = lint.render(definition.text, params, "/text")
    breach_zh, breach_en = lint.render(definition.breach, params, "/breach")
    limit_ms = lint.parse_duration(clock.limit, "/clock/limit") if clock.limit else 0
    permille = tuple([level for level in clock.warn if isinstance(level, int)])
    before = tuple(
        [
            lint.parse_duration(level, "/clock/warn")
            for level in clock.warn
            if isinstance(level, str)
        ]
    )
    days = None if clock.calendar == "elapsed" else _find_calendar(clock.calendar, find)
    plain = days is None and limit_ms > 0
    offsets = [limit_ms * p // 1000 for p in permille] + [limit_ms - b for b in before]
    rule = definition.applies
    digest = hashlib.sha256(encode(definition)).hexdigest()
    text_digest = Texts(zh=_digest(zh), en=_digest(en))
    return Clause(
        definition=definition,
        code=definition.code,
        version=definition.version,
        digest=digest,
        text=Texts(zh=zh, en=en),
        text_digest=text_digest,
        breach=Texts(zh=breach_zh, en=breach_en),
        start=clock.start,
        stop=clock.stop,
        stop_alt=clock.stop_alt,
        void=clock.void,
        rank={source: at for at, source in enumerate(clock.precedence)},
        early_stop=clock.early_stop,
        perdurant=definition.perdurant,
        conditional=bool(
            rule.channels
            or rule.channels_not
            or rule.regions
            or rule.presale is not None
            or rule.announced
        ),
        requested=rule.requested,
        platform=clock.platform == "ship_by",
        limit_ms=limit_ms,
        until_days=clock.until.days if clock.until else -1,
        until_ms=lint.parse_time(clock.until.time, "/clock/until/time") if clock.until else 0,
        tz=clock.tz,
        calendar=days,
        pauses=tuple(
            [
                Pausing(p.on, p.until, lint.parse_duration(p.max, "/clock/pause"))
                for p in clock.pause
            ]
        ),
        warn_permille=permille,
        warn_before_ms=before,
        plain=plain,
        warn_offsets_ms=tuple(sorted(offsets)) if plain else (),
        unstarted=Unstarted(
            zh=_pinned(definition, digest, "zh", text_digest.zh),
            en=_pinned(definition, digest, "en", text_digest.en),
        ),
    )


def load(raw: bytes, find: Find = calendar.load) -> Clause:
    """Read, lint and prepare one definition in YAML. Raises InputError with a pointer."""
    return prepare(parse(raw, find), find)


def book(clauses: Iterable[Clause]) -> Mapping[str, Clause]:
    """Give the clauses by the digest of their definition, as `evolve` wants them."""
    return {clause.digest: clause for clause in clauses}


@lru_cache(maxsize=1)
def shipped() -> tuple[Clause, ...]:
    """Give the clauses that come with the hub: 48小时发货, 次日达, 破损包赔."""
    folder = resources.files("danshu") / "data" / "promises"
    return tuple([load((folder / f"{code}.yaml").read_bytes()) for code in SHIPPED])


def _find_calendar(name: str, find: Find) -> calendar.Calendar:
    try:
        return find(name)
    except InputError as error:
        raise InputError("definition_calendar", error.detail, "/clock/calendar") from error


def _pinned(definition: Definition, digest: str, lang: str, text: str) -> Pinned:
    return Pinned(
        code=definition.code, definition=digest, lang=lang, text=text, version=definition.version
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write_permille(tree: Any) -> None:
    """Turn the shares in `warn` into whole permille, in place."""
    clock = tree.get("clock") if isinstance(tree, dict) else None
    warn = clock.get("warn") if isinstance(clock, dict) else None
    if not isinstance(warn, list):
        return
    for at, level in enumerate(warn):
        if not isinstance(level, (int, float)) or isinstance(level, bool):
            continue
        pointer = f"/clock/warn/{at}"
        if not 0 < level < 1:  # also refuses nan
            raise InputError("definition_warn", "a share is between 0 and 1", pointer)
        permille = round(level * 1000)
        if abs(level * 1000 - permille) > 1e-6:
            raise InputError("definition_warn", "a share has at most 3 decimals", pointer)
        warn[at] = permille


def name_place(message: str) -> InputError:
    """Make msgspec's words and path into an InputError with a JSON pointer."""
    found = _PLACE.fullmatch(message)
    if found is None:
        return InputError("definition_shape", message[:200])
    path = found.group(2).replace("[...]", "/*").replace("[", "/").replace("]", "")
    return InputError("definition_shape", found.group(1)[:200], path.replace(".", "/"))
