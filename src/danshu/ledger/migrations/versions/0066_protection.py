"""Grants, exports and shares of assets, budgets of privacy."""

from __future__ import annotations

from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    """Make its tables. What holds now stands in rows, each with the end of its own stream."""
    op.execute("""
create table data_grants(tenant int4 not null, id uuid not null, holder text not null,
  asset text not null, act text not null, purpose text not null, columns text[] not null,
  condition text not null default '', reason text not null, given_by text not null,
  begins timestamptz not null, until timestamptz not null, revoked timestamptz,
  seq int4 not null, head bytea not null, primary key(tenant,id))
""")
    op.execute(
        "create index data_grants_holder on data_grants(tenant,holder,asset,act)"
        " where revoked is null"
    )
    op.execute("""
create table asset_exports(tenant int4 not null, id uuid not null, asset text not null,
  act text not null, form text not null, purpose text not null, recipient text not null default '',
  state text not null, asked_by text not null, body jsonb not null, caller jsonb not null,
  actor jsonb not null, approvals jsonb not null default '[]', outcome jsonb not null,
  job uuid, note text not null default '', created timestamptz not null,
  decided timestamptz, seq int4 not null, head bytea not null, primary key(tenant,id))
""")
    op.execute(
        "create index asset_exports_waiting on asset_exports(tenant,id) where state='waiting'"
    )
    op.execute("""
create table impact_assessments(tenant int4 not null, id uuid not null, asset text not null,
  recipient text not null, purpose text not null, risk text not null, body text not null,
  by text not null, at timestamptz not null, until timestamptz not null, primary key(tenant,id))
""")
    op.execute("""
create table border_people(tenant int4 not null, recipient text not null, year int4 not null,
  person bytea not null, sensitive bool not null, primary key(tenant,recipient,year,person))
""")
    op.execute("""
create table privacy_budgets(tenant int4 not null, asset text not null, recipient text not null,
  year int4 not null, stream uuid not null, spent int4 not null, seq int4 not null,
  head bytea not null, primary key(tenant,asset,recipient,year))
""")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
