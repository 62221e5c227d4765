"""What can be brought in as a sheet: kinds of master data, their fields, and how people call them.

The words are data (danshu/data/sheets.yaml); the bounds are those of the API's own rows.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

import msgspec
import yaml
from msgspec import Struct

from danshu.hub.master_rows import (
    NewBundlePart,
    NewLane,
    NewReceiver,
    NewRegion,
    NewSku,
    NewStock,
    NewWarehouse,
)

Type = Literal["text", "code", "integer", "amount", "storage", "storages", "clock", "building"]
ROWS: Final[dict[str, type[Struct]]] = {
    "skus": NewSku,
    "warehouses": NewWarehouse,
    "regions": NewRegion,
    "lanes": NewLane,
    "stock": NewStock,
    "bundles": NewBundlePart,
    "receivers": NewReceiver,
}
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "skus": ("code",),
    "warehouses": ("code",),
    "regions": ("code",),
    "lanes": ("warehouse", "region"),
    "stock": ("warehouse", "sku"),
    "bundles": ("bundle", "sku"),
    "receivers": ("order",),
}


class Unit(Struct, frozen=True, kw_only=True):
    """A unit that a cell may be in: `times` of it make one of ours."""

    name: str
    times: int
    words: tuple[str, ...]


class Field(Struct, frozen=True, kw_only=True):
    """A field of a kind: its names, how its cells are read, the unit meant when none is named."""

    name: str
    zh: str
    en: str
    type: Type
    also: tuple[str, ...] = ()
    required: bool = False
    units: tuple[Unit, ...] = ()
    unit: str = ""
    decimals: str = ""  # the unit meant when cells have decimals
    rounds: bool = False
    of: str = ""  # the kind whose code this is


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of sheet; `key` are the fields that no two rows share."""

    name: str
    zh: str
    en: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]

    @property
    def row(self) -> type[Struct]:
        """The row as the API takes it, with its bounds."""
        return ROWS[self.name]

    def field(self, name: str) -> Field:
        """Give a field by its name. Raises KeyError."""
        return _by_name(self)[name]


class Words(Struct, frozen=True, kw_only=True):
    """The data file, read: kinds, words for storage classes, words for what is wrong. `tables` are
    read the same way and not kept.
    """

    kinds: dict[str, Kind]
    tables: dict[str, Kind]
    storage: dict[str, int]
    storage_names: dict[int, str]
    reasons: dict[str, tuple[str, str]]


@lru_cache(maxsize=1)
def words() -> Words:
    """Read the data file once."""
    raw = (resources.files("danshu") / "data" / "sheets.yaml").read_bytes()
    tree: dict[str, Any] = yaml.safe_load(raw)
    storage = {int(bit): names for bit, names in tree["storage"].items()}
    return Words(
        kinds={name: _kind(name, spec, tree["units"]) for name, spec in tree["kinds"].items()},
        tables={name: _kind(name, spec, tree["units"]) for name, spec in tree["tables"].items()},
        storage={fold(word): bit for bit, names in storage.items() for word in names},
        storage_names={bit: names[0] for bit, names in storage.items()},
        reasons={code: (say["zh"], say["en"]) for code, say in tree["reasons"].items()},
    )


def fold(text: str) -> str:
    """Fold what people write alike: width, case, spaces and signs."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if c.isalnum() or c == "°")


def explain(code: str, field: str, value: str, detail: str, lang: str = "zh") -> str:
    """Say in words why a row was left out; `field` is its name in that language."""
    zh, en = words().reasons[code]
    return (en if lang == "en" else zh).format(field=field, value=value, detail=detail)


def _kind(name: str, spec: dict[str, Any], units: dict[str, Any]) -> Kind:
    known = {f.name: f.required for f in msgspec.structs.fields(ROWS[name])}
    fields = []
    for field, said in spec["fields"].items():
        given = dict(said)
        named = units.get(given.pop("units", ""), {})
        made = tuple(
            Unit(name=unit, times=u["times"], words=tuple(u["words"])) for unit, u in named.items()
        )
        fields.append(
            msgspec.convert({**given, "name": field, "required": known[field]}, Field)
            if not made
            else msgspec.structs.replace(
                msgspec.convert({**given, "name": field, "required": known[field]}, Field),
                units=made,
            )
        )
    return Kind(
        name=name,
        zh=spec["name"]["zh"],
        en=spec["name"]["en"],
        fields=tuple(fields),
        key=KEYS[name],
    )


@lru_cache(maxsize=16)
def _by_name(kind: Kind) -> dict[str, Field]:
    return {f.name: f for f in kind.fields}
