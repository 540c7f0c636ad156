"""MSR's rule engine and tag templates; knows neither Django nor the registry."""

from __future__ import annotations

from promotions.rules.engine import CompiledRules, compile_rules, evaluate, matches
from promotions.rules.errors import InvalidRule
from promotions.rules.facts import (
    Component,
    Evidence,
    EvidenceKind,
    ImageFacts,
    Missing,
    PlatformFacts,
    Vulnerability,
)
from promotions.rules.fields import Field, Section
from promotions.rules.operators import Operator
from promotions.rules.options import Options, Unlicensed, Unscored
from promotions.rules.outcomes import Outcome, OutcomeResult, Result, Verdict
from promotions.rules.rule import (
    AnyOf,
    Criterion,
    Rule,
    parse_rules,
    single_rules,
)
from promotions.rules.tag_template import (
    CODES,
    Code,
    InvalidTemplate,
    TagTemplate,
    TemplateContext,
    load_zone,
    with_suffix,
)

__all__ = [
    "CODES",
    "AnyOf",
    "Code",
    "CompiledRules",
    "Component",
    "Criterion",
    "Evidence",
    "EvidenceKind",
    "Field",
    "ImageFacts",
    "InvalidRule",
    "InvalidTemplate",
    "Missing",
    "Operator",
    "Options",
    "Outcome",
    "OutcomeResult",
    "PlatformFacts",
    "Result",
    "Rule",
    "Section",
    "TagTemplate",
    "TemplateContext",
    "Unlicensed",
    "Unscored",
    "Verdict",
    "Vulnerability",
    "compile_rules",
    "evaluate",
    "load_zone",
    "matches",
    "parse_rules",
    "single_rules",
    "with_suffix",
]
