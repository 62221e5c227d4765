"""Tables of replans 重排: runs, what they would move, published prices and how these fared."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

TABLES = """
create table prices (
  tenant int not null, no int not null, digest bytea not null, body bytea not null,
  active boolean not null, run uuid, made timestamptz not null default now(),
  primary key (tenant, no));
create unique index prices_active on prices (tenant) where active;
create table price_trials (
  tenant int not null, no int not null, run uuid not null, orders int not null,
  myopic_fen bigint not null, priced_fen bigint not null,
  at timestamptz not null default now(), primary key (tenant, no, run));
create table replans (
  tenant int not null, id uuid not null, cause text not null, stage text not null,
  share smallint not null default 0, orders int not null default 0, lines int not null default 0,
  pinned int not null default 0, planned int not null default 0,
  before_fen bigint not null default 0, after_fen bigint not null default 0,
  bound_fen bigint not null default 0,
  exact boolean not null default false, digest bytea, snapshot bytea,
  loads bytea not null default '', prices int, primary key (tenant, id));
create table replan_moves (
  tenant int not null, run uuid not null, id uuid not null, gain_fen bigint not null,
  was text[] not null, becomes text[] not null, primary key (tenant, run, id));
create table replan_settings (
  tenant int primary key, every_min int not null check (every_min >= 0),
  switching_fen int not null check (switching_fen >= 0));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
