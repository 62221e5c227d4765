"""Limits of facts, the log, time and evidence."""

from __future__ import annotations

from typing import Final

# Facts
FACT_BYTES: Final = 65_535
STREAM_FACTS: Final = 100_000

# Ledger
SEQUENCE_FACT_ROWS: Final = 4_000
RECEIPT_IN_LOG_S: Final = 60

# Formats of the evidence
INTEGER_MAX: Final = 2**53 - 1
NOTE_BYTES: Final = 1_000_000
NOTE_SIGNATURES: Final = 100
PROOF_HASHES: Final = 63
MONEY_CHARS: Final = 32
CALENDAR_BYTES: Final = 65_536

# Rooms of the ledger
ROW_FACTS: Final = 65_535
FOLLOW_LEAVES: Final = 4_000
FOLLOW_BOOKS: Final = 100
FOLLOW_RECENT_BYTES: Final = 33_554_432
FOLLOW_RETRY_MS: Final = 1_000
FOLLOW_RETRY_MAX_MS: Final = 60_000
TIMERS_CLAIMED: Final = 1_000
PROVER_TILES: Final = 4_096
MIGRATE_LOCK_S: Final = 3
MIGRATE_TRIES: Final = 10
SEAL_EVERY_MS: Final = 400
AUDIT_DIFFERENCES: Final = 1_000
VAULT_LABEL_CHARS: Final = 64

# Connections of one process to the database, beside the one that writes groups
CONNECTIONS: Final = 10

# Evidence bundles, as read by the verifier
BUNDLE_FILES: Final = 10_000
BUNDLE_BYTES: Final = 1_073_741_824
BUNDLE_UPLOAD_BYTES: Final = 67_108_864

# Trusted time: how often the clock is compared, how far it may be off or jump, samples in a row
# that begin and end a fault, after how long a sample says nothing any more
CLOCK_EVERY_S: Final = 10
CLOCK_IDLE_S: Final = 60
CLOCK_TIMEOUT_S: Final = 2
CLOCK_SERVERS: Final = 8
CLOCK_ERROR_US: Final = 100_000
CLOCK_STEP_US: Final = 100_000
CLOCK_DRIFT_PPM: Final = 15
CLOCK_MISSES: Final = 3
CLOCK_GOOD: Final = 3
CLOCK_STALE_S: Final = 180
CLOCK_SAMPLES_S: Final = 86_400

# Time-stamp tokens: one a book, authority and digest in so long; requests at once, retries
STAMP_EVERY_S: Final = 60
STAMP_ASKED_S: Final = 1
STAMP_AUTHORITIES: Final = 8
STAMP_TIMEOUT_S: Final = 10
STAMP_BYTES: Final = 65_536
STAMP_ROOTS_BYTES: Final = 1_048_576
STAMP_RETRY_S: Final = 5
STAMP_RETRY_MAX_S: Final = 600
STAMPS_AT_ONCE: Final = 4
STAMP_WAIT_S: Final = 20
CRL_BYTES: Final = 8_388_608
CRL_TIMEOUT_S: Final = 10
CRL_RETRY_S: Final = 600

# The log for third parties: how long a rotated key signs beside the new one; witnesses of a
# merchant, how often a book is shown to one; a witness's requests, logs, kept forks
KEY_OVERLAP_S: Final = 604_800
WITNESSES: Final = 8
WITNESS_EVERY_S: Final = 60
WITNESS_TIMEOUT_S: Final = 10
WITNESS_AT_ONCE: Final = 32
WITNESS_BODY_BYTES: Final = 65_536
WITNESS_LOGS: Final = 10_000
WITNESS_FORKS: Final = 100

# Heads: how often they are committed, how often those of ended orders are, orders of one entry,
# leaves looked through for it
HEADS_EVERY_S: Final = 3_600
HEADS_CLOSED_S: Final = 10
HEADS_ORDERS: Final = 5_000
HEADS_BATCHES: Final = 50
HEADS_LEAVES: Final = 20_000

# Anchors: hours between two deposits, how long a platform may take, its answer, the wait after a
# failure
ANCHOR_EVERY_H: Final = 24
ANCHOR_TIMEOUT_S: Final = 20
ANCHOR_BYTES: Final = 4_194_304
ANCHOR_RETRY_S: Final = 60
ANCHOR_RECEIPT_BYTES: Final = 65_536
