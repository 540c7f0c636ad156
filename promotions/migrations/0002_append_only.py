"""Make the table append-only: what was written is evidence."""

from accounts.models.append_only import append_only
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("promotions", "0001_initial")]
    operations = [append_only("promotions_policyversion")]
