"""Fact types of people: their roles, their ways to prove themselves, their sessions."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("person.invited")
class PersonInvited(Struct, frozen=True, kw_only=True):
    """邀请人员: a person may join in these roles. `named` commits to name and login."""

    named: str
    number: str
    roles: tuple[str, ...]
    warehouses: tuple[str, ...]


@fact_type("person.joined")
class PersonJoined(Struct, frozen=True, kw_only=True):
    """人员加入: the invitation was accepted, by passkey, password or the merchant's provider."""

    by: str


@fact_type("person.changed")
class PersonChanged(Struct, frozen=True, kw_only=True):
    """人员变更: name, number, roles and warehouses from now on."""

    named: str
    number: str
    roles: tuple[str, ...]
    warehouses: tuple[str, ...]


@fact_type("person.disabled")
class PersonDisabled(Struct, frozen=True, kw_only=True):
    """停用人员: the person may not act any more; all sessions end."""

    reason: str


@fact_type("person.enabled")
class PersonEnabled(Struct, frozen=True, kw_only=True):
    """恢复人员: a person who was disabled may act again."""

    reason: str


@fact_type("person.linked")
class PersonLinked(Struct, frozen=True, kw_only=True):
    """签发链接: a single-use link was issued, by which the person joins or comes back in."""

    ends: str
    kind: str
    link: str


@fact_type("password.set")
class PasswordSet(Struct, frozen=True, kw_only=True):
    """设置密码: a password was set; neither it nor its hash is told."""


@fact_type("passkey.added")
class PasskeyAdded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """添加通行密钥: by the digest of its credential id.

    `key` is the SHA-256 (hex) of the COSE public key, as signed acts name it; `record` that of the
    registration as it was kept. `synced`: the key may be on other devices too (BE); `backed_up`:
    it was when it was added (BS). Older facts say none of these.
    """

    aaguid: str = ""
    backed_up: bool = False
    credential: str
    key: str = ""
    name: str
    record: str = ""
    synced: bool = False


@fact_type("passkey.contested")
class PasskeyContested(Struct, frozen=True, kw_only=True):
    """通行密钥重用: the person tried to add a passkey whose public key (digest) is the owner's."""

    key: str
    owner: str


@fact_type("certificate.recorded")
class CertificateRecorded(Struct, frozen=True, kw_only=True):
    """登记证书: an admin says that the person holds a certificate (执业药师) until that day."""

    certificate: str
    number: str
    until: str


@fact_type("certificate.removed")
class CertificateRemoved(Struct, frozen=True, kw_only=True):
    """移除证书: a certificate counts no longer."""

    certificate: str
    reason: str


@fact_type("passkey.removed")
class PasskeyRemoved(Struct, frozen=True, kw_only=True):
    """移除通行密钥."""

    credential: str


@fact_type("delegation.given")
class DelegationGiven(Struct, frozen=True, kw_only=True):
    """授权代办: a person lets another do an action in their place until `ends`."""

    action: str
    begins: str
    ends: str
    giver: str
    reason: str
    to: str


@fact_type("delegation.withdrawn")
class DelegationWithdrawn(Struct, frozen=True, kw_only=True):
    """收回代办: a delegation holds no longer."""

    reason: str


@fact_type("totp.enrolled")
class TotpEnrolled(Struct, frozen=True, kw_only=True):
    """启用动态码: with so many recovery codes."""

    codes: int


@fact_type("totp.removed")
class TotpRemoved(Struct, frozen=True, kw_only=True):
    """停用动态码."""


@fact_type("voice.enrolled")
class VoiceEnrolled(Struct, frozen=True, kw_only=True):
    """登记声纹: with consent to the words whose digest `consent` is; `print` commits to the voice
    as the network `model` hears it, which lies apart and goes when the person withdraws.
    """

    consent: str
    model: str
    print: str
    speech_ms: int


@fact_type("voice.withdrawn")
class VoiceWithdrawn(Struct, frozen=True, kw_only=True):
    """撤回声纹: the consent is taken back, the voice is deleted."""


@fact_type("session.opened")
class SessionOpened(Struct, frozen=True, kw_only=True):
    """登录: a session begins; how the person proved themselves."""

    method: str
    session: str


@fact_type("session.proven")
class SessionProven(Struct, frozen=True, kw_only=True):
    """再次验证: the person proved themselves again inside a session, which took a new id."""

    before: str
    method: str
    session: str


@fact_type("session.ended")
class SessionEnded(Struct, frozen=True, kw_only=True):
    """退出登录: sessions end: signed_out, revoked, disabled, changed, replaced."""

    reason: str
    sessions: tuple[str, ...]


@fact_type("signin.refused")
class SigninRefused(Struct, frozen=True, kw_only=True):
    """登录被拒: so many attempts failed in the hour from `hour` on; unknown logins together."""

    count: int
    hour: str
