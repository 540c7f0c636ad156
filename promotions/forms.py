"""Forms of the portal about policies and promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from accounts.access import Action
from accounts.forms import MAX_SUGGESTIONS, PortalForm
from promotions.models import PolicyVersion
from promotions.rules import (
    CODES,
    Criterion,
    Field,
    InvalidRule,
    Operator,
    Rule,
    Section,
    parse_rules,
)
from promotions.rules.rule import MAX_RULES
from promotions.validators import (
    validate_source_pattern,
    validate_tag_template,
    validate_zone,
)
from repositories.models import Repository
from repositories.validators import validate_tag_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict

    from accounts.access import Actor

GROUPS = "ABCDEFGHIJKLMNOPQRSTUVWXY"  # no policy has room for more groups


def target_field(label: str = "Target repository") -> forms.CharField:
    """Return a field for the name of the repository where images go."""
    attributes = {
        "list": "targets",
        "autocomplete": "off",
        "placeholder": "namespace/repository",
    }
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(max_length=300, label=label, widget=widget)


def names_for(actor: Actor, action: Action) -> list[str]:
    """Return names of repositories on which the actor may do that, to choose from."""
    rows = Repository.objects.permitted(actor, action).select_related("namespace")
    ordered = rows.order_by("namespace__name", "name")
    return [row.full_name for row in ordered[:MAX_SUGGESTIONS]]


class PolicyForm(PortalForm):
    """Where a policy promotes to, and how; its rules are forms of their own.

    `is_wide` says that it is about more than one repository, `home` is what the
    pattern of a namespace's policy begins with.
    """

    source_pattern = forms.CharField(
        max_length=300,
        label="Source repositories",
        validators=(validate_source_pattern,),
        help_text="* stands for anything but a slash, ** for slashes, too.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    target = target_field()
    propose = forms.BooleanField(
        required=False,
        label="Ask the admins of the target",
        help_text=(
            "For a target that is not yours: they learn the name of the source, and it"
            " runs once they agree."
        ),
    )
    allow_public_target = forms.BooleanField(
        required=False,
        label="Images of private repositories may become public",
        help_text="Where a target is public and the source is not.",
    )
    allow_cycle = forms.BooleanField(
        required=False,
        label="It may loop",
        help_text="For administrators who know; a chain ends after 16 hops.",
    )
    tag_template = forms.CharField(
        max_length=255,
        initial="%n",
        label="Tag in the target",
        validators=(validate_tag_template,),
        help_text="Text and codes; %n keeps the tag.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    zone = forms.CharField(
        max_length=64,
        initial="UTC",
        label="Time zone",
        validators=(validate_zone,),
        help_text="Of the codes for date and time, such as Europe/Berlin.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    on_moved_tag = forms.ChoiceField(
        label="When the tag moves on before it was promoted",
        choices=PolicyVersion.OnMovedTag.choices,
        initial=PolicyVersion.OnMovedTag.LATEST_ONLY,
    )
    on_conflict = forms.ChoiceField(
        label="When the target has the tag already",
        choices=PolicyVersion.OnConflict.choices,
        initial=PolicyVersion.OnConflict.OVERWRITE,
    )
    unscored = forms.ChoiceField(
        label="Vulnerabilities without a severity",
        choices=PolicyVersion.Evidence.choices,
        initial=PolicyVersion.Evidence.WAIT,
        help_text="Where a criterion counts severities.",
    )
    unlicensed = forms.ChoiceField(
        label="Components without a license",
        choices=PolicyVersion.Evidence.choices,
        initial=PolicyVersion.Evidence.WAIT,
        help_text="Where a criterion excludes licenses.",
    )
    exceptions_of = forms.ChoiceField(
        label="Hidden vulnerabilities that do not count",
        choices=PolicyVersion.Exceptions.choices,
        initial=PolicyVersion.Exceptions.SOURCE,
    )
    allow_unscannable = forms.BooleanField(
        required=False,
        label="Promote what no scanner can read",
        help_text="Criteria about contents then count as met for such images.",
    )
    enabled = forms.BooleanField(
        required=False,
        initial=True,
        help_text="A policy that is switched off looks at no push.",
    )

    codes = CODES

    def __init__(
        self, *args: Any, actor: Actor, is_wide: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        if is_wide:
            self.fields[
                "target"
            ].help_text = "{namespace} and {repository} are those of the source."
        else:
            del self.fields["source_pattern"], self.fields["allow_public_target"]
        if not actor.is_administrator:
            del self.fields["allow_cycle"]

    def suggestions(self) -> list[str]:
        """Return names of repositories that may be the target without asking."""
        return names_for(self.actor, Action.ADMIN)

    def clean_target(self) -> str:
        return str(self.cleaned_data["target"]).strip("/ ")

    def zones(self) -> list[str]:
        """Return the names of all time zones."""
        return sorted(available_timezones())

    @staticmethod
    def initial_of(version: PolicyVersion, *, enabled: bool) -> dict[str, Any]:
        """Return what the form shows of a saved policy."""
        return {
            "source_pattern": version.source_pattern,
            "target": version.target,
            "allow_public_target": version.allow_public_target,
            "allow_cycle": version.allow_cycle,
            "tag_template": version.tag_template,
            "zone": version.zone,
            "on_moved_tag": version.on_moved_tag,
            "on_conflict": version.on_conflict,
            "unscored": version.unscored,
            "unlicensed": version.unlicensed,
            "exceptions_of": version.exceptions_of,
            "allow_unscannable": version.allow_unscannable,
            "enabled": enabled,
        }


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
        }
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
        widget=forms.Textarea(
            attrs={"rows": 1, "spellcheck": "false", "placeholder": "-stable"}
        ),
    )

    @override
    def clean(self) -> dict[str, Any]:
        """Read the rule with the rule engine, so that form and API refuse the same."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        operator, values = Operator(cleaned["operator"]), self._values()
        if not values:
            self.add_error("values", "Write what to compare with, such as -stable.")
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
        """Refuse rules that contradict each other."""
        if any(form.errors for form in self.forms):
            return
        try:
            parse_rules(self.saved())
        except InvalidRule as error:
            raise ValidationError(str(error), code="invalid_rules") from error

    def saved(self) -> list[dict[str, Any]]:
        """Return the rules as policies keep them: in MSR's form, groups beyond it.

        A group stands where its first criterion does.
        """
        found: dict[str, dict[str, Any]] = {}
        for number, form in enumerate(self.forms):
            read = getattr(form, "cleaned_data", {})
            if (rule := read.get("rule")) is None:
                continue
            triple = dict(rule.to_json())
            if group := read.get("group"):
                found.setdefault(group, {"any": []})["any"].append(triple)
            else:
                found[str(number)] = triple
        return list(found.values())

    def rules(self) -> tuple[Criterion, ...]:
        """Return the criteria; raises InvalidRule where they make no sense together."""
        return parse_rules(self.saved())


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


class PromoteForm(PortalForm):
    """Where one tag is promoted to, by hand."""

    target = target_field()
    target_tag = forms.CharField(
        max_length=128, label="Tag in the target", validators=(validate_tag_name,)
    )
    comment = forms.CharField(
        max_length=500,
        required=False,
        help_text="Why; kept with the promotion.",
    )
    request_uuid = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def suggestions(self) -> list[str]:
        """Return names of repositories that may be the target."""
        return names_for(self.actor, Action.PUSH)

    def clean_target(self) -> Repository:
        name = self.cleaned_data["target"].replace("\0", "")
        rows = Repository.objects.permitted(self.actor, Action.PUSH)
        found = rows.select_related("namespace").named(name).first()
        if found is None:
            message = f"You may push to no repository “{name}”; choose one of the list."
            raise ValidationError(message, code="unknown_target")
        return found
