"""The fact types of a merchant's own affairs: its beginning, its keys, its promises' versions."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("tenant.created")
class TenantCreated(Struct, frozen=True, kw_only=True):
    """商户开通: a merchant begins."""

    code: str
    name: str


@fact_type("key.issued")
class KeyIssued(Struct, frozen=True, kw_only=True):
    """发放密钥: an API key was issued; its digest, never the key."""

    digest: str
    key: str
    name: str
    role: str


@fact_type("promise.defined")
class PromiseDefined(Struct, frozen=True, kw_only=True):
    """承诺定义: the version of a promise that new orders are pinned to."""

    code: str
    digest: str
    version: int


@fact_type("person.revealed")
class PersonRevealed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """查看明文: somebody saw these of the receiver's data unmasked; on the order's stream.

    `message` names a message of the inbox instead; such a fact has a stream of its own.
    """

    fields: tuple[str, ...]
    message: str = ""
    reason: str


@fact_type("message.retried")
class MessageRetried(Struct, frozen=True, kw_only=True):
    """重试消息: a message of the inbox was taken once more. `outcome` is accepted or refused."""

    channel: str
    code: str
    digest: str
    message: str
    orders: tuple[str, ...]
    outcome: str


@fact_type("message.dismissed")
class MessageDismissed(Struct, frozen=True, kw_only=True):
    """搁置消息: a person decided that a message of the inbox needs no act."""

    channel: str
    digest: str
    message: str
    reason: str


@fact_type("key.revoked")
class KeyRevoked(Struct, frozen=True, kw_only=True):
    """吊销密钥: an API key opens nothing any more."""

    key: str


@fact_type("account.changed")
class AccountChanged(Struct, frozen=True, kw_only=True):
    """店铺变更: a shop on a channel was registered or changed. `secret`: it got another secret."""

    account: str
    channel: str
    secret: bool
    shop: str


@fact_type("policy.published")
class PolicyPublished(Struct, frozen=True, kw_only=True):
    """发布授权策略: the version of the merchant's own policies that holds from now on."""

    digest: str
    note: str
    version: int


@fact_type("merchant.changed")
class MerchantChanged(Struct, frozen=True, kw_only=True):
    """商户设置: the merchant's name, and whether a code is required beside a password."""

    name: str
    totp: str


@fact_type("provider.changed")
class ProviderChanged(Struct, frozen=True, kw_only=True):
    """企业统一登录: the OpenID provider whose word the merchant takes; "" for none.

    `digest` is that of client, domains, claim and mapping; the secret is told by nothing.
    """

    digest: str
    issuer: str


@fact_type("export.made")
class ExportMade(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """导出: orders, or a part of an `asset`, left the hub as a file. `content` is the digest of the
    rows, as the file's own watermark names it, `digest` that of the file; `unmasked` are personal
    fields shown in clear; `recipient` "" is whoever asked.
    `watermark` is the number of the copy whose code its times bear: seconds may differ by one.
    """

    asset: str = ""
    columns: tuple[str, ...]
    content: str
    digest: str
    f: str = ""
    format: str
    purpose: str
    recipient: str = ""
    rows: int
    size: int
    unmasked: tuple[str, ...] = ()
    watermark: int = 0


@fact_type("bundle.exported")
class BundleExported(Struct, frozen=True, kw_only=True):
    """导出证据包: the evidence bundle of an order left the hub; on a stream of its own, so that the
    order's bundle stays the same. `digest` and `size` are of the file; `disclosed`: the raw message
    and the receiver lay in it in clear, unless erased.
    """

    digest: str
    disclosed: bool
    facts: int
    order: str
    purpose: str
    size: int
