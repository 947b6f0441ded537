"""A file is what its bytes say, and its name is a name only."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.file_types import MOST_NAME_CHARACTERS, SHOWN_IN_PLACE, plain_name, type_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "image/jpeg"),
        (b"GIF89a" + b"\x00" * 40, "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\x00" * 20, "image/webp"),
        (b"%PDF-1.7\n" + b"x" * 40, "application/pdf"),
        (b"Hello, where is my parcel?", "text/plain"),
        (b"\x00\x01\x02\x03\x04\xff\xfe", "application/octet-stream"),
    ],
)
def test_by_its_bytes(data: bytes, kind: str) -> None:
    assert type_of(BytesIO(data)) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"<html><body onload=alert(1)>",
        b"BM" + b"\x00" * 40,
        b"",
    ],
)
def test_what_could_run_is_shown_nowhere(data: bytes) -> None:
    assert type_of(BytesIO(data)) not in SHOWN_IN_PLACE


@given(st.binary(max_size=200))
def test_every_file_has_a_type(data: bytes) -> None:
    assert "/" in type_of(BytesIO(data))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("receipt.png", "receipt.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\leila\\bill.pdf", "bill.pdf"),
        ('a"b\r\nSet-Cookie: x', "abSet-Cookie x"),
        ("", "file"),
        ("...", "file"),
        ("hóa đơn.pdf", "hóa đơn.pdf"),
        ("\u202egnp.exe", "gnp.exe"),
    ],
)
def test_a_plain_name(name: str, shown: str) -> None:
    assert plain_name(name) == shown


@given(st.text(max_size=400))
def test_every_name_can_be_shown(name: str) -> None:
    shown = plain_name(name)
    assert 0 < len(shown) <= MOST_NAME_CHARACTERS
    assert "/" not in shown
    assert shown.isprintable()
