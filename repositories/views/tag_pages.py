"""The pages of one tag: what it points to, what is attached, and the raw manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from accounts.querysets import page_of
from repositories.models import Manifest, TagMove
from repositories.registry import ImageIndex
from repositories.services.answers.attached import SHOWN, attachments_of
from repositories.services.answers.summary import summaries_of
from repositories.tabs import tag_context
from repositories.views.opening import asked, open_tag

if TYPE_CHECKING:
    from django.http import HttpRequest

    from repositories.models import Tag
    from repositories.registry import Descriptor
    from repositories.services.answers.summary import Summary

MAX_SHOWN = 256 * 1024  # characters of a manifest on its page


@login_required
@require_safe
def overview(request: HttpRequest, namespace: str, name: str, tag: str) -> HttpResponse:
    """Show what a tag points to, and every move it made."""
    found = open_tag(request, namespace, name, tag)
    moves = TagMove.objects.filter(repository=found.repository, tag=tag)
    moves = moves.select_related("from_manifest", "to_manifest")
    context = {
        **tag_context(actor_of(request), found, "overview"),
        **_content(found),
        "page": page_of(
            moves.defer("from_manifest__raw", "to_manifest__raw"),
            asked(request, "after"),
            order="-id",
        ),
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/tag_detail.html", context)


def _content(tag: Tag) -> dict[str, Any]:
    """Return what the manifest refers to: layers of an image, children of an index."""
    parsed = Manifest.objects.get(pk=tag.manifest_id).parsed()
    if not isinstance(parsed, ImageIndex):
        summary = summaries_of(tag.repository, [tag.manifest])[tag.manifest_id]
        return {
            "layers": parsed.layers,
            "children": [],
            "summary": summary,
            "is_scanning": False,
        }
    digests = [str(child.digest) for child in parsed.manifests]
    held = Manifest.objects.held_by(tag.repository).filter(digest__in=digests)
    rows = {row.digest: row for row in held.defer("raw")}
    summaries = summaries_of(tag.repository, rows.values())
    children = [_child(one, rows, summaries) for one in parsed.manifests]
    is_scanning = any(one.is_under_way for one in summaries.values())
    return {
        "layers": [],
        "children": children,
        "summary": None,
        "is_scanning": is_scanning,
    }


def _child(
    child: Descriptor, rows: dict[str, Manifest], summaries: dict[int, Summary]
) -> dict[str, Any]:
    """Return what is shown of a child; None is what the repository does not hold."""
    row = rows.get(str(child.digest))
    return {
        "descriptor": child,
        "digest": str(child.digest),
        "row": row,
        "summary": row and summaries[row.pk],
    }


@login_required
@require_safe
def attachments(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Show the *Attachments* tab."""
    found = open_tag(request, namespace, name, tag)
    context = {
        **tag_context(actor_of(request), found, "attachments"),
        "attachments": attachments_of(found.repository, found.manifest),
        "attachments_shown": SHOWN,
        "registry_host": settings.REGISTRY_PUBLIC_HOST,
    }
    return render(request, "repositories/attachments.html", context)


@login_required
@require_safe
def manifest(request: HttpRequest, namespace: str, name: str, tag: str) -> HttpResponse:
    """Show a manifest as it is, in lines; `image` names another of the repository."""
    found = open_tag(request, namespace, name, tag)
    row = _manifest(request, found)
    text = _in_lines(bytes(row.raw))
    context = {
        **tag_context(actor_of(request), found, "overview"),
        "row": row,
        "length": len(row.raw),
        "text": text[:MAX_SHOWN],
        "is_cut": len(text) > MAX_SHOWN,
    }
    return render(request, "repositories/manifest.html", context)


@login_required
@require_safe
def download_manifest(
    request: HttpRequest, namespace: str, name: str, tag: str
) -> HttpResponse:
    """Answer the bytes of a manifest, for keeping: no browser is to show them."""
    row = _manifest(request, open_tag(request, namespace, name, tag))
    name = row.digest.replace(":", "-")
    return HttpResponse(
        bytes(row.raw),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.json"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _manifest(request: HttpRequest, tag: Tag) -> Manifest:
    digest = asked(request, "image") or tag.manifest.digest
    return get_object_or_404(Manifest.objects.held_by(tag.repository), digest=digest)


def _in_lines(raw: bytes) -> str:
    """Return JSON over lines, with escapes for all that is not ASCII.

    So nobody is misled by what is invisible, or written from right to left. What is
    no JSON, or too deep to be read, is shown as it is.
    """
    try:
        return json.dumps(json.loads(raw), indent=2)
    except (RecursionError, ValueError):
        return ascii(raw.decode(errors="replace"))
