"""Return reasons, and what stewards taught."""

from __future__ import annotations

from alembic import op

revision = "0070"
down_revision = "0069"

TABLES = """
create table return_reasons(
  tenant int4 not null, id uuid not null, state text not null, code text not null,
  confidence int4 not null, choices text[] not null, book text not null, by text not null,
  at timestamptz not null, primary key(tenant,id));
create index return_reasons_state on return_reasons(tenant, state, id);
create index return_reasons_code on return_reasons(tenant, code, id);
create table reason_phrases(
  tenant int4 not null, key text not null, phrase text not null, code text not null,
  case_id uuid, by text not null, at timestamptz not null default now(), primary key(tenant,key));
create index reason_phrases_case on reason_phrases(tenant, case_id) where case_id is not null
"""


def upgrade() -> None:
    """Make the tables: a case's reason, and phrases by their folded words."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
