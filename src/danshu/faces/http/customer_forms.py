"""Forms of the customer's evidence page: what is read of them, and refused before it is kept."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Request
from litestar.datastructures import UploadFile

from danshu.hub import floor_acts
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import (
    ORDER_BODY_BYTES,
    REQUEST_CHARS,
    REQUEST_PHOTO_BYTES,
    REQUEST_PHOTOS,
)

FORM_BYTES: Final = REQUEST_PHOTOS * REQUEST_PHOTO_BYTES + ORDER_BODY_BYTES
WORD_CHARS: Final = 64
_PLAIN: Final = re.compile(PLAIN)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
Ask = Request[Any, Any, Any]
Form = dict[str, list[Any]]


class BadForm(Exception):
    """A form that can't be taken; `code` says what became of it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def field(form: Form, name: str, chars: int = WORD_CHARS) -> str:
    given = form.get(name, [""])[0]
    said = given.strip() if isinstance(given, str) else ""
    if len(said) > chars or not _PLAIN.search(said):
        raise BadForm("bad_form")
    return said


def text(form: Form) -> str:
    given = form.get("text", [""])[0]
    said = given.replace("\r\n", "\n").strip() if isinstance(given, str) else ""
    if len(said) > REQUEST_CHARS or _CONTROL.search(said):
        raise BadForm("bad_form")
    return said


async def photos(form: Form) -> tuple[tuple[str, bytes], ...]:
    found = []
    for file in form.get("photo", []):
        if not isinstance(file, UploadFile):
            continue
        body = await file.read(REQUEST_PHOTO_BYTES + 1)
        if not body:
            continue  # the file field was left empty
        kind = floor_acts.photo_type(body)
        if not kind or len(body) > REQUEST_PHOTO_BYTES:
            raise BadForm("bad_photo")
        found.append((kind, body))
    if len(found) > REQUEST_PHOTOS:
        raise BadForm("bad_photo")
    return tuple(found)


async def read(request: Ask) -> Form:
    read = await request.form()
    return {name: read.getall(name) for name in read}
