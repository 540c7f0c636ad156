"""The pipeline page: which repositories lead where, as a picture and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.authentication import actor_of
from promotions.models import PromotionPolicy
from promotions.services.pipeline import (
    DAYS,
    REPOSITORIES,
    SHOWN,
    Bundle,
    Pipeline,
    Wanted,
    pipeline,
)
from promotions.views.addresses import (
    history_at,
    policy_at,
    policy_of_namespace,
)
from repositories.views import asked

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from promotions.services.pipeline import End, Flow
    from promotions.services.pipeline.shapes import Box, Line

Scope = PromotionPolicy.Scope


@dataclass(frozen=True, slots=True)
class Row:
    """A flow with the addresses of its policy and its history, "" where none opens."""

    flow: Flow
    url: str
    history_url: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands in the picture: a box with its end, or a label with its flows."""

    box: Box
    end: End | None = None
    bundle: Bundle | None = None
    rows: tuple[Row, ...] = ()


@login_required
@require_safe
def pipeline_page(request: HttpRequest) -> HttpResponse:
    """Show the graph of the repositories and policies that the reader may see."""
    wanted = Wanted(asked(request, "namespace"), asked(request, "repository"))
    found = pipeline(actor_of(request), wanted)
    shape = asked(request, "as")
    rows = {one.key: tuple(_row(flow) for flow in one.flows) for one in found.bundles}
    context = {
        "wanted": wanted,
        "pipeline": found,
        "shape": shape if shape in {"table", "picture"} else "",
        "rows": rows,
        "lines": _lines(found),
        "drawn": _drawn(found, rows),
        "namespaces": sorted({_namespace(end) for end in found.ends.values()} - {""}),
        "names": [end.name for end in found.ends.values() if end.opens],
        "days": DAYS,
        "most": REPOSITORIES,
        "most_of_pattern": SHOWN,
    }
    return render(request, "promotions/pipeline.html", context)


def _lines(found: Pipeline) -> list[tuple[Line, Bundle]]:
    bundles = {one.key: one for one in found.bundles}
    return [(line, bundles[line.key]) for line in found.picture.lines]


def _drawn(found: Pipeline, rows: dict[str, tuple[Row, ...]]) -> list[Drawn]:
    """Return boxes and labels in the order in which they are read and focused."""
    boxes = [Drawn(box, end=found.ends[box.key]) for box in found.picture.boxes]
    labels = [
        Drawn(line.label, bundle=bundle, rows=rows[bundle.key])
        for line, bundle in _lines(found)
    ]
    return sorted([*boxes, *labels], key=lambda one: (one.box.x, one.box.y))


def _namespace(end: End) -> str:
    return "" if end.is_pattern else end.name.partition("/")[0]


def _row(flow: Flow) -> Row:
    return Row(flow, _policy_url(flow), _history_url(flow))


def _policy_url(flow: Flow) -> str:
    """Return the page of the policy at an end that opens, or where it belongs."""
    policy = flow.policy
    if policy is None:
        return ""
    ends = (flow.source, flow.target)
    url = policy_at(policy, *(end.name for end in ends if end.opens))
    if not url and flow.source.name and policy.scope != Scope.REPOSITORY:
        namespace = policy.source_namespace
        return policy_of_namespace(policy, namespace.name if namespace else "")
    return url


def _history_url(flow: Flow) -> str:
    """Return the history of an end that opens, of the policy only."""
    if flow.source.opens:
        return history_at(flow.source.name, flow.policy)
    if flow.target.opens:
        return history_at(flow.target.name, flow.policy, "target")
    return ""
