"""演示时间源: the time sources of the demo, on this machine, for the demo alone.

A reference time server and a reference time-stamping authority, so that the demo's pages show a
clock that is compared and checkpoints that are stamped. They are 自建(不中立): they prove nothing
to others, and `danshu up` knows nothing of them. What the operator set himself stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.ledger.engine import home
from danshu.testing import ntp, tsa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SERVERS: Final = "DANSHU_NTP_SERVERS"
_AUTHORITIES: Final = "DANSHU_TSA_URLS"
_ROOTS: Final = "DANSHU_TSA_ROOTS"
_ROOTS_KEPT: Final = 20


class TimeSources(Struct, frozen=True, kw_only=True):
    """Where they answer, "" for one that is not there: the operator has his own, or no openssl."""

    server: str = ""
    authority: str = ""


@contextlib.contextmanager
def lend() -> Iterator[TimeSources]:
    """Serve them while the demo plays; who is started meanwhile finds them in the environment."""
    before = {name: os.environ.get(name) for name in (_SERVERS, _AUTHORITIES, _ROOTS)}
    server = authority = ""
    with contextlib.ExitStack() as stack:
        stack.callback(_restore, before)
        if not before[_SERVERS]:
            server = stack.enter_context(ntp.open_ntp()).address
            os.environ[_SERVERS] = server
        if not before[_AUTHORITIES] and shutil.which("openssl"):
            served = stack.enter_context(tsa.open_tsa())
            authority = served.url
            os.environ[_AUTHORITIES] = authority
            os.environ[_ROOTS] = str(_keep(served.root, home(os.environ) / "demo-tsa-roots"))
        yield TimeSources(server=server, authority=authority)


def _keep(root: bytes, folder: Path) -> Path:
    """Keep the root beside those of earlier demos, whose tokens are in the database still."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{hashlib.sha256(root).hexdigest()[:16]}.pem").write_bytes(root)
    kept = sorted(folder.glob("*.pem"), key=lambda path: path.stat().st_mtime_ns)
    for old in kept[:-_ROOTS_KEPT]:
        old.unlink()
    return folder


def _restore(before: dict[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
