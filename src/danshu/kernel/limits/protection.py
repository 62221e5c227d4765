"""Limits of protecting assets: grants, checkpoints, de-identification, budgets of privacy."""

from __future__ import annotations

from typing import Final

# Grants: that hold at a time, and how long one may be given for
DATA_GRANTS: Final = 500
DATA_GRANT_DAYS: Final = 400

# A cell that is shown or leaves covers so many people at least; rows that leave, too
CELL_PEOPLE: Final = 5
SHARE_PEOPLE: Final = 5

# Rows of an asset in one file; requests that wait
ASSET_EXPORT_ROWS: Final = 200_000
ASSET_EXPORTS_WAITING: Final = 200

# Generalising: nodes of the lattice that are looked at, columns that are generalised, share of rows
# that may be left out instead (thousandths)
LATTICE_NODES: Final = 4_000
LATTICE_COLUMNS: Final = 8
SUPPRESSED_MILLE: Final = 50

# Privacy: what one recipient may learn of one asset in a calendar year, in thousandths of epsilon;
# the largest epsilon of one publication; cells that one buyer may count in
PRIVACY_YEAR_MILLE: Final = 4_000
PRIVACY_ONCE_MILLE: Final = 2_000
PRIVACY_CELLS: Final = 4

# Distinct people that went abroad to one recipient in a year: counted to here, where the strictest
# rule holds anyway
BORDER_PEOPLE: Final = 1_000_000
ASSESSMENT_YEARS: Final = 3
IMPACT_ASSESSMENTS: Final = 1_000
