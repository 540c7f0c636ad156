"""The form of a policy: its rules, where to, as what; and what it would do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.views import View

from promotions.forms import (
    BaseRuleFormSet,
    PolicyForm,
    RuleFormSet,
    rule_forms,
    with_rule,
    without_rule,
)
from promotions.permissions import require_policy_editor
from promotions.rules import InvalidTemplate
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies, trial
from promotions.tasks import apply_policy
from promotions.views.places import Place, open_place
from repositories.tasks import wake

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from promotions.models import PolicyVersion, PromotionPolicy

NEW_RULE = {"field": "tag", "operator": "ew", "values": []}
SHOWN_AT = {"target_repository": "target"}
REPLAYED_DAYS = 30
TRIALS_SHOWN = 50
TICKS = (
    "enabled",
    "allow_unscannable",
    "propose",
    "allow_public_target",
    "allow_cycle",
)
NO_TARGET = (
    "You administer no repository “{}”, as a policy into it needs: choose another, or"
    " ask its admins to agree."
)


class PolicyFormView(LoginRequiredMixin, View):
    """The form of a new policy, or of one that exists.

    The buttons that add or remove a criterion, or try the policy out, submit the form
    as well, so it works without any script; only *Save* and *Save & Apply* write.
    """

    http_method_names = ("get", "post")
    place: Place
    policy: PromotionPolicy | None

    def get(
        self,
        request: HttpRequest,
        namespace: str = "",
        name: str = "",
        uuid: UUID | None = None,
    ) -> HttpResponse:
        """Show the policy as it is or is proposed, or what a new one starts with."""
        self._open(request, namespace, name, uuid)
        version = self._version()
        if self.policy is None or version is None:
            initial, rules = self._start(), [NEW_RULE]
        else:
            initial = PolicyForm.initial_of(version, enabled=self.policy.enabled)
            rules = version.rules
        return self._render(self._form(initial=initial), rule_forms(rules))

    def post(
        self,
        request: HttpRequest,
        namespace: str = "",
        name: str = "",
        uuid: UUID | None = None,
    ) -> HttpResponse:
        """Save, or show the form again as the button pressed asks for."""
        self._open(request, namespace, name, uuid)
        data = request.POST
        if "add_rule" in data:
            return self._render(self._unchecked(), with_rule(data))
        if "remove_rule" in data:
            rules = without_rule(data, data["remove_rule"])
            return self._render(self._unchecked(), rules)
        form, rules = self._form(data), RuleFormSet(data, prefix="rules")
        is_whole = form.is_valid() & rules.is_valid()
        if is_whole and data.keys() & {"try", "replay"}:
            return self._render(form, rules, self._try(form, rules))
        if is_whole and (policy := self._save(form, rules)):
            return self._saved(policy)
        return self._render(form, rules)

    def _open(
        self, request: HttpRequest, namespace: str, name: str, uuid: UUID | None
    ) -> None:
        """Load what the address names; the form is for who may save it."""
        self.place = open_place(request, namespace, name)
        self.policy = None if uuid is None else self.place.policy(uuid)
        end = self.place.repository or self.place.namespace
        if self.policy is not None:
            end = policies.Ends.of(self.policy.shown_version).source
        require_policy_editor(self.place.actor, end)

    def _version(self) -> PolicyVersion | None:
        """Return what the form starts from: the proposal, if there is one."""
        if self.policy is None:
            return None
        return self.policy.proposed_version or self.policy.current_version

    def _start(self) -> dict[str, Any]:
        namespace = self.place.namespace
        return {"source_pattern": f"{namespace.name if namespace else '*'}/**"}

    def _form(self, *data: Any, **values: Any) -> PolicyForm:
        wide = self.place.repository is None
        if self.policy is not None:
            wide = bool(self.policy.shown_version.source_pattern)
        return PolicyForm(*data, actor=self.place.actor, is_wide=wide, **values)

    def _unchecked(self) -> PolicyForm:
        """Return the form with what was typed, before anything is checked."""
        data = self.request.POST
        typed = {**data.dict(), **{name: name in data for name in TICKS}}
        return self._form(initial=typed)

    def _save(self, form: PolicyForm, rules: BaseRuleFormSet) -> PromotionPolicy | None:
        """Save with the service; None when it refused, with its errors in the form."""
        content = self._content(form, rules)
        switches = {
            "actor": self.place.actor,
            "enabled": form.cleaned_data["enabled"],
            "propose": form.cleaned_data["propose"],
            "apply": "apply" in self.request.POST,
        }
        try:
            if self.policy is not None:
                return policies.update(policy=self.policy, changes=content, **switches)
            return policies.create(draft=self._draft(content), **switches)
        except ValidationError as error:
            form.refuse(error, SHOWN_AT)
        except (Http404, PermissionDenied) as error:
            # Who may not save here at all was refused when the form was opened.
            form.add_error("target", self._refusal(error, content["target"]))
        return None

    def _try(self, form: PolicyForm, rules: BaseRuleFormSet) -> trial.Trials | None:
        """Ask the draft about the tags that exist, or about pushes of the last days."""
        draft = self._draft(self._content(form, rules))
        asked: dict[str, Any] = {"actor": self.place.actor, "policy": self.policy}
        try:
            asked["version"] = policies.checked_version(
                actor=self.place.actor, draft=draft, policy=self.policy
            )
        except ValidationError as error:
            form.refuse(error, SHOWN_AT)
            return None
        if "replay" in self.request.POST:
            return trial.replay(**asked, days=REPLAYED_DAYS, limit=TRIALS_SHOWN)
        return trial.dry_run(**asked, limit=TRIALS_SHOWN)

    @staticmethod
    def _content(form: PolicyForm, rules: BaseRuleFormSet) -> dict[str, Any]:
        """Return the fields of a Draft that the form has."""
        content = {**form.cleaned_data, "rules": rules.saved()}
        del content["enabled"], content["propose"]
        if pattern := content.pop("source_pattern", ""):
            content["source"] = RepositoryPattern.parse(pattern)
        return content

    def _draft(self, content: dict[str, Any]) -> policies.Draft:
        if self.policy is not None:
            return replace(policies.Draft.of(self.policy.shown_version), **content)
        if self.place.repository is not None:
            return policies.Draft(source=self.place.repository, **content)
        return policies.Draft(namespace=self.place.namespace, **content)

    @staticmethod
    def _refusal(error: Exception, target: str) -> str:
        return str(error) if hasattr(error, "retry_after") else NO_TARGET.format(target)

    def _saved(self, policy: PromotionPolicy) -> HttpResponse:
        if policy.apply_wanted_at:
            wake(apply_policy, policy.pk)
        messages.success(self.request, self._said(policy))
        return redirect(self.place.url("policy", policy.uuid))

    def _said(self, policy: PromotionPolicy) -> str:
        if policy.proposed_version is not None:
            return "The policy is proposed; it runs once an admin of the target agrees."
        if not policy.enabled:
            return "The policy is saved, and does nothing until it is switched on."
        if "apply" in self.request.POST:
            return "The policy is saved, and looks at the tags that exist now."
        return "The policy is saved; it looks at every push from now on."

    def _render(
        self,
        form: PolicyForm,
        rules: BaseRuleFormSet,
        trials: trial.Trials | None = None,
    ) -> HttpResponse:
        back = self.place.url("policies")
        if self.policy is not None:
            back = self.place.url("policy", self.policy.uuid)
        context = {
            **self.place.context,
            "policy": self.policy,
            "version": self._version(),
            "form": form,
            "rules": rules,
            "back": back,
            "sample_tag": trial.SAMPLE_TAG,
            "example": self._example(form),
            "trials": trials,
            "is_replay": "replay" in self.request.POST,
            "days": REPLAYED_DAYS,
        }
        return render(self.request, "promotions/policy_form.html", context)

    def _example(self, form: PolicyForm) -> str:
        """Return the tag that the template makes of a sample; "" if it makes none."""
        template, zone = form["tag_template"].value(), form["zone"].value() or "UTC"
        if self.place.repository is None:
            return ""
        try:
            return trial.example(
                source=self.place.repository, template=template, zone=zone
            )
        except InvalidTemplate:
            return ""
