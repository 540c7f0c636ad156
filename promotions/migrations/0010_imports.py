"""What was taken over from another registry, and what was not."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotions', '0009_policy_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('source_url', models.CharField(max_length=2000, unique=True)),
                ('finished_at', models.DateTimeField(help_text='When its structure was last taken over to the end.', null=True)),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('created_at', 'id'),
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ImportedObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('kind', models.CharField(choices=[('user', 'person'), ('organization', 'organization'), ('member', 'member of an organization'), ('team', 'team'), ('team_member', 'member of a team'), ('namespace_access', 'access of a team to a namespace'), ('repository', 'repository'), ('team_access', 'access of a team to a repository'), ('policy', 'promotion policy'), ('webhook', 'webhook'), ('hidden', 'hidden vulnerability'), ('entry', 'entry that cannot be read')], max_length=16)),
                ('key', models.CharField(help_text='Its id or its path there.', max_length=500)),
                ('name', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('done', 'taken over'), ('held', 'taken over, and not to be switched on as it is'), ('skipped', 'left as it is here'), ('refused', 'not taken over')], max_length=7)),
                ('reason', models.TextField(blank=True)),
                ('original', models.JSONField(blank=True, default=dict, help_text='As it was answered there.')),
                ('local_uuid', models.UUIDField(help_text='Of what it is here.', null=True)),
                ('switched_on_at', models.DateTimeField(help_text='When the import switched the policy on.', null=True)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='found', to='promotions.import')),
            ],
            options={
                'ordering': ('created_at', 'id'),
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(fields=['created_at', 'id'], name='import_page'),
        ),
        migrations.AddIndex(
            model_name='importedobject',
            index=models.Index(fields=['created_at', 'id'], name='importedobject_page'),
        ),
        migrations.AddConstraint(
            model_name='importedobject',
            constraint=models.UniqueConstraint(fields=('source', 'kind', 'key'), name='one_row_per_imported_object'),
        ),
    ]
