"""Tables for spreadsheets: lines of CSV in which no cell is a formula (RFC 4180)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse

from repositories.scanning.report import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from repositories.services.answers.contents import Contents
    from repositories.services.answers.found import Found, Known
    from repositories.services.answers.hits import Hit

CONTENT_TYPE = "text/csv; charset=utf-8"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
PAGE = 200  # components whose licenses and paths are read at once

VULNERABILITIES = (
    *("repository", "tag", "digest", "platform", "vulnerability", "aliases"),
    *("severity", "scanner severity", "cvss", "cvss vector", "component", "version"),
    *("fixed version", "layer", "link", "hidden", "hidden because", "scanner"),
)
COMPONENTS = (
    *("repository", "tag", "digest", "platform", "component", "version", "purl"),
    *("licenses", "paths", "critical", "major", "minor", "all"),
)
HITS = (
    *("repository", "tag", "digest", "platform", "component", "version", "purl"),
    *(
        "licenses",
        "vulnerability",
        "cvss",
        "fixed version",
        "hidden",
        "where",
        "origin",
    ),
)


def download(
    name: str, header: Iterable[str], rows: Iterable[Iterable[Any]]
) -> StreamingHttpResponse:
    """Answer a table as a file, line by line as the rows are read."""
    response = StreamingHttpResponse(lines(header, rows), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a table line by line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield _line(buffer, writer, header)
    for row in rows:
        yield _line(buffer, writer, row)


def _line(buffer: io.StringIO, writer: Any, row: Iterable[Any]) -> str:
    writer.writerow([cell(value) for value in row])
    line = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return line


def cell(value: Any) -> str:
    """Return what stands in a cell; what a spreadsheet would compute becomes text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def vulnerabilities(
    repository: str, tag: str, found: Iterable[Contents]
) -> Iterator[list[Any]]:
    """Yield a row for each vulnerability in each component, the worst first."""
    for contents in found:
        image = contents.manifest
        named = [repository, tag, image.digest, image.platform]
        for known in contents.known:
            for one in known.members:
                yield [*named, *_finding(known, one), "no", "", _scanner(contents)]
            for hidden in known.hidden:
                reason = hidden.exception.reason
                cells = _finding(known, hidden.found)
                yield [*named, *cells, "yes", reason, _scanner(contents)]


def _finding(known: Known, one: Found) -> list[Any]:
    return [
        *(known.name, " ".join(known.names[1:]), one.bucket, one.severity, one.score),
        *(one.vector, one.component, one.version, one.fixed_version, one.layer),
        one.link,
    ]


def _scanner(contents: Contents) -> str:
    scan = contents.scan_for(Kind.VULNERABILITIES)
    return (scan.source or scan.origin) if scan else ""


def components(
    repository: str, tag: str, found: Iterable[Contents]
) -> Iterator[list[Any]]:
    """Yield a row for each component, the worst first."""
    for contents in found:
        image = contents.manifest
        named = [repository, tag, image.digest, image.platform]
        for start in range(0, len(contents.rows), PAGE):
            page = contents.rows[start : start + PAGE]
            details = contents.details_of(page)
            for row in page:
                detail = details[row.pk]
                paths = " ".join(place.path for place in detail.places if place.path)
                counts = row.counts
                yield [
                    *(*named, row.name, row.version, row.purl),
                    *("; ".join(detail.licenses), paths),
                    *(counts.critical, counts.major, counts.minor, counts.all),
                ]


def hits(found: Iterable[Hit]) -> Iterator[list[Any]]:
    """Yield a row for each place where something was found."""
    for hit in found:
        image = hit.manifest
        full_name = hit.tag.repository.full_name
        named = [full_name, hit.tag.name, image.digest, image.platform]
        for one in hit.places:
            where = " ".join(place.path or place.layer for place in one.places)
            finding = one.found
            yield [
                *(*named, one.name, one.version, one.purl, "; ".join(one.licenses)),
                *((finding.id, finding.score) if finding else ("", "")),
                finding.fixed_version if finding else "",
                "yes" if one.hidden_by else "no",
                *(where, one.scan.origin),
            ]
        for layer in hit.layers:
            yield [*named, "", "", "", "", "", "", "", "no", layer.digest, ""]


TABLES: dict[str, tuple[tuple[str, ...], Callable[..., Iterator[list[Any]]]]] = {
    "vulnerabilities": (VULNERABILITIES, vulnerabilities),
    "components": (COMPONENTS, components),
}
"""What can be exported of a tag: header and rows, by the name of the file."""
