"""Plug-ins are found by name, imported late, made once; two of one name are refused."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from danshu.kernel.errors import ProgramError
from danshu.ports import registry

if TYPE_CHECKING:
    from pathlib import Path

LOOSE = """
class Corner:
    name = "corner-shop"
    title = "街角小店"

PLUGIN = Corner
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder of loose plug-ins that the registry looks into."""
    (tmp_path / "channel").mkdir()
    monkeypatch.setenv(registry.VARIABLE, str(tmp_path))
    yield tmp_path / "channel"
    registry.refresh()


def test_a_loose_file_is_a_channel(folder: Path) -> None:
    (folder / "corner_shop.py").write_text(LOOSE)
    (folder / "_shared.py").write_text("raise RuntimeError")
    assert "corner-shop" in registry.names("channel")
    made: Any = registry.load("channel", "corner-shop")
    assert made.title == "街角小店"
    assert registry.load("channel", "corner_shop") is made
    found = {plugin.name: plugin for plugin in registry.plugins("channel")}
    assert found["corner-shop"].loose
    assert found["taobao"].origin.startswith("danshu ")


def test_new_files_are_seen_after_refresh(folder: Path) -> None:
    assert "late" not in registry.names("channel")
    (folder / "late.py").write_text(LOOSE)
    assert "late" not in registry.names("channel")
    registry.refresh()
    assert "late" in registry.names("channel")


def test_a_name_belongs_to_one(folder: Path) -> None:
    (folder / "taobao.py").write_text(LOOSE)
    with pytest.raises(ProgramError, match=r"two plug-ins .* 'taobao'"):
        registry.names("channel")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("PLUGIN = 1", "binds no PLUGIN"),
        ("", "binds no PLUGIN"),
        ("def PLUGIN(): raise OSError('disk')", "disk"),
        ("def broken(", "SyntaxError"),
    ],
)
def test_a_broken_plug_in_says_which_one(folder: Path, text: str, words: str) -> None:
    (folder / "broken.py").write_text(text)
    with pytest.raises(ProgramError, match=words) as refused:
        registry.load("channel", "broken")
    assert "broken" in str(refused.value)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ProgramError, match=r"'ebay'.*taobao"):
        registry.load("channel", "ebay")
    assert registry.names("no-such-port") == ()


def test_asking_for_names_imports_nothing() -> None:
    program = (
        "import sys; from danshu.ports import registry; registry.names('channel'); "
        "print([m for m in sys.modules if m.startswith('danshu.adapters')], "
        "[m for m in ('pyarrow', 'python_calamine', 'yaml', 'asyncio') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=True
    )
    assert told.stdout.strip() == "[] []"
