"""Tables of the log for third parties: cosignatures, heads, anchors, keys."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
alter table signers alter seed drop not null, add public bytea,
  add until timestamptz, add revoked timestamptz, add reason text not null default '';
create table log_settings (tenant int primary key, public boolean not null);
create table linked_logs (
  tenant int not null, half text not null, origin text not null, size bigint not null,
  root bytea not null, note bytea not null, old_half text not null,
  at timestamptz not null default now(), primary key (tenant, half, old_half));

create table witnesses (
  tenant int not null, name text not null, vkey text not null, url text not null,
  added timestamptz not null default now(), primary key (tenant, name));
create table witness_books (
  tenant int not null, name text not null, half text not null, size bigint not null default 0,
  asked timestamptz, trouble text not null default '', forked timestamptz,
  primary key (tenant, name, half));
create table cosignatures (
  tenant int not null, half text not null, size bigint not null, witness text not null,
  line text not null, at timestamptz not null, primary key (tenant, half, size, witness));

create table heads (
  tenant int not null, stream uuid not null, half text not null, start bigint not null,
  stop bigint not null, count int not null, root bytea not null, map bytea not null,
  at timestamptz not null, asked boolean not null, primary key (tenant, stream));
create index heads_stop on heads (tenant, half, stop);

create table anchor_accounts (
  tenant int primary key, adapter text not null, url text not null, key text not null,
  secret text not null, every_h int not null);
create table anchors (
  tenant int not null, period text not null, digest bytea not null, manifest bytea not null,
  adapter text not null, evidence_no text not null default '', tx text not null default '',
  at timestamptz, asked timestamptz, trouble text not null default '',
  primary key (tenant, period));
create table anchored_books (
  tenant int not null, half text not null, size bigint not null, period text not null,
  primary key (tenant, half, size, period));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
