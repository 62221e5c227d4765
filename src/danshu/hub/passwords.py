"""Passwords: Argon2id, a few at a time, and the same work for a login that nobody has."""

from __future__ import annotations

import asyncio
import functools
from importlib import resources
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from danshu.kernel.errors import Busy, InputError
from danshu.kernel.limits import (
    PASSWORD_CHARS,
    PASSWORD_CHARS_MIN,
    PASSWORDS_AT_ONCE,
    PASSWORDS_WAITING,
    RETRY_AFTER_S,
)

T = TypeVar("T")

# RFC 9106 §4 wants as much memory as can be afforded: here two at once, in a process that serves.
TIME_COST: Final = 2
MEMORY_KIB: Final = 65_536
PARALLELISM: Final = 1
_HASHER: Final = PasswordHasher(
    time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM, type=Type.ID
)

# What attackers try first. Compared without case and without what people put at the ends.
_COMMON: Final = "passwords.txt"


@functools.cache
def _common() -> frozenset[str]:
    text = (resources.files("danshu") / "data" / _COMMON).read_text("utf-8")
    return frozenset(text.split())


def check_new(password: str, *names: str) -> None:
    """Refuse a password that is too short, too long, common, or one of the person's names.

    Raises InputError `password_short`, `password_long`, `password_common`.
    """
    if len(password) < PASSWORD_CHARS_MIN:
        detail = f"a password has at least {PASSWORD_CHARS_MIN} characters"
        raise InputError("password_short", detail, "/password")
    if len(password) > PASSWORD_CHARS:
        detail = f"a password has at most {PASSWORD_CHARS} characters"
        raise InputError("password_long", detail, "/password")
    plain = password.casefold().strip("!@#$%.?*_- ")
    is_one_letter = len(set(plain)) < 4
    if is_one_letter or plain in _common() or plain in {n.casefold() for n in names if n}:
        raise InputError("password_common", "this password is tried first", "/password")


class Hasher:
    """Hashes and checks in threads, so many at once and so many waiting; beyond: Busy."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Hash a password with salt and parameters. Raises Busy."""
        return await self._run(functools.partial(_HASHER.hash, password))

    async def check(self, kept: str, password: str) -> bool:
        """Tell whether a password fits; with nothing kept the same work is done for a no."""
        fits = await self._run(functools.partial(_fits, kept or _nobodys(), password))
        return fits and bool(kept)

    async def _run(self, work: functools.partial[T]) -> T:
        if self._waiting >= PASSWORDS_WAITING:
            raise Busy("too many passwords are being checked", RETRY_AFTER_S)
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def is_outdated(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def _fits(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password[: PASSWORD_CHARS + 1])
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobodys() -> str:
    """Give the hash of a password that nobody has, with today's parameters."""
    return _HASHER.hash("nobody's password")
