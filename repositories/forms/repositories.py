"""Forms of the portal about repositories."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.access import AccessLevel, Action
from accounts.forms import MAX_SUGGESTIONS, PortalForm
from accounts.forms.people import LEVELS
from accounts.models import Namespace
from repositories.models import Repository
from repositories.validators import MAX_DESCRIPTION, validate_repository_name

if TYPE_CHECKING:
    from typing import Any

    from django.http import QueryDict

    from accounts.access import Actor

VISIBILITIES = (
    (Repository.Visibility.PRIVATE, "Private: only who was given access sees it"),
    (Repository.Visibility.PUBLIC, "Public: everybody may pull, without signing in"),
)

MAX_PATTERNS = 50


class RepositoryForm(PortalForm):
    """A new repository."""

    namespace = forms.CharField(
        max_length=64,
        help_text="Yours, or that of an organization you own.",
        widget=forms.TextInput(attrs={"list": "namespaces", "autocomplete": "off"}),
    )
    name = forms.CharField(
        max_length=200,
        validators=(validate_repository_name,),
        help_text="Lower-case; slashes make groups, such as backend/api.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    visibility = forms.ChoiceField(
        choices=VISIBILITIES,
        initial=Repository.Visibility.PRIVATE,
        widget=forms.RadioSelect,
    )
    short_description = forms.CharField(
        max_length=200,
        required=False,
        help_text="One line for lists; may be empty.",
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.namespaces = Namespace.objects.permitted(actor, Action.ADMIN)

    def suggestions(self) -> list[str]:
        """Return names of namespaces in which the actor may create repositories."""
        names = self.namespaces.order_by("name").values_list("name", flat=True)
        return list(names[:MAX_SUGGESTIONS])

    def clean_namespace(self) -> Namespace:
        name = self.cleaned_data["namespace"]
        found = self.namespaces.filter(name=name).first()
        if found is None:
            message = f"You own no namespace “{name}”; choose one of the list."
            raise ValidationError(message, code="unknown_namespace")
        return found


class RepositorySettingsForm(PortalForm):
    """What an admin of a repository may change about it."""

    short_description = forms.CharField(
        max_length=200, required=False, help_text="One line for lists."
    )
    long_description = forms.CharField(
        required=False,
        max_length=MAX_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}),
        help_text="What people should know who use these images, in Markdown.",
    )
    visibility = forms.ChoiceField(choices=VISIBILITIES, widget=forms.RadioSelect)
    promotions_only = forms.BooleanField(
        required=False,
        label="Promotions only",
        help_text="Nobody pushes here: images arrive by promotion.",
    )
    immutable_tags = forms.CharField(
        required=False,
        max_length=2000,
        label="Immutable tags",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=(
            "Patterns, one a line, such as v* or * for all. Promotions and deletions"
            " leave these tags alone; to keep pushes away too, take promotions only."
        ),
    )
    tag_limit = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Kept for MSR's API; no tag is removed by it yet. 0 is no limit.",
    )
    scan_on_push = forms.BooleanField(
        required=False,
        label="Scan on push",
        help_text="Scans look for components, licenses and vulnerabilities.",
    )
    scanners = forms.CharField(
        required=False,
        max_length=1000,
        help_text=(
            "Names, separated by commas, in the order in which their results count."
            " Empty means those of the registry."
        ),
    )

    def __init__(self, data: QueryDict | None, *, repository: Repository) -> None:
        initial = {name: getattr(repository, name) for name in self.base_fields}
        initial["scanners"] = ", ".join(repository.scanners)
        initial["immutable_tags"] = "\n".join(repository.immutable_tags)
        super().__init__(data, initial=initial)

    def described(self) -> str:
        """Return the long description as it stands in the form, valid or not."""
        return self["long_description"].value() or ""

    def clean_scanners(self) -> list[str]:
        names = (name.strip() for name in self.cleaned_data["scanners"].split(","))
        return [name for name in names if name]

    def clean_immutable_tags(self) -> list[str]:
        lines = self.cleaned_data["immutable_tags"].split()
        if len(lines) > MAX_PATTERNS:
            message = f"Give up to {MAX_PATTERNS} patterns."
            raise ValidationError(message, code="too_many_patterns")
        return list(dict.fromkeys(lines))

    def clean_tag_limit(self) -> int:
        return self.cleaned_data["tag_limit"] or 0


class TeamAccessForm(PortalForm):
    """A level for a team, on the whole namespace or on one repository."""

    repository = forms.CharField(
        max_length=200,
        required=False,
        help_text="Its name inside the namespace; empty is the whole namespace.",
        widget=forms.TextInput(attrs={"list": "repositories", "autocomplete": "off"}),
    )
    level = forms.ChoiceField(choices=LEVELS, initial=AccessLevel.READ_ONLY)

    def __init__(self, *args: Any, namespace: Namespace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.namespace = namespace

    def suggestions(self) -> list[str]:
        """Return names of repositories of the namespace."""
        rows = Repository.objects.live().filter(namespace=self.namespace)
        return list(
            rows.order_by("name").values_list("name", flat=True)[:MAX_SUGGESTIONS]
        )

    def clean_level(self) -> AccessLevel:
        return AccessLevel(self.cleaned_data["level"])

    def clean_repository(self) -> Namespace | Repository:
        """Return what is meant: the one repository, or the namespace."""
        name = self.cleaned_data["repository"]
        if not name:
            return self.namespace
        rows = Repository.objects.select_related("namespace").live()
        found = rows.filter(namespace=self.namespace, name=name).first()
        if found is None:
            message = f"{self.namespace} has no repository “{name}”."
            raise ValidationError(message, code="unknown_repository")
        return found


class DeleteRepositoryForm(PortalForm):
    """The name once more, so that nobody deletes by a slip."""

    confirmation = forms.CharField(
        label="Type the repository's full name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, repository: Repository, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.repository = repository

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed != self.repository.full_name:
            message = f"Type {self.repository.full_name} to delete it."
            raise ValidationError(message, code="not_confirmed")
        return typed


NEVER = "never"
DEFAULT_DAYS = "90"
PERIODS = (
    ("7", "in 7 days"),
    ("30", "in 30 days"),
    (DEFAULT_DAYS, "in 90 days"),
    ("365", "in a year"),
    (NEVER, "never"),
)


class HideForm(PortalForm):
    """What does not count, where, why, and until when."""

    vulnerability = forms.CharField(
        max_length=100,
        help_text="Its id, such as CVE-2024-3094; other names count too.",
    )
    component_name = forms.CharField(
        max_length=300,
        required=False,
        label="Component",
        help_text="Empty is every one.",
    )
    component_version = forms.CharField(
        max_length=200, required=False, label="Version", help_text="Empty is every one."
    )
    layer_digest = forms.CharField(
        max_length=140,
        required=False,
        label="Layer",
        help_text="Its digest; empty is every one.",
    )
    scope = forms.ChoiceField(
        label="Does not count in", initial="image", widget=forms.RadioSelect
    )
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Who asks later why it was promoted reads this.",
    )
    days = forms.ChoiceField(
        choices=PERIODS, initial=DEFAULT_DAYS, label="Counts again"
    )

    def __init__(
        self,
        *args: Any,
        repository: Repository,
        digest: str,
        whole: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.repository, self.digest = repository, digest
        choices = [
            ("image", f"this image, wherever {repository} has it"),
            ("repository", f"every image of {repository}"),
        ]
        if whole:
            named = f"every image of every repository of {repository.namespace}"
            choices.append(("namespace", named))
        cast("forms.ChoiceField", self.fields["scope"]).choices = choices

    def hidden(self) -> dict[str, Any]:
        """Return what `exceptions.hide` takes, of a valid form."""
        values = dict(self.cleaned_data)
        scope, days = values.pop("scope"), values.pop("days")
        if scope == "image":
            values["digest"] = self.digest
        if days != NEVER:
            values["expires_at"] = timezone.now() + timedelta(days=int(days))
        whole = scope == "namespace"
        values["scope"] = self.repository.namespace if whole else self.repository
        return values
