from __future__ import annotations

from repositories.scanning.child.streams import END_KEPT, Stream, mask
from repositories.scanning.child.usage import disk_of

MIB = 1024 * 1024


def test_a_secret_that_the_gap_in_a_long_text_cuts_leaves_no_part():
    secret = "0123456789" * 5
    for offset in range(len(secret)):
        stream = Stream(cap=10 * MIB, kept=1000)
        stream.take(b" " * (1000 - offset) + secret.encode())
        stream.take(b" " * END_KEPT + secret.encode() + b" " * (END_KEPT - offset))

        assert not set(stream.text([secret])) & set("0123456789")


def test_the_longest_of_secrets_that_hold_each_other_is_hidden_whole():
    assert mask("token-and-more", ["token", "token-and-more", ""]) == "***"


def test_holes_in_files_and_files_behind_links_take_no_disk(tmp_path):
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(5 * 1024**3)
    (tmp_path / "link").symlink_to("/usr")

    size, count = disk_of(tmp_path)

    assert size < MIB
    assert count == 2
