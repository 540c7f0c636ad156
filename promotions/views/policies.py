"""The *Promotions* tab of a repository, and the form of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.access import Action
from accounts.authentication import actor_of
from accounts.permissions import require
from accounts.querysets import page_of
from promotions.forms import (
    BaseRuleFormSet,
    PolicyForm,
    RuleFormSet,
    rule_forms,
    with_rule,
    without_rule,
)
from promotions.models import Promotion, PromotionPolicy
from promotions.permissions import require_policy_editor
from promotions.rules import InvalidTemplate
from promotions.services import policies, trial
from promotions.tasks import apply_policy
from repositories.tabs import repository_context
from repositories.tasks import wake
from repositories.views import asked, open_repository

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.access import Actor
    from promotions.models import PolicyVersion
    from repositories.models import Repository

POLICIES_SHOWN = 100
TAGS_TRIED = 10
NEW_RULE = {"field": "tag", "operator": "ew", "values": []}


@login_required
@require_safe
def policy_list(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Show policies and history of a repository, as the source or as the target."""
    repository = open_repository(request, namespace, name)
    actor = actor_of(request)
    as_source = asked(request, "as") != "target"
    rows = PromotionPolicy.objects
    policies_of = rows.of_source if as_source else rows.of_target
    history = Promotion.objects.of(repository, as_source=as_source)
    context = {
        **repository_context(actor, repository, "promotions"),
        "as_source": as_source,
        "policies": policies_of(repository).with_sight(actor)[:POLICIES_SHOWN],
        "policies_shown": POLICIES_SHOWN,
        "page": page_of(
            history.with_sight(actor).for_listing(), asked(request, "after")
        ),
    }
    return render(request, "promotions/policy_list.html", context)


def policies_url(repository: Repository, *, as_source: bool = True) -> str:
    """Return the address of a repository's *Promotions* tab."""
    names = (repository.namespace.name, repository.name)
    url = reverse("promotions:policies", args=names)
    return url if as_source else f"{url}?as=target"


def version_of(policy: PromotionPolicy) -> PolicyVersion:
    """Return what the policy does now; Http404 for one that was never saved whole."""
    if policy.current_version is None:
        message = "The policy has no version."
        raise Http404(message)
    return policy.current_version


def _open_policy(actor: Actor, repository: Repository, uuid: UUID) -> PromotionPolicy:
    """Return a policy whose source or target the repository is."""
    rows = PromotionPolicy.objects
    both = rows.of_source(repository) | rows.of_target(repository)
    return get_object_or_404(both.with_sight(actor), uuid=uuid)


def _list_of(policy: PromotionPolicy, repository: Repository) -> str:
    """Return the address of the list from which the reader came to the policy."""
    source_id = version_of(policy).source_repository_id
    return policies_url(repository, as_source=source_id == repository.pk)


@login_required
@require_POST
def switch_policy(
    request: HttpRequest, namespace: str, name: str, uuid: UUID
) -> HttpResponse:
    """Switch a policy on or off."""
    repository = open_repository(request, namespace, name)
    actor = actor_of(request)
    policy = _open_policy(actor, repository, uuid)
    enabled = request.POST.get("enabled") == "on"
    policies.update(actor=actor, policy=policy, changes={}, enabled=enabled)
    messages.success(request, f"The policy is switched {'on' if enabled else 'off'}.")
    return redirect(_list_of(policy, repository))


@login_required
@require_http_methods(["GET", "POST"])
def delete_policy(
    request: HttpRequest, namespace: str, name: str, uuid: UUID
) -> HttpResponse:
    """Ask, then delete a policy; what it promoted stays."""
    repository = open_repository(request, namespace, name)
    actor = actor_of(request)
    policy = _open_policy(actor, repository, uuid)
    if request.method == "POST":
        policies.delete(actor=actor, policy=policy)
        messages.success(request, "The policy is deleted; what it promoted stays.")
        return redirect(_list_of(policy, repository))
    policies.require_stopper(actor, policy)
    context = {
        **repository_context(actor, repository, "promotions"),
        "policy": policy,
        "back": _list_of(policy, repository),
    }
    return render(request, "promotions/policy_confirm_delete.html", context)


class PolicyFormView(LoginRequiredMixin, View):
    """The form of a new policy, or of one that exists.

    The buttons that add or remove a criterion, or try the policy out, submit the form
    as well, so it works without any script; only *Save* and *Save & Apply* write.
    """

    http_method_names = ("get", "post")
    actor: Actor
    source: Repository
    policy: PromotionPolicy | None

    def get(
        self, request: HttpRequest, namespace: str, name: str, uuid: UUID | None = None
    ) -> HttpResponse:
        """Show the policy as it is, or what a new one starts with."""
        del request
        self._open(namespace, name, uuid)
        version = self.policy and version_of(self.policy)
        initial: dict[str, Any] = {}
        if self.policy and version:
            initial = PolicyForm.initial_of(version, enabled=self.policy.enabled)
        rules = version.rules if version else [NEW_RULE]
        form = PolicyForm(actor=self.actor, initial=initial)
        return self._render(form, rule_forms(rules))

    def post(
        self, request: HttpRequest, namespace: str, name: str, uuid: UUID | None = None
    ) -> HttpResponse:
        """Save, or show the form again as the button pressed asks for."""
        self._open(namespace, name, uuid)
        data = request.POST
        if "add_rule" in data:
            return self._render(self._unchecked(), with_rule(data))
        if "remove_rule" in data:
            rules = without_rule(data, data["remove_rule"])
            return self._render(self._unchecked(), rules)
        form = PolicyForm(data, actor=self.actor)
        rules = RuleFormSet(data, prefix="rules")
        is_whole = form.is_valid() & rules.is_valid()
        if is_whole and "try" not in data and (policy := self._save(form, rules)):
            return self._saved(policy)
        return self._render(form, rules)

    def _open(self, namespace: str, name: str, uuid: UUID | None) -> None:
        """Load what the address names; the form is for who may save it."""
        self.actor = actor_of(self.request)
        self.source = open_repository(self.request, namespace, name)
        self.policy = None
        if uuid is not None:
            self.policy = _open_policy(self.actor, self.source, uuid)
            self.source = policies.source_of(version_of(self.policy))
            target = policies.find_target(self.policy) or self.source
            require_policy_editor(self.actor, self.source, target)
        require(self.actor, Action.ADMIN, self.source)

    def _unchecked(self) -> PolicyForm:
        """Return the form with what was typed, before anything is checked."""
        data = self.request.POST
        ticks = ("enabled", "allow_unscannable")
        typed = {**data.dict(), **{name: name in data for name in ticks}}
        return PolicyForm(actor=self.actor, initial=typed)

    def _save(self, form: PolicyForm, rules: BaseRuleFormSet) -> PromotionPolicy | None:
        """Save with the service; None when it refused, with its errors in the form."""
        content = {**form.cleaned_data, "rules": rules.saved()}
        switches = {
            "actor": self.actor,
            "enabled": content.pop("enabled"),
            "apply": "apply" in self.request.POST,
        }
        try:
            if self.policy is None:
                draft = policies.Draft(source=self.source, **content)
                return policies.create(draft=draft, **switches)
            return policies.update(policy=self.policy, changes=content, **switches)
        except ValidationError as error:
            form.refuse(error, {"target_name": "target"})
        return None

    def _saved(self, policy: PromotionPolicy) -> HttpResponse:
        if not policy.enabled:
            said = "The policy is saved, and does nothing until it is switched on."
        elif "apply" in self.request.POST:
            wake(apply_policy, policy.pk)
            said = "The policy is saved, and looks at the tags that exist now."
        else:
            said = "The policy is saved; it looks at every push from now on."
        messages.success(self.request, said)
        return redirect(policies_url(self.source))

    def _render(self, form: PolicyForm, rules: BaseRuleFormSet) -> HttpResponse:
        context = {
            **repository_context(self.actor, self.source, "promotions"),
            "policy": self.policy,
            "form": form,
            "rules": rules,
            "back": policies_url(self.source),
            "sample_tag": trial.SAMPLE_TAG,
            **self._tried(form, rules),
        }
        return render(self.request, "promotions/policy_form.html", context)

    def _tried(self, form: PolicyForm, rules: BaseRuleFormSet) -> dict[str, Any]:
        """Return an example tag and, when asked for, what the policy would do now."""
        template, zone = form["tag_template"].value(), form["zone"].value() or "UTC"
        try:
            example = trial.example(source=self.source, template=template, zone=zone)
        except InvalidTemplate:
            return {"example": "", "trials": None}
        is_whole = form.is_valid() and rules.is_valid()
        if "try" not in self.request.POST or not is_whole:
            return {"example": example, "trials": None}
        return {"example": example, "trials": self._try(form, rules)}

    def _try(self, form: PolicyForm, rules: BaseRuleFormSet) -> trial.Trials:
        chosen = {**form.cleaned_data, "rules": rules.saved()}
        chosen.pop("enabled")
        target = chosen.pop("target").full_name
        return trial.dry_run(
            actor=self.actor,
            version=trial.unsaved_version(source=self.source, target=target, **chosen),
            policy=self.policy,
            limit=TAGS_TRIED,
        )
