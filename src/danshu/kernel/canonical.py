"""Canonical bytes: profile EVJ1 of RFC 8785 (JSON Canonicalization Scheme).

Inside the profile, sorted keys and the shortest escapes are all of RFC 8785, and msgspec writes
them forty times faster than a general encoder. Outside it (floats, astral keys, integers beyond
2^53-1) the two differ, so plain objects are checked before they are written, and Struct types once,
by their annotations.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec
from msgspec import inspect

from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import FACT_BYTES, INTEGER_MAX, JSON_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY = re.compile(r"[a-z0-9_]+")
_INTEGER_CHARS: Final = len(str(-INTEGER_MAX))
_ENCODER = msgspec.json.Encoder(order="sorted")

# Per Struct type: may its canonical bytes be trusted without reading them back?
_CHECKED: dict[type[msgspec.Struct], bool] = {}


def encode(value: object) -> bytes:
    """Write a plain object (dict, list, tuple, str, int, bool, None) as bytes of profile EVJ1.

    Raises ProgramError when the value is outside the profile, InputError `fact_bytes` when it is
    over FACT_BYTES.
    """
    trouble = _trouble(value, "", 0)
    if trouble:
        raise ProgramError(f"outside the canonical profile EVJ1: {trouble}")
    return _sized(_ENCODER.encode(value))


def encode_struct(value: msgspec.Struct) -> bytes:
    """Write a Struct whose type passes `check_struct_type` as bytes of profile EVJ1.

    The values are trusted to be what the annotations say: this is the hot path, and mypy holds the
    writers to it. Only a type that carries dicts is read back, because annotations say nothing of
    a dict's keys. Raises ProgramError and InputError as `encode` does.
    """
    cls = type(value)
    closed = _CHECKED.get(cls)
    if closed is None:
        closed = check_struct_type(cls)
    try:
        raw = _sized(_ENCODER.encode(value))
    except UnicodeEncodeError as error:
        raise ProgramError(f"{cls.__name__}: a string holds a lone surrogate") from error
    if not closed:
        trouble = _trouble(msgspec.json.decode(raw), "", 0)
        if trouble:
            raise ProgramError(f"{cls.__name__}: outside the canonical profile EVJ1: {trouble}")
    return raw


def check_struct_type(cls: type[msgspec.Struct]) -> bool:
    """Check once that a Struct type can only hold profile EVJ1; tell whether it is free of dicts.

    Allowed: int, str, bool, None, enums and literals of these, lists, tuples, dicts with str keys,
    Structs, and unions of them. Raises ProgramError that names the field otherwise.
    """
    if cls not in _CHECKED:
        try:
            kind = inspect.type_info(cls)
        except TypeError as error:
            raise ProgramError(f"{cls.__name__}: {error}") from error
        _CHECKED[cls] = _check_type(kind, cls.__name__, set())
    return _CHECKED[cls]


def decode(raw: bytes) -> dict[str, Any]:
    """Read the JSON object in `raw` strictly: no floats, NaN, duplicate keys or lone surrogates.

    It reads the profile and does not demand canonical order: a verifier hashes the bytes as they
    are stored. Raises InputError `fact_bytes` (over FACT_BYTES), `fact_json` (not JSON) or
    `fact_profile` (outside EVJ1).
    """
    _sized(raw)
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_read_object,
            parse_int=_read_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError as error:
        raise InputError("fact_profile", f"nested deeper than {JSON_DEPTH}") from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError
        raise InputError("fact_json", f"not JSON in UTF-8: {error}") from error
    if type(value) is not dict:
        raise InputError("fact_profile", "the outermost value is not an object")
    trouble = _trouble(value, "", 0)
    if trouble:
        raise InputError("fact_profile", trouble)
    return value


def is_canonical(raw: bytes) -> bool:
    """Tell whether `raw` is an object of profile EVJ1 in exactly its canonical bytes."""
    try:
        return encode(decode(raw)) == raw
    except InputError:
        return False


def _sized(raw: bytes) -> bytes:
    if len(raw) > FACT_BYTES:
        raise InputError("fact_bytes", f"{len(raw)} bytes, the limit is {FACT_BYTES}")
    return raw


def _trouble(value: Any, where: str, depth: int) -> str:
    """Say what is outside the profile, and where; empty when nothing is."""
    kind = type(value)
    if kind is str:
        return "" if _is_text(value) else f"lone surrogate at '{where}'"
    if kind is int:
        return "" if -INTEGER_MAX <= value <= INTEGER_MAX else f"integer over 2^53-1 at '{where}'"
    if value is None or kind is bool:
        return ""
    if depth >= JSON_DEPTH:
        return f"nested deeper than {JSON_DEPTH} at '{where}'"
    if kind is dict:
        return _object_trouble(value, where, depth + 1)
    if kind is list or kind is tuple:
        for index, item in enumerate(value):
            trouble = _trouble(item, f"{where}/{index}", depth + 1)
            if trouble:
                return trouble
        return ""
    return f"{kind.__name__} at '{where}'"


def _object_trouble(value: dict[Any, Any], where: str, depth: int) -> str:
    for key, item in value.items():
        if type(key) is not str or not _KEY.fullmatch(key):
            return f"key {key!r} at '{where}' is not [a-z0-9_]+"
        trouble = _trouble(item, f"{where}/{key}", depth)
        if trouble:
            return trouble
    return ""


def _is_text(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InputError("fact_profile", "an object holds the same key twice")
    return value


def _read_integer(text: str) -> int:
    # "-0" is a float's zero; and int() on a very long text would raise without a place.
    if text == "-0" or len(text) > _INTEGER_CHARS:
        _refuse_number(text)
    return int(text)


def _refuse_number(text: str) -> NoReturn:
    raise InputError("fact_profile", f"the number {text[:_INTEGER_CHARS]} is not a safe integer")


def _check_type(kind: inspect.Type, where: str, seen: set[type]) -> bool:
    """Refuse what may leave the profile; tell whether no dict can occur."""
    match kind:
        case inspect.Metadata():
            return _check_type(kind.type, where, seen)
        case inspect.IntType() | inspect.StrType() | inspect.BoolType() | inspect.NoneType():
            return True
        case inspect.EnumType():
            _check_constants((member.value for member in kind.cls), where)
            return True
        case inspect.LiteralType():
            _check_constants(kind.values, where)
            return True
        case inspect.UnionType():
            return all([_check_type(each, where, seen) for each in kind.types])
        case inspect.TupleType():
            return all([_check_type(each, where, seen) for each in kind.item_types])
        case inspect.ListType() | inspect.VarTupleType():
            return _check_type(kind.item_type, where, seen)
        case inspect.DictType():
            if not isinstance(kind.key_type, inspect.StrType):
                raise ProgramError(f"{where}: the keys of a canonical dict are str")
            _check_type(kind.value_type, where, seen)
            return False
        case inspect.StructType():
            return _check_struct(kind, where, seen)
    raise ProgramError(f"{where}: {type(kind).__name__} is outside the canonical profile EVJ1")


def _check_struct(kind: inspect.StructType, where: str, seen: set[type]) -> bool:
    if kind.cls in seen:  # a type that holds itself; its fields are being checked already
        return True
    seen.add(kind.cls)
    keys = [field.encode_name for field in kind.fields]
    if kind.tag_field is not None:
        keys.append(kind.tag_field)
        _check_constants((kind.tag,), where)
    for key in keys:
        if not _KEY.fullmatch(key):
            raise ProgramError(f"{where}: key {key!r} is not [a-z0-9_]+")
    names = [f"{where}.{field.name}" for field in kind.fields]
    return all(
        [_check_type(f.type, name, seen) for f, name in zip(kind.fields, names, strict=True)]
    )


def _check_constants(values: Iterable[object], where: str) -> None:
    for value in values:
        trouble = _trouble(value, "", 0)
        if trouble:
            raise ProgramError(f"{where}: {value!r} is outside the profile: {trouble}")
