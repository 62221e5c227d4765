"""Tables of what buyers ask for, of the powers that breaches give, and of notices."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

# `requests.vault` is the row of the vault that holds what the buyer wrote and where they live.
TABLES = """
create table requests (
  tenant int not null, id uuid not null, no int not null, kind text not null,
  state text not null, asker text not null, asked timestamptz not null, decided timestamptz,
  by text not null default '', reason text not null default '', amount bigint not null default 0,
  region text not null default '', vault uuid not null, photos text[] not null default '{}',
  primary key (tenant, id, no));
create unique index requests_open on requests (tenant, id, kind) where state = 'asked';
create index requests_state on requests (tenant, state, asked, id, no);
create table powers (
  tenant int not null, id uuid not null, code text not null, step int not null,
  state text not null, holder text not null, action text not null, opened timestamptz not null,
  ended timestamptz, reason text not null default '', primary key (tenant, id, code, step));
create table notices (
  tenant int not null, id uuid not null, code text not null, step int not null,
  state text not null, addressee text not null, made timestamptz not null,
  due timestamptz not null, tries int not null default 0, next_try timestamptz,
  trouble text not null default '', receipt text not null default '',
  primary key (tenant, id, code, step));
create index notices_waiting on notices (next_try) where state = 'due';
create table request_settings (
  tenant int primary key, address boolean not null, damage boolean not null);
create table notice_settings (
  tenant int primary key, adapter text not null, url text not null, secret text not null);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
