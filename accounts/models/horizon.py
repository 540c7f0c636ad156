"""How far back the history of an append-only table is kept."""

from __future__ import annotations

from django.db import models
from typing_extensions import override


class Horizon(models.Model):
    """Rows of the table that are older may be deleted; a trigger keeps the others.

    A table without a horizon keeps all its rows.
    """

    table_name = models.CharField(max_length=63, unique=True)
    before = models.DateTimeField(help_text="Rows made earlier may be deleted.")

    @override
    def __str__(self) -> str:
        return f"{self.table_name} before {self.before:%Y-%m-%d %H:%M:%S}"
