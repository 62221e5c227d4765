"""Limits of promises, actions and what follows a breach."""

from __future__ import annotations

from typing import Final

# Promises
DEFINITION_BYTES: Final = 32_768
DEFINITION_VERSION: Final = 1_000_000
PROMISE_DAYS: Final = 366
PROMISE_WARNINGS: Final = 8

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
# Published events: of a merchant in one step; in its tray before its log is read no further; days
# that one which was refused or given up is kept
# Alerts: groups and mailboxes of a merchant; seconds between two messages to one of them; lines of
# a message, incidents that it stands for; channels taken up in one step; days that what was sent is
# kept
ALERT_CHANNELS: Final = 20
ALERT_EVERY_S: Final = 5
ALERT_LINES: Final = 12
ALERTS_OF_MESSAGE: Final = 1_000
ALERTS_AT_ONCE: Final = 20
ALERT_KEEP_DAYS: Final = 30
