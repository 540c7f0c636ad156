"""MSR's rule engine and tag templates; knows neither Django nor the registry."""

from __future__ import annotations

from promotions.rules.engine import (
    CompiledRules,
    Outcome,
    OutcomeResult,
    Result,
    Verdict,
    compile_rules,
    evaluate,
    matches,
)
from promotions.rules.facts import ImageFacts
from promotions.rules.operators import Field, Operator
from promotions.rules.rule import InvalidRule, Rule, parse_rules
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
    "Code",
    "CompiledRules",
    "Field",
    "ImageFacts",
    "InvalidRule",
    "InvalidTemplate",
    "Operator",
    "Outcome",
    "OutcomeResult",
    "Result",
    "Rule",
    "TagTemplate",
    "TemplateContext",
    "Verdict",
    "compile_rules",
    "evaluate",
    "load_zone",
    "matches",
    "parse_rules",
    "with_suffix",
]
