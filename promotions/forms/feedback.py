"""What is wrong with a policy that is written, and what it only lacks as yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promotions.forms.rules import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.forms import Form

    from promotions.forms.policy import PolicyForm
    from promotions.forms.rules import BaseRuleFormSet

MISSING = {"required", EMPTY}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A sentence, and the field to go to; "" where it is about the whole."""

    field: str
    title: str
    sentence: str


def mistakes(form: PolicyForm, rules: BaseRuleFormSet) -> list[Mistake]:
    """Return all that is wrong, in the order of the page."""
    found = [Mistake("", "", str(one)) for one in form.non_field_errors()]
    found += [Mistake("", "", str(one)) for one in rules.non_form_errors()]
    for number, card in enumerate(rules.forms, start=1):
        found += _of(card, f"Criterion {number}")
    return [*found, *_of(form)]


def _of(form: Form, title: str = "") -> Iterator[Mistake]:
    for name in form.fields:
        field = form[name]
        for error in field.errors:
            yield Mistake(field.auto_id, title or str(field.label), str(error))


def overlook_missing(form: PolicyForm, rules: BaseRuleFormSet) -> list[str]:
    """Take back the errors about what was not written yet; return what that is.

    Who is still writing knows that, and is not told so in red.
    """
    missing = [
        f"a value for criterion {number}"
        for number, card in enumerate(rules.forms, start=1)
        if _overlooked(card)
    ]
    return [*missing, *(name.lower() for name in _overlooked(form))]


def _overlooked(form: Form) -> list[str]:
    found = [
        name
        for name, errors in form.errors.as_data().items()
        if all(error.code in MISSING for error in errors)
    ]
    for name in found:
        del form.errors[name]
    return [str(form.fields[name].label) for name in found]
