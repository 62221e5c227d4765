"""Rights, licences, usage and value of assets. (part H)"""

from __future__ import annotations

from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Make the rights register, licences with their use, costs, valuations, listings."""
    op.execute(
        "create table asset_rights(tenant int4 not null, asset text not null,"
        " version int4 not null, doc jsonb not null, digest bytea not null, by text not null,"
        " at timestamptz not null, primary key(tenant,asset,version))"
    )
    op.execute(
        "create table licences(tenant int4 not null, id uuid not null, no int4 not null,"
        " state text not null, asset text not null, recipient text not null,"
        " purpose text not null, until date not null, terms jsonb not null,"
        " digest bytea not null, listing uuid, drafted_by text not null,"
        " drafted timestamptz not null, answered_by text not null default '',"
        " answered timestamptz, ended_by text not null default '', ended timestamptz,"
        " reason text not null default '', \"right\" int4 not null default 0,"
        " seq int4 not null, head bytea not null, primary key(tenant,id), unique(tenant,no),"
        " check (state in ('draft','active','declined','ended')))"
    )
    op.execute("create index licences_given on licences(tenant,asset,recipient,state)")
    op.execute(
        "create table licence_usage(tenant int4 not null, licence uuid not null,"
        " id uuid not null, kind text not null, rows int4 not null default 0,"
        " spent int4 not null default 0, digest text not null default '',"
        " mark text not null default '', job uuid, day date not null, at timestamptz not null,"
        " primary key(tenant,licence,id), check (kind in ('delivery','query')))"
    )
    op.execute("create index licence_usage_day on licence_usage(tenant,licence,day)")
    op.execute(
        "create table licence_keys(tenant int4 not null, key text not null,"
        " licence uuid not null, primary key(tenant,key))"
    )
    op.execute("create index licence_keys_of on licence_keys(tenant,licence)")
    _value()


def _value() -> None:
    """Make what is known of costs, values and listings."""
    op.execute(
        "create table asset_costs(tenant int4 not null, id uuid not null, asset text not null,"
        " day date not null, kind text not null, phase text not null, amount_fen int8 not null,"
        " minutes int4 not null default 0, note text not null default '', by text not null,"
        " at timestamptz not null, primary key(tenant,id),"
        " check (kind in ('labour','purchase','compute','storage','other')),"
        " check (phase in ('research','development','bought','upkeep')))"
    )
    op.execute("create index asset_costs_day on asset_costs(tenant,asset,day,id)")
    op.execute(
        "create table valuations(tenant int4 not null, asset text not null,"
        " version int4 not null, state text not null, inputs jsonb not null,"
        " result jsonb not null, digest bytea not null, drafted_by text not null,"
        " drafted timestamptz not null, answered_by text not null default '',"
        " answered timestamptz, reason text not null default '',"
        " primary key(tenant,asset,version),"
        " check (state in ('draft','approved','declined')))"
    )
    op.execute(
        "create table asset_treatments(tenant int4 not null, asset text not null,"
        " version int4 not null, doc jsonb not null, by text not null, at timestamptz not null,"
        " primary key(tenant,asset,version))"
    )
    op.execute(
        "create table data_exchanges(tenant int4 not null, code text not null,"
        " title text not null, url text not null, member text not null,"
        " at timestamptz not null, primary key(tenant,code))"
    )
    op.execute(
        "create table asset_listings(tenant int4 not null, id uuid not null, asset text not null,"
        " exchange text not null, state text not null, terms jsonb not null,"
        " reference text not null default '', package bytea, digest text not null default '',"
        " reasons text[] not null default '{}', drafted_by text not null,"
        " drafted timestamptz not null, submitted_by text not null default '',"
        " submitted timestamptz, asked timestamptz, primary key(tenant,id),"
        " check (state in ('draft','reviewing','listed','rejected','withdrawn')))"
    )
    op.execute(
        "create table listing_orders(tenant int4 not null, listing uuid not null,"
        " reference text not null, licence uuid not null, receipted uuid,"
        " primary key(tenant,listing,reference))"
    )


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
