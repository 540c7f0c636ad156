"""The criteria of a policy: a form for each, in groups of alternatives or alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from promotions.rules import (
    Criterion,
    Field,
    InvalidRule,
    Operator,
    Rule,
    Section,
    parse_rules,
)
from promotions.rules.rule import MAX_RULES, MAX_VALUE_LENGTH, MAX_VALUES
from promotions.services.suggest import SUGGESTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict

GROUPS = "ABCDEFGHIJKLMNOPQRSTUVWXY"  # no policy has room for more groups
MAX_TYPED = MAX_VALUES * (MAX_VALUE_LENGTH + 2)
EMPTY = "empty"


_KINDS = {
    Field.SIZE: "size",
    Field.SCAN_AGE: "duration",
    Field.UPDATED_AT: "time",
    Field.UPDATED_AT_DURATION: "duration",
    Field.SBOM: "boolean",
    Field.SIGNATURE_PRESENT: "boolean",
}
"""How the page's script lets one write a value, where that is not as a text."""


class FieldSelect(forms.Select):
    """The fields of rules, each with what the page's script shows beside it."""

    @override
    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the operators that fit, and how to write a value."""
        option = super().create_option(*args, **kwargs)
        field = Field(str(option["value"]))
        option["attrs"] |= {
            "data-operators": " ".join(field.operators),
            "data-hint": field.hint,
            "data-example": field.example,
            "data-kind": _KINDS.get(field, "count" if field.is_count else "text"),
        }
        if field in SUGGESTED:
            option["attrs"]["data-suggested"] = True
        return option


class RuleForm(forms.Form):
    """One criterion; all criteria of a policy must hold, of a group at least one."""

    group = forms.ChoiceField(
        label="How it counts",
        required=False,
        choices=[
            ("", "must hold"),
            *((letter, f"any of group {letter}") for letter in GROUPS),
        ],
    )
    field = forms.ChoiceField(
        label="What",
        choices=[
            (section.value, [(one.value, one.label) for one in Field.of(section)])
            for section in Section
        ],
        widget=FieldSelect,
    )
    operator = forms.ChoiceField(
        label="Comparison",
        choices=[(code.value, code.label) for code in Operator],
        initial=Operator.ENDS_WITH.value,
    )
    values = forms.CharField(
        label="Value",
        required=False,
        strip=True,
        max_length=MAX_TYPED,
        widget=forms.Textarea(
            attrs={"rows": 1, "spellcheck": "false", "placeholder": "-stable"}
        ),
    )

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        says = f"{self['values'].auto_id}_says"
        self.fields["values"].widget.attrs["aria-describedby"] = says

    @override
    def clean(self) -> dict[str, Any]:
        """Read the rule with the rule engine, so that form and API refuse the same."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        operator, values = Operator(cleaned["operator"]), self._values()
        if not values:
            message = f"Write what to compare with, such as {self.example}."
            self.add_error("values", ValidationError(message, code=EMPTY))
        elif len(values) > 1 and not operator.takes_many:
            message = f"“{operator.label}” takes one value; for several use “one of”."
            self.add_error("values", message)
        else:
            self._parse(
                {
                    "field": cleaned["field"],
                    "operator": cleaned["operator"],
                    "values": values,
                }
            )
        return cleaned

    @property
    def example(self) -> str:
        """A value that the field chosen takes."""
        chosen = self.cleaned_data.get("field")
        return Field(chosen).example if chosen else Field.TAG.example

    def _parse(self, triple: dict[str, Any]) -> None:
        try:
            self.cleaned_data["rule"] = Rule.parse(triple)
        except InvalidRule as error:
            self.add_error("values", str(error))

    def _values(self) -> list[str]:
        """Split at lines, and at commas where there may be several values."""
        text = self.cleaned_data["values"].replace("\r", "")
        if Operator(self.cleaned_data["operator"]).takes_many:
            text = text.replace(",", "\n")
        return [value.strip() for value in text.split("\n") if value.strip()]

    @staticmethod
    def initial_of(rule: dict[str, Any], group: str = "") -> dict[str, str]:
        """Return what the form shows of a saved rule, or of one of a group."""
        return {**rule, "values": "\n".join(rule["values"]), "group": group}


class BaseRuleFormSet(forms.BaseFormSet[RuleForm]):
    """The criteria of a policy, in their order; there may be none."""

    @override
    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Let no criterion be left empty silently: without it, more would match."""
        return {**super().get_form_kwargs(index), "empty_permitted": False}

    @override
    def clean(self) -> None:
        """Refuse rules that contradict each other, on the cards they are about."""
        if self.total_form_count() < 0:
            message = "The number of criteria is wrong; load the page again."
            raise ValidationError(message, code="invalid_rules")
        if any(form.errors for form in self.forms):
            return
        try:
            parse_rules(self.saved())
        except InvalidRule as error:
            if not error.numbers:
                raise ValidationError(str(error), code="invalid_rules") from error
            self._refuse(error)

    def _refuse(self, error: InvalidRule) -> None:
        """Say on every card of the rules named that they exclude each other."""
        criteria = self._criteria()
        named = [criteria[number - 1] for number in error.numbers]
        for cards in named:
            places = [self.forms.index(one[0]) + 1 for one in named if one is not cards]
            others = ", ".join(map(str, places))
            about = f"Together with criterion {others}: " if others else ""
            for card in cards:
                card.add_error("values", f"{about}{error.reason}")

    def _criteria(self) -> list[list[RuleForm]]:
        """Return the cards of each criterion; a group stands where its first does."""
        found: dict[str, list[RuleForm]] = {}
        for number, form in enumerate(self.forms):
            read = getattr(form, "cleaned_data", {})
            if "rule" in read:
                found.setdefault(read.get("group") or str(number), []).append(form)
        return list(found.values())

    def saved(self) -> list[dict[str, Any]]:
        """Return the rules as policies keep them: in MSR's form, groups beyond it."""
        return [_saved(cards) for cards in self._criteria()]

    def rules(self) -> tuple[Criterion, ...]:
        """Return the criteria; raises InvalidRule where they make no sense together."""
        return parse_rules(self.saved())


def _saved(cards: list[RuleForm]) -> dict[str, Any]:
    triples = [dict(card.cleaned_data["rule"].to_json()) for card in cards]
    return {"any": triples} if cards[0].cleaned_data.get("group") else triples[0]


RuleFormSet = cast(  # the stubs forget which class the factory was given
    "type[BaseRuleFormSet]",
    forms.formset_factory(
        RuleForm,
        formset=BaseRuleFormSet,
        extra=0,
        max_num=MAX_RULES,
        absolute_max=MAX_RULES + 1,
        validate_max=True,
    ),
)


def rule_forms(rules: Iterable[dict[str, Any]]) -> BaseRuleFormSet:
    """Return forms that show these rules."""
    letters = iter(GROUPS)
    initial = []
    for rule in rules:
        group = next(letters, "") if "any" in rule else ""
        alternatives = rule.get("any", [rule])
        initial += [RuleForm.initial_of(one, group) for one in alternatives]
    return RuleFormSet(initial=initial, prefix="rules")


def without_rule(data: QueryDict, removed: str) -> BaseRuleFormSet:
    """Return the forms of what was posted, less the card with that number."""
    return _posted(data, lambda number: str(number) != removed)


def with_rule(data: QueryDict) -> BaseRuleFormSet:
    """Return the forms of what was posted, and an empty card."""
    return _posted(data, lambda _number: True, extra=[{}])


def _posted(data: QueryDict, keep: Any, extra: Iterable[Any] = ()) -> BaseRuleFormSet:
    bound = RuleFormSet(data, prefix="rules")
    shown = [
        {name: form[name].value() for name in form.fields}
        for number, form in enumerate(bound.forms)
        if keep(number)
    ]
    return RuleFormSet(initial=[*shown, *extra], prefix="rules")
