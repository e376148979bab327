import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import ConfigError, OutputError
from pellucid.transformer import RotaryScaling, TransformerConfig

SMALLEST = {
    "architecture": "decoder-only",
    "vocab_size": 5,
    "d_model": 12,
    "d_ff": 7,
    "num_heads": 6,
    "num_decoder_layers": 1,
}
BOTH = {**SMALLEST, "architecture": "encoder-decoder", "num_encoder_layers": 2}


def config(base=SMALLEST, **changes):
    return TransformerConfig.from_mapping({**base, **changes})


def test_what_is_not_given_follows_from_what_is():
    plain = config()
    assert (plain.d_k, plain.num_key_value_heads, plain.source_vocab_size, plain.final_norm) == (2, 6, 5, False)
    other = config(BOTH, d_k=5, num_key_value_heads=3, norm_position="pre", source_vocab_size=9, share_embeddings=False)
    assert (other.d_k, other.num_key_value_heads, other.source_vocab_size, other.final_norm) == (5, 3, 9, True)
    assert config(norm_position="pre", final_norm=False).final_norm is False


def test_a_change_derives_anew_what_was_derived_and_keeps_what_was_given():
    changed = config().replace(d_model=24, num_heads=4, vocab_size=8, norm_position="pre")
    assert changed == config(d_model=24, num_heads=4, vocab_size=8, norm_position="pre")
    kept = config(num_key_value_heads=2, d_k=10).replace(d_model=18)
    assert (kept.num_key_value_heads, kept.d_k) == (2, 10)


def test_the_class_itself_checks_too():
    with pytest.raises(ConfigError, match="vocab_size must be a whole number, not '5'"):
        TransformerConfig(**{**SMALLEST, "vocab_size": "5"})
    assert isinstance(TransformerConfig(**{**SMALLEST, "dropout": 0}).dropout, float)


@pytest.mark.parametrize(
    ("base", "changes", "sentence"),
    [
        (SMALLEST, {"d_modell": 3}, r"has no setting 'd_modell' \(did you mean 'd_model'\?\)"),
        (SMALLEST, {"norm": "rmsnorm"}, r"norm must be one of layer_norm, rms_norm \(did you mean 'rms_norm'\?\)"),
        (SMALLEST, {"positions": 3}, "positions must be one of sinusoidal, learned, rotary, not 3"),
        (SMALLEST, {"dropout": "much"}, "dropout must be a number, not 'much'"),
        (SMALLEST, {"tie_embeddings": 1}, "tie_embeddings must be true or false, not 1"),
        (SMALLEST, {"vocab_size": True}, "vocab_size must be a whole number, not True"),
        (SMALLEST, {"final_norm": "no"}, "final_norm must be true or false, not 'no'"),
        (SMALLEST, {"rotary_scaling": {"kind": "x"}}, "rotary_scaling must be null or a table of kind, factor"),
        (SMALLEST, {"d_ff": 0}, "d_ff must be at least 1, not 0"),
        (SMALLEST, {"num_heads": -1}, "num_heads must be at least 1, not -1"),
        (SMALLEST, {"d_k": -2}, "d_k must not be negative, but is -2"),
        (SMALLEST, {"dropout": 1.0}, "dropout must be at least 0 and less than 1, not 1.0"),
        (SMALLEST, {"attention_dropout": float("nan")}, "attention_dropout must be at least 0 and less than 1"),
        (SMALLEST, {"norm_eps": 0}, "norm_eps must be a number greater than 0, not 0"),
        (SMALLEST, {"rotary_base": float("inf")}, "rotary_base must be a number greater than 0, not inf"),
        (SMALLEST, {"pad_id": 5}, r"pad_id must be one of the 5 entries of the vocabulary \(0 to 4\), not 5"),
        (SMALLEST, {"num_heads": 5}, "d_model 12 cannot be divided among 5 heads"),
        (SMALLEST, {"num_key_value_heads": 4}, "6 query heads cannot be divided among 4 key/value heads"),
        (SMALLEST, {"positions": "rotary", "d_k": 3}, "d_k is 3; choose an even d_k"),
        (SMALLEST, {"rotary_scaling": {"kind": "linear", "factor": 2.0}}, "is for rotary positions"),
        (
            SMALLEST,
            {"positions": "rotary", "rotary_scaling": {"kind": "linear", "factor": 0.5}},
            "needs a factor of at least 1",
        ),
        (SMALLEST, {"num_encoder_layers": 2}, "has no encoder, but num_encoder_layers is 2"),
        (SMALLEST, {"source_vocab_size": 6}, "has one vocabulary"),
        (BOTH, {"num_encoder_layers": 0}, "needs num_encoder_layers of at least 1"),
        (BOTH, {"source_vocab_size": 6}, "the source has 6 entries and the target 5; give share_embeddings = false"),
    ],
)
def test_what_does_not_fit_is_one_sentence(base, changes, sentence):
    with pytest.raises(ConfigError, match=sentence) as raised:
        config(base, **changes)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", SMALLEST)
def test_what_is_missing_is_named(name):
    values = {key: value for key, value in SMALLEST.items() if key != name}
    with pytest.raises(ConfigError, match=f"^the recipe lacks the setting '{name}'"):
        TransformerConfig.from_mapping(values, where="the recipe")


configs = st.builds(
    config,
    base=st.sampled_from([SMALLEST, BOTH]),
    d_model=st.sampled_from([12, 24]),
    num_key_value_heads=st.sampled_from([0, 1, 2, 3, 6]),
    norm=st.sampled_from(["layer_norm", "rms_norm"]),
    norm_position=st.sampled_from(["pre", "post"]),
    final_norm=st.sampled_from([None, True, False]),
    positions=st.just("rotary"),
    rotary_scaling=st.sampled_from([None, {"kind": "llama3", "factor": 3.0}]),
    dropout=st.floats(0, 0.99),
    norm_eps=st.floats(1e-12, 1),
)


@given(before=configs)
def test_a_file_holds_the_whole_configuration(tmp_path_factory, before):
    folder = tmp_path_factory.mktemp("model")
    before.save(folder)
    assert TransformerConfig.load(folder) == TransformerConfig.load(folder / "config.json") == before
    assert before.replace() == before


def test_a_file_is_json_for_people_too(tmp_path):
    config(positions="rotary", rotary_scaling={"kind": "linear", "factor": 2.0}).save(tmp_path)
    text = (tmp_path / "config.json").read_text()
    values = json.loads(text)
    assert values["format"] == "pellucid-transformer-1"
    assert values["d_model"] == 12
    assert TransformerConfig.load(tmp_path).rotary_scaling == RotaryScaling(kind="linear", factor=2.0)
    assert len(text.splitlines()) > 20


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold a JSON object, not list"),
        ("{}", "is not one of pellucid's"),
        ('{"model_type": "gpt2"}', "is a transformers configuration of type 'gpt2'.*from_transformers"),
        ('{"format": "pellucid-transformer-1", "d_model": 3}', "config.json lacks the setting 'architecture'"),
        ('{"format": "pellucid-transformer-1", "colour": 3}', "config.json has no setting 'colour'"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, content, sentence):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        TransformerConfig.load(tmp_path)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(ConfigError, match=r"config\.json cannot be read: No such file"):
        TransformerConfig.load(tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        config().save(tmp_path / "nowhere")
