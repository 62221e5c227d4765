"""A process in which skills are described and think: `python -m` this module.

    stdin   {"skill": "", …} describes every skill; else the one named is given `views`
    stdout  described skills, or what the skill proposes, as JSON

A skill is somebody's code: here it has no database, no key and no network of ours to ask, may take
so much time and memory, and is ended where it takes more. What it says is read as data.
"""

from __future__ import annotations

import itertools
import os
import resource
import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import AGENT_DRAFTS, AGENT_SKILL_BYTES, AGENT_SKILL_S
from danshu.ports import registry
from danshu.ports.skill import Draft, Told
from danshu.ports.skill_views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PORT: Final = "skill"
_NICE: Final = 10
_DETAIL: Final = 300


class SkillErrand(Struct, frozen=True, kw_only=True):
    """What is to be done: describe all skills, or let one propose from the rows of its views."""

    skill: str = ""
    now_ms: int = 0
    views: dict[str, Raw] = {}


class SkillShown(Struct, frozen=True, kw_only=True):
    """A skill as it describes itself; `trouble` why it can't be used, "" = it can."""

    name: str
    loose: bool
    origin: str
    title: Told = Told(zh="", en="")
    about: Told = Told(zh="", en="")
    version: int = 0
    action: str = ""
    views: tuple[str, ...] = ()
    every_s: int = 3_600
    trouble: str = ""


class SkillSaid(Struct, frozen=True, kw_only=True):
    """What a skill proposes: drafts, None for each thing that is none; or how it failed."""

    drafts: tuple[Draft | None, ...] = ()
    trouble: str = ""


def describe() -> tuple[SkillShown, ...]:
    """Describe every skill that is plugged in."""
    return tuple(_describe(plugin) for plugin in registry.plugins(PORT))


def _describe(plugin: registry.Plugin) -> SkillShown:
    origin = "" if plugin.loose else plugin.origin
    try:
        skill: Any = registry.load(PORT, plugin.name)
        told = {
            "name": plugin.name,
            "loose": plugin.loose,
            "origin": origin,
            "title": {"zh": skill.title.zh, "en": skill.title.en},
            "about": {"zh": skill.about.zh, "en": skill.about.en},
            "version": skill.version,
            "action": skill.action,
            "views": list(skill.views),
            "every_s": skill.every_s,
        }
        shown = msgspec.convert(told, SkillShown, strict=True)
        if unknown := sorted(set(shown.views) - VIEWS.keys()):
            raise ProgramError(f"there is no view {unknown[0]!r}")
    except Exception as error:  # noqa: BLE001  # somebody's code: whatever it raises is named
        return SkillShown(
            name=plugin.name, loose=plugin.loose, origin=origin, trouble=repr(error)[:_DETAIL]
        )
    return shown


def think(name: str, views: Mapping[str, Sequence[Any]], now_ms: int) -> SkillSaid:
    """Let a skill propose; whatever it raises is named."""
    try:
        skill: Any = registry.load(PORT, name)
        found = itertools.islice(skill.propose(views, now_ms), AGENT_DRAFTS)
        drafts = tuple(_plain(draft) for draft in found)
    except Exception as error:  # noqa: BLE001  # somebody's code: whatever it raises is named
        return SkillSaid(trouble=repr(error)[:_DETAIL])
    return SkillSaid(drafts=drafts)


def _plain(draft: Any) -> Draft | None:
    """Give a draft with nothing in it but what drafts have; None for anything else."""
    if not isinstance(draft, Draft):
        return None
    try:
        return msgspec.json.decode(msgspec.json.encode(draft), type=Draft)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return None


def read_views(views: Mapping[str, Raw]) -> dict[str, tuple[Any, ...]]:
    """Read the rows of views, each in the Struct that its view has."""
    found = {}
    for name, raw in views.items():
        rows = msgspec.json.decode(raw, type=list[Raw])
        found[name] = tuple([msgspec.json.decode(row, type=VIEWS[name]) for row in rows])
    return found


def _main() -> None:
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (AGENT_SKILL_BYTES, AGENT_SKILL_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (AGENT_SKILL_S, AGENT_SKILL_S))
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=SkillErrand)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a skill prints is no answer
    said: object = (
        think(errand.skill, read_views(errand.views), errand.now_ms) if errand.skill else describe()
    )
    out.write(msgspec.json.encode(said))
    out.flush()


if __name__ == "__main__":
    _main()
