"""Qimen 奇门 messages: the signature of a request, XML in and out.

sign = upper-case hex of md5(secret + names and values of the parameters, in order + body + secret)
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DECLARES: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
Tree = list[tuple[str, Any]]
"""Elements in order: a name and its text, or the elements under it."""


def sign(parameters: Mapping[str, str], body: bytes, secret: str) -> str:
    """Sign a request."""
    joined = "".join(f"{k}{parameters[k]}" for k in sorted(parameters) if k != "sign")
    return _wire.md5((secret + joined).encode() + body + secret.encode()).hex().upper()


def write(root: str, tree: Tree) -> bytes:
    """Write an XML message."""
    body = "".join(_element(name, value) for name, value in tree)
    return f'<?xml version="1.0" encoding="utf-8"?><{root}>{body}</{root}>'.encode()


def _element(name: str, value: Any) -> str:
    inner = (
        "".join(_element(n, v) for n, v in value)
        if isinstance(value, list)
        else escape(_legal(str(value)))
    )
    return f"<{name}>{inner}</{name}>"


def _legal(text: str) -> str:
    """Leave out what XML 1.0 has no way to write."""
    return "".join(c for c in text if c in "\t\n\r" or " " <= c < "\ufffe" or c > "\uffff")


def read(body: bytes) -> ET.Element:
    """Read an XML message; one that declares entities is none. Raises InputError."""
    if _DECLARES.search(body):
        raise InputError("bad_callback", "the message declares entities")
    try:
        return ET.fromstring(body)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise InputError("bad_callback", "the message is no XML") from error


def text(of: ET.Element, path: str) -> str:
    """Give the text at a path, stripped; "" where there is none."""
    return (of.findtext(path) or "").strip()


def each(of: ET.Element, path: str) -> Iterator[ET.Element]:
    """Go through the elements at a path."""
    yield from of.findall(path)
