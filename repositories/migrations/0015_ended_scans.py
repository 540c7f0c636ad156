"""Find what ended by when it did: the order of events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repositories", "0011_found_by_name")]
    operations = [
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                fields=("finished_at", "id"), name="scan_ended"
            ),
        ),
    ]
