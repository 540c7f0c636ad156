"""`/enzi/v0/accounts`: people and organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from accounts.api.enzi.lookup import account_named
from accounts.api.enzi.paging import PageQuery, page_by
from accounts.api.enzi.rendering import account_of, organization_account
from accounts.api.operation import Form, Operation
from accounts.api.sessions import is_by_session, require_confirmed
from accounts.models import Namespace, OrganizationMembership, User
from accounts.permissions import require_administrator
from accounts.services import closing, organizations, users

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

FILTERS = {
    "all": Q(),
    "users": Q(user__isnull=False),
    "orgs": Q(organization__isnull=False),
    "admins": Q(user__is_superuser=True),
    "non-admins": Q(user__is_superuser=False),
    "active-users": Q(user__is_active=True),
    "inactive-users": Q(user__is_active=False),
}


class AccountQuery(PageQuery):
    """Which accounts; `contains` is looked for in names and full names."""

    filter = serializers.ChoiceField(list(FILTERS), default="all")
    contains = serializers.CharField(default="", allow_blank=True, max_length=200)


class NewAccountForm(Form):
    """eNZi: forms.CreateAccount. Without `password` only tokens sign the user in."""

    name = serializers.CharField()
    full_name = serializers.CharField(default="", allow_blank=True, allow_null=True)
    is_org = serializers.BooleanField(default=False)
    is_admin = serializers.BooleanField(default=False)
    is_active = serializers.BooleanField(default=True)
    password = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=4096
    )


class AccountForm(Form):
    """eNZi: forms.UpdateAccount; what is null or left out stays."""

    full_name = serializers.CharField(default=None, allow_null=True, allow_blank=True)
    is_active = serializers.BooleanField(default=None, allow_null=True)
    is_admin = serializers.BooleanField(default=None, allow_null=True)


class AccountList(Operation):
    """`/accounts`."""

    taken = "ACCOUNT_EXISTS"

    def get(self, _request: Request) -> Response:
        """List the accounts that the client may know, by name.

        Administrators know all; others themselves, their organizations, and who is in
        one with them. The counts are of these, whatever the filter.
        """
        query = self.query(AccountQuery)
        known = Namespace.objects.accounts_known_to(self.actor)
        counts = known.aggregate(
            users=Count("pk", filter=FILTERS["users"]),
            organizations=Count("pk", filter=FILTERS["orgs"]),
        )
        rows = known.filter(FILTERS[query["filter"]] & _containing(query["contains"]))
        page = page_by(rows.for_accounts(), "name", query)
        return page.response(
            {
                "usersCount": counts["users"],
                "orgsCount": counts["organizations"],
                "resourceCount": sum(counts.values()),
                "accounts": [account_of(row) for row in page.rows],
            }
        )

    def post(self, request: Request) -> Response:
        """Create a user or, with `isOrg`, an organization; administrators only.

        Who creates an organization is its primary owner. `isAdmin` needs a client
        that signed in by password.
        """
        require_administrator(self.actor)
        sent = self.body(NewAccountForm)
        if sent["is_org"]:
            self._make_organization(sent)
        else:
            require_confirmed(request)
            if sent["is_admin"]:
                refuse_session(request)
            self._make_user(sent)
        return Response(account_of(account_named(self.actor, sent["name"])), status=201)

    def _make_organization(self, sent: dict[str, Any]) -> None:
        organizations.create(
            actor=self.actor,
            name=sent["name"],
            full_name=sent["full_name"] or "",
            primary_owner=User.objects.get(pk=self.actor.key),
        )

    def _make_user(self, sent: dict[str, Any]) -> None:
        made = users.create(
            actor=self.actor,
            username=sent["name"],
            full_name=sent["full_name"] or "",
            password=sent["password"] or None,
            is_superuser=sent["is_admin"],
        )
        if not sent["is_active"]:
            users.set_active(actor=self.actor, user=made, is_active=False)


class AccountDetail(Operation):
    """`/accounts/{nameOrID}`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, account: str) -> Response:
        """Show one account, by name or id."""
        return Response(account_of(account_named(self.actor, account)))

    def patch(self, request: Request, account: str) -> Response:
        """Change what is sent of an account.

        The full name: the user, or who administers the organization. `isActive` and
        `isAdmin`: administrators, the latter signed in by password.
        """
        row: Any = account_named(self.actor, account)
        sent = self.body(AccountForm)
        if row.is_personal:
            self._change_user(request, row.user, sent)
        elif sent["full_name"] is not None:
            organizations.update(
                actor=self.actor,
                organization=row.organization,
                full_name=sent["full_name"],
            )
        return Response(account_of(account_named(self.actor, row.name)))

    def _change_user(self, request: Request, user: User, sent: dict[str, Any]) -> None:
        """Check nothing: the services do; what is so already is not done again."""
        is_admin, is_active = sent["is_admin"], sent["is_active"]
        full_name = sent["full_name"]
        if is_admin is not None and is_admin != user.is_superuser:
            refuse_session(request)
            users.set_administrator(
                actor=self.actor, user=user, is_administrator=is_admin
            )
        if is_active is not None and is_active != user.is_active:
            users.set_active(actor=self.actor, user=user, is_active=is_active)
        if full_name is not None and full_name != user.get_full_name():
            users.rename(actor=self.actor, user=user, full_name=full_name)

    def delete(self, _request: Request, account: str) -> Response:
        """Delete an organization, or keep a user out for good; administrators only.

        Refused while repositories are in its namespace. No error where there is none.
        A user's row stays, disabled: the history refers to it.
        """
        require_administrator(self.actor)
        try:
            row: Any = account_named(self.actor, account)
        except NotFound:
            return Response(status=204)
        if row.is_personal:
            closing.remove_user(actor=self.actor, user=row.user)
        else:
            closing.delete_organization(actor=self.actor, organization=row.organization)
        return Response(status=204)


class UserOrganizations(Operation):
    """`/accounts/{user}/organizations`."""

    missing = "NO_SUCH_ACCOUNT"

    def get(self, _request: Request, account: str) -> Response:
        """List the organizations that a user is in, by id.

        Of others the client sees those that it is in itself, or may know otherwise.
        """
        row: Any = account_named(self.actor, account)
        known = Namespace.objects.accounts_known_to(self.actor)
        rows = OrganizationMembership.objects.filter(
            user__namespace=row.pk, organization__namespace__in=known.values("pk")
        )
        page = page_by(_with_counts(rows), "organization__uuid", self.query(PageQuery))
        return page.response(
            {
                "resourceCount": rows.count(),
                "memberOrgs": [_member_org(membership) for membership in page.rows],
            }
        )


def refuse_session(request: Request) -> None:
    """Refuse a browser's session, which may have been left open or stolen."""
    if is_by_session(request):
        message = (
            "A browser's session makes nobody an administrator here; send your name"
            " and password, or use the administration pages."
        )
        raise PermissionDenied(message)


def _containing(word: str) -> Q:
    if not word:
        return Q()
    return (
        Q(name__icontains=word)
        | Q(user__first_name__icontains=word)
        | Q(organization__full_name__icontains=word)
    )


def _with_counts(
    rows: QuerySet[OrganizationMembership],
) -> QuerySet[OrganizationMembership]:
    return rows.select_related("organization__namespace").annotate(
        members_count=Count("organization__memberships", distinct=True),
        teams_count=Count("organization__teams", distinct=True),
    )


def _member_org(membership: Any) -> dict[str, Any]:
    """Return responses.MemberOrg."""
    organization = organization_account(
        membership.organization,
        members=membership.members_count,
        teams=membership.teams_count,
    )
    return {"org": organization, "isAdmin": membership.is_owner}
