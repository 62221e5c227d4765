"""Watermarks: whose copy is whose. (part G)"""

from __future__ import annotations

from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    """Make its table; the code itself follows from a secret in the safe and its number."""
    op.execute(
        "create table watermarks(tenant int4 not null, code_no int8 not null,"
        " asset text not null, kind text not null, recipient text not null,"
        " department text not null default '', person text not null default '',"
        " purpose text not null default '', delivery text not null default '',"
        " issued timestamptz not null default now(), plan jsonb not null,"
        " columns text[] not null, rows int8 not null default 0,"
        " honey int4 not null default 0, pattern text not null default '',"
        " digest text not null default '', use jsonb not null default '{}',"
        " primary key(tenant,code_no), check (kind in ('person','partner')))"
    )
    op.execute("create index watermarks_delivery on watermarks(tenant,delivery,asset)")
    op.execute("create index watermarks_recipient on watermarks(tenant,recipient,code_no)")


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
