"""The one door to Hugging Face transformers: what it opens runs no code of the model's unless that is trusted."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pellucid.errors import ConfigError, InputError, MissingExtraError, WeightsError
from pellucid.pretrained.names import no_model
from pellucid.transformer.weights_file import PICKLES, WEIGHTS


def open_with_transformers(
    auto: str, where: str | Path, *, revision: str | None = None, trust_remote_code: bool = False, **options: Any
) -> Any:
    """What one of transformers' classes makes of a model's files.

    Args:
        auto: the class: "AutoConfig", "AutoTokenizer", "AutoModel", …
        where: a directory, or the id of a model on the hub.
        revision: on the hub; `None` for the newest.
        trust_remote_code: whether code that the model brings may run. Left unsaid, transformers would ask.
        options: further ones of `from_pretrained`.

    Raises:
        InputError: there is none, or it wants to run code that is not trusted.
        WeightsError: of the weights there are only pickles.
        ConfigError: it cannot be opened for another reason.
        MissingExtraError: transformers is not installed.
    """
    try:
        import transformers
    except ImportError:
        raise MissingExtraError("transformers", "inspect", f"open {where}") from None
    options |= {"revision": revision or "main", "trust_remote_code": trust_remote_code}
    try:
        with quiet():
            return getattr(transformers, auto).from_pretrained(str(where), **options)
    except Exception as error:  # the errors of transformers, of the hub and of the network have no common class
        raise _refusal(str(Path(where, options.get("gguf_file", ""))), error) from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of transformers and of the hub; with bars only where someone watches."""
    from huggingface_hub import utils as hub
    from transformers import utils

    logging: Any = utils.logging  # untyped
    of_hub: Any = hub.logging  # likewise
    before, bars, before_of_hub = logging.get_verbosity(), logging.is_progress_bar_enabled(), of_hub.get_verbosity()
    logging.set_verbosity_error()
    of_hub.set_verbosity_error()
    watched = sys.stderr is not None and sys.stderr.isatty()
    if not watched:
        logging.disable_progress_bar()
    try:
        # Some bars, as that of GGUF files, ask nobody whether they may.
        with contextlib.nullcontext() if watched else contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(before)
        of_hub.set_verbosity(before_of_hub)
        if bars:
            logging.enable_progress_bar()


def _refusal(where: str, error: Exception) -> InputError:
    """The sentence for what transformers could not open."""
    words = " ".join(str(error).split())
    if "trust_remote_code" in words:
        return InputError(
            f"{where} brings code of its own, which would run on this machine; read it where it comes from, "
            "and give `pellucid inspect` --trust-remote-code if you trust it."
        )
    if "safetensors" in words and ("does not appear" in words or "no file named" in words):
        return WeightsError(
            f"{where} has no weights as safetensors ({WEIGHTS}); pickles ({', '.join(PICKLES)}) can run any program "
            "when they are opened, and are not opened."
        )
    if not Path(where).exists():
        reason = words.split(". ")[0].rstrip(".")[:300] or type(error).__name__
        return no_model(where, f"the hub does not give it: {reason}")
    return ConfigError(f"{where} cannot be opened: {words.rstrip('.')[:400]}.")
