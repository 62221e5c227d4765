"""The fact types of rights and licences."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("right.registered")
class RightRegistered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """权属登记: whose an asset is, on which basis, by which of the three rights. `digest` is the
    SHA-256 (hex) of the whole entry, `evidence` those of the documents that it rests on.
    """

    asset: str
    basis: str
    digest: str
    evidence: tuple[str, ...] = ()
    holder: str
    rights: tuple[str, ...] = ()
    source: str
    until: str = ""
    version: int


@fact_type("licence.drafted")
class LicenceDrafted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """授权起草: a licence is offered for approval. `terms` is the SHA-256 (hex) of its terms; one
    drafted again before it was approved is said again.
    """

    asset: str
    no: int
    purpose: str
    recipient: str
    since: str
    terms: str
    until: str


@fact_type("licence.granted")
class LicenceGranted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """授权生效: a second person approved exactly these terms; from `since` to `until` the recipient
    may use the asset for the purpose. `first` is who drafted it, `right` the version of the entry
    of the rights register that it rests on.
    """

    asset: str
    first: str
    no: int
    purpose: str
    recipient: str
    right: int
    since: str
    terms: str
    until: str


@fact_type("licence.declined")
class LicenceDeclined(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """授权驳回: the draft is not approved, for the reason said."""

    no: int
    reason: str


@fact_type("licence.ended")
class LicenceEnded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """授权终止: ended before its last day, for the reason said; nothing is given any more."""

    no: int
    reason: str


@fact_type("licence.delivered")
class LicenceDelivered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """授权交付: a file of the asset left for the recipient: digest (SHA-256, hex), rows, and the
    number of the watermark in it, by which a copy is traced.
    """

    digest: str
    mark: str = ""
    no: int
    rows: int
    usage: str


@fact_type("licence.queried")
class LicenceQueried(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """洁净室作答: aggregates left for the recipient: digest of the question, groups that were told
    and held back, the privacy budget spent in thousandths of epsilon.
    """

    groups: int
    held_back: int = 0
    no: int
    question: str
    spent: int
    usage: str


@fact_type("asset_listing.submitted")
class AssetListingSubmitted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """上架申请: a package about an asset went to a data exchange: SHA-256 (hex) of the package, by
    a second person. `first` is who drafted the listing.
    """

    asset: str
    digest: str
    exchange: str
    first: str
    listing: str


@fact_type("asset_listing.answered")
class AssetListingAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """上架结果: what the exchange says of a listing, under its own number, with its reasons."""

    listing: str
    reasons: tuple[str, ...] = ()
    reference: str
    state: str
