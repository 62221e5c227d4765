"""What can go wrong: exceptions for broken programs and networks, values for a business "no".

DanshuError
├── ProgramError      a caller broke a contract of the code
├── InputError        bytes from outside that cannot be understood (code, pointer to the place)
├── NotAvailable      something outside is down; try again later (retry_after_s)
│   └── Busy          too much is waiting already
└── UnknownOutcome    the connection broke while committing; the repeat with the same key settles it
"""

from __future__ import annotations

from msgspec import Struct


class Refusal(Struct, frozen=True, kw_only=True):
    """A business "no": a value, never raised.

    `code` is stable and machine readable, `reason` says it in Chinese, `reason_en` in English,
    `clause` names the rule that refused (a machine's edge, a limit, an article).
    """

    code: str
    reason: str
    reason_en: str = ""
    clause: str = ""


class DanshuError(Exception):
    """The root of every exception that Danshu raises on purpose."""

    code = "error"

    def diagnose(self) -> str:
        """Say what a person can do about it."""
        return str(self)


class ProgramError(DanshuError):
    """A caller broke a contract of the code."""

    code = "program"


class InputError(DanshuError):
    """Bytes from outside that cannot be understood; nothing was written."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(f"{detail} ({pointer})" if pointer else detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


class NotAvailable(DanshuError):
    """Something is down or full; nothing was written; try again after `retry_after_s`."""

    code = "not_available"

    def __init__(self, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s


class Busy(NotAvailable):
    """Too much is waiting already; nothing was written; try again after `retry_after_s`."""

    code = "busy"


class UnknownOutcome(DanshuError):
    """The connection broke while committing: repeat with the same key to learn what happened."""

    code = "unknown_outcome"
