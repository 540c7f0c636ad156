"""Find what failed without reading a whole history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0005_policies_of_many_repositories")]

    operations = [
        migrations.AddIndex(
            model_name='promotion',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['source_repository', 'id'], name='promotion_failed_from'),
        ),
        migrations.AddIndex(
            model_name='promotion',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['target_namespace', 'target_name', 'id'], name='promotion_failed_into'),
        ),
    ]
