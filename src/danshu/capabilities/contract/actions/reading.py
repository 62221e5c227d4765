"""Action types as bytes: YAML in, canonical bytes and their digest, YAML out.

The same loader reads promises (YAML 1.2's booleans, shares in `warn` as permille). `parse` and
`read` check the shape only; `lint.py` says whether what was read can be proven.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

import msgspec
import yaml
from msgspec.structs import replace

from danshu.capabilities.contract import definitions
from danshu.capabilities.contract.actions.model import Action
from danshu.kernel import calendar, canonical
from danshu.kernel.errors import InputError, ProgramError

if TYPE_CHECKING:
    from danshu.capabilities.contract.definitions import Find


def parse(raw: bytes) -> Action:
    """Read one action type in YAML. Raises InputError with the JSON pointer of what is wrong."""
    return definitions.convert(definitions.load_tree(raw), Action)


def read(body: bytes) -> Action:
    """Read an action's canonical bytes as stored. Raises InputError `definition_shape`."""
    try:
        return msgspec.json.decode(body, type=Action)
    except (msgspec.DecodeError, RecursionError) as error:
        raise definitions.name_place(str(error)) from error


def encode(action: Action) -> bytes:
    """Write the canonical bytes of an action: what its digest is of.

    Raises InputError `action_profile` for what canonical bytes do not hold: a key of `params` or
    `states` that is not a-z, 0-9, _, a number over 2^53-1, too many bytes.
    """
    try:
        return canonical.encode_struct(action)
    except (ProgramError, InputError) as error:
        raise InputError("action_profile", str(error)[:200]) from error


def digest(action: Action) -> str:
    """Give the SHA-256 (hex) of an action's canonical bytes."""
    return hashlib.sha256(encode(action)).hexdigest()


def pin(action: Action, find: Find = calendar.load) -> Action:
    """Name the clock's calendar with its digest. Raises InputError `definition_calendar`."""
    if action.clock is None:
        return action
    return replace(action, clock=definitions.pin_calendar(action.clock, find))


def write_yaml(action: Action) -> str:
    """Write an action as YAML that `parse` reads as the same action."""
    tree = msgspec.to_builtins(action)
    ordered = {name: tree[name] for name in Action.__struct_fields__ if name in tree}
    clock = ordered.get("clock")
    if clock and "warn" in clock:
        clock["warn"] = [w if isinstance(w, str) else w / 1000 for w in clock["warn"]]
    return yaml.dump(
        ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf, indent=2
    )


class _Dumper(yaml.SafeDumper):
    """Safe YAML in block style, short leaves on one line, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_LINE_CHARS = 72
# Line breaks of YAML 1.1 and what does not print: only double quotes bring them back as they were.
_ODD = re.compile(r"[^\S \n]|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def _represent_text(dumper: _Dumper, data: str) -> yaml.Node:
    style = '"' if _ODD.search(data) or "\n" in data else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


def _represent_map(dumper: _Dumper, data: dict[str, Any]) -> yaml.Node:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=False)
    node.flow_style = _is_short(data)
    return node


def _represent_list(dumper: _Dumper, data: Any) -> yaml.Node:
    return dumper.represent_sequence(
        "tag:yaml.org,2002:seq", data, flow_style=all(not isinstance(d, dict) for d in data)
    )


def _is_short(data: dict[str, Any]) -> bool:
    """Tell whether a mapping holds plain values only, few enough for one line."""
    values = list(data.values())
    flat = all(
        not isinstance(v, dict)
        and (not isinstance(v, list) or all(not isinstance(i, dict | list) for i in v))
        for v in values
    )
    return flat and bool(values) and len(str(data)) <= _LINE_CHARS


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(dict, _represent_map)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(tuple, _represent_list)
