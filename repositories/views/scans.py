"""The tabs of a tag on what scans found in its images, and the button to scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.authentication import actor_of
from repositories.models import ManifestLayer
from repositories.scanning.report import Kind
from repositories.scanning.severity import Bucket
from repositories.services.answers import exporting
from repositories.services.answers.contents import contents_of
from repositories.services.answers.licenses import licenses_of
from repositories.services.answers.lists import Narrowed, by_layer, part_of
from repositories.services.answers.summary import images_with_scans, summary_of
from repositories.services.scans import requesting
from repositories.tabs import tag_context
from repositories.views.opening import asked, open_tag

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

    from accounts.access import Actor
    from repositories.models import Tag
    from repositories.services.answers.contents import Contents, Row
    from repositories.services.answers.found import Known
    from repositories.services.answers.summary import Image

WORST_SHOWN = 5  # components of a layer, before the link to all


@dataclass(frozen=True, slots=True)
class Opened:
    """A tag with its images, of which one is looked at; None where it is no image."""

    actor: Actor
    tag: Tag
    images: list[Image]
    contents: Contents | None

    @classmethod
    def of(cls, request: HttpRequest, namespace: str, name: str, tag: str) -> Opened:
        """Open the tag of an address; `image` names the platform by its digest."""
        found = open_tag(request, namespace, name, tag)
        images = images_with_scans(found.repository, [found.manifest])
        shown = images[found.manifest_id]
        digest = asked(request, "image")
        chosen = [one for one in shown if one.manifest.digest == digest] or shown[:1]
        read = contents_of(found.repository, found.manifest, chosen)
        return cls(actor_of(request), found, shown, read[0] if read else None)

    def context(self, current: str, kind: Kind) -> dict[str, Any]:
        """Return what each of the tabs shows above its list."""
        contents = self.contents
        shown = tag_context(self.actor, self.tag, current)
        summary = summary_of(contents.image, contents.counts) if contents else None
        return {
            **shown,
            "images": self.images,
            "contents": contents,
            "answer": contents.image.answers[kind] if contents else None,
            "summary": summary,
            "may_scan": bool(contents and shown["may_push"]),
            "buckets": list(Bucket),
        }


@login_required
@require_safe
def vulnerabilities(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show the *Vulnerabilities* tab: each once, the worst first."""
    opened = Opened.of(request, namespace, name, tag)
    narrowed = narrowed_by(request)
    rows = narrowed.known(opened.contents) if opened.contents else []
    context = {
        **opened.context("vulnerabilities", Kind.VULNERABILITIES),
        "narrowed": narrowed,
        "page": part_of(rows, asked(request, "after"), lambda one: one.name),
    }
    return render(request, "repositories/vulnerabilities.html", context)


@login_required
@require_safe
def vulnerability(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show one vulnerability of an image: `id` is any of its names."""
    opened = Opened.of(request, namespace, name, tag)
    known = _named(opened.contents, asked(request, "id"))
    context = {
        **opened.context("vulnerabilities", Kind.VULNERABILITIES),
        "known": known,
    }
    return render(request, "repositories/vulnerability.html", context)


def _named(contents: Contents | None, name: str) -> Known:
    for known in contents.known if contents else ():
        if name.upper() in {one.strip().upper() for one in known.names}:
            return known
    message = "No scan found this vulnerability in the image."
    raise Http404(message)


@login_required
@require_safe
def components(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show the *Components* tab, those with the worst vulnerabilities first."""
    opened = Opened.of(request, namespace, name, tag)
    narrowed, contents = narrowed_by(request), opened.contents
    rows = narrowed.components(contents) if contents else []
    page = part_of(rows, asked(request, "after"), lambda row: str(row.pk))
    details = contents.details_of(page.rows) if contents else {}
    context = {
        **opened.context("components", Kind.COMPONENTS),
        "narrowed": narrowed,
        "page": page,
        "components": [(row, details[row.pk]) for row in page.rows],
        "licenses": contents.image.answers[Kind.LICENSES] if contents else None,
    }
    return render(request, "repositories/components.html", context)


@login_required
@require_safe
def licenses(request: HttpRequest, namespace: str, name: str, tag: str) -> HttpResponse:
    """Show the *Licenses* tab: those without one first, then the most frequent."""
    opened = Opened.of(request, namespace, name, tag)
    text, by_name = asked(request, "q"), asked(request, "sort") == "name"
    contents = opened.contents
    rows = licenses_of(contents, text, by_name=by_name) if contents else []
    context = {
        **opened.context("licenses", Kind.LICENSES),
        "page": part_of(rows, asked(request, "after"), lambda one: one.key),
        "text": text,
        "by_name": by_name,
    }
    return render(request, "repositories/licenses.html", context)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer, and the components seen in it, the worst first."""

    row: ManifestLayer
    components: list[Row]

    @property
    def worst(self) -> list[Row]:
        return self.components[:WORST_SHOWN]


@login_required
@require_safe
def layers(request: HttpRequest, namespace: str, name: str, tag: str) -> HttpResponse:
    """Show the *Layers* tab, the base first."""
    opened = Opened.of(request, namespace, name, tag)
    contents = opened.contents
    context = {
        **opened.context("layers", Kind.COMPONENTS),
        "layers": _layers(contents) if contents else [],
    }
    return render(request, "repositories/layers.html", context)


def _layers(contents: Contents) -> list[Layer]:
    components: dict[str, list[Row]] = {}
    order = {row.pk: place for place, row in enumerate(contents.rows)}
    for digest, keys in by_layer(contents).items():
        places = sorted(order[key] for key in keys if key in order)
        components[digest] = [contents.rows[place] for place in places]
    rows = ManifestLayer.objects.filter(manifest=contents.manifest)
    return [
        Layer(row, components.get(row.digest, [])) for row in rows.order_by("position")
    ]


@login_required
@require_safe
def scans(request: HttpRequest, namespace: str, name: str, tag: str) -> HttpResponse:
    """Show the *Scans* tab: who scanned, when, and what could not be seen."""
    opened = Opened.of(request, namespace, name, tag)
    context = {
        **opened.context("scans", Kind.VULNERABILITIES),
        "kinds": list(Kind),
        "answers": opened.contents.image.answers.items() if opened.contents else (),
    }
    return render(request, "repositories/scans.html", context)


@login_required
@require_POST
def start_scan(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Let the repository's scanners read what the tag points to now."""
    found = open_tag(request, namespace, name, tag)
    under_way = requesting.request(
        actor=actor_of(request), repository=found.repository, manifest=found.manifest
    )
    if under_way:
        messages.success(request, f"{found.name} is being scanned.")
    else:
        messages.error(request, "No scanner reads this repository; ask an admin.")
    return redirect("repositories:scans", namespace, name, tag)


@login_required
@require_safe
def export(
    request: HttpRequest, namespace: str, name: str, tag: str, table: str
) -> StreamingHttpResponse:
    """Answer a table of all platforms of a tag, in CSV."""
    found = open_tag(request, namespace, name, tag)
    images = images_with_scans(found.repository, [found.manifest])
    read = contents_of(found.repository, found.manifest, images[found.manifest_id])
    header, rows = exporting.TABLES[table]
    return exporting.download(table, header, rows(str(found.repository), tag, read))


def narrowed_by(request: HttpRequest) -> Narrowed:
    """Return what the address narrows a list to; unknown words do not narrow."""
    severity = asked(request, "severity")
    return Narrowed(
        text=asked(request, "q"),
        severity=severity if severity in set(Bucket) else "",
        license=asked(request, "license"),
        layer=asked(request, "layer"),
        fixable=bool(asked(request, "fixable")),
        by_name=asked(request, "sort") == "name",
    )
