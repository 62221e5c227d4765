"""Tables of policy sets 策略: drafts, what is published, what is in force, trials on past days."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

# `policy_heads` is what every server reads each second: an empty digest stands for no policy, and
# `before` is the stack that a rollback takes from. Moments without a zone are epoch milliseconds.
TABLES = """
create table policy_drafts (
  tenant int not null, id uuid not null, name text not null, state text not null,
  body bytea not null, revision int not null default 1, editors text[] not null,
  begun_by text not null, begun timestamptz not null default now(),
  edited_by text not null, edited timestamptz not null default now(), primary key (tenant, id));
create table policy_sets (
  tenant int not null, no int not null, digest bytea not null, name text not null,
  body bytea not null, drafted_by text not null, approved_by text not null,
  published timestamptz not null default now(), primary key (tenant, no), unique (tenant, digest));
create table policy_steps (
  tenant int not null, no int not null, act text not null, digest bytea not null, draft uuid,
  revision int not null default 0, by text not null, note text not null default '',
  at timestamptz not null default now(), primary key (tenant, no));
create index policy_steps_draft on policy_steps (tenant, draft, no);
create table policy_heads (
  tenant int primary key, no bigint not null, live bytea not null default '',
  canary bytea not null default '', rule bytea not null default '{}',
  shadow bytea not null default '', before bytea[] not null default '{}');
create table policy_schedule (
  tenant int not null, digest bytea not null, at timestamptz not null, by text not null,
  role text not null, primary key (tenant, digest));
create index policy_schedule_at on policy_schedule (at);
create table policy_shadows (
  tenant int not null, digest bytea not null, place uuid not null,
  decided bigint not null default 0,
  differed bigint not null default 0, held bigint not null default 0,
  cost_fen bigint not null default 0, shadow_fen bigint not null default 0,
  primary key (tenant, digest));
create table policy_trials (
  tenant int not null, id uuid not null, draft uuid not null, digest bytea not null,
  body bytea not null, against bytea not null, day date not null, orders_max int not null,
  co2_g_tkm int not null, state text not null default 'queued', total int not null default 0,
  done int not null default 0, place uuid, result bytea not null default '', by text not null,
  at timestamptz not null default now(), primary key (tenant, id));
create index policy_trials_open on policy_trials (at) where state in ('queued', 'running');
create table policy_trial_orders (
  tenant int not null, trial uuid not null, id uuid not null, number text not null,
  was text[] not null, becomes text[] not null, was_fen bigint not null,
  becomes_fen bigint not null, was_late int not null, becomes_late int not null,
  rules text[] not null, held text not null,
  primary key (tenant, trial, id));
alter table warehouses add column kind text not null default 'ground'
  check (kind in ('ground', 'elevated', 'underground', 'store'));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
