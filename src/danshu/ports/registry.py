"""What is plugged in: entry points of the group `danshu.<port>`, and loose files.

Loose files make a plug-in without a package: `DANSHU_PLUGINS` names folders (separated as in
PATH), a plug-in is `FOLDER/<port>/<name>.py` and binds `PLUGIN`, its class or function without
arguments. Nothing is imported before it is asked for by name, and each thing is made once.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VARIABLE: Final = "DANSHU_PLUGINS"
_GROUP: Final = "danshu."
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)


class Plugin(Struct, frozen=True, kw_only=True):
    """One thing that is plugged in: where it comes from, not yet imported."""

    port: str
    name: str
    origin: str  # "danshu 0.1.0", or the path of a loose file
    target: str  # module:attribute, or the path of a loose file
    loose: bool = False


def spell_name(name: str) -> str:
    """Give the one spelling of a plug-in's name: lower case, hyphens."""
    return name.strip().lower().replace("_", "-")


def plugins(port: str) -> tuple[Plugin, ...]:
    """List what is plugged into a port, by name, without importing any of it.

    Raises ProgramError when two plug-ins claim one name.
    """
    return tuple(_table(port, os.environ.get(VARIABLE, "")).values())


def names(port: str) -> tuple[str, ...]:
    """List the names in a port."""
    return tuple(plugin.name for plugin in plugins(port))


def load(port: str, name: str) -> object:
    """Give the thing plugged in under a name (hyphen or underscore), made on first use.

    Raises ProgramError for an unknown name and for a plug-in that cannot be made.
    """
    wanted = spell_name(name)
    plugin = _table(port, os.environ.get(VARIABLE, "")).get(wanted)
    if plugin is None:
        known = ", ".join(names(port)) or "none"
        raise ProgramError(f"no {port} is called {wanted!r}; there are: {known}")
    return _make(plugin)


def refresh() -> None:
    """Forget what was found and made: the next question looks again (after an installation)."""
    _table.cache_clear()
    _make.cache_clear()


@lru_cache(maxsize=64)
def _table(port: str, folders: str) -> dict[str, Plugin]:
    found: dict[str, Plugin] = {}
    for plugin in (*_installed(port), *_loose(port, folders)):
        if not _NAME.fullmatch(plugin.name):
            raise ProgramError(f"{plugin.origin}: {plugin.name!r} is not a name for a plug-in")
        if plugin.name in found:
            # which one would win must not depend on the order of folders
            both = f"{found[plugin.name].origin} and {plugin.origin}"
            raise ProgramError(f"two plug-ins for {port} are called {plugin.name!r}: {both}")
        found[plugin.name] = plugin
    return dict(sorted(found.items()))


def _installed(port: str) -> Iterator[Plugin]:
    unique: dict[tuple[str, str], EntryPoint] = {}
    for entry in entry_points(group=_GROUP + port):
        unique[entry.name, entry.value] = entry  # one package may be found twice on the path
    origins: dict[int, str] = {}  # a package's name is read from its metadata: once, not for each
    for entry in unique.values():
        origin = origins.get(id(entry.dist), "")
        if not origin:
            origin = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"
            origins[id(entry.dist)] = origin
        yield Plugin(port=port, name=spell_name(entry.name), origin=origin, target=entry.value)


def _loose(port: str, folders: str) -> Iterator[Plugin]:
    for folder in filter(None, folders.split(os.pathsep)):
        for path in sorted(Path(folder, port).glob("*.py")):
            if not path.name.startswith("_"):
                place = str(path.resolve())
                name = spell_name(path.stem)
                yield Plugin(port=port, name=name, origin=place, target=place, loose=True)


@lru_cache(maxsize=256)
def _make(plugin: Plugin) -> object:
    try:
        factory = _import_file(plugin) if plugin.loose else _import_entry(plugin)
        return factory()
    except ProgramError:
        raise
    except Exception as error:
        # a plug-in is somebody else's code: whatever it raises, say which one it was
        raise ProgramError(
            f"{plugin.port} {plugin.name!r} from {plugin.origin} cannot be loaded: {error!r}"
        ) from error


def _import_entry(plugin: Plugin) -> Callable[[], object]:
    entry = EntryPoint(name=plugin.name, value=plugin.target, group=_GROUP + plugin.port)
    return cast("Callable[[], object]", entry.load())


def _import_file(plugin: Plugin) -> Callable[[], object]:
    module_name = f"danshu_plugins.{plugin.port}.{plugin.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(module_name, plugin.target)
    if spec is None or spec.loader is None:
        raise ProgramError(f"{plugin.origin} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and msgspec look their module up by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(module_name, None)
        raise
    factory = getattr(module, "PLUGIN", None)
    if not callable(factory):
        raise ProgramError(f"{plugin.origin} binds no PLUGIN")
    return cast("Callable[[], object]", factory)
