"""Originals: what came in by voice, picture, sensor or text, and how it was read."""

from __future__ import annotations

from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Make its table; the facts of an original are a stream of its own, under its id."""
    op.execute(
        "create table originals(tenant int4 not null, id uuid not null, key text not null,"
        " modality text not null, version text not null default '',"
        " models text[] not null default '{}', digest bytea not null, salt bytea not null,"
        " media_type text not null, name text not null default '', bytes int4 not null,"
        " source jsonb not null default '{}', speaker text not null default '',"
        " store text not null default '', device text not null default '',"
        " device_class text not null default '', state text not null,"
        " intent text not null default '', parsed jsonb, draft jsonb, question jsonb,"
        " confidence int4 not null default 0, amount_fen int8 not null default 0,"
        " troubles text[] not null default '{}', reasons text[] not null default '{}',"
        " tries int4 not null default 0, due timestamptz, reason text not null default '',"
        " by text not null default '', order_id uuid, repair_id uuid,"
        " received timestamptz not null, done timestamptz, seq int4 not null,"
        " head bytea not null, primary key(tenant,id), unique(tenant,key),"
        " check (state in ('received','asking','review','ordered','acted','rejected',"
        "'unreadable')))"
    )
    for name, columns, where in (
        ("state", "tenant,state,received,id", ""),
        ("modality", "tenant,modality,received,id", ""),
        ("class", "tenant,device_class,received,id", "device_class<>''"),
        ("all", "tenant,received,id", ""),
        ("speaker", "tenant,speaker,received", "order_id is not null and speaker<>''"),
        ("store", "tenant,store,received", "order_id is not null and store<>''"),
        ("due", "due,tenant,id", "state='received'"),
        ("digest", "tenant,digest", ""),
        ("order", "tenant,order_id", "order_id is not null"),
        ("spent", "done", "state in ('rejected','unreadable') and bytes>0"),
    ):
        filtered = f" where {where}" if where else ""
        op.execute(f"create index originals_{name} on originals({columns}){filtered}")


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
