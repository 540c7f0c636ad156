"""Ask before an action that is not easily undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    from django.contrib import admin
    from django.db.models import QuerySet
    from django.http import HttpRequest

CONFIRMED = "confirmed"
NAMED = 50


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_superuser)


# Decorators of views that open a way in: whether it is really you is asked of those who
# are let through at all. The second one only asks when something is sent.
if_really_you = reauthentication_required(enabled=_is_superuser)
to_send_if_really_you = reauthentication_required(enabled=_is_superuser, allow_get=True)


def asked_first(
    page: admin.ModelAdmin[Any],
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    question: str,
    consequence: str,
) -> TemplateResponse | None:
    """Return the page that asks, or None when its button was pressed.

    The page sends the action again, to the same list with the same filters: what it
    is about is found anew, narrowed to what the reader may touch.
    """
    if CONFIRMED in request.POST:
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": question,
        "opts": page.opts,
        "consequence": consequence,
        "rows": rows[:NAMED],
        "count": rows.count(),
        "named": NAMED,
        "action": request.POST.get("action", ""),
        "select_across": request.POST.get("select_across", "0"),
        "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)
