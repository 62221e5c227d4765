"""What an installation says of time: whose an authority is, which root vouches for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from danshu.hub import time_settings


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8421/tsr", True),
        ("http://localhost/tsr", True),
        ("http://10.1.2.3/tsr", True),
        ("http://[fd00::1]/tsr", True),
        ("https://tsa.internal/tsr", True),
        ("https://tsa.example.cn/tsr", False),
        ("https://mine.example.cn/tsr", True),
        ("https://203.0.114.7/tsr", False),
    ],
)
def test_whose_an_authority_is(url: str, own: bool) -> None:
    settings = time_settings.read({"DANSHU_TSA_OWN": "https://mine.example.cn/tsr"})
    assert settings.is_own(url) is own


def test_roots_by_host(tmp_path: Path) -> None:
    for name in ("a.example", "common", "b.example"):
        (tmp_path / f"{name}.pem").write_text(name)
    settings = time_settings.read(
        {
            "DANSHU_TSA_URLS": "https://a.example/x, https://b.example/y,https://c.example",
            "DANSHU_TSA_ROOTS": str(tmp_path),
        }
    )
    assert [a.roots for a in settings.authorities()] == [b"a.example", b"b.example", b"common"]
    assert time_settings.read({}).servers == time_settings.DEFAULT_SERVERS
    assert time_settings.read({"DANSHU_NTP_SERVERS": "none"}).servers == ()
