from __future__ import annotations

import json

import pytest

from tests.repositories.scanning.inventory.layers import found


def manifest(name: str, version: str = "1.0.0", **more: object) -> str:
    return json.dumps({"name": name, "version": version, **more})


@pytest.mark.parametrize(
    ("path", "name", "purl"),
    [
        (
            "app/node_modules/left-pad/package.json",
            "left-pad",
            "pkg:npm/left-pad@1.0.0",
        ),
        (
            "node_modules/@angular/core/package.json",
            "@angular/core",
            "pkg:npm/%40angular/core@1.0.0",
        ),
        (
            "node_modules/a/node_modules/b/package.json",
            "b",
            "pkg:npm/b@1.0.0",
        ),
        (
            "app/node_modules/.pnpm/b@1/node_modules/b/package.json",
            "b",
            "pkg:npm/b@1.0.0",
        ),
    ],
)
def test_installed_packages_are_found(path, name, purl):
    assert list(found({path: manifest(name)})) == [purl]


@pytest.mark.parametrize(
    "path",
    [
        "app/package.json",
        "node_modules/package.json",
        "node_modules/@angular/package.json",
        "node_modules/a/test/fixtures/package.json",
        "node_modules/@scope/a/dist/package.json",
        "not_node_modules/a/package.json",
    ],
)
def test_other_manifests_are_no_installed_packages(path):
    assert not found({path: manifest("a")})


@pytest.mark.parametrize(
    ("stated", "licenses"),
    [
        ({"license": "MIT"}, ("MIT",)),
        ({"license": "(MIT OR GPL-2.0)"}, ("MIT OR GPL-2.0-only",)),
        ({"license": {"type": "BSD", "url": "x"}}, ("BSD",)),
        (
            {"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]},
            ("MIT", "Apache-2.0"),
        ),
        ({"license": ["MIT", "ISC"]}, ("MIT", "ISC")),
        ({"license": "SEE LICENSE IN LICENSE"}, ("SEE LICENSE IN LICENSE",)),
        ({"license": 7, "licenses": [None, [], {"type": {}}]}, ()),
        ({}, ()),
    ],
)
def test_every_form_of_license_is_read(stated, licenses):
    path = "node_modules/a/package.json"
    (component,) = found({path: manifest("a", **stated)}).values()

    assert component.licenses == licenses


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        '{"name": "a"}',
        '{"name": "a", "version": 1}',
        '{"name": {}, "version": "1"}',
        '{"name": "/", "version": "1"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"name": "a", "version": ' + "9" * 10_000 + "}",
    ],
)
def test_what_is_no_manifest_is_no_package(broken):
    assert not found({"node_modules/a/package.json": broken})


def test_a_byte_order_mark_is_no_hindrance():
    path = "node_modules/a/package.json"

    assert found({path: "\ufeff" + manifest("a")})
