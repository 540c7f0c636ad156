"""Write down which manifests the stored indexes refer to."""

from django.db import migrations
from repositories.registry import ImageIndex, InvalidManifest, parse_manifest


def fill(apps, _editor):
    manifests = apps.get_model("repositories", "Manifest").objects
    children = apps.get_model("repositories", "IndexChild").objects
    for row in manifests.filter(media_type__regex="index|list").iterator():
        try:
            parsed = parse_manifest(bytes(row.raw), row.media_type)
        except InvalidManifest:
            continue
        if not isinstance(parsed, ImageIndex):
            continue
        digests = {str(child.digest) for child in parsed.manifests}
        for child in manifests.filter(digest__in=digests).exclude(pk=row.pk):
            children.get_or_create(index=row, child=child)


class Migration(migrations.Migration):
    dependencies = [("repositories", "0003_scans")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
