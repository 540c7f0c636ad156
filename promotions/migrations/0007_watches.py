"""Watch what was promoted, and scan anew where evidence is too old."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotions', '0006_failed_promotions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('known', models.JSONField(default=list, help_text='The vulnerabilities that are no news any more.')),
                ('failing_since', models.DateTimeField(help_text='Empty while it meets its policy, or that is not known.', null=True)),
                ('outcomes', models.JSONField(default=list, help_text='The rules that fail now, for who may pull the source.')),
                ('told', models.JSONField(default=list, help_text='The same in sentences, for who sees the target only.')),
                ('reviewed_at', models.DateTimeField(help_text='Empty before the first time, which is no news.', null=True)),
                ('revision', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'watches',
                'ordering': ('created_at', 'id'),
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='decision',
            name='rescan_at',
            field=models.DateTimeField(help_text='When its image is next scanned anew, as its scans are too old.', null=True),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(condition=models.Q(('rescan_at__isnull', False), ('verdict', 'waiting')), fields=['rescan_at'], name='decision_to_rescan'),
        ),
        migrations.AddField(
            model_name='watch',
            name='promotion',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='watch', to='promotions.promotion'),
        ),
        migrations.AddIndex(
            model_name='watch',
            index=models.Index(fields=['created_at', 'id'], name='watch_page'),
        ),
        migrations.AddIndex(
            model_name='watch',
            index=models.Index(condition=models.Q(('failing_since__isnull', False)), fields=['failing_since', 'id'], name='watch_failing'),
        ),
    ]
