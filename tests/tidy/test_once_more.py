"""What may be run once more, and what may not."""

from __future__ import annotations

import pytest

from tests import once_more


@pytest.mark.parametrize(
    "failed",
    [
        [],
        ["tests/kernel/test_money.py::test_parts"],
        ["tests/console/test_pages.py::test_a", "tests/kernel/test_money.py::test_b"],
        [f"tests/console/test_pages.py::test_{no}" for no in range(once_more.MOST + 1)],
    ],
    ids=["none", "no clock", "one without a clock", "too many"],
)
def test_a_failure_stands(failed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once_more.subprocess, "call", lambda _: 0)
    assert once_more.run_again(failed) == 1


@pytest.mark.parametrize("code", [0, 1])
def test_a_browser_test_is_run_again_and_its_second_end_counts(
    code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def call(words: list[str]) -> int:
        asked.append(words)
        return code

    monkeypatch.setattr(once_more.subprocess, "call", call)
    name = "tests/console/test_pages.py::test_a[chromium]"
    assert once_more.run_again([name]) == code
    assert [words[-1] for words in asked] == [name]
    assert ("UNSTABLE" in capsys.readouterr().err) is (code == 0)
