"""A reference SNTP server (RFC 5905) on this machine, whose clock is as wrong as it is told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMAT: Final = struct.Struct("!BBBb11I")
_EPOCH_1900_S: Final = 2_208_988_800
_VERSION: Final = 4
_SERVER: Final = 4
_ALARM: Final = 3


class NtpServer:
    """What the server says. `offset_us` is added to this machine's clock; `stratum` 16 with the
    alarm says that it does not know; `silent` answers nothing; `stale` repeats another question.
    """

    def __init__(self) -> None:
        self.address = ""
        self.offset_us = 0
        self.stratum = 2
        self.root_delay_us = 400
        self.root_dispersion_us = 300
        self.silent = False
        self.stale = False
        self.asked = 0

    def answer(self, query: bytes, received_s: float) -> bytes | None:
        """Give the answer to a query that came in at `received_s` (epoch)."""
        self.asked += 1
        if self.silent or len(query) < _FORMAT.size:
            return None
        asked = _FORMAT.unpack_from(query)
        offset_s = self.offset_us / 1e6
        leap = _ALARM if self.stratum >= 16 else 0
        origin = (asked[13], asked[14])
        if self.stale:
            origin = (asked[13] - 3600, asked[14])
        received, sent = _ntp(received_s + offset_s), _ntp(time.time() + offset_s)
        return _FORMAT.pack(
            leap << 6 | _VERSION << 3 | _SERVER,
            self.stratum,
            6,
            -20,
            round(self.root_delay_us * 65_536 / 1e6),
            round(self.root_dispersion_us * 65_536 / 1e6),
            0x4C4F434C,  # LOCL
            *_ntp(received_s - 16),
            *origin,
            *received,
            *sent,
        )


def _ntp(at_s: float) -> tuple[int, int]:
    whole = int(at_s)
    return whole + _EPOCH_1900_S, int((at_s - whole) * 2**32)


@contextlib.contextmanager
def open_ntp(port: int = 0) -> Iterator[NtpServer]:
    """Serve on this machine; `address` is what DANSHU_NTP_SERVERS takes (host:port)."""
    server = NtpServer()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", port))
        host, bound = listening.getsockname()
        server.address = f"{host}:{bound}"
        ended = threading.Event()

        def serve() -> None:
            while True:
                query, sender = listening.recvfrom(512)
                if ended.is_set():
                    return
                reply = server.answer(query, time.time())
                if reply is not None:
                    listening.sendto(reply, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", (host, bound))
            thread.join()
