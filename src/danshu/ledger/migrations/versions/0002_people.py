"""Tables of the people."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
create table people (
  tenant int not null, id uuid not null, number text not null, login text not null,
  name text not null, salt bytea not null, handle bytea not null, roles text[] not null,
  warehouses text[] not null default '{}', state text not null,
  joined boolean not null default false, password text not null default '', totp bytea,
  totp_step bigint not null default 0, preferences bytea not null default '{}',
  made timestamptz not null default now(), seq int not null, head bytea not null,
  primary key (tenant, id), unique (tenant, login), unique (tenant, number),
  unique (tenant, handle));
create table passkeys (
  tenant int not null, id bytea not null, person uuid not null, name text not null,
  public_key bytea not null, uses bigint not null, transports text[] not null default '{}',
  aaguid text not null default '', backed_up boolean not null default false,
  made timestamptz not null default now(), used timestamptz, primary key (tenant, id));
create index passkeys_person on passkeys (tenant, person);
create table recovery_codes (
  tenant int not null, person uuid not null, hash bytea not null,
  primary key (tenant, person, hash));
create table identities (
  tenant int not null, issuer text not null, subject text not null, person uuid not null,
  primary key (tenant, issuer, subject));

create table sessions (
  tenant int not null, hash bytea not null, id uuid not null, person uuid not null,
  method text not null, limited boolean not null default false, agent text not null default '',
  address text not null default '', made timestamptz not null, seen timestamptz not null,
  ends timestamptz not null, proven timestamptz not null, ended timestamptz,
  primary key (tenant, hash), unique (tenant, id));
create index sessions_person on sessions (tenant, person, made);
create index sessions_ends on sessions (ends);
create table challenges (
  tenant int not null, hash bytea not null, kind text not null, bound bytea not null default '',
  body bytea not null default '', ends timestamptz not null, primary key (tenant, hash));
create index challenges_ends on challenges (ends);
create table invitations (
  tenant int not null, hash bytea not null, id uuid not null, person uuid not null,
  kind text not null, made timestamptz not null default now(), ends timestamptz not null,
  used timestamptz, primary key (tenant, hash), unique (tenant, id));
create index invitations_person on invitations (tenant, person);
create table refusals (
  tenant int not null, person uuid not null, hour timestamptz not null, n int not null,
  primary key (tenant, person, hour));

create table policies (
  tenant int not null, version int not null, digest bytea not null, body text not null,
  note text not null default '', person uuid, made timestamptz not null default now(),
  primary key (tenant, version));
create table providers (
  tenant int not null, issuer text not null, client text not null, secret text not null,
  domains text[] not null default '{}', claim text not null default '',
  mapping bytea not null default '{}', primary key (tenant));
create table merchant_settings (
  tenant int not null, totp text not null default 'required', primary key (tenant));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
