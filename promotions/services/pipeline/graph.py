"""The pipeline of a reader: ends, and the flows between them, bundled for a picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from promotions.services.pipeline.choice import POLICIES, REPOSITORIES, choose
from promotions.services.pipeline.flows import Flow, FlowState, flows
from promotions.services.pipeline.layout import lay_out
from promotions.services.pipeline.numbers import Numbers, numbers
from promotions.services.pipeline.shapes import Arc, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accounts.access import Actor
    from promotions.services.pipeline.choice import Wanted
    from promotions.services.pipeline.flows import End


@dataclass(frozen=True, slots=True)
class Bundle:
    """All flows from one end to another: one arrow."""

    key: str
    flows: tuple[Flow, ...]

    @property
    def source(self) -> End:
        return self.flows[0].source

    @property
    def target(self) -> End:
        return self.flows[0].target

    @property
    def state(self) -> FlowState:
        """The one that says most: the worst."""
        order = list(FlowState)
        return min((flow.state for flow in self.flows), key=order.index)

    @property
    def numbers(self) -> Numbers:
        return Numbers().plus(flow.numbers for flow in self.flows)


@dataclass(frozen=True)
class Pipeline:
    """What the reader sees; `is_cut` says that it is not all."""

    ends: dict[str, End]
    bundles: tuple[Bundle, ...]
    is_cut: bool

    @cached_property
    def picture(self) -> Picture:
        """Where everything stands."""
        arcs = [Arc(one.key, one.source.key, one.target.key) for one in self.bundles]
        return lay_out(list(self.ends), arcs)


def pipeline(reader: Actor, wanted: Wanted) -> Pipeline:
    """Return the graph of the repositories and policies that the reader may see.

    At most REPOSITORIES boxes: those whose policies promoted last, or those nearest to
    the repository asked for.
    """
    choice = choose(reader, wanted)
    counted = numbers(reader, [policy.pk for policy in choice.policies])
    found = _asked_for(flows(reader, choice.policies, wanted, counted), wanted)
    fitting = list(_fitting(found))
    ends = {end.key: end for flow in fitting for end in (flow.source, flow.target)}
    is_cut = choice.is_cut or len(fitting) < len(found)
    names = dict(sorted(ends.items()))
    return Pipeline(names, tuple(_bundles(fitting)), is_cut)


def _asked_for(found: list[Flow], wanted: Wanted) -> list[Flow]:
    """Keep what lies in the namespace, or is connected with the repository."""
    if wanted.repository:
        names = {wanted.repository}
        for _hop in range(REPOSITORIES):
            near = [flow for flow in found if names & _named(flow)]
            more = {name for flow in near for name in _named(flow)}
            if more <= names:
                break
            names |= more
        found = [flow for flow in found if names & _named(flow)]
    return [flow for flow in found if any(wanted.meets(name) for name in _named(flow))]


def _named(flow: Flow) -> set[str]:
    return {flow.source.name, flow.target.name} - {""}


def _fitting(found: Iterable[Flow]) -> Iterator[Flow]:
    """Yield those between the first repositories, as many as a picture holds."""
    keys: set[str] = set()
    count = 0
    for flow in found:
        more = keys | {flow.source.key, flow.target.key}
        if len(more) <= REPOSITORIES and count < POLICIES:
            keys, count = more, count + 1
            yield flow


def _bundles(found: Iterable[Flow]) -> Iterator[Bundle]:
    between = defaultdict[tuple[str, str], list[Flow]](list)
    for flow in found:
        between[flow.source.key, flow.target.key].append(flow)
    for number, ends in enumerate(sorted(between)):
        yield Bundle(f"flow-{number + 1}", tuple(between[ends]))
