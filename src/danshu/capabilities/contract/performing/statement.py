"""The statement: what a person is shown and signs, as canonical bytes that stay off the tree.

`{action, after {origin, root, size}, body, definition, evidence [{digest, kind, size}], order,
salt, shown, subject, version}`, profile EVJ1. `after` is the newest checkpoint of the book when it
was shown: the signature is not older than that. `salt` (16 random bytes, hex) keeps the digest from
being guessed, so that erasing the bytes erases what they say.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import STATEMENT_CHARS
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.contract.performing.model import Goods, Item

_NAME: Final = re.compile(r"\{([a-z_]+)\}")
_NONE: Final = Words(zh="无", en="none")
SALT_BYTES: Final = 16


class After(Struct, frozen=True, kw_only=True):
    """A checkpoint: origin of the log, root (hex), size. All empty before the first one."""

    origin: str = ""
    root: str = ""
    size: int = 0


def render(template: str, figures: Mapping[str, str], lang: str) -> str:
    """Fill a template; an absent figure reads 无 / none. `catalogue.PLACES` lists the figures.

    Figures are put in once: braces in a figure stay what they are. Raises InputError
    `statement_long` when it grows too long.
    """
    none = _NONE.en if lang == "en" else _NONE.zh
    shown = _NAME.sub(lambda m: figures.get(m[1], "") or none, template)
    if len(shown) > STATEMENT_CHARS:
        raise InputError("statement_long", f"a statement has at most {STATEMENT_CHARS} characters")
    return shown


def figure_goods(goods: Sequence[Goods], lang: str) -> dict[str, str]:
    """Give the figures of the goods."""
    join = ", " if lang == "en" else "、"
    lines = sorted({n for g in goods for n in g.lines})
    return {
        "goods": join.join(f"{g.name} × {g.quantity}" for g in goods),
        "quantity": str(sum(g.quantity for g in goods)),
        "line": join.join(str(n) for n in lines),
    }


def figure_items(items: Sequence[Item], lang: str) -> dict[str, str]:
    """Give the figures of the evidence."""
    lots: dict[str, str] = {}
    for item in items:
        if item.lot:
            lots[item.lot] = min(filter(None, (lots.get(item.lot, ""), item.expiry)), default="")
    until = " until " if lang == "en" else " 效期 "
    join = ", " if lang == "en" else "、"
    return {
        "lots": join.join(
            f"{lot}{until}{day}" if day else lot for lot, day in sorted(lots.items())
        ),
        "evidence": str(sum(i.count for i in items)),
    }


class Named(Protocol):
    """What is signed, by code and version: a contract action, or another act that needs a hand."""

    @property
    def action(self) -> str: ...

    @property
    def version(self) -> int: ...


def write(
    action: Named,
    *,
    definition: str,
    after: After,
    body: Mapping[str, object],
    evidence: Iterable[Item],
    order: str,
    salt: bytes,
    shown: str,
    subject: str,
) -> bytes:
    """Write the statement's bytes; their SHA-256 is the challenge of the signature.

    Raises InputError `fact_bytes` when evidence and body are too much for one statement.
    """
    return canonical.encode(
        {
            "action": action.action,
            "after": {"origin": after.origin, "root": after.root, "size": after.size},
            "body": dict(body),
            "definition": definition,
            "evidence": [{"digest": i.digest, "kind": i.kind, "size": i.size} for i in evidence],
            "order": order,
            "salt": salt.hex(),
            "shown": shown,
            "subject": subject,
            "version": action.version,
        }
    )


def digest(raw: bytes) -> bytes:
    """Give the SHA-256 of bytes."""
    return hashlib.sha256(raw).digest()


def text_digest(template: str) -> str:
    """Give the SHA-256 (hex) of a template: which words were shown, without whom they are about."""
    return hashlib.sha256(template.encode()).hexdigest()
