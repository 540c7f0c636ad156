"""What happened, in the registry and in a repository."""

from __future__ import annotations

from django.urls import path

from msr.api.urls.addresses import of_repository
from promotions import api as promotions

urlpatterns = [
    of_repository("/events", promotions.RepositoryEventList),
    path("events", promotions.EventList.as_view()),
]
