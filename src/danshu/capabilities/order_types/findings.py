"""What the linter of order types says: the place, what is wrong, and what would mend it.

The words are a table (`data/order_types/findings.yaml`), the same wherever they are shown.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final, Literal

import msgspec
import yaml
from msgspec import Struct

from danshu.capabilities.order_types.model import TypeTexts

Severity = Literal["error", "warning"]
CHECKS: Final = (
    "shape", "scope", "stages", "acts", "money", "windows", "stock", "promises", "clauses", "group",
)  # fmt: skip


class TypeFinding(Struct, frozen=True, kw_only=True):
    """One thing that is in the way; `pointer` is a JSON pointer (RFC 6901) into the type."""

    code: str
    check: str
    severity: Severity
    pointer: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


class _Told(Struct, frozen=True, forbid_unknown_fields=True):
    check: str
    severity: Severity
    zh: str
    en: str
    fix_zh: str
    fix_en: str


@lru_cache(maxsize=1)
def told() -> dict[str, _Told]:
    """Read the table of what may be said."""
    raw = (resources.files("danshu") / "data" / "order_types" / "findings.yaml").read_bytes()
    return msgspec.convert(yaml.safe_load(raw), dict[str, _Told])


def find(code: str, pointer: str, **values: object) -> TypeFinding:
    """Make a finding of the table; words among the values are said in the finding's language."""
    said = told()[code]
    in_zh, in_en = (
        {k: v.pick(lang) if isinstance(v, TypeTexts) else v for k, v in values.items()}
        for lang in ("zh", "en")
    )
    return TypeFinding(
        code=code,
        check=said.check,
        severity=said.severity,
        pointer=pointer,
        zh=said.zh.format(**in_zh),
        en=said.en.format(**in_en),
        fix_zh=said.fix_zh,
        fix_en=said.fix_en,
    )
