"""The rule library: which class is of which level, by which clause; what joining raises, what
counting lowers. It is data (data/classification/rules.yaml), in versions.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import yaml
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Grade = Literal["", "C1", "C2", "C3"]
LEVELS: Final = (1, 2, 3, 4, 5)


class Standard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A standard or law; `verified_by` names who has read its text, "" = nobody yet."""

    code: str
    zh: str
    en: str
    verified_by: str = ""


class LevelRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a class rests on: a standard, its clause ("" where none is known)."""

    standard: str
    clause: str = ""
    verified_by: str = ""


class DataClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of data; `level` is what its grade gives at least. `data` is its class by GB/T 43697:
    general, important or core.
    """

    code: str
    zh: str
    en: str
    rules: tuple[LevelRule, ...]
    level: int = 0
    grade: Grade = ""
    sensitive: bool = False
    data: Literal["general", "important", "core"] = "general"


class JoinRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands together: where `all` classes meet one of `any`, or one of the grade `any_grade`,
    those in `raises` are of `level` at least. Level 0: the rule that a set takes its highest.
    """

    code: str
    zh: str
    en: str
    standard: str
    clause: str = ""
    verified_by: str = ""
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    any_grade: Grade = ""
    raises: tuple[str, ...] = ()
    level: int = 0


class AggregationRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is counted over `least_people` a cell falls to `falls_to`, save classes in `never`."""

    zh: str
    en: str
    least_people: int
    falls_to: int
    never: tuple[str, ...]
    standard: str
    clause: str = ""
    verified_by: str = ""


class Library(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The library of one version."""

    version: int
    standards: tuple[Standard, ...]
    grades: dict[str, int]
    classes: tuple[DataClass, ...]
    joins: tuple[JoinRule, ...]
    aggregation: AggregationRule


@functools.cache
def library() -> Library:
    """Give the shipped library."""
    raw = (resources.files("danshu") / "data" / "classification" / "rules.yaml").read_bytes()
    read = msgspec.convert(yaml.safe_load(raw), Library)
    return msgspec.structs.replace(
        read, classes=tuple(_levelled(each, read.grades) for each in read.classes)
    )


@functools.cache
def classes() -> dict[str, DataClass]:
    """Give the classes by code."""
    return {each.code: each for each in library().classes}


def level_of(klass: str) -> int:
    """Give the level of a class; 1 for "", which is nothing personal."""
    found = classes().get(klass)
    return found.level if found is not None else 1


def levels_of(present: Collection[str]) -> dict[str, int]:
    """Give the level of each of the classes that stand together in one set."""
    told = classes()
    levels = {klass: level_of(klass) for klass in present if klass}
    grades = {told[klass].grade for klass in levels if klass in told}
    for join in library().joins:
        if not join.level or not all(klass in levels for klass in join.all):
            continue
        if not (levels.keys() & set(join.any) or (join.any_grade and join.any_grade in grades)):
            continue
        for klass in join.raises:
            if klass in levels:
                levels[klass] = max(levels[klass], join.level)
    return levels


def lower(level: int, held: Iterable[str], people: int) -> int:
    """Give the level of what is counted over at least `people` a cell from fields that hold `held`
    classes: counting lowers to `falls_to` where enough people are proven, and never raises.
    """
    rule = library().aggregation
    if people < rule.least_people or not set(held).isdisjoint(rule.never):
        return level
    return min(level, rule.falls_to)


def _levelled(each: DataClass, grades: dict[str, Any]) -> DataClass:
    level = max(each.level, grades.get(each.grade, 0), 1)
    return msgspec.structs.replace(each, level=level)
