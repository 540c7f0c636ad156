"""What the page of a policy that is written shows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.http import QueryDict

from promotions.forms.feedback import mistakes
from promotions.forms.policy import PolicyForm
from promotions.models import PolicyVersion
from promotions.rules import InvalidRule, compile_rules
from promotions.rules.repository_pattern import (
    NAMESPACE,
    REPOSITORY,
    InvalidPattern,
    RepositoryPattern,
)
from promotions.services import policies, suggest, trial

if TYPE_CHECKING:
    from accounts.access import Actor
    from accounts.models import Namespace
    from promotions.forms.feedback import Mistake
    from promotions.forms.rules import BaseRuleFormSet
    from promotions.models import PromotionPolicy
    from promotions.services.policies import Change
    from repositories.models import Repository, Tag
    from repositories.querysets import RepositoryQuerySet

REPLAYED_DAYS = 30
PLACEHOLDERS = (f"{NAMESPACE}/{REPOSITORY}", REPOSITORY, NAMESPACE)


class EditorPage:
    """The policy that is written, with all that stands beside it."""

    form: PolicyForm
    rules: BaseRuleFormSet
    placeholders = PLACEHOLDERS

    def __init__(
        self,
        *,
        actor: Actor,
        repository: Repository | None = None,
        namespace: Namespace | None = None,
        policy: PromotionPolicy | None = None,
    ) -> None:
        self.actor, self.policy = actor, policy
        self.repository, self.namespace = repository, namespace
        self.data: QueryDict = QueryDict()
        self.trials: trial.Trials | None = None
        self.offered: tuple[str, ...] = ()
        self.changes: list[Change] = []
        self.refusals: list[str] = []
        self.missing: list[str] = []
        self.days = REPLAYED_DAYS

    @property
    def version(self) -> PolicyVersion | None:
        """What the form starts from: the proposal, if there is one."""
        if self.policy is None:
            return None
        return self.policy.proposed_version or self.policy.current_version

    @property
    def saved(self) -> PolicyVersion | None:
        """What the policy does, which a change is a change of."""
        return None if self.policy is None else self.policy.shown_version

    @property
    def base(self) -> str:
        """The version that was on the page, posted along to notice another's change."""
        return str(self.version.uuid) if self.version else ""

    @property
    def request_uuid(self) -> str:
        """What makes two requests of one press of a button one policy."""
        return self.data.get("request_uuid") or str(uuid4())

    @property
    def is_live(self) -> bool:
        """Whether a script asks, for a part of the page, while somebody types."""
        return "live" in self.data

    @property
    def is_asked(self) -> bool:
        """Whether it was asked what the policy would do."""
        return bool(self.data.keys() & {"try", "replay"})

    @property
    def is_tried(self) -> bool:
        return "try" in self.data and not self.is_replay

    @property
    def is_replay(self) -> bool:
        return "replay" in self.data

    @property
    def tried(self) -> trial.Trials | None:
        return self.trials if self.is_tried else None

    @property
    def replayed(self) -> trial.Trials | None:
        return self.trials if self.is_replay else None

    @property
    def shows_preview(self) -> bool:
        """Whether the template is asked about, too."""
        return not self.is_live or "check" in self.data

    @property
    def mistakes(self) -> list[Mistake]:
        """All that is wrong, for the summary above the form."""
        return mistakes(self.form, self.rules)

    @property
    def suggestions(self) -> tuple[str, ...]:
        """What may be meant by the value being typed."""
        return () if self.data.get("suggest") == "target" else self.offered

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Targets to choose from."""
        if "suggest" in self.data:
            return () if self.suggestions else self.offered
        if self.is_live:
            return ()
        return suggest.targets_for(actor=self.actor, typed="")

    @cached_property
    def tags(self) -> list[str]:
        """Tags of the sources to try the template on, the newest first."""
        return list(dict.fromkeys(tag.name for tag in self._newest))

    @cached_property
    def preview(self) -> trial.Preview:
        """What the template makes of the sample now."""
        sample = trial.sample_of(
            self._newest, self.data.get("sample", "").strip()[:128]
        )
        return trial.preview(
            template=str(self.form["tag_template"].value() or ""),
            zone=str(self.form["zone"].value() or "UTC"),
            sample=sample,
            groups=self._groups(sample.tag),
        )

    @property
    def shows_public(self) -> bool:
        """Whether the tick that lets images become public has to be seen."""
        name = "allow_public_target"
        if name not in self.form.fields:
            return False
        return bool(self.form[name].value() or self.form.has_error(name))

    @property
    def everything(self) -> str:
        return f"{self._owner.name if self._owner else '*'}/**"

    @property
    def is_wide(self) -> bool:
        """Whether it is about more than one repository."""
        if self.saved is not None:
            return bool(self.saved.source_pattern)
        return self.repository is None

    def make_form(self, *data: Any, **values: Any) -> PolicyForm:
        return PolicyForm(*data, actor=self.actor, is_wide=self.is_wide, **values)

    @cached_property
    def sources(self) -> RepositoryQuerySet:
        """The repositories it is about, as far as it can be read, and one may see."""
        if not self.is_wide:
            source = self.saved.source_repository if self.saved else self.repository
            return trial.sources_of(self.actor, PolicyVersion(source_repository=source))
        draft = policies.Draft(self.pattern, "", "", namespace=self._owner)
        about = PolicyVersion(
            policy=self.policy or draft.new_policy(), source_pattern=self.pattern.text
        )
        return trial.sources_of(self.actor, about)

    @property
    def _owner(self) -> Namespace | None:
        return self.policy.source_namespace if self.policy else self.namespace

    @property
    def pattern(self) -> RepositoryPattern:
        try:
            typed = str(self.form["source_pattern"].value() or "")
            return RepositoryPattern.parse(typed)
        except InvalidPattern:
            return RepositoryPattern(self.everything)

    @cached_property
    def _newest(self) -> list[Tag]:
        return trial.newest_tags(self.sources)

    def _groups(self, tag: str) -> tuple[str, ...] | None:
        """Return what the rules capture of a tag; None while they are wrong."""
        try:
            if self.rules.is_bound and not self.rules.is_valid():
                return None
            return compile_rules(self.rules.rules()).captured(tag)
        except InvalidRule:
            return None
