import codecs

import pytest

from outlines import outline
from pellucid.checking.documents import format_of, open_source, read_document
from pellucid.checking.mapped_text import Span
from pellucid.errors import InputError


@pytest.mark.parametrize(
    "data",
    [
        "0.5 é\r\n".encode(),
        codecs.BOM_UTF8 + b"0.5\n",
        codecs.BOM_UTF16_LE + "0.5 é\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "0.5 é\r\n".encode("utf-16-be"),
        b"",
    ],
)
def test_written_again_as_it_was(data):
    source = open_source("x.txt", data)
    assert source.rewritten({}) == data
    if data:
        assert source.text.startswith("0.5")
        assert source.rewritten({Span(0, 3): "0.7"}) == data.replace(b"5", b"7")
        assert read_document(source, "text")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\0b", "binary"),
        (b"\xff\xfe\xfa", "UTF-16"),
        (b"caf\xe9", "byte 3"),
        (b"%PDF-1.7 \xff", "PDF"),
        (b"PK\3\4\xff", "zip"),
        (b"a" * 20_000_001, "20 MB"),
    ],
)
def test_no_text(data, reason):
    with pytest.raises(InputError, match=reason):
        open_source("x.md", data)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a/B.MD", None, "markdown"), ("x.htm", "", "html"), ("x.tex", "", "latex"), ("x.ipynb", "", "notebook"),
        ("x.rst", "", "rst"), ("x.pyi", "", "python"), ("x.rs", "", "c"), ("x.tsv", "", "csv"),
        ("x.xlsx", None, "xlsx"),
        ("x.txt", "", "text"), ("README", "", "text"), ("x.unknown", "", "text"),
        ("<stdin>", "\n<!DOCTYPE html>", "html"), ("<stdin>", ' {"cells": []}', "notebook"),
        ("<stdin>", "\\documentclass{a}", "latex"), ("<stdin>", "a", "markdown"),
        ("/dev/fd/63", "a", "markdown"), ("/proc/self/fd/11", "<html>", "html"), ("/dev/null", "", "text"),
        ("x.Rmd", "", "markdown"), ("x.qmd", "", "markdown"), ("x.mdx", "", "markdown"),
    ],
)  # fmt: skip
def test_formats(name, text, expected):
    assert format_of(name, text) == expected


def test_an_unknown_format():
    with pytest.raises(InputError, match="markdown"):
        read_document(open_source("x", b""), "markdwon")


def test_a_number_in_the_middle_is_replaced():
    source = open_source("x.md", b"so **0.29** is\r\n")
    (passage,) = read_document(source, "markdown")
    assert outline([passage]) == [("prose", "so 0.29 is")]
    assert source.rewritten({passage.text.span(3, 7): "0.30"}) == b"so **0.30** is\r\n"
