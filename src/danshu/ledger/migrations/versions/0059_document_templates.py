"""Templates of documents: each version stays, since originals were read by it."""

from __future__ import annotations

from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    """Make its table; one version of a code is in use at most."""
    op.execute(
        "create table document_templates(tenant int4 not null, code text not null,"
        " version int4 not null, body bytea not null, digest bytea not null, sample uuid,"
        " active boolean not null default true, by text not null,"
        " at timestamptz not null default now(), primary key(tenant,code,version))"
    )
    op.execute(
        "create unique index document_templates_active on document_templates(tenant,code)"
        " where active"
    )


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
