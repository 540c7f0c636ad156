"""Organizations, their members, and teams."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from typing_extensions import override

from accounts.models.base import PublicModel
from accounts.models.namespace import Namespace
from accounts.models.user import User
from accounts.querysets import MembershipQuerySet, TeamQuerySet
from accounts.validators import MAX_NAME_LENGTH, validate_name


class Organization(PublicModel):
    """A tenant made of several people; its namespace carries its name."""

    namespace = models.OneToOneField(
        Namespace, on_delete=models.PROTECT, related_name="organization"
    )
    full_name = models.CharField(max_length=200, blank=True)
    primary_owner = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="primarily_owned_organizations"
    )
    members = models.ManyToManyField(
        User, through="OrganizationMembership", related_name="organizations"
    )

    @override
    def __str__(self) -> str:
        return self.namespace.name


class OrganizationMembership(PublicModel):
    """One person in one organization; an owner administers its whole namespace."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    is_owner = models.BooleanField(default=False)

    objects = MembershipQuerySet["OrganizationMembership"].as_manager()

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "user"), name="one_membership_per_pair"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class Team(PublicModel):
    """People of an organization who are given access together.

    The auth group beside it is what guardian's grants and `has_perm` look at.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="teams"
    )
    name = models.CharField(max_length=MAX_NAME_LENGTH, validators=(validate_name,))
    description = models.CharField(max_length=200, blank=True)
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="team")
    members = models.ManyToManyField(
        User, through="TeamMembership", related_name="teams"
    )

    objects = TeamQuerySet.as_manager()

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "name"), name="one_team_per_name"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.organization}/{self.name}"


class TeamMembership(PublicModel):
    """One person in one team; kept in step with the auth group by the services."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="team_memberships"
    )

    objects = MembershipQuerySet["TeamMembership"].as_manager()

    class Meta(PublicModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("team", "user"), name="one_team_membership_per_pair"
            ),
        )

    @override
    def __str__(self) -> str:
        return f"{self.user} in {self.team}"
