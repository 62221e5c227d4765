"""What an installation says about its time sources and time-stamping authorities."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import CLOCK_SERVERS, STAMP_AUTHORITIES, STAMP_ROOTS_BYTES
from danshu.ports.timestamp import Authority

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SERVERS: Final = ("ntp.ntsc.ac.cn", "ntp.aliyun.com", "ntp.tencent.com")
NONE: Final = "none"


class TimeSettings(Struct, frozen=True, kw_only=True):
    """`configured`: somebody named the servers, so that their silence is a fault. `required`: an
    act of grade A waits for a token also while the clock is unmeasured. `roots` is a folder of PEM.
    """

    servers: tuple[str, ...]
    configured: bool
    required: bool
    tsa_urls: tuple[str, ...]
    tsa_own: frozenset[str]
    roots: Path | None

    def authorities(self) -> tuple[Authority, ...]:
        """Give the authorities with their roots. `HOST.pem` in the folder vouches for that host
        alone; all other files `*.pem` vouch for any. Raises ProgramError for a file too large.
        """
        files = sorted(self.roots.glob("*.pem")) if self.roots and self.roots.is_dir() else []
        if sum(path.stat().st_size for path in files) > STAMP_ROOTS_BYTES:
            raise ProgramError(f"DANSHU_TSA_ROOTS holds more than {STAMP_ROOTS_BYTES} bytes")
        found = {path.stem: path.read_bytes() for path in files}
        hosts = {_host(url) for url in self.tsa_urls}
        common = b"\n".join(pem for name, pem in found.items() if name not in hosts)
        return tuple(
            Authority(url=url, roots=found.get(_host(url), common)) for url in self.tsa_urls
        )

    def is_own(self, url: str) -> bool:
        """Tell whether an authority is the operator's own, 自建(不中立): named so, or on this
        machine or a private network.
        """
        return url in self.tsa_own or _is_private(_host(url))


def read(environment: Mapping[str, str] | None = None) -> TimeSettings:
    """Read DANSHU_NTP_SERVERS, DANSHU_TSA_URLS, DANSHU_TSA_OWN, DANSHU_TSA_ROOTS and
    DANSHU_TIME_REQUIRED.
    """
    environment = os.environ if environment is None else environment
    servers = _words(environment.get("DANSHU_NTP_SERVERS", ""))
    roots = environment.get("DANSHU_TSA_ROOTS", "")
    return TimeSettings(
        servers=() if servers == (NONE,) else (servers or DEFAULT_SERVERS)[:CLOCK_SERVERS],
        configured=bool(servers) and servers != (NONE,),
        required=environment.get("DANSHU_TIME_REQUIRED", "0") not in ("", "0"),
        tsa_urls=_words(environment.get("DANSHU_TSA_URLS", ""))[:STAMP_AUTHORITIES],
        tsa_own=frozenset(_words(environment.get("DANSHU_TSA_OWN", ""))),
        roots=Path(roots).expanduser().absolute() if roots else None,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
