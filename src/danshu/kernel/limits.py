"""Every limit of the hub, in one place, with its unit. Documented in docs/reference/limits.md."""

from __future__ import annotations

from typing import Final

# Intake
ORDER_BODY_BYTES: Final = 65_536
BATCH_BODY_BYTES: Final = 16_777_216
BATCH_ORDERS: Final = 1_000
ORDER_LINES: Final = 200
LINE_QUANTITY: Final = 1_000_000
AMOUNT_MINOR: Final = 10**13
JSON_DEPTH: Final = 32
KEY_CHARS: Final = 128
SKU_CHARS: Final = 64
TEXT_CHARS: Final = 2_000
PAGE_ROWS: Final = 200

# Group commit
GROUP_ORDERS: Final = 256
GROUP_WAIT_MS: Final = 1
QUEUE_ORDERS: Final = 4_096
RETRY_AFTER_S: Final = 1

# Facts
FACT_BYTES: Final = 65_535
STREAM_FACTS: Final = 100_000

# Routing
SPLIT_LINES: Final = 8
WAREHOUSES: Final = 64
REGIONS: Final = 4_096
LANE_FEN: Final = 1_000_000
LANE_MIN: Final = 43_200
SHIPMENT_KG: Final = 1_000_000
SNAPSHOT_BYTES: Final = 64_000_000
SIGNAL_SKEW_MS: Final = 5_000
POLICY_GRAPHS: Final = 32
POLICY_NODES: Final = 200
POLICY_CASES: Final = 500
POLICY_BYTES: Final = 1_048_576
POLICY_EFFECTS: Final = 64
POLICY_MEMO: Final = 65_536

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

# Channels
CHANNEL_BODY_BYTES: Final = 1_048_576
CHANNEL_ORDERS: Final = 100
CIPHER_CHARS: Final = 4_096
EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01T00:00:00Z
LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01T00:00:00Z

# Tables
TABLE_CELL_CHARS: Final = 32_767
TABLE_LINE_BYTES: Final = 1_048_576
TABLE_COLUMNS: Final = 512
TABLE_ORDERS: Final = 2_000_000
TABLE_OPEN_ROWS: Final = 500_000
TABLE_XLSX_BYTES: Final = 67_108_864
TABLE_XLSX_UNPACKED_BYTES: Final = 536_870_912
TABLE_XLSX_CELLS: Final = 20_000_000
TABLE_BATCH_ROWS: Final = 8_192
MAPPING_BYTES: Final = 262_144

# Rooms of the ledger
ROW_FACTS: Final = 65_535
FOLLOW_LEAVES: Final = 4_000
FOLLOW_BOOKS: Final = 100
FOLLOW_RETRY_MS: Final = 1_000
FOLLOW_RETRY_MAX_MS: Final = 60_000
TIMERS_CLAIMED: Final = 1_000
PROVER_TILES: Final = 4_096
SEAL_EVERY_MS: Final = 500
AUDIT_DIFFERENCES: Final = 1_000
VAULT_LABEL_CHARS: Final = 64

# Promises
DEFINITION_BYTES: Final = 32_768
DEFINITION_VERSION: Final = 1_000_000
PROMISE_DAYS: Final = 366
PROMISE_WARNINGS: Final = 8

# Connections of one process to the database, beside the one that writes groups
CONNECTIONS: Final = 10

# Evidence bundles, as read by the verifier
BUNDLE_FILES: Final = 10_000
BUNDLE_BYTES: Final = 1_073_741_824
BUNDLE_UPLOAD_BYTES: Final = 67_108_864

# Callers that a process remembers, and for how long a revoked key may live on in another process
CALLERS: Final = 4_096
CALLER_S: Final = 30

# What one page of a list may read: rows walked, rows found by words, newest rows looked through
SCAN_ROWS: Final = 10_000
SCAN_CANDIDATES: Final = 2_000
SCAN_MS: Final = 20
SCAN_NEWEST: Final = 2_000

# Streams of facts (SSE) that one process serves, and how long one lives
STREAMS: Final = 256
STREAM_S: Final = 3_600

# Rows of one PUT, rows of one file of master data
MASTER_ROWS: Final = 1_000
MASTER_FILE_ROWS: Final = 100_000

# Units of a stock row; a file of master data
STOCK_UNITS: Final = 10**12
INT4_MAX: Final = 2**31 - 1

# People and how they prove themselves
PEOPLE: Final = 2_000
PERSON_WAREHOUSES: Final = 64
PERSON_PASSKEYS: Final = 10
PERSON_SESSIONS: Final = 20
LOGIN_CHARS: Final = 200
PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS: Final = 128
RECOVERY_CODES: Final = 10
AGENT_CHARS: Final = 200
SESSION_IDLE_S: Final = 28_800
SESSION_S: Final = 604_800
SESSION_SEEN_S: Final = 60
PROOF_S: Final = 600
CHALLENGE_S: Final = 300
CHALLENGES: Final = 10_000
INVITATION_S: Final = 604_800
LINK_S: Final = 600

# Attempts to sign in: free ones, then growing delays; passwords checked at once, and waiting
ATTEMPTS_KEPT: Final = 10_000
ATTEMPTS_FORGET_S: Final = 3_600
ATTEMPTS_PAIR: Final = 5
ATTEMPTS_PAIR_S: Final = 900
ATTEMPTS_LOGIN: Final = 50
ATTEMPTS_LOGIN_S: Final = 10
ATTEMPTS_ADDRESS: Final = 30
ATTEMPTS_ADDRESS_S: Final = 60
ATTEMPTS_CODE: Final = 5
ATTEMPTS_CODE_S: Final = 300
PASSWORDS_AT_ONCE: Final = 2
PASSWORDS_WAITING: Final = 32

# Policies of a merchant, its OpenID provider
POLICY_BYTES: Final = 65_536
POLICIES: Final = 200
OIDC_BYTES: Final = 262_144
OIDC_TIMEOUT_S: Final = 5
OIDC_KEYS_S: Final = 300
OIDC_DOMAINS: Final = 20
OIDC_MAPPINGS: Final = 50

# Work on the floor: how long a claim lasts without a scan, claims of a person, readings, photos
# of one piece of work, up to where waiting work is counted; what one printing may hold
FLOOR_LEASE_S: Final = 900
FLOOR_LEASES: Final = 8
FLOOR_SCANS: Final = 2_000
FLOOR_CODE_CHARS: Final = 128
FLOOR_COUNT: Final = 10_000
FLOOR_PHOTOS: Final = 8
FLOOR_PHOTO_BYTES: Final = 8_388_608
PRINT_FULFILMENTS: Final = 100
PRINT_COMMITS: Final = 500

# The workbench: a filter, its conditions and their values; rows walked through in one piece
FILTER_CHARS: Final = 4_000
FILTER_TERMS: Final = 32
FILTER_VALUES: Final = 100
SCAN_CHUNK: Final = 1_000

# The board: leaves and rows counted in one commit, how often empty counters are swept
ROWS_LEAVES: Final = 20_000
LANES_KEPT: Final = 500_000
BOARD_REBUILD_ROWS: Final = 5_000
BOARD_SWEEP_S: Final = 3_600

# Sheets: files of master data that go through the import wizard
SHEET_BYTES: Final = 16_777_216
SHEET_UNPACKED_BYTES: Final = 134_217_728
SHEET_TEXT_BYTES: Final = 67_108_864
SHEET_CELLS: Final = 4_000_000
SHEET_PARTS: Final = 2_000
SHEET_NAMES: Final = 64
SHEET_HEADER_ROWS: Final = 20
SHEET_HEADER_CHARS: Final = 100
SHEET_VALUE_CHARS: Final = 200
SHEET_CHUNK_ROWS: Final = 1_000
SHEETS_OPEN: Final = 20
SHEET_OPEN_S: Final = 259_200

# Counting what the board's counters do not know: rows and time, then an estimate
COUNT_ROWS: Final = 20_000
COUNT_MS: Final = 100

# Routing snapshots that a process keeps to explain decisions; a reason that a person gives
SNAPSHOTS_KEPT: Final = 8
REASON_CHARS: Final = 500
REVEAL_S: Final = 60  # the console masks again what was revealed
RAW_FIELDS: Final = 1_000

# Latencies of placing that a process remembers
LATENCY_MINUTES: Final = 60

# The overview: rows that its alerts are grouped from, rejected messages that are counted
ALERT_ROWS: Final = 5_000
INBOX_COUNT: Final = 10_000
ORDER_TAGS: Final = 20
TAG_CHARS: Final = 32
TAGS_SUGGESTED: Final = 500

# Overviews that a process keeps, and how long one is fresh
BOARDS_KEPT: Final = 256
BOARD_FRESH_MS: Final = 1_000

# The live stream of consoles: one tick a merchant and node, listeners, what waits for each of them
LIVE_TICK_MS: Final = 1_000
LIVE_LISTENERS: Final = 1_000
LIVE_QUEUE: Final = 32
LIVE_KEPT: Final = 256
LIVE_IDS: Final = 100
LIVE_JOBS: Final = 100
LIVE_FIGURES_S: Final = 10
LIVE_CHECK_S: Final = 30
LIVE_S: Final = 3_600

# Stock: rows that its figures are counted from, waiting units counted, SKUs shown that orders wait
# for and SKUs looked at to find them, time after which a page of SKUs ends where it stands, SKUs
# summed up in one piece
STOCK_COUNTED: Final = 200_000
WAITING_COUNTED: Final = 200_000
WAITING_SKUS: Final = 200
WAITING_LOOKED: Final = 500
STOCK_PAGE_MS: Final = 100
STOCK_CHUNK_SKUS: Final = 200
VIEWS_OWN: Final = 100
VIEWS_SHARED: Final = 200
VIEW_COLUMNS: Final = 40
VIEW_NAME_CHARS: Final = 40
COUNTS_S: Final = 2

# Jobs: orders of one request and of a preview, orders in a step, jobs at once and how long a step
# may take before another node takes over; how long jobs and exported files are kept
BULK_IDS: Final = 1_000
PREVIEW_ORDERS: Final = 1_000
JOB_CHUNK: Final = 100
JOB_ORDERS_AT_ONCE: Final = 2
JOBS_AT_ONCE: Final = 2
JOBS_OPEN: Final = 50
JOB_LEASE_S: Final = 15
JOB_DAYS: Final = 30
EXPORT_ROWS: Final = 5_000_000
EXPORT_SHEET_ROWS: Final = 1_000_000
EXPORT_DAYS: Final = 7
PURPOSE_CHARS_MIN: Final = 4
PURPOSE_CHARS: Final = 200

# Promises in lists: time after which a page ends where it stands, rows that groups are counted
# from, groups shown, gaps on one page, facts of an order that a gap is explained from
PROMISE_PAGE_MS: Final = 25
PROMISES_COUNTED: Final = 20_000
PROMISE_GROUPS: Final = 200
PROMISE_GAPS: Final = 100
GAP_COMMITS: Final = 200

# Versions of all promises of a merchant
DEFINITIONS: Final = 1_000

# A merchant's own working calendars: versions of one, days that differ from its base
CALENDAR_VERSIONS: Final = 200
CALENDAR_DAYS: Final = 1_000

# Doing contract actions: characters of a statement, pieces of evidence of one act and bytes of one,
# samples of a series, acts begun and not finished on one order and for how long; delegations of a
# merchant that hold, and the longest; certificates of a person
STATEMENT_CHARS: Final = 4_000
ACTION_ITEMS: Final = 200
ACTION_FILE_BYTES: Final = 33_554_432
SERIES_SAMPLES: Final = 200_000
SIGNATURE_BYTES: Final = 16_384
ACTIONS_OPEN: Final = 50
ACTION_OPEN_S: Final = 86_400
DELEGATIONS: Final = 1_000
DELEGATION_S: Final = 2_592_000
CERTIFICATES: Final = 20

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

# Voices: a recording, speech in it, and how alike (cosine in permille) two are to be called one
# person's: the point of equal errors on English clips; on Mandarin nobody has measured it yet
VOICE_BYTES: Final = 2_000_000
VOICE_SPEECH_MIN_MS: Final = 2_000
VOICE_ENROL_MIN_MS: Final = 5_000
VOICE_SPEECH_MS: Final = 30_000
VOICE_ALIKE_PERMILLE: Final = 760

# Links to an order's evidence page: how long one lives at most and usually, links of an order that
# open it at one time, views of one link in a minute, facts that the page and its proof are made of
LINK_DAYS: Final = 365
LINK_DAYS_USUAL: Final = 90
ORDER_LINKS: Final = 20
LINK_VIEWS_MINUTE: Final = 30
CUSTOMER_COMMITS: Final = 1_000

# Contract actions: entries of one list in a type, pieces of one kind of evidence, days for which a
# calendar should last; versions of all types of a merchant, drafts that are open
ACTION_PARTS: Final = 32
ACTION_PIECES: Final = 1_000
ACTION_HORIZON_DAYS: Final = 90
ACTION_VERSIONS: Final = 2_000
ACTION_DRAFTS: Final = 200

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
HEADS_LEAVES: Final = 20_000

# Anchors: hours between two deposits, how long a platform may take, its answer, the wait after a
# failure
ANCHOR_EVERY_H: Final = 24
ANCHOR_TIMEOUT_S: Final = 20
ANCHOR_BYTES: Final = 4_194_304
ANCHOR_RETRY_S: Final = 60
ANCHOR_RECEIPT_BYTES: Final = 65_536

# Remedies: how long a hand-over may be without its waybill, what policy pays by itself at most,
# how long a payment service may take and how much it may say, waits between tries, payments at once
HANDOVER_LAG_MS: Final = 300_000
REMEDY_AUTO_FEN: Final = 50_000
PAYOUT_TIMEOUT_S: Final = 10
PAYOUT_BYTES: Final = 65_536
PAYOUT_RETRY_S: Final = 30
PAYOUT_RETRY_MAX_S: Final = 3_600
PAYOUTS_AT_ONCE: Final = 20
CHAINS_KEPT: Final = 4_096

# Requests of buyers: on one order altogether and in an hour, photos with one and the bytes of each,
# characters of text; how long a notice service may take and how much it may say, waits between
# tries, how long a notice is tried, notices at once
ORDER_REQUESTS: Final = 40
ORDER_REQUESTS_HOUR: Final = 6
REQUEST_PHOTOS: Final = 4
REQUEST_PHOTO_BYTES: Final = 8_388_608
REQUEST_CHARS: Final = 1_000
NOTICE_TIMEOUT_S: Final = 10
NOTICE_BYTES: Final = 16_384
NOTICE_RETRY_S: Final = 30
NOTICE_RETRY_MAX_S: Final = 3_600
NOTICE_GIVE_UP_S: Final = 86_400
NOTICES_AT_ONCE: Final = 20

# Signals: a message and its readings, characters of a name; readings of one commit, how long they
# gather, readings that wait, sources of a merchant; how late a reading may come; how often the room
# looks, how old a snapshot may get before a server makes the next itself; days that rows are kept;
# messages fetched at once from NATS
SIGNAL_BODY_BYTES: Final = 1_048_576
SIGNAL_READINGS: Final = 5_000
SIGNAL_NAME_CHARS: Final = 128
SIGNAL_GROUP: Final = 5_000
SIGNAL_WAIT_MS: Final = 5
SIGNAL_QUEUE: Final = 50_000
SIGNAL_SOURCES: Final = 200_000
SIGNAL_LATE_S: Final = 86_400
SIGNAL_TICK_MS: Final = 1_000
SIGNAL_GRACE_MS: Final = 2_000
READINGS_DAYS: Final = 30
NATS_FETCH: Final = 500
