"""Generated drafts of policies, and a source and a target they have to do with."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import time_machine
from hypothesis import strategies as st

from promotions.models import PolicyVersion
from promotions.rules import InvalidRule, TagTemplate, compile_rules, parse_rules
from tests.factories import (
    make_index,
    make_manifest,
    make_repository,
    make_scan,
    make_tag,
)

if TYPE_CHECKING:
    from repositories.models import Manifest, Repository

START = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)
TAG_NAMES = [
    f"{version}{end}"
    for version, end in product(
        ["1.0.0", "1.0.1", "1.1.0", "v1.1.0", "2.0.0-rc.1", "2.0.0", "latest", "fixed"],
        ["", "-stable", "-2", "-a", "-b", "-c", "-d"],
    )
][:50]
TEMPLATES = [
    "%n",
    "%n-stable",
    "fixed",
    "fixed-2",
    "latest",
    "%Y%m%d-%H%M%S",
    "%d-%H",
    "%n-%M",
    "%j%f",
    "%a-%p",
    "%{repository}-%{digest}",
    "r%{1}",
    "%{1}.%{2}",
    "%{2}%{1}-%S",
    "x%{2}",
]
RULES: list[tuple[str, str, tuple[str, ...]]] = [
    ("tag", "sw", ("1.",)),
    ("tag", "ew", ("-stable",)),
    ("tag", "c", ("0",)),
    ("tag", "oo", ("latest", "fixed", "1.0.0", "1.0.1", "1.0.0-a")),
    ("tag", "noo", ("latest", "fixed-2")),
    ("tag", "matches", (r"^v?(\d+)\.(\d+)",)),
    ("tag", "matches", (r"^(v?)([a-z0-9]+)",)),
    ("tag", "matches", (r"(-stable)?(.)$",)),
    ("semver", "gte", ("1.0.1",)),
    ("semver", "lt", ("2.0.0",)),
    ("vulnerability_critical", "lte", ("0",)),
    ("vulnerability_critical", "lte", ("1",)),
    ("vulnerability_all", "lt", ("3",)),
    ("component.name", "noo", ("xz",)),
    ("component.name", "oo", ("openssl", "xz")),
    ("license.name", "noo", ("GPL-3.0-only",)),
    ("license.name", "oo", ("MIT",)),
    ("size", "lt", ("5MB",)),
    ("updated_at_duration", "bf", ("1h",)),
    ("updated_at_duration", "bf", ("5h",)),
    ("updated_at_duration", "bf", ("30h",)),
    ("updated_at_duration", "af", ("6h",)),
    ("updated_at_duration", "af", ("48h",)),
]
IMMUTABLE = [[], [], ["fixed*"], ["1.*"], ["*"]]

single_rules = st.sampled_from(RULES).map(
    lambda rule: {"field": rule[0], "operator": rule[1], "values": list(rule[2])}
)
groups = st.lists(single_rules, min_size=2, max_size=3, unique_by=str).map(
    lambda rules: {"any": rules}
)


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Any]:
    """Columns of a version that can be saved, most of which match something."""
    singles = st.lists(single_rules, max_size=2, unique_by=str)
    rules = draw(singles | st.lists(single_rules | groups, max_size=2))
    template = draw(st.sampled_from(TEMPLATES).filter(lambda one: _fits(one, rules)))
    return {
        "rules": rules,
        "tag_template": template,
        "zone": draw(st.sampled_from(["UTC", "Asia/Kathmandu"])),
        "on_conflict": draw(st.sampled_from(PolicyVersion.OnConflict.values)),
        "on_moved_tag": draw(st.sampled_from(PolicyVersion.OnMovedTag.values)),
        "unscored": draw(st.sampled_from(PolicyVersion.Evidence.values)),
        "unlicensed": draw(st.sampled_from(PolicyVersion.Evidence.values)),
        "exceptions_of": draw(st.sampled_from(PolicyVersion.Exceptions.values)),
    }


def _fits(template: str, rules: list[dict[str, Any]]) -> bool:
    try:
        captured = compile_rules(parse_rules(rules)).group_count
    except InvalidRule:
        return False
    return TagTemplate.parse(template).highest_group <= captured


@dataclass
class Ends:
    """A source whose images are known, some with a scan, and a target."""

    source: Repository
    target: Repository
    images: list[Manifest]
    chance: random.Random

    @classmethod
    def make(cls, seed: int) -> Ends:
        """Images of which some were never scanned, and some have no good news."""
        source = make_repository(name="dev/app")
        target = make_repository(name="qa/app")
        ends = cls(source, target, [], random.Random(seed))
        for number in range(16):
            ends.images.append(ends.new_image(number))
        return ends

    def new_image(self, number: int) -> Manifest:
        if number % 8 == 7:
            return make_index(
                repository=self.source, platforms=("linux/amd64", "linux/arm64")
            )
        image = make_manifest(repository=self.source, content=f"image {number}")
        if number % 3 == 0:
            image.size = 9_000_000
            image.save()
        if number % 4:
            make_scan(
                manifest=image,
                components={
                    ["openssl", "xz"][number % 2]: ["MIT", "GPL-3.0-only", ""][
                        number % 3
                    ],
                    "zlib": "Zlib",
                },
                vulnerabilities=dict(
                    [("CVE-1", 9.8), ("CVE-2", 7.5), ("CVE-3", None), ("CVE-4", 4.0)][
                        : number % 5
                    ]
                ),
            )
        return image

    def pick(self) -> Manifest:
        return self.chance.choice(self.images)

    def tag_source(self) -> None:
        """Push 50 tags in the course of two days, the clock ends behind them."""
        at = START
        for name in self.chance.sample(TAG_NAMES, len(TAG_NAMES)):
            at += timedelta(minutes=self.chance.randint(1, 60))
            with time_machine.travel(at, tick=False):
                make_tag(repository=self.source, name=name, manifest=self.pick())
        for name in self.chance.sample(TAG_NAMES, 12):
            at += timedelta(minutes=self.chance.randint(1, 60))
            with time_machine.travel(at, tick=False):
                make_tag(repository=self.source, name=name, manifest=self.pick())

    def tag_target(self, names: list[str]) -> None:
        """Let the target have some tags, often with images of the source."""
        with time_machine.travel(START, tick=False):
            for name in names:
                make_tag(
                    repository=self.target,
                    name=name,
                    manifest=self.chance.choice(
                        [*self.images, make_manifest(repository=self.target)]
                    ),
                )
