"""The form of a policy: its rules, where to, as what; and what it would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import redirect, render
from django.views import View

from promotions.forms import PolicyEditor
from promotions.permissions import require_policy_editor
from promotions.services import policies
from promotions.tasks import apply_policy
from promotions.views.places import Place, open_place
from repositories.tasks import wake

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from promotions.models import PromotionPolicy


class PolicyFormView(LoginRequiredMixin, View):
    """The form of a new policy, or of one that exists.

    Every button submits the form, so it works without any script; only *Save* and
    *Save & Apply* write.
    """

    http_method_names = ("get", "post")

    def get(
        self,
        request: HttpRequest,
        namespace: str = "",
        name: str = "",
        uuid: UUID | None = None,
    ) -> HttpResponse:
        """Show the policy as it is or is proposed, or what a new one starts with."""
        place, editor = self._open(request, namespace, name, uuid)
        editor.show()
        return self._render(place, editor)

    def post(
        self,
        request: HttpRequest,
        namespace: str = "",
        name: str = "",
        uuid: UUID | None = None,
    ) -> HttpResponse:
        """Save, or show the form again as the button pressed asks for."""
        place, editor = self._open(request, namespace, name, uuid)
        if editor.policy is not None:
            policies.refuse_managed(editor.policy)
        if policy := editor.post(request.POST):
            return self._saved(place, policy)
        return self._render(place, editor)

    def _open(
        self, request: HttpRequest, namespace: str, name: str, uuid: UUID | None
    ) -> tuple[Place, PolicyEditor]:
        """Load what the address names; the form is for who may save it."""
        place = open_place(request, namespace, name)
        policy = None if uuid is None else place.policy(uuid)
        end = place.repository or place.namespace
        if policy is not None:
            end = policies.Ends.of(policy.shown_version).source
        require_policy_editor(place.actor, end)
        editor = PolicyEditor(
            actor=place.actor,
            repository=place.repository,
            namespace=place.namespace,
            policy=policy,
        )
        return place, editor

    def _saved(self, place: Place, policy: PromotionPolicy) -> HttpResponse:
        if policy.apply_wanted_at:
            wake(apply_policy, policy.pk)
        messages.success(self.request, self._said(policy))
        # Of one about many, what it is about now is there.
        page = "record" if policy.shown_version.source_pattern else "policy"
        return redirect(place.url(page, policy.uuid))

    def _said(self, policy: PromotionPolicy) -> str:
        if policy.proposed_version is not None:
            return "The policy is proposed; it runs once an admin of the target agrees."
        if not policy.enabled:
            return "The policy is saved, and does nothing until it is switched on."
        if "apply" in self.request.POST:
            return "The policy is saved, and looks at the tags that exist now."
        return "The policy is saved; it looks at every push from now on."

    def _render(self, place: Place, editor: PolicyEditor) -> HttpResponse:
        back, release_url = place.url("policies"), ""
        if editor.policy is not None:
            back = place.url("policy", editor.policy.uuid)
            release_url = place.url("release", editor.policy.uuid)
        context = {
            **place.context,
            "policy": editor.policy,
            "editor": editor,
            "form": editor.form,
            "rules": editor.rules,
            "back": back,
            "release_url": release_url,
        }
        return render(self.request, "promotions/policy_form.html", context)
