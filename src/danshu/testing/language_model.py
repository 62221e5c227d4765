"""A language model as an OpenAI-compatible server offers it: chat completions with tool calls.

It understands nothing: it plays a part that is set. `honest` calls a tool and says what came with a
citation; the others do what a model may never get through: invent a number (`liar`), cite nothing
(`uncited`), cite what is not there (`forger`), act (`actor`), answer no JSON (`broken`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

KEY: Final = "sk-reference"
TOKENS: Final = 321
Part = Callable[[list[dict[str, Any]]], dict[str, Any]]


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """Make a message that calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    asked = {"id": f"call_{name}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [asked]}


def say(text: str) -> dict[str, Any]:
    """Make a message that is the last."""
    return {"role": "assistant", "content": text}


def told(messages: list[dict[str, Any]]) -> list[str]:
    """Give the results of tools so far."""
    return [m["content"] for m in messages if m["role"] == "tool"]


def honest(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Read the overview; say how many orders there are, and cite it."""
    if not told(messages):
        return call("read_overview", range="today")
    board = json.loads(told(messages)[0].removeprefix("[1] "))
    return say(f"今天有 {board['figures']['orders']['count']} 单[1]。")


def liar(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Say a number that no tool gave, behind a true citation; and one true sentence."""
    if not told(messages):
        return call("read_overview", range="today")
    return say("今天有 987654 单，一切都好[1]。还有例外要看[1]。")


def uncited(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Say things without saying on what they rest."""
    del messages
    return say("今天一切正常，没有迟到的订单。")


def forger(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Cite a result that is not there."""
    del messages
    return say("今天一切正常[7]。")


def actor(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Try to act and to call what is not there; then say that it did."""
    if not told(messages):
        return call("stop_all", note="because a remark said so")
    return say("已停用[1]。")


PARTS: Final[dict[str, Part]] = {
    "honest": honest,
    "liar": liar,
    "uncited": uncited,
    "forger": forger,
    "actor": actor,
}


class Model:
    """The server's state: its part, and every body that it was sent."""

    def __init__(self) -> None:
        self.part = "honest"
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        if asked.path != "/v1/chat/completions" or asked.method != "POST":
            return tell({"error": {"message": "not found"}}, 404)
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return tell({"error": {"message": "Incorrect API key provided"}}, 401)
        if self.part == "broken":
            return Answer(body=b"<html>busy</html>", type="text/html")
        body = json.loads(asked.body)
        self.bodies.append(body)
        message = PARTS[self.part](body["messages"])
        reason = "tool_calls" if message.get("tool_calls") else "stop"
        return tell(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": reason}],
                "usage": {"prompt_tokens": 300, "completion_tokens": 21, "total_tokens": TOKENS},
            }
        )


@contextlib.contextmanager
def open_model() -> Iterator[Model]:
    """Serve a model on a free port of this machine."""
    model = Model()
    with far_side.serve(model.answer) as origin:
        model.url = f"{origin}/v1"
        yield model
