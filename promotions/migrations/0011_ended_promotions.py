"""Find what ended by when it did: the order of events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0010_imports")]
    operations = [
        migrations.AddIndex(
            model_name="promotion",
            index=models.Index(
                fields=("finished_at", "id"), name="promotion_ended"
            ),
        ),
    ]
