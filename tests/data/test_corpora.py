import pytest

from pellucid.data.corpora import (
    Pair,
    group_references,
    read_documents,
    read_lines,
    read_parallel,
    read_text,
    read_tsv,
)
from pellucid.errors import CorpusError
from sentences import assert_one_sentence


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_pairs_of_a_file_with_one_reference_or_several(tmp_path):
    path = write(tmp_path, "pairs.tsv", "Go.\tGeh.\n\nHi.\tHallo!\tGrüß Gott!\r\nA b.\tC d.")
    assert read_tsv(path) == [Pair("Go.", ("Geh.",)), Pair("Hi.", ("Hallo!", "Grüß Gott!")), Pair("A b.", ("C d.",))]


def test_the_direction_can_be_reversed(tmp_path):
    path = write(tmp_path, "pairs.tsv", "Go.\tGeh.\n")
    assert read_tsv(path, reverse=True) == [Pair("Geh.", ("Go.",))]


def test_pairs_of_files_that_correspond(tmp_path):
    source, one, two = (write(tmp_path, n, c) for n, c in [("s", "a\nb\n"), ("t", "c\nd\n"), ("u", "e\nf\n")])
    assert read_parallel(source, one) == [Pair("a", ("c",)), Pair("b", ("d",))]
    assert read_parallel(source, [one, two]) == [Pair("a", ("c", "e")), Pair("b", ("d", "f"))]


def test_only_line_feeds_end_lines_and_a_byte_order_mark_is_no_text(tmp_path):
    path = write(tmp_path, "text", b"\xef\xbb\xbfa\xe2\x80\xa8b\x0bc\r\n d\n\n")
    assert read_lines(path) == ["a\u2028b\x0bc", " d", ""]


def test_documents_are_lines_or_what_stands_between_separators(tmp_path):
    path = write(tmp_path, "text", "one\ntwo\n<|end|>\nthree\n\n<|end|>\n")
    assert read_documents(path) == ["one", "two", "<|end|>", "three", "<|end|>"]
    assert read_documents(path, "<|end|>") == ["one\ntwo", "three"]


def test_references_are_grouped_by_source_in_order_and_once():
    pairs = [Pair("b", ("x",)), Pair("a", ("y", "z")), Pair("b", ("w", "x"))]
    assert group_references(pairs) == [Pair("b", ("x", "w")), Pair("a", ("y", "z"))]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ["is empty"]),
        (b" \n\t\n", ["is empty"]),
        (b"a\tb\nc\n", ["line 2", "no tab"]),
        (b"a\tb\n\nc\t\n", ["line 3", "translation is missing"]),
        (b"a\tb\n\td\n", ["line 2", "source is missing"]),
        (b"a\tb\nc\t\xff\n", ["line 2", "0xFF", "UTF-8"]),
        ("a\tb\n".encode("utf-16"), ["line 1", "0xFF"]),
    ],
)
def test_a_bad_file_of_pairs_is_a_sentence_with_its_line(content, parts, tmp_path):
    path = write(tmp_path, "pairs.tsv", content)
    with pytest.raises(CorpusError) as caught:
        read_tsv(path)
    assert_one_sentence(str(caught.value))
    for part in [str(path), *parts]:
        assert part in str(caught.value)


def test_three_columns_cannot_be_reversed(tmp_path):
    with pytest.raises(CorpusError, match="line 1: there are 3 columns"):
        read_tsv(write(tmp_path, "pairs.tsv", "a\tb\tc"), reverse=True)


@pytest.mark.parametrize(
    ("source", "target", "parts"),
    [
        ("a\nb\n", "c\n", ["2 lines", "1"]),
        ("a\n\nb\n", "c\nd\ne\n", ["line 2", "empty"]),
        ("a\n", "", ["is empty"]),
    ],
)
def test_files_that_do_not_correspond_are_a_sentence(source, target, parts, tmp_path):
    with pytest.raises(CorpusError) as caught:
        read_parallel(write(tmp_path, "s", source), write(tmp_path, "t", target))
    assert_one_sentence(str(caught.value))
    for part in parts:
        assert part in str(caught.value)


def test_a_missing_file_and_a_folder_are_sentences(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(CorpusError, match="cannot be read") as caught:
            read_text(path)
        assert_one_sentence(str(caught.value))


def test_a_file_of_separators_only_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no document"):
        read_documents(write(tmp_path, "text", "\n##\n##\n"), "##")
