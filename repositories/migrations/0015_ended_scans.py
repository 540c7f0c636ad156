"""Find what ended by when it did: the order of events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repositories", "0012_webhooks")]
    operations = [
        migrations.AddIndex(
            model_name="scan",
            index=models.Index(
                fields=("finished_at", "id"), name="scan_ended"
            ),
        ),
    ]
