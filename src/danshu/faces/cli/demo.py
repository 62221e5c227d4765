"""`danshu demo`: the room is plugged in from the floor of the stories."""

from __future__ import annotations

from danshu.faces.cli import plugged


def run(once: bool, orders: int) -> int:
    """Play the demo; exit 0 when everything that it checks is true, else 1."""
    code: int = plugged.load("demo")(once, orders)
    return code
