"""Coverage-guided fuzzing of `pellucid check`: no input may raise anything, and every report must hold together.

pip install atheris
python benchmarks/fuzz_checking.py -max_total_time=300

Arguments are libFuzzer's. A crash leaves its input in `crash-…`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["pellucid.checking", "pellucid.expressions"]):
    import pellucid.checking.check_document
    import pellucid.checking.documents.csv
    import pellucid.checking.documents.html
    import pellucid.checking.documents.latex
    import pellucid.checking.documents.notebook
    import pellucid.checking.documents.rst  # noqa: F401 (readers are loaded when they are needed: too late for this)
    from pellucid.checking import check_file

SUFFIXES = ("md", "html", "tex", "ipynb", "rst", "txt", "py", "c", "csv", "yaml", "json")
WORDS = (
    "Query = [0.2, 0.5]",
    "0.3×0.1 = 0.03",
    "softmax([1, 2])",
    "\\frac{1}{2}",
    "\\begin{bmatrix} 1 & 2 \\end{bmatrix}",
    "| a | 0.5 |\n|---|---|\n",
    "e^{0.2}",
    "```attention\n",
    "$$",
    "tensor([[1., 2.]])",
    "<table><tr><td>",
    "9^9^9^9",
)


def one_input(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    suffix = SUFFIXES[provider.ConsumeIntInRange(0, len(SUFFIXES) - 1)]
    pieces: list[str] = []
    while provider.remaining_bytes() and len(pieces) < 40:
        if provider.ConsumeBool():
            pieces.append(WORDS[provider.ConsumeIntInRange(0, len(WORDS) - 1)])
        else:
            pieces.append(provider.ConsumeUnicodeNoSurrogates(provider.ConsumeIntInRange(1, 24)))
    report = check_file(f"document.{suffix}", "".join(pieces).encode())
    for number, finding in enumerate(report.findings):
        assert finding.follows_from is None or finding.follows_from < number
        assert finding.span is None or report.source is None or finding.span.end <= len(report.source.text)


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
