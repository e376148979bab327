"""Models are opened whoever made them, safely, and read the same."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import pellucid
from pellucid.capturing import generation_steps
from pellucid.capturing.labels import written
from pellucid.decoding import greedy
from pellucid.errors import ConfigError, InputError, LengthError, MissingExtraError, WeightsError
from pellucid.nn.converters import to_transformers
from pellucid.pretrained import model_directory, open_model
from pellucid.pretrained.reader import Opening, OwnReader, open_reader
from pellucid.pretrained.transformers_library import quiet

transformers = pytest.importorskip("transformers")

TEXT = "Once upon a time there was a dog. The dog"
WORDS = ["<pad>", "<s>", "</s>", "<unk>", "the", "dog", "is", "on", "mat", "der", "hund", "sitzt"]


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """A model of pellucid, and the same as transformers' Llama."""
    folder = tmp_path_factory.mktemp("stories")
    directory = model_directory("stories260k")
    to_transformers(open_model("stories260k").model, folder, directory / "tokenizer.json")
    return folder


def words_tokenizer(folder):
    import tokenizers

    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: i for i, word in enumerate(WORDS)}, "<unk>"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    backend.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **special).save_pretrained(folder)


IDS = {"vocab_size": len(WORDS), "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


@pytest.fixture(scope="module")
def bart(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bart")
    torch.manual_seed(0)
    config = transformers.BartConfig(
        **IDS, d_model=12, encoder_layers=1, decoder_layers=2, encoder_attention_heads=3, decoder_attention_heads=3,
        encoder_ffn_dim=8, decoder_ffn_dim=8, max_position_embeddings=20, decoder_start_token_id=2,
        forced_eos_token_id=None,
    )  # fmt: skip
    transformers.BartForConditionalGeneration(config).save_pretrained(folder)
    words_tokenizer(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        **IDS, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=8,
        max_position_embeddings=20,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(folder)
    words_tokenizer(folder)
    return folder


def recorded(reader, *given, generate=0):
    if generate:
        reader.writes()
    ids = []
    with pellucid.capture(reader.model, reader.tokenizer, reader.source_tokenizer) as recording:
        if generate:
            ids = reader.generate(given[0], generate, *given[1:])
        else:
            reader.read(*given)
    assert {layer.status for layer in recording.layers} == {"verified"}
    return recording, written(ids, reader.tokenizer)


def test_the_same_model_reads_the_same_in_both_libraries(stories):
    ours, _ = recorded(open_reader("stories260k"), TEXT)
    theirs, _ = recorded(open_reader(str(stories)), TEXT)  # whose tokenizer puts no bos before a text
    assert len(ours.layers) == len(theirs.layers) == 5
    keys = ours.layers[0].tokens[0][1]
    assert keys[:5] == ("<s>", "Once", "upon", "a", "time")
    assert theirs.layers[0].tokens[0][1] == keys[1:]
    opened = open_model("stories260k")
    with torch.no_grad(), pellucid.capture(opened.model) as without_bos:
        opened.model(torch.tensor([opened.tokenizer.encode(TEXT)]))
    for one, other in zip(without_bos.layers, theirs.layers, strict=True):
        np.testing.assert_allclose(one.head(3).weights(), other.head(3).weights(), atol=1e-5)


def test_generations_have_a_step_for_each_token(stories):
    opened = open_model("stories260k")
    ids = opened.tokenizer.encode(TEXT)
    for name, prompt in (("stories260k", [opened.config.bos_id, *ids]), (str(stories), ids)):
        (expected,) = greedy(opened.model, prompts=[prompt], max_length=5)
        words = opened.tokenizer.pieces(expected.ids)
        recording, tokens = recorded(open_reader(name), TEXT, generate=5)
        assert list(tokens) == [word.strip(" ") for word in words]
        steps = generation_steps(recording, tokens)
        assert [step.layers[0].shape[3] for step in steps] == [len(prompt) + n for n in range(5)]


def test_words_that_the_tokenizer_does_not_know_are_told(bert):
    reader = open_reader(str(bert))
    reader.read("the zebra saw the quagga", "der zebra")
    assert reader.notes == ("the tokenizer does not know 'zebra', 'saw', 'quagga' and puts <unk> there",)
    reader.read("the dog")
    assert reader.notes == ()


def test_translators_read_a_pair():
    recording, _ = recorded(open_reader("by-hand-translator"), "The dog is sitting on the mat.", "Der Hund")
    encoder, decoder, cross = recording.layers
    assert encoder.tokens[0][0] == ("The", "dog", "is", "sitting", "on", "the", "mat", ".", "<eos>")
    assert decoder.tokens[0] == (("<bos>", "Der", "Hund"),) * 2
    assert cross.tokens[0] == (decoder.tokens[0][0], encoder.tokens[0][0])


def test_encoder_decoders_of_transformers_read_a_pair_and_write(bart):
    recording, _ = recorded(open_reader(str(bart)), "the dog is on the mat", "der hund")
    source, target = ("<s>", "the", "dog", "is", "on", "the", "mat", "</s>"), ("</s>", "der", "hund")
    assert [layer.kind for layer in recording.layers] == ["self", "self", "cross", "self", "cross"]
    assert recording.layers[0].tokens[0] == (source, source)
    assert recording.layers[1].tokens[0] == (target, target)
    assert recording.layers[2].tokens[0] == (target, source)
    recording, tokens = recorded(open_reader(str(bart)), "the dog is on the mat", "der", generate=3)
    steps = generation_steps(recording, tokens)
    assert [step.layers[0].shape[3] for step in steps] == [2 + n for n in range(len(tokens))]
    axis, _ = steps[0].looks("cross")
    assert axis.labels == source


def test_encoders_read_two_texts(bert):
    recording, _ = recorded(open_reader(str(bert)), "the dog", "der hund")
    assert recording.layers[0].tokens[0][0] == ("<s>", "the", "dog", "</s>", "der", "hund", "</s>")
    with pytest.raises(InputError, match="is an encoder, which writes nothing"):
        recorded(open_reader(str(bert)), "the dog", generate=2)


@pytest.mark.parametrize("name", ["stories260k", "stories"])
def test_language_models_read_one_text(name, request):
    reader = open_reader(str(request.getfixturevalue(name)) if name == "stories" else name)
    with pytest.raises(InputError, match="reads one text; leave out the pair"):
        reader.read("The dog", "the cat")
    with pytest.raises(LengthError, match="the text is empty"):
        reader.read("  ")
    with pytest.raises(LengthError, match=r"tokens, which is more than the 512 that \S+ can read; shorten it"):
        reader.read("dog " * 600)
    with pytest.raises(LengthError, match="and 510 new ones are more than the 512"):
        reader.generate("The dog", 510)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_models_compute_in_the_type_that_is_asked_for(stories, dtype):
    for name in ("stories260k", str(stories)):
        recording, _ = recorded(open_reader(name, Opening(dtype=dtype)), "The dog")
        assert str(recording.layers[0].record.dtype) == f"torch.{dtype}"


def test_devices_that_are_not_there_are_told():
    with pytest.raises(InputError, match="the device 'abacus' cannot be used here"):
        open_reader("stories260k", Opening(device="abacus"))


def test_revisions_are_of_the_hub(stories):
    for name in ("stories260k", str(stories)):
        with pytest.raises(InputError, match="has no revisions"):
            open_reader(name, Opening(revision="v1"))


def test_pickles_are_not_opened(tmp_path, bert):
    (tmp_path / "config.json").write_bytes((bert / "config.json").read_bytes())
    with pytest.raises(WeightsError, match=r"has neither model.safetensors"):
        open_reader(str(tmp_path))
    for name in ("pytorch_model.bin", "model.pt"):
        torch.save({}, tmp_path / name)
        with pytest.raises(WeightsError, match="is a pickle, which can run any program"):
            open_reader(str(tmp_path))
        with pytest.raises(WeightsError, match="is a pickle, which can run any program"):
            open_reader(str(tmp_path / name))
        (tmp_path / name).unlink()


@pytest.fixture
def own_code(tmp_path):
    """A model that brings code, which leaves a mark when it runs."""
    names = {"AutoConfig": "brought.BroughtConfig", "AutoModel": "brought.BroughtModel"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "brought", "auto_map": names}))
    (tmp_path / "brought.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nraise ImportError('ran')\n")
    save_file({"weight": torch.zeros(1)}, tmp_path / "model.safetensors")
    return tmp_path


def test_code_that_a_model_brings_is_not_run(own_code):
    with pytest.raises(InputError, match=r"brings code of its own, .* --trust-remote-code if you trust it"):
        open_reader(str(own_code))
    assert not (own_code / "ran").exists()


def test_weights_that_are_missing_are_told(stories, tmp_path):
    for file in stories.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["model.layers.2.self_attn.q_proj.weight"]
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    reader = open_reader(str(tmp_path))
    reader.read("The dog")
    (note,) = reader.notes
    assert "layers.2.self_attn.q_proj.weight: these numbers are random" in note


def test_without_a_tokenizer_no_text_can_be_read(bert, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((bert / name).read_bytes())
    with pytest.raises(ConfigError, match=r"has no tokenizer \(tokenizer.json"):
        open_reader(str(tmp_path))


def test_damaged_folders_are_told_in_a_sentence(bert, tmp_path):
    for file in bert.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes((bert / "model.safetensors").read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be opened"):
        open_reader(str(tmp_path)).read("the dog")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="is not JSON"):
        open_reader(str(tmp_path))


def test_names_that_nothing_has(monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        InputError, match=r"there is no model 'story260k'.*did you mean 'stories260k'.*the hub does not"
    ):
        open_reader("story260k")
    with pytest.raises(InputError, match="does not exist as a folder"):
        open_reader("./no/such/folder")


def test_the_hub_is_asked_quietly():
    import logging

    hub = logging.getLogger("huggingface_hub.utils._http")
    before = hub.getEffectiveLevel()
    with quiet():
        assert not hub.isEnabledFor(logging.WARNING)
    assert hub.getEffectiveLevel() == before


def test_files_that_only_call_themselves_gguf_are_told_by_their_name(tmp_path, monkeypatch):
    (tmp_path / "junk.gguf").write_bytes(b"GGUF" + bytes(40))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=r"^junk\.gguf \(44 bytes\) is damaged, cut short or no GGUF file"):
        open_reader("junk.gguf")


def test_without_transformers_its_models_are_refused(stories, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pellucid\[inspect\]'"):
        open_reader(str(stories))
    assert isinstance(open_reader("stories260k"), OwnReader)


def test_gguf_files_are_opened(tmp_path):
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    path = tmp_path / "tiny.gguf"
    generator = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(20)
    writer.add_embedding_length(12)
    writer.add_block_count(2)
    writer.add_feed_forward_length(8)
    writer.add_head_count(3)
    writer.add_head_count_kv(3)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    letters = [chr(ord("a") + n) for n in range(8)]
    writer.add_token_list([*letters, "ab", "<s>", "</s>"])
    writer.add_token_types([1] * 9 + [3] * 2)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(9)
    writer.add_eos_token_id(10)
    shapes = {"token_embd": (11, 12), "output": (11, 12), "output_norm": (12,)}
    for layer in range(2):
        square = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (12, 12))
        others = {"attn_norm": (12,), "ffn_norm": (12,), "ffn_gate": (8, 12), "ffn_up": (8, 12), "ffn_down": (12, 8)}
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in (square | others).items()}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", generator.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    recording, _ = recorded(open_reader(str(path)), "cfd")
    assert [layer.shape for layer in recording.layers] == [(1, 3, 3, 3)] * 2
    assert recording.layers[0].tokens[0][0] == ("c", "f", "d")
