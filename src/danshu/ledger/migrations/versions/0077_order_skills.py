"""Order skills: policies told in words, figures that were tried, drafts proposed, chases."""

from __future__ import annotations

from alembic import op

revision = "0077"
down_revision = "0076"
TABLES = """
create table policy_wishes (
  tenant int not null, id uuid not null, by text not null, at timestamptz not null,
  words text not null, plan bytea not null, doc bytea not null, primary key (tenant, id));
create table policy_knobs (
  tenant int not null, base bytea not null, path text not null, value bigint not null,
  was bigint not null, digest bytea not null, trial uuid not null, at timestamptz not null,
  primary key (tenant, base, path, value));
create table proposed_drafts (
  tenant int not null, proposal uuid not null, draft uuid not null, digest bytea not null,
  wish uuid, at timestamptz not null, primary key (tenant, proposal));
create index proposed_drafts_wish on proposed_drafts (tenant, wish) where wish is not null;
create table lane_chases (
  tenant int not null, carrier text not null, wh text not null, region text not null,
  day date not null, proposal uuid not null, parcels int not null, at timestamptz not null,
  withdrawn boolean not null default false, primary key (tenant, carrier, wh, region, day));
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
