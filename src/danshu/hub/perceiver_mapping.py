"""A service that answers in its own JSON: how it is asked, and what of its answer is what.

As the weaver reads a far side (`weave.mapping`), with the original beside the question: expressions
are JSONata, evaluated in a process that may be killed. What comes out is a Perception and nothing
else: words, where they stand, figures.
"""

from __future__ import annotations

import base64
import hashlib
import secrets as chance
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import perceptions
from danshu.capabilities.intake.perceptions import BadAnswer
from danshu.capabilities.weave import woven_lint
from danshu.capabilities.weave.mapping import Received, Understood, WovenFault
from danshu.capabilities.weave.woven import (
    Woven,
    WovenAuth,
    WovenField,
    WovenLeaf,
    WovenPart,
    WovenRule,
)
from danshu.hub import expressions, perceiver_places, weaving, weaving_auth
from danshu.hub.weaving_child import Errand
from danshu.kernel import canonical
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import EXPRESSION_BYTES, EXPRESSION_CHARS, PERCEIVER_RETRY_S, WOVEN_FIELDS
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.hub.weaving_auth import Sent
    from danshu.ports.connector import Account, Send

HTTP_JSON: Final = "http-json"
SECRET: Final = "api_key"
Leaf = Literal["text", "confidence", "box", "page", "from_ms", "to_ms", "path", "kind"]
_AUTHS: Final = frozenset({"none", "header", "query", "basic", "bearer"})
_TOLD: Final = ("text", "lang", "version", "confidence", "duration_ms", "figures", "pages")


class PerceiverMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a service is asked and understood.

    `sends` the original as the body itself, as a file of a form (RFC 7578), or in Base64 within
    JSON; `field` is the form's or the JSON's name of it. `parts` are expressions over {media_type,
    name, digest, hints}. `refuses` is over {status, headers, body}: true where the original is no
    such thing. The rest are expressions over the answer; `rows` gives objects, `row` what of each
    is its text, box…
    """

    method: Literal["POST", "PUT"] = "POST"
    path: str = ""
    sends: Literal["raw", "form", "json"] = "raw"
    field: str = "file"
    parts: tuple[WovenPart, ...] = ()
    auth: WovenAuth = WovenAuth()
    refuses: str = ""
    text: str = ""
    rows: str = ""
    row: dict[Leaf, str] = {}
    figures: str = ""
    pages: str = ""
    lang: str = ""
    confidence: str = ""
    duration_ms: str = ""
    version: str = ""


class MappedPreview(Struct, frozen=True, kw_only=True):
    """What an answer would be understood as; `values` is what each expression became."""

    perception: Perception | None
    values: dict[str, Any]
    faults: tuple[WovenFault, ...]


def read(raw: bytes) -> PerceiverMapping:
    """Read a mapping as stored."""
    return msgspec.json.decode(raw, type=PerceiverMapping)


def digest(mapping: PerceiverMapping) -> str:
    """Give the SHA-256 of a mapping, in hex."""
    return hashlib.sha256(canonical.encode(msgspec.to_builtins(mapping))).hexdigest()


def needs(mapping: PerceiverMapping) -> tuple[str, ...]:
    """Name the secrets that it can't do without."""
    return () if mapping.auth.kind == "none" else (SECRET,)


def check(mapping: PerceiverMapping) -> None:
    """Look at all but the grammar of expressions. Raises InputError `bad_mapping`."""
    woven = weave(mapping)
    wrong = [f for f in woven_lint.check(woven) if f.severity == "error"]
    wrong = [f for f in wrong if f.pointer.startswith(("/path", "/parts", "/auth"))]
    if wrong:
        raise InputError("bad_mapping", wrong[0].code, f"/mapping{wrong[0].pointer}")
    if mapping.auth.kind not in _AUTHS:
        raise InputError("bad_mapping", "this proof is not for services", "/mapping/auth/kind")
    if len(mapping.parts) > WOVEN_FIELDS:
        raise InputError("bad_mapping", f"at most {WOVEN_FIELDS} parts", "/mapping/parts")
    for pointer, text in _expressions(mapping):
        if len(text) > EXPRESSION_CHARS:
            raise InputError("bad_mapping", f"at most {EXPRESSION_CHARS} characters", pointer)
    if not (mapping.text or mapping.rows or mapping.figures):
        raise InputError("bad_mapping", "words, rows or figures are expected", "/mapping/text")


async def check_grammar(mapping: PerceiverMapping) -> None:
    """Look at the grammar of every expression. Raises InputError `bad_mapping`."""
    told = [(pointer, text) for pointer, text in _expressions(mapping) if text]
    texts = tuple([text for _, text in told])
    done = await expressions.run(Errand(does="parse", woven=_BLANK, expressions=texts))
    for (pointer, _), fault in zip(told, done.parsed, strict=True):
        if fault:
            raise InputError("bad_mapping", fault[:300], pointer)


def _expressions(mapping: PerceiverMapping) -> list[tuple[str, str]]:
    told = [(f"/mapping/{name}", getattr(mapping, name)) for name in (*_TOLD, "rows", "refuses")]
    told += [(f"/mapping/row/{name}", text) for name, text in mapping.row.items()]
    return told + [
        (f"/mapping/parts/{n}/expression", part.expression) for n, part in enumerate(mapping.parts)
    ]


def weave(mapping: PerceiverMapping, url: str = "https://service.invalid") -> Woven:
    """Give a mapping as the weaver evaluates it."""
    answer = [
        WovenField(name=name, type="any", required=False, expression=getattr(mapping, name))
        for name in _TOLD
        if getattr(mapping, name)
    ]
    if mapping.rows:
        leaves = tuple(
            [
                WovenLeaf(name=name, type="any", required=False, expression=text)
                for name, text in mapping.row.items()
                if text
            ]
        )
        rows = WovenField(name="rows", type="list", required=False, expression=mapping.rows)
        answer.append(msgspec.structs.replace(rows, of=leaves))
    rules = (WovenRule(when=mapping.refuses, verdict="refused"),) if mapping.refuses else ()
    return Woven(
        code="service",
        zh="service",
        base_url=url,
        method=mapping.method,
        path=mapping.path,
        body="json",
        parts=mapping.parts,
        answer=tuple(answer),
        rules=rules,
        auth=mapping.auth,
    )


class HttpJson:
    """A service over HTTP whose answer is mapped by who registered it."""

    kind = ""
    title = "通用 HTTP 服务"
    title_en = "Any HTTP service"
    local = False
    needs: tuple[str, ...] = ()
    extra = ""

    def __init__(self, kind: str = "", mapping: PerceiverMapping | None = None) -> None:
        self.kind = kind
        self._mapping = mapping

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Ask, and read the answer by the mapping.

        Raises InputError `unreadable` where the service says that the original is no such thing,
        NotAvailable where it does not answer, BadAnswer where what it says can't be.
        """
        if self._mapping is None:
            raise InputError("bad_mapping", "nothing says how this service is understood")
        woven = weave(self._mapping, account.url)
        sent = await build(self._mapping, woven, account, body, media_type, hints)
        got = await send(sent.method, sent.url, sent.headers, sent.body)
        if len(got.body) > EXPRESSION_BYTES:
            raise BadAnswer("the answer is longer than is read", PERCEIVER_RETRY_S)
        received = weaving.receive(got, sent)
        said = await weaving.understand(woven, {}, received)
        if said.verdict == "refused":
            raise InputError("unreadable", "the service says that it is no such original")
        if said.verdict != "done":
            raise NotAvailable(f"the service answers {received.status}", PERCEIVER_RETRY_S)
        if said.faults:
            first = said.faults[0]
            raise BadAnswer(f"{first.pointer}: {first.detail}", PERCEIVER_RETRY_S)
        return convert(self.kind, self._mapping, said)


async def build(
    mapping: PerceiverMapping,
    woven: Woven,
    account: Account,
    body: bytes,
    media_type: str,
    hints: Mapping[str, object],
) -> Sent:
    """Build the request with its proof. Raises InputError `bad_mapping`."""
    question = {
        "media_type": media_type,
        "name": str(hints.get("name", "")),
        "digest": hashlib.sha256(body).hexdigest(),
        "hints": msgspec.to_builtins(dict(hints)),
    }
    built = await weaving.build(woven, question)
    if built.faults:
        first = built.faults[0]
        raise InputError("bad_mapping", first.detail, f"/mapping{first.pointer}")
    sent = weaving.compose(woven, built, "")
    if mapping.sends == "json":
        told = built.body if isinstance(built.body, dict) else {}
        _put(told, mapping.field, base64.b64encode(body).decode())
        sent.body = msgspec.json.encode(told)
        sent.headers["content-type"] = "application/json"
    elif mapping.sends == "form":
        fields = built.body if isinstance(built.body, dict) else {}
        sent.headers["content-type"], sent.body = _form(mapping.field, body, media_type, fields)
    else:
        sent.body = body
        sent.headers["content-type"] = media_type
    weaving_auth.prove(woven, sent, account.secrets.get(SECRET, ""))
    return sent


def _put(told: dict[str, Any], name: str, value: str) -> None:
    """Put a value under a path of names."""
    *path, last = name.split(".")
    for step in path:
        told = told.setdefault(step, {})
        if not isinstance(told, dict):
            raise InputError("bad_mapping", f"{name} lies within a value", "/mapping/field")
    told[last] = value


def _form(field: str, body: bytes, media_type: str, fields: Mapping[str, Any]) -> tuple[str, bytes]:
    """Write a form with a file (RFC 7578)."""
    mark = chance.token_hex(16)
    out = bytearray()
    for name, value in fields.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        head = f'--{mark}\r\ncontent-disposition: form-data; name="{_quote(name)}"\r\n\r\n'
        out += f"{head}{text}\r\n".encode()
    named = f'name="{_quote(field)}"; filename="original"'
    head = f"--{mark}\r\ncontent-disposition: form-data; {named}\r\ncontent-type: {media_type}"
    out += head.encode() + b"\r\n\r\n" + body + f"\r\n--{mark}--\r\n".encode()
    return f"multipart/form-data; boundary={mark}", bytes(out)


def _quote(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def convert(kind: str, mapping: PerceiverMapping, said: Understood) -> Perception:
    """Make the perception of what expressions became. Raises BadAnswer."""
    told = said.answer
    if not any(told.get(name) not in (None, []) for name in (*_TOLD, "rows")):
        # a page of an error, or another service: an empty page says at least that it is one
        raise BadAnswer("the answer has nothing that the mapping names", PERCEIVER_RETRY_S)
    version = str(told.get("version", ""))[:200]
    seen = hashlib.sha256(f"{digest(mapping)}\0{version}".encode()).hexdigest()
    perception = Perception(
        kind=kind,
        engine=HTTP_JSON,
        version=version,
        digest=seen,
        text=perceiver_places.words(told.get("text")),
        pieces=tuple([perceiver_places.piece(row) for row in told.get("rows") or ()]),
        figures=perceiver_places.figures(told.get("figures")),
        pages=perceiver_places.pages(told.get("pages")),
        lang=str(told.get("lang", ""))[:32],
        duration_ms=perceiver_places.whole(told.get("duration_ms", 0)),
        confidence=perceiver_places.whole(told.get("confidence", 1_000)),
    )
    if not perception.text and perception.pieces:
        text = "\n".join(piece.text for piece in perception.pieces)
        perception = msgspec.structs.replace(perception, text=text)
    return perceptions.hold(perception)


async def preview(kind: str, mapping: PerceiverMapping, answer: Any) -> MappedPreview:
    """Say what an answer would be understood as: nothing is sent.

    Raises InputError `bad_mapping`, `expression_costly`.
    """
    check(mapping)
    said = await weaving.understand(weave(mapping), {}, Received(body=answer))
    faults = [*said.faults]
    perception = None
    if not faults:
        try:
            perception = convert(kind, mapping, said)
        except BadAnswer as error:
            faults.append(WovenFault(pointer="/rows", detail=error.detail))
    return MappedPreview(perception=perception, values=said.values, faults=tuple(faults))


_BLANK: Final = Woven(code="blank", base_url="")
