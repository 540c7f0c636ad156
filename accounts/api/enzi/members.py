"""`/enzi/v0/accounts/{org}/members`: who is in an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.access import Action
from accounts.api.enzi.lookup import of_user, organization_named, person_named
from accounts.api.enzi.paging import PageQuery, page_by
from accounts.api.enzi.rendering import member_of
from accounts.api.operation import Form, Operation
from accounts.permissions import require
from accounts.services import organizations

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import Organization, OrganizationMembership

FILTERS = {
    "all": Q(),
    "admins": Q(is_owner=True),
    "non-admins": Q(is_owner=False),
}


class MemberQuery(PageQuery):
    """Which members."""

    filter = serializers.ChoiceField(list(FILTERS), default="all")


class MembershipForm(Form):
    """eNZi: forms.SetMembership; null or left out is unchanged, and false at first."""

    is_admin = serializers.BooleanField(default=None, allow_null=True)


class OrganizationMembers(Operation):
    """`/accounts/{org}/members`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, organization: str) -> Response:
        """List who is in the organization, by the users' ids; for its members."""
        found = organization_named(self.actor, organization)
        query = self.query(MemberQuery)
        rows = found.memberships.filter(FILTERS[query["filter"]])
        page = page_by(rows.for_accounts(), "user__uuid", query)
        return page.response(
            {
                "resourceCount": found.memberships.count(),
                "members": [member_of(row, is_admin=row.is_owner) for row in page.rows],
            }
        )


class OrganizationMember(Operation):
    """`/accounts/{org}/members/{user}`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, organization: str, member: str) -> Response:
        """Show one membership; for members of the organization."""
        found = organization_named(self.actor, organization)
        row = _membership(found, member)
        if row is None:
            message = f"“{member}” is no member of “{found}”."
            raise NotFound(message, code="NO_SUCH_USER")
        return Response(member_of(row, is_admin=row.is_owner))

    def put(self, _request: Request, organization: str, member: str) -> Response:
        """Make a user a member or, with `isAdmin`, an owner of the organization."""
        found = organization_named(self.actor, organization)
        require(self.actor, Action.ADMIN, found.namespace)
        is_admin = self.body(MembershipForm)["is_admin"]
        user = person_named(member)
        before = found.memberships.filter(user=user).first()
        if is_admin is None:
            is_admin = before is not None and before.is_owner
        if before is None or before.is_owner != is_admin:
            organizations.set_member(
                actor=self.actor, organization=found, user=user, is_owner=is_admin
            )
        row = found.memberships.for_accounts().get(user=user)
        return Response(member_of(row, is_admin=row.is_owner))

    def delete(self, _request: Request, organization: str, member: str) -> Response:
        """Take a user out of the organization and its teams; no error for others."""
        found = organization_named(self.actor, organization)
        require(self.actor, Action.ADMIN, found.namespace)
        row = _membership(found, member)
        if row is not None:
            organizations.remove_member(
                actor=self.actor, organization=found, user=row.user
            )
        return Response(status=204)


def _membership(
    organization: Organization, name_or_id: str
) -> OrganizationMembership | None:
    rows = organization.memberships.for_accounts()
    return rows.filter(of_user(name_or_id, "user__")).first()
