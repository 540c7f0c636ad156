"""What the buttons of a policy that is written do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from promotions.forms.editor.page import REPLAYED_DAYS, EditorPage
from promotions.forms.feedback import overlook_missing
from promotions.forms.policy import PolicyForm
from promotions.forms.rules import RuleFormSet, rule_forms, with_rule, without_rule
from promotions.rules import CODES
from promotions.rules.repository_pattern import RepositoryPattern
from promotions.services import policies, suggest, trial

if TYPE_CHECKING:
    from django.http import QueryDict

    from promotions.models import PolicyVersion, PromotionPolicy

NEW_RULE = {"field": "tag", "operator": "ew", "values": []}
SHOWN_AT = {"target_repository": "target"}
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
CHANGED = (
    "Somebody else changed the policy while you did: see below what is different now."
    " Save again to put yours in its place, or cancel to keep theirs."
)


class PolicyEditor(EditorPage):
    """A policy of a repository, of a namespace, or, with neither, a global one.

    `post` answers whatever button was pressed; only those that save write anything.
    """

    def show(self) -> None:
        """Start from the policy as it is or is proposed, or from a new one."""
        version = self.version
        if self.policy is None or version is None:
            self.form = self.make_form(initial={"source_pattern": self.everything})
            self.rules = rule_forms([NEW_RULE])
        else:
            initial = PolicyForm.initial_of(version, enabled=self.policy.enabled)
            self.form, self.rules = (
                self.make_form(initial=initial),
                rule_forms(version.rules),
            )

    def post(self, data: QueryDict) -> PromotionPolicy | None:
        """Do what the button pressed says; return the policy if it was saved."""
        self.data = data
        if data.keys() & {"add_rule", "remove_rule", "insert", "suggest"}:
            self._rearrange()
            return None
        self.form, self.rules = self.make_form(data), RuleFormSet(data, prefix="rules")
        is_whole = self.form.is_valid() & self.rules.is_valid()
        if data.keys() & {"check", "try", "replay"}:
            self._look(is_whole=is_whole)
            return None
        return self._save() if is_whole else None

    def _rearrange(self) -> None:
        """Show what was typed, with a card more or less; nothing is checked."""
        data = self.data
        typed = {**data.dict(), **{name: name in data for name in TICKS}}
        if data.get("insert") in {code.code for code in CODES}:
            typed["tag_template"] = f"{data.get('tag_template', '')}{data['insert']}"
        self.form = self.make_form(initial=typed)
        self.rules = (
            with_rule(data)
            if "add_rule" in data
            else without_rule(data, data.get("remove_rule", ""))
        )
        if "suggest" in data:
            self.offered = self._offered(str(data["suggest"]), data.get("typed", ""))

    def _offered(self, asked: str, typed: str) -> tuple[str, ...]:
        if asked == "target":
            return suggest.targets_for(actor=self.actor, typed=typed)
        return suggest.values_for(field=asked, typed=typed, sources=self.sources)

    def _look(self, *, is_whole: bool) -> None:
        """Say what saving would refuse, and what the policy would do."""
        if is_whole and (version := self._checked()):
            self._foresee(version)
            if self.is_asked:
                self.trials = self._try(version)
        if self.is_live:
            self.missing = overlook_missing(self.form, self.rules)

    def _checked(self) -> PolicyVersion | None:
        try:
            return policies.checked_version(
                actor=self.actor, draft=self._draft(), policy=self.policy
            )
        except ValidationError as error:
            self.form.refuse(error, SHOWN_AT)
        return None

    def _foresee(self, version: PolicyVersion) -> None:
        try:
            policies.refuse_saving(
                actor=self.actor,
                version=version,
                propose=self.form.cleaned_data["propose"],
                with_effects=self.is_asked,
            )
        except (ValidationError, Http404, PermissionDenied) as error:
            self.refusals = self._refuse(error, version.target)

    def _try(self, version: PolicyVersion) -> trial.Trials:
        """Ask it about the tags that exist, or about pushes of the last days."""
        asked: dict[str, Any] = {"actor": self.actor, "version": version}
        asked |= {"policy": self.policy, "limit": TRIALS_SHOWN}
        if self.is_replay:
            return trial.replay(**asked, days=REPLAYED_DAYS)
        return trial.dry_run(**asked)

    def _save(self) -> PromotionPolicy | None:
        """Save with the service; None when it refused, with its errors in the form."""
        if self._was_changed_meanwhile():
            self.form.add_error(None, CHANGED)
            return None
        values = self.form.cleaned_data
        switches = {
            "actor": self.actor,
            "enabled": values["enabled"],
            "propose": values["propose"],
            "apply": "apply" in self.data,
        }
        try:
            if self.policy is not None:
                return policies.update(
                    policy=self.policy, changes=self._content(), **switches
                )
            return policies.create(
                draft=self._draft(), request_uuid=self._request(), **switches
            )
        except (ValidationError, Http404, PermissionDenied) as error:
            # Who may not save here at all was refused when the form was opened.
            self._refuse(error, values["target"])
        return None

    def _refuse(self, error: Exception, target: str) -> list[str]:
        """Show why saving is refused at the field it is about; return the sentences."""
        if isinstance(error, ValidationError):
            self.form.refuse(error, SHOWN_AT)
            return list(error.messages)
        is_flood = hasattr(error, "retry_after")
        sentence = str(error) if is_flood else NO_TARGET.format(target)
        self.form.add_error("target", sentence)
        return [sentence]

    def _was_changed_meanwhile(self) -> bool:
        """Tell whether a version was saved since the page was shown, and say which."""
        shown = self.data.get("base", "")
        if self.policy is None or self.version is None or shown in {"", self.base}:
            return False
        if before := _version_of(self.policy, shown):
            self.changes = policies.difference(before, self.version)
        return True

    def _request(self) -> UUID | None:
        """Return what is the same for the same form sent twice, and for no other."""
        try:
            drawn = UUID(self.data.get("request_uuid", ""))
        except ValueError:
            return None
        typed = {**self.data, "csrfmiddlewaretoken": ""}
        return uuid5(drawn, json.dumps(typed, sort_keys=True))

    def _content(self) -> dict[str, Any]:
        """Return the fields of a Draft that the form has."""
        content = {**self.form.cleaned_data, "rules": self.rules.saved()}
        del content["enabled"], content["propose"]
        if pattern := content.pop("source_pattern", ""):
            content["source"] = RepositoryPattern.parse(pattern)
        return content

    def _draft(self) -> policies.Draft:
        content = self._content()
        if self.saved is not None:
            return replace(policies.Draft.of(self.saved), **content)
        if self.repository is not None:
            return policies.Draft(source=self.repository, **content)
        return policies.Draft(namespace=self.namespace, **content)


def _version_of(policy: PromotionPolicy, uuid: str) -> PolicyVersion | None:
    try:
        return policy.versions.filter(uuid=UUID(uuid)).first()
    except ValueError:
        return None
