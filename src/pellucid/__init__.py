"""pellucid: a Transformer behind glass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import InputError, PellucidError
from pellucid.presenter import install_presenter
from pellucid.rendering import present, present_production, present_recording, present_report

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import nn

    from pellucid.capturing import Recording
    from pellucid.checking import Report
    from pellucid.derivation import Derivation
    from pellucid.examples import Example, read_example, shipped_examples
    from pellucid.examples.explain import explain
    from pellucid.production import Producer, Production

install_presenter("derivation", present)
install_presenter("production", present_production)
install_presenter("report", present_report)
install_presenter("recording", present_recording)

__version__ = "0.1.0"

__all__ = [
    "Derivation",
    "Example",
    "PellucidError",
    "Producer",
    "Production",
    "Recording",
    "Report",
    "capture",
    "check",
    "explain",
    "load",
    "read_example",
    "shipped_examples",
]


def check(path: str | Path, *, example: str | Path | None = None) -> Report:
    """What is wrong in the printed arithmetic of a file.

    Args:
        path: the file.
        example: an example file that says how the document is to be read, where that is not clear from itself.

    Raises:
        InputError: a file does not exist or cannot be opened. One that cannot be understood gives a report whose
            verdict is "unreadable".
    """
    from pellucid.checking import check_file  # the reader of documents is loaded when one is read

    side_file = None if example is None else _content(example)
    report: Report = check_file(str(path), _content(path), side_file, "" if example is None else str(example))
    return report


def capture(model: nn.Module, tokenizer: Any = None, source_tokenizer: Any = None) -> AbstractContextManager[Recording]:
    """Records every attention that a model computes, and leaves every bit of its output as it is.

        with pellucid.capture(model, tokenizer) as recording:
            model(**inputs)
        recording.layers[3].head(5).row("sitting")

    Args:
        model: any `torch.nn.Module`.
        tokenizer: names the tokens; transformers' or pellucid's.
        source_tokenizer: of what an encoder reads, where that is another one.

    Raises:
        InputError: `model` is no PyTorch module.
        MissingExtraError: PyTorch is not installed.
    """
    from pellucid.capturing import capture as begin  # PyTorch is loaded when it is needed

    return begin(model, tokenizer, source_tokenizer)


def load(model: str | Path) -> Producer:
    """A model that translates or generates behind glass.

        translation = pellucid.load("by-hand-translator").translate("The dog is sitting on the mat.")
        translation.steps[2].candidates
        translation.steps[2].cross_attention(layer=0, head=0)

    Args:
        model: the name of a model that came with pellucid or a package, a folder of pellucid or transformers, a GGUF
            file, or the id of a model on the Hugging Face hub, which is fetched.

    Raises:
        InputError: there is none, or something in its directory is missing, damaged, or does not fit the rest.
        MissingExtraError: a checkpoint of transformers, but PyTorch or huggingface_hub is not installed.
    """
    from pellucid.pretrained import open_model  # models are loaded when one is needed
    from pellucid.production import Producer

    return Producer(open_model(model))


def _content(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None


_LATER = {
    "Derivation": "derivation",
    "Example": "examples",
    "Producer": "production",
    "Production": "production",
    "Recording": "capturing",
    "Report": "checking",
    "explain": "examples",
    "read_example": "examples",
    "shipped_examples": "examples",
}
"""What is loaded when it is asked for, with its room: commands start without NumPy."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f"pellucid.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
