"""Conversations about originals, and the voice that a merchant answers the telephone with."""

from __future__ import annotations

from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """Make its tables."""
    op.execute(
        "create table dialogues(tenant int4 not null, id uuid not null, state text not null,"
        " original uuid, source jsonb not null, doc jsonb, turns int4 not null default 0,"
        " opened timestamptz not null default now(), expires timestamptz not null,"
        " primary key(tenant,id), check (state in ('open','agreed','refused','person','gone')))"
    )
    op.execute("create index on dialogues(expires) where state='open'")
    op.execute(
        "create table telephone_voices(tenant int4 not null primary key, adapter text not null,"
        " url text not null default '', options jsonb not null default '{}')"
    )


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
