"""Examples of the fact types of people, and of who may do what for a merchant."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.people import facts as people
from danshu.hub import facts as hub

SESSION = "019aa9d3-6b80-7000-8000-00000000005e"
NEXT = "019aa9d3-6b80-7000-8000-00000000005f"

EXAMPLES: list[Struct] = [
    people.PersonInvited(
        named="e1" * 32, number="W02", roles=("warehouse",), warehouses=("WH-HGH",)
    ),
    people.PersonJoined(by="passkey"),
    people.PersonChanged(
        named="e2" * 32,
        number="W02",
        roles=("reviewer", "warehouse"),
        warehouses=("WH-HGH", "WH-SHA"),
    ),
    people.PersonDisabled(reason="离职"),
    people.PersonEnabled(reason="返岗"),
    people.PersonLinked(
        ends="2026-11-22T11:10:00.000Z", kind="recover", link="019aa9d3-6b80-7000-8000-00000000001c"
    ),
    people.PasswordSet(),
    people.PasskeyAdded(
        aaguid="08987058-cadc-4b81-b6e1-30de50dcbe96",
        backed_up=True,
        credential="e3" * 32,
        key="e4" * 32,
        name="工作手机",
        record="e5" * 32,
        synced=True,
    ),
    people.PasskeyContested(key="e4" * 32, owner="person:019aa9d3-6b80-7000-8000-000000000009"),
    people.PasskeyRemoved(credential="e3" * 32),
    people.CertificateRecorded(certificate="执业药师", number="示例-0001", until="2027-12-31"),
    people.CertificateRemoved(certificate="执业药师", reason="离职"),
    people.DelegationGiven(
        action="outbound_review",
        begins="2026-11-22T11:00:00.000Z",
        ends="2026-11-25T11:00:00.000Z",
        giver="person:019aa9d3-6b80-7000-8000-000000000009",
        reason="休假三天",
        to="person:019aa9d3-6b80-7000-8000-00000000000a",
    ),
    people.DelegationWithdrawn(reason="提前回岗"),
    people.TotpEnrolled(codes=10),
    people.TotpRemoved(),
    people.VoiceEnrolled(consent="e6" * 32, model="e7" * 32, print="e8" * 32, speech_ms=6_200),
    people.VoiceWithdrawn(),
    people.SessionOpened(method="passkey", session=SESSION),
    people.SessionProven(before=SESSION, method="passkey", session=NEXT),
    people.SessionEnded(reason="signed_out", sessions=(NEXT,)),
    people.SigninRefused(count=7, hour="2026-11-22T10:00:00Z"),
    hub.KeyRevoked(key="7d11c0ffee00"),
    hub.AccountChanged(account="tb-2", channel="taobao", secret=True, shop="示例旗舰店"),
    hub.PolicyPublished(digest="e4" * 32, note="取消大额订单须财务", version=3),
    hub.MerchantChanged(name="槐序百货", totp="required"),
    hub.ProviderChanged(digest="e5" * 32, issuer="https://login.huaixu.example"),
]
