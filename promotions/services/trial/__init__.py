"""Try a draft of a policy before it is saved, and write nothing.

Verdicts and places are made by the code that decides and places real promotions; only
what the target holds is kept in memory instead of the registry.
"""

from __future__ import annotations

from promotions.services.trial.example import SAMPLE_TAG, example
from promotions.services.trial.moves import sources_of
from promotions.services.trial.preview import (
    Preview,
    Sample,
    newest_tags,
    preview,
    sample_of,
)
from promotions.services.trial.results import Effect, Trial, TrialGroup, Trials
from promotions.services.trial.runs import MAX_DAYS, MAX_ROWS, dry_run, replay

__all__ = [
    "MAX_DAYS",
    "MAX_ROWS",
    "SAMPLE_TAG",
    "Effect",
    "Preview",
    "Sample",
    "Trial",
    "TrialGroup",
    "Trials",
    "dry_run",
    "example",
    "newest_tags",
    "preview",
    "replay",
    "sample_of",
    "sources_of",
]
