"""Let versions name targets by pattern, and promotions wait for a namespace."""

import django.db.models.deletion
from accounts.models.append_only import append_only, writable
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_append_only'),
        ('promotions', '0004_agree_to_what_runs'),
        ('repositories', '0004_index_children'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        writable('promotions_policyversion'),
        migrations.RemoveConstraint(
            model_name='policyversion',
            name='policy_version_has_one_target',
        ),
        migrations.AddField(
            model_name='policyversion',
            name='initial_evaluation',
            field=models.BooleanField(default=False, help_text='Asked to look at the tags that exist, once both sides agree.'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='was_proposed',
            field=models.BooleanField(default=False, help_text='Saved by somebody who does not speak for the target.'),
        ),
        migrations.AlterField(
            model_name='policyversion',
            name='target_namespace',
            field=models.ForeignKey(help_text='In which all targets lie; empty when there is no such one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.namespace'),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='target_name',
            field=models.CharField(help_text='In the namespace; with it, while that is missing.', max_length=300),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='target_namespace',
            field=models.ForeignKey(help_text='Empty while there is none of the name that a pattern made.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.namespace'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('target_namespace__isnull', False), ('target_pattern', ''), models.Q(('target_name', ''), _negated=True)), models.Q(('target_name', ''), models.Q(('target_pattern', ''), _negated=True)), _connector='OR'), name='policy_version_has_one_target'),
        ),
        append_only('promotions_policyversion'),
    ]
