"""`danshu story`: play one of the stories, or list them."""

from __future__ import annotations

from danshu.faces.cli import plugged


def run(name: str, as_json: bool, listing: bool) -> int:
    """Play a story; exit 0 when all its claims hold, 1 when one fails, 2 for an unknown name."""
    code: int = plugged.load("story")(name, as_json, listing)
    return code
