"""The graph of policies: what the reader may see of it, and where it is drawn."""

from __future__ import annotations

from promotions.services.pipeline.choice import REPOSITORIES, Wanted
from promotions.services.pipeline.flows import SHOWN, End, Flow, FlowState
from promotions.services.pipeline.graph import Bundle, Pipeline, pipeline
from promotions.services.pipeline.numbers import DAYS, Numbers

__all__ = [
    "DAYS",
    "REPOSITORIES",
    "SHOWN",
    "Bundle",
    "End",
    "Flow",
    "FlowState",
    "Numbers",
    "Pipeline",
    "Wanted",
    "pipeline",
]
