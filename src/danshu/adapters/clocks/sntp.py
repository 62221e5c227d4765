"""SNTP: ask time servers over the network (RFC 5905), for machines that chrony does not steer.

Nothing is authenticated: whoever stands between may lie. That is why several must agree, and why
the outcome is a claimed time.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Final

import ntplib  # type: ignore[import-untyped]

from danshu.ports.clock import UNSYNCHRONISED, Reading

_VERSION: Final = 4
_PORT: Final = 123
_SERVER: Final = 4  # mode (RFC 5905 §7.3)
_ALARM: Final = 3  # leap indicator: the server's clock is not synchronised
_OWN_PRECISION_US: Final = 1
_SLACK_S: Final = 0.001


class Sntp:
    """Asks every server once, all at the same time."""

    name: Final = "sntp"
    title: Final = "SNTP"
    disciplines: Final = False

    def read(self, servers: tuple[str, ...], timeout_s: float) -> tuple[Reading, ...]:
        """Ask the servers; one that does not answer in time is `silent`."""
        answers: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        for server in servers:
            # A look-up of a name can hang for longer than we wait, so nobody joins these threads.
            threading.Thread(
                target=lambda s=server: answers.put(_ask(s, timeout_s)), daemon=True
            ).start()
        found: dict[str, Reading] = {}
        end_s = time.monotonic() + timeout_s + 0.5
        while len(found) < len(servers):
            try:
                reading = answers.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                break
            found[reading.source] = reading
        return tuple(found.get(s, Reading(source=s, trouble="silent")) for s in servers)


def _ask(server: str, timeout_s: float) -> Reading:
    host, port = _split(server)
    began_s = time.time()
    try:
        stats = ntplib.NTPClient().request(host, version=_VERSION, port=port, timeout=timeout_s)
    except (ntplib.NTPException, OSError, ValueError, UnicodeError):
        return Reading(source=server, trouble="silent")
    # The server repeats when we asked: another time belongs to another question.
    is_ours = began_s - _SLACK_S <= stats.orig_time <= time.time() + _SLACK_S
    if stats.mode != _SERVER or not is_ours:
        return Reading(source=server, trouble="unreadable")
    if not 0 < stats.stratum < UNSYNCHRONISED or stats.leap == _ALARM:
        return Reading(source=server, stratum=stats.stratum, trouble="unsynchronised")
    precision_us = round(2.0 ** max(-32, min(0, stats.precision)) * 1e6)
    return Reading(
        source=server,
        stratum=stats.stratum,
        offset_us=round(stats.offset * 1e6),
        delay_us=round((stats.root_delay + max(0.0, stats.delay)) * 1e6),
        dispersion_us=round(stats.root_dispersion * 1e6) + precision_us + _OWN_PRECISION_US,
    )


def _split(server: str) -> tuple[str, int]:
    """Take `host`, `host:port` or `[v6]:port` apart."""
    host, colon, port = server.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")) or not port.isdecimal():
        return server.strip("[]"), _PORT
    return host.strip("[]"), int(port)
