"""The files of a bundle and what was found about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.data.verifier.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from danshu.faces.verify.certificates import Finding
    from danshu.faces.verify.trust import Trust

# Written for people, from the facts; what covers them is the log's signature over the manifest.
RENDERED: Final = frozenset(
    {
        "README.txt",
        "verify.py",
        "verify.html",
        "存证摘要.html",
        "存证摘要.pdf",
        "trust/vkeys.txt",
        "trust/tsa.pem",
    }
)


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was checked: in which file, what, how it came out (None = unchecked)."""

    file: str
    check: str
    what: str
    by_hand: str
    passed: bool | None
    detail: str = ""


class Book(Struct, frozen=True):
    """A checkpoint that its log signed: name, leaves, root."""

    origin: str
    size: int
    root: bytes


class Shown(Struct, frozen=True, kw_only=True):
    """A fact of the order: where it lies, the hash of its leaf (hex), what it says."""

    path: str
    half: str
    index: int
    leaf: str
    fact: dict[str, Any]


class Key(Struct, frozen=True):
    """What was said of a passkey, at which place of the log."""

    place: tuple[str, int]
    subject: str
    key: str


class Findings:
    """The bundle as far as it was read. Nothing in it makes a check raise past `attempt`."""

    def __init__(self, files: Mapping[str, bytes], trust: Trust) -> None:
        self.files, self.trust = files, trust
        self.used = set(RENDERED)
        self.checks: list[Check] = []
        self.manifest: dict[str, Any] = {}
        self.books: dict[str, Book] = {}
        self.facts: list[Shown] = []
        self.added: dict[str, Key] = {}
        self.removed: dict[str, Key] = {}
        self.heads: list[tuple[str, dict[str, Any]]] = []

    def say(self, file: str, check: str, passed: bool | None, detail: str = "") -> None:
        """Note how a check came out."""
        what, by_hand = WORDS[check]
        found = Check(
            file=file, check=check, what=what, by_hand=by_hand, passed=passed, detail=detail
        )
        self.checks.append(found)

    def say_found(self, file: str, check: str, found: Finding | None) -> None:
        """Note a finding, if there is one."""
        if found is not None:
            self.say(file, check, found.passed, found.detail)

    def take(self, path: str) -> bytes:
        """Give a file that is spoken of. Raises KeyError."""
        self.used.add(path)
        return self.files[path]

    def attempt(self, file: str, check: str, work: Callable[..., Any], *given: Any) -> None:
        """Do a check; what a forged file breaks is a finding."""
        try:
            work(*given)
        except Exception as error:  # noqa: BLE001
            self.say(file, check, False, f"{type(error).__name__}: {error}"[:200])

    def under(self, start: str, end: str = "") -> list[str]:
        """List the files whose name begins and ends so, in order."""
        return sorted(p for p in self.files if p.startswith(start) and p.endswith(end))
