"""Links for customers: issued, viewed, expired, revoked; one order, and nothing else, and nobody's
name.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.faces import verify
from danshu.faces.http import customer_pages
from danshu.hub import links
from danshu.kernel.fact import unpack
from danshu.kernel.limits import ATTEMPTS_ADDRESS, LINK_DAYS, LINK_VIEWS_MINUTE, ORDER_LINKS
from danshu.ledger.engine import Engine
from danshu.testing.messages import CHANNELS, message
from tests.fixtures import engine as stores
from tests.fixtures.floor import audit, go_through, photograph, release
from tests.fixtures.hub import House, open_house
from tests.flows.asking import ask, tell
from tests.flows.test_http_channels import NOW_MS, send

BELOW = ("", "/proof", "/bundle", "/logistics", f"/media/{'0' * 64}")
PERSONAL = ("张示例", "13900001234", "1390000", "示例路")


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One merchant for the file: every test has orders of its own."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def make(house: House, order: str, **body: Any) -> dict[str, Any]:
    """Make a link and give what the API says of it, its path among it."""
    response = house.call("POST", f"/v1/orders/{order}/links", body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    made["path"] = made["url"].removeprefix("http://testserver.local")
    return made


def look(house: House, path: str, **headers: str) -> Any:
    """Open an address as a customer does: without any key."""
    return house.client.get(path, headers=headers)


def link_facts(house: House, order: str) -> list[dict[str, Any]]:
    """Facts of an order's links, on whatever stream."""
    with psycopg.connect(house.url) as connection:
        rows = connection.execute("select body from facts where tenant=%s", (house.tenant,))
        found = [msgspec.json.decode(b) for (body,) in rows for b in unpack(bytes(body))]
    links = [f for f in found if f["type"].startswith("link.")]
    return [f for f in links if f["data"].get("order", order) == order]


def facts(house: House, order: str) -> list[dict[str, Any]]:
    """Facts of an order."""
    found: list[dict[str, Any]] = house.call("GET", f"/v1/orders/{order}/facts").json()["facts"]
    return found


def test_a_customer_sees_one_order_and_every_view_is_a_fact_of_the_link(house: House) -> None:
    order = house.place()["order"]
    before = facts(house, order)
    made = make(house, order, days=30)
    assert (made["state"], made["purpose"], made["views"]) == ("open", "shared", 0)
    for _ in range(2):
        page = look(house, made["path"])
        assert page.status_code == 200, page.text
    assert "小商户" in page.text
    assert "您的订单正在履行" in page.text
    assert "付款后48小时内发货" in page.text
    said = [f for f in link_facts(house, order) if f["type"] != "link.configured"]
    assert [f["type"] for f in said] == ["link.issued", "link.viewed", "link.viewed"]
    assert {f["id"] for f in said} == {f"{made['id']}/{n}" for n in (1, 2, 3)}
    assert {f["data"]["order"] for f in said} == {order}
    assert said[0]["data"]["digest"] == hashlib.sha256(made["path"][3:].encode()).hexdigest()
    assert facts(house, order) == before  # the order's chain does not grow by looking
    (listed,) = house.call("GET", f"/v1/orders/{order}/links").json()["items"]
    assert (listed["views"], listed["url"], listed["by"]) == (2, "", "admin")
    assert listed["viewed"]
    house.work("sequence")
    assert audit(house) == []


def test_the_headers_keep_the_page_to_itself(house: House) -> None:
    path = make(house, house.place()["order"])["path"]
    page = look(house, path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    (nonce,) = set(re.findall(r"'nonce-([\w-]+)'", policy))
    assert page.text.count(f'nonce="{nonce}"') == 3
    assert look(house, path).headers["content-security-policy"] != policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "private, no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    loads = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    ours = ("#", "?lang", "data:,", "/e/files/verify.js", f"{path}/")
    assert all(load.startswith(ours) for load in loads), loads
    assert not re.findall(r"<[^>]* (?:style|on\w+)=", page.text)
    script = look(house, "/e/files/verify.js").text
    assert not re.findall(r"https?://", script)
    assert len(page.content) + len(script) < 150_000


def test_it_is_chinese_first_and_english_when_asked(house: House) -> None:
    path = make(house, house.place()["order"])["path"]
    assert '<html lang="zh-CN">' in look(house, path).text
    english = look(house, path, **{"accept-language": "fr, en-GB;q=0.8, zh;q=0.2"}).text
    assert "Your order is on its way" in english
    assert "您的订单" in look(house, f"{path}?lang=zh", **{"accept-language": "en"}).text
    assert "Your order" in look(house, f"{path}?lang=en").text


@pytest.mark.parametrize(
    ("asked", "accepted", "lang"),
    [
        ("", "", "zh"),
        ("xx", "en", "en"),
        ("zh", "en", "zh"),
        ("", "de;q=0.9,zh-TW;q=0.8,en;q=0.7", "zh"),
        ("", "en;q=0,zh;q=0.1", "zh"),
        ("", "en;q=oops", "zh"),
    ],
)
def test_the_language_is_chosen(asked: str, accepted: str, lang: str) -> None:
    assert customer_pages.choose_lang(asked, accepted) == lang


def test_words_are_the_same_in_both_languages() -> None:
    def keys(words: dict[str, Any]) -> set[tuple[str, tuple[str, ...]]]:
        found: set[tuple[str, tuple[str, ...]]] = set()
        for name, word in words.items():
            if isinstance(word, dict):
                found |= keys(word)
            else:
                found.add((name, tuple(sorted(re.findall(r"\{(\w+)\}", word)))))
        return found

    assert keys(customer_pages.WORDS["zh"]) == keys(customer_pages.WORDS["en"])


def test_what_opens_nothing_gives_one_page_that_tells_nothing(house: House) -> None:
    order = house.place()["order"]
    token = make(house, order)["path"][3:]
    revoked = make(house, order)
    answer = house.call("DELETE", f"/v1/orders/{order}/links/{revoked['id']}")
    assert answer.status_code == 204
    expired = make(house, order)
    tell(house.url, "update links set expires=now() where id=%s", uuid.UUID(expired["id"]))
    flipped = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    asked = {
        revoked["path"]: 410,
        expired["path"]: 410,
        f"/e/{flipped}": 404,
        f"/e/{token}x": 404,
        f"/e/{token[:-1]}": 404,
        "/e/nothing": 404,
        f"/e/{'A' * 300}": 404,
        f"/e/{order}": 404,
    }
    bodies = set()
    for path, status in asked.items():
        for below in BELOW if status == 410 else BELOW[:2]:  # guesses are counted
            page = look(house, path + below)
            assert page.status_code == status, (path, below)
            bodies.add(re.sub(r'nonce="[^"]*"', "", page.text))
    (body,) = bodies
    assert "小商户" not in body
    assert order not in body
    states = [i["state"] for i in house.call("GET", f"/v1/orders/{order}/links").json()["items"]]
    assert states == ["expired", "revoked", "open"]
    assert house.call("DELETE", f"/v1/orders/{order}/links/{revoked['id']}").status_code == 204
    assert [f["type"] for f in link_facts(house, order)].count("link.revoked") == 1


def test_a_token_of_another_merchant_s_key_or_tenant_is_none() -> None:
    key, secret = b"k" * 32, b"s" * 16
    token = links.mint(key, 7, 1_900_000_000_000, secret)
    read = links.read(key, token)
    assert read is not None
    assert (read.tenant, read.expires_ms) == (7, 1_900_000_000_000)
    assert links.read(b"x" * 32, token) is None
    for at in range(len(token)):  # every other spelling, too, of the last few bits
        for letter in "Ab-_9":
            other = token[:at] + letter + token[at + 1 :]
            assert other == token or links.read(key, other) is None


def test_the_wall_between_merchants(house: House) -> None:
    order = house.place()["order"]
    made = make(house, order)
    stranger = {"authorization": f"Bearer {house.other}"}
    path = f"/v1/orders/{order}/links"
    for method, at in (("GET", path), ("POST", path), ("DELETE", f"{path}/{made['id']}")):
        body: dict[str, Any] | None = {} if method == "POST" else None
        answer = house.client.request(method, at, headers=stranger, json=body)
        assert answer.status_code == 404, (method, answer.text)
    # the same link under another order of one's own is not there either
    second = house.place()["order"]
    assert house.call("DELETE", f"/v1/orders/{second}/links/{made['id']}").status_code == 404
    assert look(house, made["path"]).status_code == 200


def test_an_order_has_so_many_links_and_they_live_so_long(house: House) -> None:
    order = house.place()["order"]
    for days in (0, LINK_DAYS + 1):
        answer = house.call("POST", f"/v1/orders/{order}/links", {"days": days})
        assert answer.status_code == 422
    first = make(house, order)
    for _ in range(ORDER_LINKS - 1):
        make(house, order)
    answer = house.call("POST", f"/v1/orders/{order}/links", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_links")
    house.call("DELETE", f"/v1/orders/{order}/links/{first['id']}")
    make(house, order)


def test_who_may(house: House) -> None:
    order = house.place()["order"]
    for role, status in (("operator", 201), ("viewer", 403), ("channel", 403)):
        assert house.call("POST", f"/v1/orders/{order}/links", {}, role=role).status_code == status


def test_settings_hold_for_links_and_slips(house: House) -> None:
    assert house.call("GET", "/v1/link-settings").json() == {"days": 90, "slip": True}
    order = release(house)["order"]
    first = house.call("GET", f"/print/packing/{order}.1")
    assert first.text.count("<svg") == 2
    assert "扫码看这张订单的履约证据" in first.text
    (slip,) = house.call("GET", f"/v1/orders/{order}/links").json()["items"]
    assert slip["purpose"] == "slip"
    put = house.call("PUT", "/v1/link-settings", {"days": 7, "slip": False})
    assert put.status_code == 200, put.text
    assert house.call("GET", f"/print/packing/{order}.1").text.count("<svg") == 1
    (still,) = house.call("GET", f"/v1/orders/{order}/links").json()["items"]
    assert still["id"] == slip["id"]
    made = make(house, order)
    issued, expires = str(made["issued"]), str(made["expires"])
    assert expires[:10] > issued[:10]
    (said,) = [f for f in link_facts(house, order) if f["type"] == "link.configured"]
    assert said["data"] == {"days": 7, "slip": False}


def test_evidence_of_the_order_is_seen_and_nothing_of_another(house: House) -> None:
    order = release(house)["order"]
    go_through(house, order, "pick", "pack")
    digest = photograph(house, order, "review", role="warehouse").json().get("digest", "")
    made = make(house, order)
    tell(
        house.url,
        "insert into blobs(tenant,digest,kind,body) values(%s,%s,'image/png','x')"
        " on conflict do nothing",
        house.tenant,
        hashlib.sha256(b"x").digest(),
    )
    page = look(house, made["path"])
    named = re.findall(r'data-from="([^"]+)"', page.text)
    assert named, "the scans of picking are evidence"
    for path in named:
        body = look(house, path)
        assert body.status_code == 200
        assert hashlib.sha256(body.content).hexdigest() == path.rpartition("/")[2]
        assert "sandbox" in body.headers["content-security-policy"]
    stranger = hashlib.sha256(b"x").hexdigest()
    assert look(house, f"{made['path']}/media/{stranger}").status_code == 404
    if digest:  # a photo of work that is not done yet is nobody's evidence
        assert look(house, f"{made['path']}/media/{digest}").status_code == 404


def test_the_bundle_is_whole_without_what_is_personal(house: House) -> None:
    order = house.place()["order"]
    house.work("sequence", "seal")
    path = make(house, order)["path"]
    bundle = look(house, f"{path}/bundle")
    assert bundle.status_code == 200
    assert bundle.headers["content-disposition"].endswith('.evb.zip"')
    report = verify.verify(io.BytesIO(bundle.content))
    assert report.code == verify.OWN_TRUST
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        assert not [n for n in archive.namelist() if n.startswith("disclosed/")]
        whole = b"".join(archive.read(n) for n in archive.namelist())
    assert not [p for p in PERSONAL if p.encode() in whole]
    proof = look(house, f"{path}/proof").json()
    assert (proof["order"], proof["pending"]) == (order, 0)
    assert len(proof["books"][0]["entries"]) == len(report.facts)
    viewed = [f for f in link_facts(house, order) if f["type"] == "link.viewed"]
    assert [f["data"]["what"] for f in viewed] == ["bundle"]


def test_after_an_erasure_the_page_says_so_and_verifies(house: House) -> None:
    order = house.place()["order"]
    path = make(house, order)["path"]
    body = {"reason": "买家要求", "reference": "REQ-1"}
    erased = house.call("POST", f"/v1/orders/{order}/erase", body)
    assert erased.status_code < 300, erased.text
    house.work("sequence", "seal")
    page = look(house, path)
    assert "依法删除" in page.text
    bundle = look(house, f"{path}/bundle")
    assert verify.verify(io.BytesIO(bundle.content)).code == verify.OWN_TRUST


def test_third_parties_are_named_only_where_they_cover_every_fact(house: House) -> None:
    order = house.place()["order"]
    path = make(house, order)["path"]
    assert "第三方时间戳：没有。第三方见证：没有。" in look(house, path).text
    house.work("sequence", "seal")
    rows = ask(
        house.url,
        "select half, max(size) from checkpoints where tenant=%s group by half order by half",
        house.tenant,
    )
    half, size = rows[-1]
    for authority, own in (("tsa.example", False), ("own.example", True)):
        tell(
            house.url,
            "insert into tokens(tenant,half,size,algorithm,authority,digest,gen_us,serial,policy,"
            "signer,own,checked,token) values(%s,%s,%s,'sha256',%s,'',0,'','','',%s,'','')",
            house.tenant, half, size, authority, own,
        )  # fmt: skip
    tell(
        house.url,
        "insert into cosignatures(tenant,half,size,witness,line,at)"
        " values(%s,%s,%s,'w.example','',now())",
        house.tenant, half, size,
    )  # fmt: skip
    assert "第三方时间戳：1 家。第三方见证：1 家。" in look(house, path).text
    told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": "release"})
    assert told.status_code == 200, told.text
    house.work("sequence", "seal")  # one more fact, which nobody vouches for yet
    assert "第三方时间戳：没有。第三方见证：没有。" in look(house, path).text


def test_no_name_number_or_street_is_on_the_page_of_any_order(house: House) -> None:
    """The property over what the demo's channels send: whatever is in the vault is not here."""
    for channel in CHANNELS:
        assert send(house, channel, message(channel, 7, 1, NOW_MS)).status_code == 200
    house.place()
    listed = house.call("GET", "/v1/orders", params={"limit": len(CHANNELS) + 1}).json()["items"]
    ids = [i["order"] for i in listed]
    assert {i["channel"] for i in listed} == {*CHANNELS, "api"}
    for order in ids:
        path = make(house, order)["path"]
        text = look(house, path).text + look(house, f"{path}/proof").text
        rows = ask(house.url, "select person from vault where id=%s", uuid.UUID(order))
        person = msgspec.json.decode(bytes(rows[0][0]))
        plain = [v for k, v in person.items() if k in ("name", "phone", "street", "detail") and v]
        assert not [value for value in plain if len(value) > 1 and value in text]


def test_a_view_that_is_not_written_shows_nothing(house: House) -> None:
    """The view's fact and the count are one commit: with the facts refused, no page is given."""
    order = house.place()["order"]
    made = make(house, order)

    async def broken() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            key = await links.load_key(c)
            token = links.read(key, made["path"][3:])
            assert token is not None
            await c.execute("set default_transaction_read_only = on")
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await links.view(c, token, "page", 1)

    asyncio.run(broken())
    id_ = uuid.UUID(made["id"])
    assert ask(house.url, "select views from links where id=%s", id_) == [(0,)]


def test_guessing_is_slowed_down_and_views_are_bounded(house: House) -> None:
    path = make(house, house.place()["order"])["path"]
    statuses = [look(house, path).status_code for _ in range(LINK_VIEWS_MINUTE)]
    last = look(house, path)
    minute_turned = 200 in (last.status_code,)
    assert set(statuses) == {200}
    if not minute_turned:
        assert last.status_code == 429
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert "太频繁" in last.text
    guesses = [look(house, "/e/guess").status_code for _ in range(ATTEMPTS_ADDRESS + 1)]
    assert set(guesses) == {404, 429}
    assert look(house, path).status_code == 429  # from this address; a token that is good waits too
