"""The demo's own time sources: lent for a while, told apart from what the operator set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from danshu.hub import time_settings, timing
from danshu.stories import time_sources

NAMES = ("DANSHU_NTP_SERVERS", "DANSHU_TSA_URLS", "DANSHU_TSA_ROOTS")


def test_they_are_lent_and_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for _ in range(2):
        with time_sources.lend() as sources:
            settings = time_settings.read()
            assert settings.servers == (sources.server,)
            look = timing.take(settings, 0)
            assert look is not None
            assert [r.trouble for r in look.readings if r.source == sources.server] in ([""], [])
            if sources.authority:
                assert all(settings.is_own(url) for url in settings.tsa_urls)
                (authority,) = settings.authorities()
                assert authority.roots.count(b"BEGIN CERTIFICATE") == len(
                    list((tmp_path / "demo-tsa-roots").glob("*.pem"))
                )
        assert not set(NAMES) & set(os.environ)


def test_the_operator_s_own_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    monkeypatch.setenv("DANSHU_NTP_SERVERS", "none")
    monkeypatch.setenv("DANSHU_TSA_URLS", "https://tsa.example.cn/tsr")
    with time_sources.lend() as sources:
        assert (sources.server, sources.authority) == ("", "")
        assert time_settings.read().tsa_urls == ("https://tsa.example.cn/tsr",)
    assert os.environ["DANSHU_NTP_SERVERS"] == "none"
