"""Give existing policies the consents they run on; name the choices anew."""

from accounts.models.append_only import append_only
from django.db import migrations

CONFLICTS = {"overwrite": "replace", "suffix": "overwrite", "skip": "refuse"}


def rename(names):
    def step(apps, _editor):
        versions = apps.get_model("promotions", "PolicyVersion").objects
        keys = {
            old: list(versions.filter(on_conflict=old).values_list("pk", flat=True))
            for old in names
        }
        for old, new in names.items():
            versions.filter(pk__in=keys[old]).update(on_conflict=new)

    return step


def agree(apps, _editor):
    """Who saved a version before was an admin of both sides."""
    consents = apps.get_model("promotions", "PolicyConsent").objects
    versions = apps.get_model("promotions", "PolicyVersion").objects
    for version in versions.iterator():
        for side in ("source", "target"):
            consents.get_or_create(
                policy_version=version,
                side=side,
                defaults={
                    "answer": "given",
                    "decided_by_id": version.created_by_id,
                    "decided_at": version.created_at,
                },
            )


class Migration(migrations.Migration):
    dependencies = [("promotions", "0003_scopes_and_consents")]
    operations = [
        migrations.RunPython(
            rename(CONFLICTS), rename({new: old for old, new in CONFLICTS.items()})
        ),
        migrations.RunPython(agree, migrations.RunPython.noop),
        append_only("promotions_policyversion"),
    ]
