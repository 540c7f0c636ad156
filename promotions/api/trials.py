"""Try a policy before it is saved, and see what its template makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from typing_extensions import override

from accounts.access import Action
from accounts.api import Form, Operation
from accounts.permissions import require
from promotions.api.policies import (
    OfNamespace,
    OfRegistry,
    PolicyForm,
    PolicyOperation,
    WidePolicyForm,
)
from promotions.rules import (
    CODES,
    InvalidRule,
    InvalidTemplate,
    TagTemplate,
    compile_rules,
    parse_rules,
)
from promotions.services import policies, trial
from repositories.api import repository_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rest_framework.request import Request

    from promotions.models import PolicyVersion, PromotionPolicy
    from promotions.services.trial import Trial, Trials
    from repositories.models import Repository

# A header says what a list of MSR's shape has no room for.
CUT_HEADER = "X-Trial-Cut"


class TestQuery(Form):
    """How far to look back; without `days`, the tags that exist are looked at."""

    days = serializers.IntegerField(min_value=1, max_value=trial.MAX_DAYS, default=None)


class TestForm(PolicyForm):
    """A policy's body; `policy_id` where it is to be the next version of one."""

    policy_id = serializers.CharField(default="")


class WideTestForm(WidePolicyForm, TestForm):
    """The same, about more than one repository."""


class TestPolicy(PolicyOperation):
    """`…/promotionPolicies/test`, after MSR's `…/pruningPolicies/test`."""

    is_costly = True

    form = TestForm

    def post(self, _request: Request, **_names: str) -> Response:
        """Tell what a policy would promote; needs admin on the source alone."""
        source = self.source()
        days = self.query(TestQuery)["days"]
        values = self.body(self.form)
        policy_id = values.pop("policy_id")
        del values["enabled"]
        values["propose"] = True  # whether the target exists makes no difference
        content = self.content(values)
        del content["propose"]
        draft = policies.Draft(**source, **content)
        policy = self._policy(policy_id, draft)
        version = policies.checked_version(actor=self.actor, draft=draft, policy=policy)
        trials = self._try(version, policy, days)
        response = self.paged(trials.rows, _render)
        if trials.is_cut:
            response[CUT_HEADER] = "true"
        return response

    def source(self) -> dict[str, Any]:
        """Return what the address says of the source, which the actor administers."""
        require(self.actor, Action.ADMIN, cast("Repository", self.repository))
        return {"source": self.repository}

    def _policy(self, policy_id: str, draft: policies.Draft) -> PromotionPolicy | None:
        """Return the policy that the draft is to change, which is about its source.

        One that is found here because it promotes to here, or about more than the
        source, would be asked about repositories the actor does not administer.
        """
        if not policy_id:
            return None
        self.kwargs["policy_id"] = policy_id
        policy = self.policy()
        is_own = self.outgoing().filter(pk=policy.pk, scope=draft.scope).exists()
        if not is_own:
            message = f"No promotion policy {policy_id} is about this source."
            raise NotFound(message, code="NO_SUCH_PROMOTION_POLICY")
        return policy

    def _try(
        self, version: PolicyVersion, policy: PromotionPolicy | None, days: int | None
    ) -> Trials:
        asked: dict[str, Any] = {"actor": self.actor, "version": version}
        if days is None:
            return trial.dry_run(**asked, policy=policy)
        return trial.replay(**asked, policy=policy, days=days)


class TestNamespacePolicy(OfNamespace, TestPolicy):
    """`/repositoryNamespaces/{namespace}/promotionPolicies/test`."""

    form = WideTestForm

    @override
    def source(self) -> dict[str, Any]:
        return {"namespace": self.namespace}


class TestGlobalPolicy(OfRegistry, TestPolicy):
    """`/promotionPolicies/test`."""

    form = WideTestForm

    @override
    def source(self) -> dict[str, Any]:
        return {}


def _render(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    return [_rendered(one) for one in trials]


def _rendered(one: Trial) -> dict[str, Any]:
    """Return MSR's responses.ThinTag; beyond it what would become of the tag."""
    is_waiting = one.effect == trial.Effect.WAITS
    return {
        "id": one.uuid,
        "name": one.tag,
        "digest": one.digest,
        "repository": one.repository,
        "pushedAt": one.moved_at,
        "decidedAt": one.decided_at,
        "verdict": one.result,
        "outcomes": [outcome.to_json() for outcome in one.outcomes],
        "effect": one.effect,
        "targetRepository": one.target,
        "targetTag": one.target_tag,
        "overwrites": one.overwrites,
        "errorCode": one.code,
        "reason": one.sentence,
        "waitsFor": one.reasons if is_waiting else [],
        "reevaluateAt": one.reevaluate_at,
    }


class PreviewForm(Form):
    """A template while it is typed, and what it is tried on."""

    tag_template = serializers.CharField(max_length=512)
    zone = serializers.CharField(default="UTC", max_length=64)
    tag = serializers.CharField(default=trial.SAMPLE_TAG, max_length=128)
    rules = serializers.ListField(child=serializers.DictField(), default=list)


class PreviewTemplate(Operation):
    """`…/promotionPolicies/preview`."""

    missing = "NO_SUCH_REPOSITORY"
    invalid = "INVALID_PROMOTION_POLICY"

    def post(self, _request: Request, namespace: str, name: str) -> Response:
        """Tell which tag the template makes now of a sample tag of the source."""
        source = repository_of(self.actor, f"{namespace}/{name}")
        require(self.actor, Action.ADMIN, source)
        given, at = self.body(PreviewForm), timezone.now()
        template = given["tag_template"]
        try:
            made = trial.example(
                source=source,
                template=template,
                zone=given["zone"],
                tag=given["tag"],
                groups=_groups(given["rules"], given["tag"]),
                at=at,
            )
        except InvalidRule as error:
            raise ValidationError({"rules": str(error)}) from error
        except InvalidTemplate as error:
            raise ValidationError({"tag_template": str(error)}) from error
        return Response({"tag": made, "at": at, "codes": _codes(template)})


def _groups(rules: list[dict[str, Any]], tag: str) -> tuple[str, ...]:
    return compile_rules(parse_rules(rules)).captured(tag)


def _codes(template: str) -> list[dict[str, str]]:
    """Return the codes that the template uses, and what they stand for."""
    meanings = {code.code: code.meaning for code in CODES}
    return [
        {"code": code, "meaning": meanings.get(code, f"group {code[2:-1]}")}
        for code in TagTemplate.parse(template).codes
    ]
