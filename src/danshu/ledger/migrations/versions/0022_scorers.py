"""Tables of scorers 评分器: what they know, coefficients, when the room looked."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

TABLES = """
create table scorer_panels (
  tenant int not null, digest bytea not null, body bytea not null, report bytea not null,
  active boolean not null, made timestamptz not null default now(), primary key (tenant, digest));
create unique index scorer_panels_active on scorer_panels (tenant) where active;
create table coefficients (
  tenant int not null, no int not null, figures bytea not null, report bytea not null,
  passed boolean not null, active boolean not null default false,
  made timestamptz not null default now(), primary key (tenant, no));
create unique index coefficients_active on coefficients (tenant) where active;
create table coefficient_steps (
  tenant int not null, step int not null, act text not null, no int not null, before int not null,
  by text not null, note text not null, at timestamptz not null default now(),
  primary key (tenant, step));
create table scorer_work (
  tenant int primary key, wanted timestamptz, looked date, history bytea not null default '',
  outcome text not null default '');
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
