"""What of YAML is read, and what is refused, with its place."""

from __future__ import annotations

import time

import pytest

from promotions.rules import Field
from promotions.services.policy_files import InvalidFile, file_schema
from promotions.services.policy_files.parsing import parse
from promotions.services.policy_files.reading import MAX_BYTES, read
from promotions.services.policy_files.writing import InLine, written

START = """\
version: 1
scope: {namespaces: [dev]}
policies:
  - key: stable
    sourceRepository: dev/website
    targetRepository: qa/website
    tagTemplate: "%n"
"""


def said(content: bytes | str) -> list[str]:
    with pytest.raises(InvalidFile) as refused:
        parse(content)
    return list(refused.value.messages)


def test_words_are_read_as_yaml_1_2_does():
    document = read("a: [yes, 1:30, 2026-01-31, 0x10, true, 12, 1.5, ~, '08']")
    words = ["yes", "1:30", "2026-01-31", "0x10", True, 12, 1.5, None, "08"]
    assert document.value == {"a": words}


BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BOMB, "Line 1, column 4: Aliases and anchors"),
        ("a: *b", "Line 1, column 4: Aliases and anchors"),
        ("a:\n  - !!python/object/apply:os.system [id]", "Line 2, column 5: Tags"),
        ("a: !!str b", "Line 1, column 4: Tags"),
        ("%TAG ! tag:x,2000:\n---\na: !b c", "Line 3, column 4: Tags"),
        ("<<: {a: 1}", "Line 1, column 1: Merge keys"),
        ("a: 1\nb: 2\na: 3", 'Line 3, column 1: The key "a" stands here a second'),
        ("? [a, b]\n: c", "Line 1, column 3: A key is a word."),
        ("a: 1\n---\nb: 2", "Line 2, column 1: A file holds one document"),
        ("a: %n", "Line 1, column 4: This is no YAML"),
        ("a: 'b", "This is no YAML"),
        ("a: \0", "The file holds the character U+0000"),
        ('a: "\\0"', "Line 1, column 4: This text holds a character that cannot"),
        ('a: "\\uD800"', "Line 1, column 4: This text holds a character that cannot"),
        ('"a\\0": b', "Line 1, column 1: This text holds a character that cannot"),
        ('a: "\\U00110000"', "it holds a number that is too large"),
        ('a: "\\UFFFFFFFF"', "it holds a number that is too large"),
        (f"%YAML {5000 * '9'}.1\n---\na: b", "it holds a number that is too large"),
        ("a: \x1b", "The file holds the character U+001B"),
        ("", "The file is empty."),
        ("# nothing", "The file is empty."),
        ("a: b".encode("utf-16"), "The file is not encoded in UTF-8"),
        ("a: ü".encode("latin-1"), "The file is not encoded in UTF-8"),
        ("a: \ud800", "The file is not encoded in UTF-8"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(content, sentence):
    assert sentence in said(content)[0]


@pytest.mark.parametrize("nested", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000])
def test_deep_nesting_is_refused_at_once(nested):
    began = time.monotonic()
    assert "nested at most" in said(nested)[0]
    assert time.monotonic() - began < 2


def test_a_long_file_is_refused_before_it_is_read():
    began = time.monotonic()
    assert said(b"a: b\n" * 2_000_000) == ["A file of policies has at most 256 KiB."]
    assert said("ü" * MAX_BYTES) == ["A file of policies has at most 256 KiB."]
    assert time.monotonic() - began < 1


def test_a_byte_order_mark_is_no_part_of_the_file():
    assert read(b"\xef\xbb\xbfa: b").value == {"a": "b"}


def test_whatever_is_written_is_read_back():
    texts = ["08", "yes", "1.4", "~", "", "a: b", "#", "%n", "x\ny", "\x1b\u2028é😀"]
    value = {"texts": texts, "line": InLine(a="b", c=["null"]), "n": True, "e": []}
    assert read(written(value)).value == value


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("    enabled: yes\n", "Line 8, column 5: This has to be true or false."),
        ("    frobs: 1\n", 'Line 8, column 5: There is no key "frobs" here; there'),
        (
            "    rules: [{field: tag, operator: eq, values: [1.4]}]\n",
            "Line 8, column 49: This has to be a text. Put it in quotes.",
        ),
        (
            "    rules: [{field: tag, operator: gte, values: [a]}]\n",
            "Line 8, column 26: This has to be one of: eq, sw, ew, c, oo, noo, matches",
        ),
        ("    rules: [{any: []}]\n", "Line 8, column 14: At least 2 of these."),
        (
            "    rules: [{field: size, operator: lt, values: [big]}]\n",
            "Line 8, column 13: Rule 1:",
        ),
        ("    sourcePattern: dev/**\n", "Write sourceRepository or sourcePattern"),
        ("  - key: Bad Key\n", "Line 8, column 5: This has to be lower-case letters"),
        ('  - key: "a\\n"\n', "Line 8, column 5: This has to be lower-case letters"),
        ("  - {}\n", "Line 8, column 5: The key key is missing here."),
    ],
)
def test_all_that_is_wrong_is_said_with_its_place(more, sentence):
    assert any(sentence in one for one in said(START + more))


SECOND = '  - {{{}, targetRepository: qa/website, tagTemplate: "%n"}}\n'


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ("key: b, sourceRepository: ops/x", 'namespace "ops" is not in the scope'),
        ("key: b, sourcePattern: ops/**", 'namespace "ops" is not in the scope'),
        ('key: b, sourcePattern: "d*/**"', "reaches into other namespaces"),
        ('key: b, sourcePattern: "*/website"', "reaches into other namespaces"),
        ("key: b, sourceRepository: dev/**", "write it as sourcePattern"),
        ('key: b, global: true, sourcePattern: "*/**"', "file is not global"),
        ("key: b, global: true, sourceRepository: dev/a", "has a sourcePattern"),
        ("key: stable, sourceRepository: dev/app", "has the key stable"),
        ("key: b", "has a sourceRepository or a sourcePattern"),
    ],
)
def test_what_reaches_beyond_the_scope_is_refused(second, sentence):
    assert any(sentence in one for one in said(START + SECOND.format(second)))


def test_a_file_about_nothing_is_refused():
    (sentence,) = said("version: 1\nscope: {}\npolicies: []")
    assert "it is empty" in sentence


def test_the_schema_offers_each_field_the_operators_of_the_rule_engine():
    rows = file_schema()["$defs"]["rule"]["allOf"]
    offered = {
        row["if"]["properties"]["field"]["const"]: row["then"]["properties"][
            "operator"
        ]["enum"]
        for row in rows
    }
    assert offered == {field.value: list(field.operators) for field in Field}
