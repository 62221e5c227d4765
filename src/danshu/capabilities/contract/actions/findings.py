"""What the linter says: a finding names the place, what cannot be proven, and what would prove it.

The words are a table (`data/findings.yaml`), so that each refusal reads the same wherever it is
shown.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final, Literal

import msgspec
import yaml
from msgspec import Struct

Severity = Literal["error", "warning"]

CHECKS: Final = ("shape", "stop", "clock", "evidence", "who", "remedies", "duty", "statement")
"""What is looked at, in the order of the list 能否举证."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is in the way of proof.

    `pointer` is a JSON pointer (RFC 6901) into the action. `zh`, `en` say what is wrong, `fix_zh`,
    `fix_en` what would make it provable. `check` is one of CHECKS.
    """

    code: str
    check: str
    severity: Severity
    pointer: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of a finding, with places for names in braces."""

    check: str
    severity: Severity
    zh: str
    en: str
    fix_zh: str
    fix_en: str


@lru_cache(maxsize=1)
def told() -> dict[str, Told]:
    """Read the table of what may be said."""
    raw = (resources.files("danshu") / "data" / "findings.yaml").read_bytes()
    return msgspec.convert(yaml.safe_load(raw), dict[str, Told])


def find(code: str, pointer: str, **values: object) -> Finding:
    """Make a finding of the table."""
    said = told()[code]
    return Finding(
        code=code,
        check=said.check,
        severity=said.severity,
        pointer=pointer,
        zh=said.zh.format(**values),
        en=said.en.format(**values),
        fix_zh=said.fix_zh.format(**values),
        fix_en=said.fix_en.format(**values),
    )
