"""Tables of trusted time: samples of the clock, time-stamp tokens.

The clock belongs to a machine (`node`), not to a merchant; tokens are a merchant's, like the
checkpoints that they cover. Times that are compared are epoch microseconds.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
create table clock_states (
  node text primary key, word text not null, why text not null default '',
  source text not null default '', offset_us bigint not null default 0,
  error_us bigint not null default 0, good int not null default 0, missed int not null default 0,
  measured_us bigint not null default 0, sampled_us bigint not null, since_us bigint not null,
  configured boolean not null default false);
create table clock_samples (
  node text not null, at_us bigint not null, source text not null, stratum smallint not null,
  offset_us bigint not null, error_us bigint not null, chosen boolean not null,
  trouble text not null default '', primary key (node, at_us, source));
create table clock_faults (
  node text not null, since_us bigint not null, until_us bigint not null default 0,
  why text not null, source text not null, offset_us bigint not null, error_us bigint not null,
  primary key (node, since_us));
create table tokens (
  tenant int not null, half text not null, size bigint not null, algorithm text not null,
  authority text not null, digest bytea not null, gen_us bigint not null, accuracy_us bigint,
  serial text not null, policy text not null, signer text not null, own boolean not null,
  checked text not null, token bytea not null, made timestamptz not null default now(),
  primary key (tenant, half, size, algorithm, authority));
create table stamping (
  tenant int not null, half text not null, algorithm text not null, authority text not null,
  size bigint not null default 0, stamped_us bigint not null default 0,
  next_us bigint not null default 0, failures int not null default 0,
  trouble text not null default '', detail text not null default '',
  primary key (tenant, half, algorithm, authority));
create table stamps_asked (
  tenant int not null, half text not null, size bigint not null, asked_us bigint not null,
  primary key (tenant, half));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute("alter table tokens alter token set storage external")


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
