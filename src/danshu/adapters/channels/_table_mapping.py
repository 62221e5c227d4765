"""Read a mapping file and make it ready: what it says is checked before the first row is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from danshu.adapters.channels._fields import refuse_input
from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.ports.table import Column, Condition, TableMapping

if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = ("sku", "quantity", "price", "created")
FIELDS = frozenset(
    {
        *REQUIRED,
        *("number", "line", "title", "attributes", "warehouse", "discount", "postage"),
        *("paid_at", "ship_by", "status", "shop", "buyer", "buyer_note", "seller_note", "flag"),
        *("hold", "of_number", "name", "phone", "country", "province", "city", "district"),
        *("street", "detail", "postcode"),
    }
)


def read_mapping(path: Path) -> TableMapping:
    """Read a YAML mapping. Raises InputError with a pointer into the file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        refuse_input("mapping_unreadable", f"{path.name}: {error.strerror}", "")
    return decode_mapping(raw)


def decode_mapping(raw: bytes) -> TableMapping:
    """Decode and check a mapping."""
    plain = load_plain(raw)
    try:
        mapping = msgspec.convert(plain, TableMapping, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InputError("mapping", str(error), "") from None
    return check_mapping(mapping)


def load_plain(raw: bytes) -> object:
    """Load the YAML of a mapping. Every scalar is text here, so that NO stays Norway."""
    if len(raw) > limits.MAPPING_BYTES:
        refuse_input("too_large", f"a mapping has at most {limits.MAPPING_BYTES} bytes", "")
    try:
        text = raw.decode("utf-8-sig")
        node = yaml.compose(text, yaml.BaseLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.BaseLoader)):
            refuse_input("mapping", "aliases (*name) are not used in mappings", "")
        _check_names(node, "")
        plain: object = yaml.load(text, yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("mapping", f"not YAML: {error}", "") from None
    return plain


def _check_names(node: yaml.Node | None, pointer: str) -> None:
    """Refuse a name written twice: YAML readers silently keep the last one."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                refuse_input("mapping", f"{name} is written twice", f"{pointer}/{name}")
            seen.add(name)
            _check_names(value, f"{pointer}/{name}")
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _check_names(value, f"{pointer}/{index}")


def check_mapping(mapping: TableMapping) -> TableMapping:
    """Return the mapping if every word in it means something."""
    _check_fields(mapping)
    if not re.fullmatch(r"[A-Z]{3}", mapping.currency, re.ASCII):
        refuse_input("mapping", "currency is an ISO 4217 code", "/currency")
    if mapping.options.header_row < 1 or len(mapping.options.delimiter) != 1:
        refuse_input("mapping", "header_row from 1, delimiter one character", "/options")
    find_zone(mapping.timezone)
    for index, rule in enumerate(mapping.rules):
        check_condition(rule.when, f"/rules/{index}/when")
    for name, condition in (("returns", mapping.returns), ("cancels", mapping.cancels)):
        if condition is not None:
            check_condition(condition, f"/{name}")
    return mapping


def _check_fields(mapping: TableMapping) -> None:
    if "number" in mapping.columns:
        refuse_input("mapping", "the number is what group_by names", "/columns/number")
    for name in mapping.columns:
        if name not in FIELDS:
            known = ", ".join(sorted(FIELDS))
            refuse_input("mapping", f"no field {name}; there are: {known}", f"/columns/{name}")
    for name in REQUIRED:
        if name not in mapping.columns:
            refuse_input("mapping", f"no column for {name}", "/columns")
    for name in mapping.constants:
        if name not in FIELDS or name in mapping.columns or name in (*REQUIRED, "number"):
            refuse_input("mapping", f"{name} cannot be a constant", f"/constants/{name}")


def check_condition(condition: Condition, pointer: str, fields: frozenset[str] = FIELDS) -> None:
    """Refuse a condition that tests nothing, or what is no field."""
    if bool(condition.field) == bool(condition.column):
        refuse_input("mapping", "a condition names one field or one column", pointer)
    if condition.field and condition.field not in fields:
        refuse_input("mapping", f"no field {condition.field}", pointer)
    tests = (
        condition.equals,
        condition.any_of,
        condition.starts_with,
        condition.matches,
        condition.not_matches,
        condition.at_most,
        condition.at_least,
        condition.empty,
    )
    if all(test is None for test in tests):
        refuse_input("mapping", "a condition without a test fits every row", pointer)
    for pattern in (condition.matches, condition.not_matches):
        try:
            re.compile(pattern or "")
        except (re.error, RecursionError, OverflowError) as error:
            raise InputError("mapping", f"not a pattern: {error}", pointer) from None


def find_zone(name: str) -> ZoneInfo:
    """Give the time zone of an IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        refuse_input("mapping", f"no time zone {name}", "/timezone")


def columns_of(mapping: TableMapping) -> dict[str, Column]:
    """Give every field's column in its long form; the number is the column of the groups."""
    columns = {
        name: Column(column=entry) if isinstance(entry, str) else entry
        for name, entry in mapping.columns.items()
    }
    columns["number"] = Column(column=mapping.group_by)
    return columns


def columns_needed(mapping: TableMapping) -> set[str]:
    """Name the columns without which the table is not the one that the mapping means."""
    needed = {column.column for column in columns_of(mapping).values() if not column.optional}
    conditions = [rule.when for rule in mapping.rules]
    conditions += [entry for entry in (mapping.returns, mapping.cancels) if entry is not None]
    needed |= {entry.column for entry in conditions if entry.column}
    return needed | {mapping.group_by}
