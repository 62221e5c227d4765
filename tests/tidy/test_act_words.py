"""Why an act was not done is said in words on a proposal's page, in both languages."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import pytest

from danshu import hub
from danshu.kernel.errors import Refusal

WORDS = Path(__file__).parents[2] / "web" / "src" / "words"


def codes() -> set[str]:
    """Give the codes of what acts refuse."""
    names = [m.name for m in pkgutil.iter_modules(hub.__path__) if m.name.startswith("agent_act_")]
    modules = [importlib.import_module(f"danshu.hub.{name}") for name in names]
    said = {x.code for m in modules for x in vars(m).values() if isinstance(x, Refusal)}
    return said | {"given_up"}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_what_an_act_refuses_has_words(lang: str) -> None:
    known = json.loads((WORDS / lang / "agent.json").read_text("utf-8"))["results"]
    assert len(codes()) > 10
    assert not codes() - known.keys()
    assert not known.keys() - codes()
