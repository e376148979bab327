"""The notebook in examples/ runs, and what it shows is what pellucid says now."""

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).parent.parent / "examples" / "attention.ipynb"


def texts(notebook) -> list[str]:
    """What every cell printed or returned, as plain text."""
    return [
        output.get("text") or output["data"].get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_committed_outputs_are_those_of_a_fresh_run():
    committed = nbformat.read(NOTEBOOK, as_version=4)
    fresh = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(fresh, timeout=120, kernel_name="python3").execute()
    assert texts(fresh) == texts(committed)
    assert "weights[sitting, dog]" in "".join(texts(committed))


def test_a_derivation_shows_itself_as_a_page_fragment():
    committed = nbformat.read(NOTEBOOK, as_version=4)
    shown = committed.cells[1].outputs[0]["data"]["text/html"]
    assert '<div class="pellucid"' in shown
    assert "0.1735" in shown
