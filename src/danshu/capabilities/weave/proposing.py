"""Proposes a mapping by names: the trade's own words, what others call them, and how alike two
names are.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import yaml
from msgspec import Struct

from danshu.capabilities.weave.woven import FieldType, Kind, ListType, WovenField, WovenLeaf
from danshu.kernel.limits import WOVEN_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIKE: Final = 0.72  # below this two names are strangers
_DEPTH: Final = 8
_FIELDS: Final = 200
_WORD: Final = re.compile(r"[A-Za-z][a-z]*|[A-Z]+(?![a-z])|[0-9]+")
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS: Final[dict[Kind, tuple[tuple[str, str, bool], ...]]] = {
    "stock_query": (
        ("sku", "text", True),
        ("warehouse", "text", False),
        ("on_hand", "integer", True),
        ("locked", "integer", False),
    ),
    "capacity_match": (
        ("carrier", "text", True),
        ("left_l", "number", True),
        ("eta_min", "number", False),
        ("price_fen", "integer", False),
    ),
    "generic": (),
}
_ROWS: Final[dict[Kind, tuple[str, str, str]]] = {
    "stock_query": ("stock", "库存", "Stock"),
    "capacity_match": ("carriers", "承运商", "Carriers"),
    "generic": ("rows", "明细", "Rows"),
}


class FarField(Struct, frozen=True, kw_only=True):
    """A field of the far side: `path` from the root in JSONata, `rows` the list that it stands in
    ("" for none), `example` as JSON.
    """

    path: str
    name: str
    type: str
    rows: str = ""
    required: bool = False
    example: str = ""
    zh: str = ""
    en: str = ""


class _Named(Struct, frozen=True):
    zh: str
    en: str
    also: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def vocabulary() -> dict[str, _Named]:
    """Read what the trade calls fields, and what others call them."""
    raw = (resources.files("danshu") / "data" / "woven" / "vocabulary.yaml").read_bytes()
    return msgspec.convert(yaml.safe_load(raw), dict[str, _Named])


def flatten(sample: Any, path: str = "", rows: str = "", depth: int = 0) -> list[FarField]:
    """List the fields of a sample; of a list its first row speaks for all."""
    found: list[FarField] = []
    if depth > _DEPTH:
        return found
    if isinstance(sample, list) and not rows:
        first = sample[0] if sample else None
        if isinstance(first, dict):
            return flatten(first, path, path or "$", depth + 1)
        return [_far(path, rows, "list", sample)] if path else []
    if not isinstance(sample, dict):
        return found
    for key, value in sample.items():
        here = f"{path}.{quote_name(key)}" if path and path != "$" else quote_name(key)
        if isinstance(value, dict) or (isinstance(value, list) and not rows and _has_rows(value)):
            found += flatten(value, here, rows, depth + 1)
        else:
            found.append(_far(here, rows, _kind(value), value, key))
    return found[:_FIELDS]


def flatten_schema(
    schema: Mapping[str, Any], path: str = "", rows: str = "", depth: int = 0
) -> list[FarField]:
    """List the fields of a resolved JSON Schema."""
    found: list[FarField] = []
    if depth > _DEPTH:
        return found
    if schema.get("items") is not None and schema["items"].get("properties") and not rows:
        return flatten_schema(schema["items"], path, path or "$", depth + 1)
    needed = schema.get("required", [])
    for key, inner in (schema.get("properties") or {}).items():
        here = f"{path}.{quote_name(key)}" if path and path != "$" else quote_name(key)
        kind = inner.get("type")
        kind = next((k for k in kind if k != "null"), "") if isinstance(kind, list) else kind
        items = inner.get("items") or {}
        if inner.get("properties") or (kind == "array" and items.get("properties") and not rows):
            found += flatten_schema(inner, here, rows, depth + 1)
            continue
        types = {"string": "text", "array": "list", "object": "any", None: "any"}
        said = _far(here, rows, types.get(kind, str(kind)), inner.get("example"), key)
        found.append(msgspec.structs.replace(said, required=key in needed))
    return found[:_FIELDS]


def _has_rows(value: Sequence[Any]) -> bool:
    return bool(value) and isinstance(value[0], dict)


def _far(path: str, rows: str, kind: str, value: Any, name: str = "") -> FarField:
    word = name or path.rpartition(".")[2]
    known, score = best(word, tuple(vocabulary()))
    told = vocabulary()[known] if score >= _ALIKE else _Named("", "")
    text = "" if value is None else msgspec.json.encode(value).decode()
    return FarField(
        path=path, name=word, type=kind, rows=rows, required=value is not None,
        example=text[:200], zh=told.zh, en=told.en,
    )  # fmt: skip


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "text", list: "list"}
    return kinds.get(type(value), "any")


def quote_name(name: str) -> str:
    """Write a name as JSONata does."""
    return name if _PLAIN.fullmatch(name) else f"`{name.replace('`', '')}`"


def alike(name: str, target: str) -> float:
    """Say from 0 to 1 how alike a name is to one of the trade's, by its own and its other names."""
    told = vocabulary().get(target)
    ways = (target, *(told.also if told else ()))
    mine = _spell(name)
    return max(difflib.SequenceMatcher(None, mine, _spell(way)).ratio() for way in ways)


def best(name: str, targets: Sequence[str]) -> tuple[str, float]:
    """Give the target that a name is most like."""
    scored = [(alike(name, target), target) for target in targets]
    score, target = max(scored, default=(0.0, ""))
    return target, score


def _spell(name: str) -> str:
    return "".join(_WORD.findall(name)).lower()


def snake(name: str) -> str:
    """Write a name as fields of ours are written."""
    words = "_".join(word.lower() for word in _WORD.findall(name))
    words = re.sub(r"^[^a-z_]+", "", words)[:64]
    return words or "field"


def name_asked(kind: Kind, field: FarField) -> WovenField:
    """Name the field of the question that fills a part of the request."""
    targets = {"stock_query": ("warehouse", "sku", "skus"), "generic": ()}.get(
        kind, ("lane", "warehouse", "region", "volume_l")
    )
    target, score = best(field.name, targets)
    name = target if score >= _ALIKE else snake(field.name)
    told = vocabulary().get(name)
    kinds = ("text", "integer", "number", "boolean", "list")
    return WovenField(
        name=name,
        type=cast("ListType", field.type if field.type in kinds else "any"),
        required=field.required,
        zh=told.zh if told else field.zh,
        en=told.en if told else field.en,
    )


def map_answer(kind: Kind, gives: Sequence[FarField]) -> tuple[WovenField, ...]:
    """Propose the answer's fields with their expressions."""
    lists = list(dict.fromkeys([field.rows for field in gives if field.rows]))
    targets = _KINDS[kind]
    if not targets:
        return _generic(gives, lists)
    scored = [(_match(targets, [f for f in gives if f.rows == rows]), rows) for rows in
              (*lists, "")]  # fmt: skip
    (_, mapped), rows = max(scored, key=lambda pair: pair[0][0])
    name, zh, en = _ROWS[kind]
    leaves = []
    for target, type_, is_required in targets:
        far = mapped.get(target)
        if far is None and not is_required:
            continue
        told = vocabulary()[target]
        leaves.append(
            WovenLeaf(
                name=target,
                type=cast("FieldType", type_),
                required=is_required,
                zh=told.zh,
                en=told.en,
                expression=_expression(far, type_) if far else "",
            )
        )
    head = WovenField(
        name=name, type="list", zh=zh, en=en, expression=rows or "$", of=tuple(leaves)
    )
    return (head,)


def _match(
    targets: Sequence[tuple[str, str, bool]], fields: Sequence[FarField]
) -> tuple[float, dict[str, FarField]]:
    """Give each target the field that is most like it, each field once; the best pairs first."""
    pairs = sorted(
        [(alike(f.name, target), target, n) for n, f in enumerate(fields) for target, _, _ in
         targets],
        reverse=True,
    )  # fmt: skip
    taken: set[int] = set()
    mapped: dict[str, FarField] = {}
    total = 0.0
    for score, target, number in pairs:
        if score >= _ALIKE and target not in mapped and number not in taken:
            mapped[target] = fields[number]
            taken.add(number)
            total += score
    return total, mapped


def _generic(gives: Sequence[FarField], lists: Sequence[str]) -> tuple[WovenField, ...]:
    made: dict[str, WovenField] = {}
    for field in gives:
        if field.rows or len(made) >= WOVEN_FIELDS:
            continue
        name = _free(snake(field.name), made)
        made[name] = WovenField(
            name=name,
            type=cast("ListType", field.type),
            required=field.required,
            zh=field.zh,
            en=field.en,
            expression=field.path,
        )
    for rows in lists:
        leaves: dict[str, WovenLeaf] = {}
        for field in [f for f in gives if f.rows == rows][:WOVEN_FIELDS]:
            leaf = _free(snake(field.name), leaves)
            type_ = field.type if field.type != "list" else "any"
            leaves[leaf] = WovenLeaf(
                name=leaf, type=cast("FieldType", type_), required=field.required, zh=field.zh,
                en=field.en, expression=_expression(field, type_),
            )  # fmt: skip
        name = _free(snake(rows.rpartition(".")[2]) if rows != "$" else "rows", made)
        made[name] = WovenField(name=name, type="list", expression=rows, of=tuple(leaves.values()))
    return tuple(made.values())


def _free(name: str, taken: Mapping[str, object]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _expression(field: FarField, type_: str) -> str:
    """Write how a field is read within its row, as a number where one is told as a text."""
    path = field.path
    if field.rows and field.rows != "$":
        path = path.removeprefix(f"{field.rows}.")
    is_number = type_ in ("integer", "number")
    return f"$number({path})" if is_number and field.type == "text" else path


def example(gives: Sequence[FarField]) -> Any:
    """Make a response from fields of a document, with their examples."""
    root: Any = {}
    if gives and gives[0].rows == "$":
        return [example([msgspec.structs.replace(f, rows="") for f in gives])]
    for field in gives:
        at = root
        steps = _steps(field.path)
        behind = len(_steps(field.rows)) if field.rows else 0
        for number, step in enumerate(steps[:-1], start=1):
            at = at.setdefault(step, [{}] if number == behind else {})
            at = at[0] if isinstance(at, list) else at
        at[steps[-1]] = _value(field)
    return root


def _steps(path: str) -> list[str]:
    return [step.strip("`") for step in re.findall(r"`[^`]*`|[^.]+", path)]


def _value(field: FarField) -> Any:
    if field.example:
        return msgspec.json.decode(field.example.encode()) if _whole(field.example) else field.name
    return {"text": field.name, "integer": 1, "number": 1.5, "boolean": True, "list": []}.get(
        field.type
    )


def _whole(text: str) -> bool:
    try:
        msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return False
    return True


def example_of(field: WovenField, far: FarField) -> Any:
    """Give an example of a question's field that is of its type."""
    value = _value(far)
    fits: dict[str, Any] = {
        "text": str,
        "integer": int,
        "boolean": bool,
        "number": (int, float),
        "list": list,
    }
    kind = fits.get(field.type, object)
    if isinstance(value, kind) and (field.type == "boolean") == isinstance(value, bool):
        return value
    return {"text": field.name, "integer": 1, "number": 1.5, "boolean": True, "list": []}.get(
        field.type
    )
