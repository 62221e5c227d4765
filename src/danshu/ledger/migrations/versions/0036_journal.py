"""Tables of settlement: the journal, its sums by day, vouchers' numbers, periods, settings."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"

# A form is a tuple of accounts in the order of the postings; an entry names its form and keeps the
# amounts, debits positive, in that order. `belongs` is the closed period that a late entry is of.
# The key is the fact's id, or the bill line's: ids of one order's facts lie side by side.
TABLES = """
create table journal (
  tenant int not null, period int not null, word smallint not null, no bigint not null,
  day date not null, belongs int not null default 0, form smallint not null,
  currency text not null, source text not null, oid uuid, channel text not null default '',
  shop text not null default '', key text collate "C" not null, cause text not null default '',
  reverses text not null default '', amounts bigint[] not null, aux bytea,
  primary key (tenant, period, word, no));
create unique index journal_key on journal (tenant, key);
create index journal_form on journal (tenant, form, day, word, no);
create index journal_order on journal (tenant, oid) where word <> 1 and oid is not null;
create table journal_forms (
  tenant int not null, form smallint not null, accounts int[] not null,
  primary key (tenant, form), unique (tenant, accounts));
create table journal_days (
  tenant int not null, account int not null, day date not null, currency text not null,
  channel text not null, shop text not null, debit bigint not null, credit bigint not null,
  n bigint not null, primary key (tenant, account, day, currency, channel, shop))
  with (fillfactor = 70);
create table journal_numbers (
  tenant int not null, period int not null, word smallint not null, last bigint not null,
  primary key (tenant, period, word)) with (fillfactor = 50);
create table period_events (
  tenant int not null, no int not null, period int not null, kind text not null,
  stream uuid not null, at timestamptz not null, cut bytea not null, doc bytea not null,
  primary key (tenant, no));
create table period_balances (
  tenant int not null, period int not null, currency text not null, account int not null,
  debit bigint not null, credit bigint not null,
  primary key (tenant, period, currency, account));
create table period_asks (
  tenant int not null, period int not null, stream uuid not null, reason text not null,
  asked_by text not null, at timestamptz not null, primary key (tenant, period));
create table settlement_settings (
  tenant int not null, since date not null, stream uuid not null, revenue text not null,
  zone text not null, begins smallint not null, suspense bigint not null,
  primary key (tenant, since));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
