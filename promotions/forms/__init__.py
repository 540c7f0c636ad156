"""Forms of the portal about policies and promotions."""

from __future__ import annotations

from promotions.forms.by_hand import PromoteForm
from promotions.forms.policy import PolicyForm
from promotions.forms.rules import (
    BaseRuleFormSet,
    RuleForm,
    RuleFormSet,
    rule_forms,
    with_rule,
    without_rule,
)

__all__ = [
    "BaseRuleFormSet",
    "PolicyForm",
    "PromoteForm",
    "RuleForm",
    "RuleFormSet",
    "rule_forms",
    "with_rule",
    "without_rule",
]
