"""语音下单 with a microphone of the browser's own: hold, talk, let go; the draft is what a service
of the merchant heard. Who may not speak, and what is no stream, is told so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, expect
from websockets.sync.client import connect

from danshu.testing import recordings, speech_desk
from tests.console import chromium
from tests.console.conftest import Visit
from tests.console.site import Site


@pytest.fixture(scope="module")
def browser(
    browser_type: BrowserType, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser whose microphone plays a recording."""
    file = tmp_path_factory.mktemp("microphone") / "said.wav"
    file.write_bytes(recordings.spoken("", 4.0))
    fake = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={file}",
    )
    running = browser_type.launch(
        executable_path=chromium.find(), args=[*chromium.ARGUMENTS, *fake]
    )
    yield running
    running.close()


@pytest.fixture
def desk(site: Site) -> Iterator[speech_desk.Desk]:
    """The merchant's service that hears, for the time of one test."""
    with speech_desk.serve(speech_desk.Desk()) as desk:
        wish: dict[str, Any] = {
            "kind": "speech",
            "adapter": "openai-audio",
            "title": "语音识别",
            "url": desk.url,
            "options": speech_desk.OPTIONS,
            "secrets": speech_desk.SECRETS,
        }
        made = site.call("POST", "/v1/perceivers", json=wish)
        yield desk
        told = {"state": "paused", "reason": "the test is over"}
        site.call("POST", f"/v1/perceivers/{made['id']}/state", json=told)


def test_an_order_is_spoken_and_read(
    site: Site, visit: Visit, desk: speech_desk.Desk, axe: Callable[..., None]
) -> None:
    (sku,) = site.call("GET", "/v1/skus?limit=1")["items"]
    desk.transcript = f"我要两件{sku['name']}"
    page = visit("/speak", "reviewer")
    button = page.get_by_role("button", name="按住说话")
    button.hover()
    page.mouse.down()
    expect(page.get_by_text(re.compile(r"^[1-9]\.\d 秒$"))).to_be_visible()
    page.mouse.up()
    draft = page.get_by_role("region", name="订单草稿")
    expect(draft.get_by_text(f"{sku['name']} × 2")).to_be_visible()
    axe(page)
    draft.get_by_role("button", name="不要了").click()
    expect(draft.get_by_text("还没有说")).to_be_visible()
    narrow = visit("/speak", "reviewer", size={"width": 390, "height": 844})
    expect(narrow.get_by_role("button", name="按住说话")).to_be_visible()
    axe(narrow)


BEGIN = json.dumps({"begin": {}})
NO_STREAM: dict[str, tuple[dict[str, str], tuple[str | bytes, ...], str]] = {
    "nobody": ({}, (), "unauthenticated"),
    "another site's page": (
        {"cookie": "{session}", "origin": "https://elsewhere.example"},
        (),
        "foreign_origin",
    ),
    "a page that hides where it is from": ({"cookie": "{session}"}, (), "foreign_origin"),
    "sound first": ({"authorization": "{key}"}, (bytes(320),), "bad_stream"),
    "no command": ({"authorization": "{key}"}, ('{"order": 1}',), "bad_stream"),
    "no sound": ({"authorization": "{key}"}, (BEGIN, '{"end": true}'), "nothing_said"),
}


@pytest.mark.parametrize("name", NO_STREAM)
def test_what_is_no_stream_is_told_so(site: Site, name: str) -> None:
    given, messages, code = NO_STREAM[name]
    known = {"session": f"danshu={site.cookie('reviewer')}", "key": f"Bearer {site.key}"}
    headers = {field: text.format(**known) for field, text in given.items()}
    url = f"{site.address.replace('http', 'ws', 1)}/v1/voice/stream"
    with connect(url, additional_headers=headers, compression=None) as socket:
        for message in messages:
            socket.send(message)
        told = json.loads(socket.recv())
        while told["type"] != "problem":
            told = json.loads(socket.recv())
    assert told["problem"]["code"] == code
