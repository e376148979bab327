from pellucid.data.tokenizer import Tokenizer


def test_a_tokenizer_is_learnt_from_all_files(pellucid, tmp_path):
    (tmp_path / "a").write_text("der Hund\n" * 9)
    (tmp_path / "b").write_text("the dog\n" * 9)
    result = pellucid("tokenizer", "a", "b", "--vocab-size", "290", "-o", "both.json", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "")
    assert "from 18 lines" in result.stderr
    tokenizer = Tokenizer.load(tmp_path / "both.json")
    assert len(tokenizer.encode("the dog")) == len(tokenizer.encode("der Hund")) == 2


def test_characters_keep_the_ends_of_lines(pellucid, tmp_path):
    (tmp_path / "a").write_text("ab\nba\n")
    arguments = ["tokenizer", "a", "--kind", "characters", "--no-byte-fallback"]
    assert pellucid(*arguments, cwd=tmp_path).returncode == 0
    tokenizer = Tokenizer.load(tmp_path / "tokenizer.json")
    assert tokenizer.vocab_size == 4 + 3
    assert tokenizer.decode(tokenizer.encode("a\nb")) == "a\nb"


def test_bad_input_is_one_sentence_and_nothing_is_written(pellucid, assert_one_sentence, tmp_path):
    (tmp_path / "empty").write_text("")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    assert_one_sentence(pellucid("tokenizer", "empty", cwd=tmp_path), "empty is empty")
    assert_one_sentence(pellucid("tokenizer", "latin", cwd=tmp_path), "line 1", "0xE9", "UTF-8")
    assert_one_sentence(pellucid("tokenizer", "none", cwd=tmp_path), "No such file")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty", "latin"]
