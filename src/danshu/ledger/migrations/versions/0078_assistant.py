"""Assistant and MCP: who asked what, at which cost."""

from __future__ import annotations

from alembic import op

revision = "0078"
down_revision = "0077"

TABLES = """
create table tool_calls(
  tenant int4 not null, id uuid not null, caller text not null, way text not null,
  tool text not null, digest bytea not null, took_ms int4 not null, outcome text not null,
  texts int4 not null, bytes int4 not null, primary key(tenant,id));
create table tool_days(
  tenant int4 not null, caller text not null, day date not null, calls int4 not null,
  bytes int8 not null, minute timestamptz not null, in_minute int4 not null,
  primary key(tenant,caller,day));
create table assistant_questions(
  tenant int4 not null, id uuid not null, caller text not null, lang text not null,
  question text not null, answer bytea not null, useful bool, primary key(tenant,id));
create index assistant_questions_caller on assistant_questions(tenant, caller, id);
create table assistant_settings(
  tenant int4 not null primary key, url text not null, model text not null,
  day_tokens int4 not null, keys_act bool not null);
create table assistant_days(
  tenant int4 not null, day date not null, asked int4 not null, tokens int8 not null,
  primary key(tenant,day))
"""


def upgrade() -> None:
    """Make the tables: calls of tools, what a caller used today, questions, the model's budget."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
