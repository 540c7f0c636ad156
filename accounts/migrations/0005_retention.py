"""Let old entries of the audit log go, behind a horizon that is itself recorded."""

from accounts.models.append_only import forgettable
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_ci_login")]
    operations = [
        migrations.CreateModel(
            name="Horizon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("table_name", models.CharField(max_length=63, unique=True)),
                (
                    "before",
                    models.DateTimeField(help_text="Rows made earlier may be deleted."),
                ),
            ],
        ),
        forgettable("accounts_auditevent"),
    ]
