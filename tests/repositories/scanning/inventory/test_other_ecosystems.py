from __future__ import annotations

import json

import pytest

from repositories.scanning.report import Kind
from tests.repositories.scanning.inventory.layers import found, scanned

GEMSPEC = """\
# -*- encoding: utf-8 -*-
# stub: rake 13.0.6 ruby lib

Gem::Specification.new do |s|
  s.name = "rake".freeze
  s.licenses = ["MIT".freeze, 'BSD-2-Clause']
end
"""
DESC = """\
%NAME%
libcurl-gnutls

%VERSION%
8.7.1-1

%BASE%
curl

%ARCH%
x86_64

%LICENSE%
MIT
GPL2

"""


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec",
        "usr/local/lib/ruby/gems/3.1.0/specifications/default/rake-13.0.6.gemspec",
    ],
)
def test_gems(path):
    (component,) = found({path: GEMSPEC}).values()

    assert component.purl == "pkg:gem/rake@13.0.6"
    assert component.licenses == ("MIT", "BSD-2-Clause")


def test_a_gemspec_in_the_sources_of_a_gem_is_not_installed():
    assert not found({"usr/lib/ruby/gems/3.1.0/gems/rake/rake.gemspec": GEMSPEC})


@pytest.mark.parametrize("is_list", [True, False])
def test_composer(is_list):
    packages = [
        {"name": "symfony/console", "version": "v5.4.1", "license": ["MIT"]},
        {"name": "none"},
        7,
    ]
    listed = packages if is_list else {"packages": packages}
    components = found({"app/vendor/composer/installed.json": json.dumps(listed)})

    assert components["pkg:composer/symfony/console@v5.4.1"].licenses == ("MIT",)
    assert len(components) == 1


def test_conda():
    entry = json.dumps(
        {"name": "numpy", "version": "1.26.4", "license": "BSD-3-Clause"}
    )
    (component,) = found({"opt/conda/conda-meta/numpy-1.26.4-py.json": entry}).values()

    assert component.purl == "pkg:conda/numpy@1.26.4"
    assert component.licenses == ("BSD-3-Clause",)


def test_dotnet():
    libraries = {
        "app/1.0.0": {"type": "project"},
        "Newtonsoft.Json/13.0.1": {"type": "package"},
    }
    report = scanned({"app/app.deps.json": json.dumps({"libraries": libraries})})
    gap = report.coverage[Kind.LICENSES]

    assert [each.purl for each in report.components] == [
        "pkg:nuget/Newtonsoft.Json@13.0.1"
    ]
    assert gap is not None
    assert ".NET" in gap.reason


def test_pacman():
    image = {
        "etc/os-release": "ID=arch\n",
        "var/lib/pacman/local/libcurl-gnutls-8.7.1-1/desc": DESC,
    }
    report = scanned(image)

    assert [each.purl for each in report.components] == [
        "pkg:alpm/arch/libcurl-gnutls@8.7.1-1?arch=x86_64&distro=arch&upstream=curl"
    ]
    assert report.components[0].licenses == ("MIT", "GPL-2.0-only")
    assert report.coverage[Kind.COMPONENTS] is None


@pytest.mark.parametrize(
    "path",
    [
        "a/specifications/x.gemspec",
        "vendor/composer/installed.json",
        "conda-meta/a.json",
        "a.deps.json",
        "var/lib/pacman/local/a/desc",
    ],
)
@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{",
        "[[[" * 9_000,
        '{"packages": {"a": 1}, "libraries": [], "name": 1}',
        '{"packages": [[]], "libraries": {"a": [], "/": {"type": "package"}}}',
        "%NAME%\n\n%VERSION%\n",
        "# stub: x\n",
    ],
)
def test_what_is_no_list_names_no_package(path, broken):
    assert not found({path: broken})
