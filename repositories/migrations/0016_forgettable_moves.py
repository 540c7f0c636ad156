"""Let old moves of tags go that nothing rests on, behind a recorded horizon."""

from accounts.models.append_only import forgettable
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_retention"),
        ("repositories", "0015_ended_scans"),
    ]
    operations = [forgettable("repositories_tagmove")]
