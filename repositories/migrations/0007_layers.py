"""Write down the layers of the stored images, and the scanners that come along."""

from django.db import migrations
from repositories.registry import ImageIndex, InvalidManifest, parse_manifest


def fill(apps, _editor):
    manifests = apps.get_model("repositories", "Manifest").objects
    layer = apps.get_model("repositories", "ManifestLayer")
    for row in manifests.exclude(config_digest="").iterator():
        try:
            parsed = parse_manifest(bytes(row.raw), row.media_type)
        except InvalidManifest:
            continue
        if isinstance(parsed, ImageIndex):
            continue
        layer.objects.bulk_create(
            layer(
                manifest=row,
                position=position,
                digest=str(one.digest),
                media_type=one.media_type[:120].replace("\0", ""),
                size=min(one.size, 2**63 - 1),
            )
            for position, one in enumerate(parsed.layers)
        )


def add_scanners(apps, _editor):
    scanners = apps.get_model("repositories", "Scanner").objects
    scanners.get_or_create(
        name="built-in", defaults={"kind": "built-in", "position": 200}
    )
    scanners.get_or_create(
        name="trivy", defaults={"kind": "trivy", "position": 100, "is_enabled": False}
    )


class Migration(migrations.Migration):
    dependencies = [("repositories", "0006_scanners")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(add_scanners, migrations.RunPython.noop),
    ]
