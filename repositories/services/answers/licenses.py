"""Under which licenses the components of an image stand, and which say nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repositories.models import ScanComponent
from repositories.scanning.report import Kind

if TYPE_CHECKING:
    from repositories.services.answers.contents import Contents


@dataclass(slots=True)
class Licensed:
    """A license as it was found, and who carries it; "" is: no license was found."""

    name: str
    components: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.components)

    @property
    def key(self) -> str:
        """What pages are counted from."""
        return f"license {self.name}"

    @property
    def words(self) -> str:
        return self.name or "no license found"


def licenses_of(
    contents: Contents, text: str = "", *, by_name: bool = False
) -> list[Licensed]:
    """Return the licenses whose name holds `text`; one query.

    Those without one come first: they are what nobody knows about. Then the most
    frequent, or by name.
    """
    scan = contents.scan_for(Kind.LICENSES)
    found: dict[str, Licensed] = {}
    rows = (
        ScanComponent.objects.filter(scan=scan)
        if scan
        else ScanComponent.objects.none()
    )
    names = ("licenses__name", "component__name", "component__version")
    for name, component, version in rows.values_list(*names).order_by(*names[1:]):
        licensed = found.setdefault(name or "", Licensed(name or ""))
        licensed.components.append(f"{component} {version}".strip())
    fitting = [one for one in found.values() if text.casefold() in one.words.casefold()]
    return sorted(fitting, key=lambda one: _order(one, by_name=by_name))


def _order(one: Licensed, *, by_name: bool) -> tuple[bool, int, str]:
    return bool(one.name), 0 if by_name else -one.count, one.name.casefold()
