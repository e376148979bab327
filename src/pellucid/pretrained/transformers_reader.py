"""A model of Hugging Face transformers, from a folder or the hub, opened without running anything it brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pellucid.errors import ConfigError, InputError
from pellucid.nn.converters.checkpoint import weights_in
from pellucid.pretrained.reader import DTYPES, Opening, Reader
from pellucid.pretrained.transformers_library import open_with_transformers, quiet
from pellucid.transformer.gguf_file import read_gguf

_TOKENIZERS = ("tokenizer", "vocab", "spiece", "sentencepiece", "source.spm", "spm", "merges")
_MOST_UNKNOWN = 5
_LARGEST_LIMIT = 10**9
"""Tokenizers that know no limit say a number beyond this."""


class TransformersReader(Reader):
    """A model of transformers with its tokenizer.

    Args:
        where: a folder, a GGUF file of llama.cpp, or the id of a model on the hub.
        opening: dtype, device, revision, and whether its own code is trusted.

    Raises:
        InputError: there is none, it wants to run code that is not trusted, or it has no tokenizer.
        WeightsError: its weights are missing or damaged, or there are only pickles, which are not opened.
        MissingExtraError: transformers is not installed.
    """

    def __init__(self, where: str | Path, opening: Opening) -> None:
        self.name = where.name if isinstance(where, Path) else where
        self._where, self._opening, self._options = str(where), opening, {}
        self.device = opening.torch_device()
        if isinstance(where, Path):
            if where.is_file():
                self._where, self._options = str(where.parent), {"gguf_file": where.name}
            else:
                weights_in(where)
        self.config = self._open_config()
        if isinstance(where, Path) and where.is_dir():
            _require_tokenizer(where)
        self.tokenizer = self._open_tokenizer()
        self._model: Any = None
        self._writes = False
        self._lacks: tuple[str, ...] = ()
        self._unknown: tuple[str, ...] = ()
        limits = [getattr(self.config.get_text_config(), "max_position_embeddings", None)]
        limits.append(getattr(self.tokenizer, "model_max_length", None))
        self.longest = min((limit for limit in limits if limit and 1 < limit < _LARGEST_LIMIT), default=None)

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether an encoder reads and a decoder writes."""
        return bool(self.config.is_encoder_decoder)

    @property
    def model(self) -> torch.nn.Module:  # type: ignore[override]  # which class is known when it reads or writes
        """The model: without the layer over the vocabulary until it has to write."""
        if self._model is None:
            writer = "AutoModelForSeq2SeqLM" if self.is_encoder_decoder else "AutoModelForCausalLM"
            self._model = self._open_model(writer if self._writes else "AutoModel")
        model: torch.nn.Module = self._model
        return model

    def writes(self) -> None:
        """Has the model opened with what it needs to write.

        Raises:
            InputError: it is an encoder, which writes nothing.
        """
        if not self.is_encoder_decoder and not self._decodes():
            raise InputError(f"{self.name} is an encoder, which writes nothing; let it read alone.")
        if not self._writes:
            self._writes, self._model = True, None

    def read(self, text: str, pair: str | None = None) -> None:
        with torch.no_grad():
            self.model(**self._inputs(text, pair))

    def generate(self, text: str, most: int, pair: str | None = None) -> list[int]:
        inputs = self._inputs(text, pair, most)
        self.writes()
        begun = inputs["decoder_input_ids" if self.is_encoder_decoder else "input_ids"].shape[1]
        generate: Any = self.model.generate
        with torch.no_grad(), quiet():
            ids = generate(**inputs, max_new_tokens=most, do_sample=False, num_beams=1)
        new: list[int] = ids[0, begun:].tolist()
        return new

    def _inputs(self, text: str, pair: str | None, new: int = 0) -> dict[str, Any]:
        if not text.strip():
            self._check_length(0)
        reads_two = not self.is_encoder_decoder and pair is not None
        if reads_two and self._decodes():
            raise InputError(f"{self.name} is a language model, which reads one text; leave out the pair.")
        encoded = self.tokenizer(text, pair if reads_two else None, return_tensors="pt")
        self._unknown = self._unknown_words(encoded, (text, pair))
        self._tell()
        known = ("input_ids", "attention_mask", "token_type_ids")
        inputs = {name: value.to(self.device) for name, value in encoded.items() if name in known}
        self._check_length(inputs["input_ids"].shape[1], 0 if self.is_encoder_decoder else new)
        if self.is_encoder_decoder:
            start = getattr(self.config, "decoder_start_token_id", None)
            if start is None:
                start = next((i for i in (self.config.bos_token_id, self.config.pad_token_id) if i is not None), 0)
            written = [] if pair is None else self.tokenizer(text_target=pair, add_special_tokens=False)["input_ids"]
            self._check_length(len(written) + 1, new)
            inputs["decoder_input_ids"] = torch.tensor([[start, *written]], device=self.device)
        return inputs

    def _unknown_words(self, encoded: Any, texts: tuple[str, str | None]) -> tuple[str, ...]:
        """A note on the words for which the model reads the token of the unknown; none where it knows all."""
        unknown = getattr(self.tokenizer, "unk_token_id", None)
        places = [place for place, id_ in enumerate(encoded["input_ids"][0].tolist()) if id_ == unknown]
        if not places or unknown in (self.tokenizer.eos_token_id, self.tokenizer.bos_token_id):
            return ()
        words = f"{len(places)} of the tokens"
        if encoded.is_fast:
            spans = [(encoded.token_to_sequence(place), encoded.token_to_chars(place)) for place in places]
            found = [repr((texts[which or 0] or "")[at.start : at.end]) for which, at in spans if at is not None]
            found = list(dict.fromkeys(found))
            more = f" and {len(found) - _MOST_UNKNOWN} more" if len(found) > _MOST_UNKNOWN else ""
            words = ", ".join(found[:_MOST_UNKNOWN]) + more
        return (f"the tokenizer does not know {words} and puts {self.tokenizer.unk_token} there",)

    def _tell(self) -> None:
        """Has the notes say what is known of the model and of what it read last."""
        self.notes = (*self._lacks, *self._unknown)

    def _decodes(self) -> bool:
        names = getattr(self.config, "architectures", None) or []
        return bool(getattr(self.config, "is_decoder", False)) or any(
            name.endswith(("ForCausalLM", "LMHeadModel")) for name in names
        )

    def _open(self, auto: str, **options: Any) -> Any:
        trust, revision = self._opening.trust_remote_code, self._opening.revision
        return open_with_transformers(
            auto, self._where, revision=revision, trust_remote_code=trust, **self._options, **options
        )

    def _open_config(self) -> Any:
        try:
            return self._open("AutoConfig")
        except ConfigError:
            if "gguf_file" in self._options:
                read_gguf(Path(self._where, self._options["gguf_file"]))  # has a better sentence for what is none
            raise

    def _open_tokenizer(self) -> Any:
        try:
            return self._open("AutoTokenizer")
        except ConfigError as error:
            raise ConfigError(f"the tokenizer of {self.name} cannot be opened: {error}") from None

    def _open_model(self, auto: str) -> torch.nn.Module:
        dtype = DTYPES.get(self._opening.dtype, "auto")
        kind = {} if self._options else {"use_safetensors": True}
        model, loading = self._open(auto, dtype=dtype, output_loading_info=True, **kind)
        missing = sorted(loading.get("missing_keys", ()))
        if missing:
            shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            self._lacks = (f"the file of weights lacks {shown}: these numbers are random",)
            self._tell()
        found: torch.nn.Module = model.to(self.device).eval()
        return found


def _require_tokenizer(directory: Path) -> None:
    """Raises when a folder has no tokenizer, in whose place transformers would take an empty one.

    Raises:
        ConfigError: so it is.
    """
    if not any(file.name.startswith(_TOKENIZERS) for file in directory.iterdir()):
        raise ConfigError(
            f"{directory} has no tokenizer (tokenizer.json, vocab.txt, …); put that of its training there."
        )
