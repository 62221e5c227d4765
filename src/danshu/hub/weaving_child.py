"""Evaluates JSONata for others, in a process that may be killed: `python -m` this module.

An expression is somebody's program: it may loop, or ask for more memory than there is. The library
bounds time, depth and rows; what it does not bound (`$pad` of a billion characters) this process's
own memory limit does, and whoever asks ends it when it is late. A line of JSON in, a line out.
"""

from __future__ import annotations

import resource
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.weave import inferring, mapping
from danshu.capabilities.weave.mapping import Received
from danshu.capabilities.weave.woven import Kind, Woven
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    EXPRESSION_DEPTH,
    EXPRESSION_MEMORY_BYTES,
    EXPRESSION_MS,
    EXPRESSION_ROWS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

READY: Final = b'{"ready":true}\n'


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a proposal is made from: a document and its operation, or two samples."""

    kind: Kind = "generic"
    document: str = ""
    operation: str = ""
    question: str = ""
    response: str = ""


class Errand(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be evaluated."""

    does: Literal["build", "understand", "sound", "text", "parse", "infer"]
    woven: Woven
    question: dict[str, Any] = {}
    got: Received | None = None
    answer: dict[str, Any] = {}
    expression: str = ""
    expressions: tuple[str, ...] = ()
    source: Source | None = None


class Done(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of it; `text` where one expression was asked for, `fault` where it failed;
    `parsed` says of each expression what is wrong with its grammar, "" for nothing;
    `refused` is code, detail and pointer of an InputError.
    """

    built: mapping.Built | None = None
    understood: mapping.Understood | None = None
    sounded: tuple[mapping.Sounded, ...] = ()
    faults: tuple[mapping.WovenFault, ...] = ()
    text: Any = None
    fault: str = ""
    parsed: tuple[str, ...] = ()
    inferred: inferring.Inferred | None = None
    refused: tuple[str, str, str] | None = None


@lru_cache(maxsize=2_000)
def _compile(expression: str) -> Any:
    import jsonatapy  # by the child alone

    return jsonatapy.compile(expression)


def evaluate(expression: str, data: Any, beside: Mapping[str, Any]) -> Any:
    """Evaluate within the limits. Raises ValueError that says why not."""
    try:
        return _compile(expression).evaluate(
            data,
            dict(beside),
            timeout=EXPRESSION_MS,
            max_stack_depth=EXPRESSION_DEPTH,
            max_sequence_length=EXPRESSION_ROWS,
        )
    except (TypeError, OverflowError) as error:  # a number beyond 64 bits
        raise ValueError(str(error)) from error


def parse(expression: str) -> str:
    """Say what is wrong with an expression's grammar, "" for nothing."""
    try:
        _compile(expression)
    except ValueError as error:
        return str(error)
    return ""


def perform(errand: Errand) -> Done:
    """Do what is asked."""
    if errand.does == "build":
        return Done(built=mapping.build(errand.woven, errand.question, evaluate))
    if errand.does == "understand":
        got = errand.got or Received()
        return Done(understood=mapping.understand(errand.woven, errand.question, got, evaluate))
    if errand.does == "sound":
        told = mapping.sound(errand.woven.readings, errand.question, errand.answer, evaluate)
        return Done(sounded=told[0], faults=told[1])
    if errand.does == "infer":
        return _infer(errand.source or Source())
    if errand.does == "parse":
        return Done(parsed=tuple([parse(text) for text in errand.expressions]))
    try:
        return Done(text=evaluate(errand.expression, errand.question, {}))
    except ValueError as error:
        return Done(fault=str(error))


def _infer(source: Source) -> Done:
    try:
        told = inferring.infer(
            source.kind, source.document, source.operation, source.question, source.response
        )
    except InputError as error:
        return Done(refused=(error.code, error.detail, error.pointer))
    return Done(inferred=told)


def main() -> None:
    """Answer lines until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (EXPRESSION_MEMORY_BYTES, EXPRESSION_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    decode = msgspec.json.Decoder(Errand).decode
    encode = msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    out.write(READY)
    out.flush()
    for line in sys.stdin.buffer:
        try:
            said = encode(perform(decode(line)))
        except (MemoryError, RecursionError) as error:
            said = encode(Done(fault=f"too costly: {type(error).__name__}"))
        out.write(said + b"\n")
        out.flush()


if __name__ == "__main__":
    main()
