"""What is different between two graphs, node by node and member by member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from danshu.capabilities.intents.model import MEMBERS

if TYPE_CHECKING:
    from danshu.capabilities.intents.model import IntentGraph


class IntentChange(Struct, frozen=True, kw_only=True):
    """One difference. `member` is that of a changed node; `was`, `now` its values as text."""

    kind: str
    node: str
    act: Literal["added", "removed", "changed"]
    member: str = ""
    was: str = ""
    now: str = ""


def compare(was: IntentGraph, now: IntentGraph) -> tuple[IntentChange, ...]:
    """List what became different, by kind and code."""
    found: list[IntentChange] = []
    for kind, member in MEMBERS.items():
        old: dict[str, Any] = {n.code: n for n in getattr(was, member)}
        new: dict[str, Any] = {n.code: n for n in getattr(now, member)}
        for code in sorted(old.keys() | new.keys()):
            if code not in new:
                found.append(IntentChange(kind=kind, node=code, act="removed"))
            elif code not in old:
                title = new[code].title
                found.append(IntentChange(kind=kind, node=code, act="added", now=title))
            else:
                found += _members(kind, code, old[code], new[code])
    return tuple(found)


def _members(kind: str, code: str, old: Any, new: Any) -> list[IntentChange]:
    return [
        IntentChange(
            kind=kind, node=code, act="changed", member=name,
            was=_text(getattr(old, name)), now=_text(getattr(new, name)),
        )
        for name in old.__struct_fields__
        if getattr(old, name) != getattr(new, name)
    ]  # fmt: skip


def _text(value: Any) -> str:
    return "、".join(value) if isinstance(value, tuple) else str(value)
