"""How well `pellucid check` finds errors, and how often it cries wolf, on documents that are made for the purpose.

Right documents and documents with one known error each, over every format, computed independently of pellucid
(`checking_corpus/`). Detection: a finding of the right severity points at a number that the error made wrong.
Cause: the first finding that condemns a number names a cause that the error may be called. False alarms: findings
that condemn a number of a right document. Coverage: numbers checked in right documents, of the results they print.

    python benchmarks/checking.py [--documents 660] [--mutants 2000] [--seed S] [--jobs 2] [--failures N]
                                  [--only FORMAT] [--kind KIND] [--dump DIR] [--no-result]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from checking_corpus.build import FORMATS, make_plan, styles_of
from checking_corpus.judging import ALARMS, alarms, judge
from checking_corpus.mutations import KINDS, make_mutant
from checking_corpus.problems import make_problem
from checking_corpus.writer import Document
from machine import write_result


@dataclass
class Case:
    """One document checked: what is kept of it for the tables."""

    format: str
    style: str
    kind: str = ""
    printed: int = 0
    checked: int = 0
    alarms: int = 0
    detected: bool = False
    named: bool = False
    first: str = ""
    seconds: float = 0.0
    document: Document | None = None
    notes: dict[str, Any] = field(default_factory=dict)


def check(document: Document) -> tuple[Any, float, str]:
    """A report, its time, and the exception where there is one: a crash is a failure, not the end of the run."""
    from pellucid.checking import check_file

    start = perf_counter()
    try:
        report, crash = check_file(document.name, document.data), ""
    except Exception as error:
        report, crash = None, f"{type(error).__name__}: {error}"
    return report, perf_counter() - start, crash


def check_right(job: tuple[str, str]) -> Case:
    format_name, seed = job
    random = Random(f"{format_name}/{seed}")
    style = styles_of(format_name)[int(seed.rpartition("-")[2]) % len(styles_of(format_name))]
    plan = make_plan(make_problem(random), format_name, style, f"right-{seed}")
    document = plan.write()
    report, seconds, crash = check(document)
    results = sum(n.role == "" for n in document.numbers)
    case = Case(format_name, style, printed=results, seconds=seconds, document=document)
    if report is None:
        case.alarms, case.first = 1, f"crash: {crash}"
        return case
    case.checked, case.alarms = report.checked, alarms(report)
    condemned = [f for f in report.findings if f.severity in ALARMS]
    case.first = f"{condemned[0].severity}: {condemned[0].cause}" if condemned else report.reason
    case.notes = {"report": report.as_json(), "reading": list(report.reading), "style": style}
    return case


def check_mutant(job: tuple[str, str, tuple[str, ...]]) -> Case | None:
    kind, seed, formats = job
    mutant = next(filter(None, (make_mutant(kind, f"{seed}.{attempt}", formats) for attempt in range(12))), None)
    if mutant is None:
        return None
    report, seconds, crash = check(mutant.document)
    case = Case(mutant.plan.format, mutant.plan.style, kind, seconds=seconds, document=mutant.document)
    if report is None:
        case.first = f"crash: {crash}"
        return case
    judgement = judge(mutant, report)
    case.detected, case.named, case.first = judgement.detected, judgement.named, judgement.first
    case.checked = report.checked
    case.notes = {
        "kind": kind,
        "expected": sorted(mutant.expected.causes),
        "affected": [[n.step, list(n.place), n.role, n.text, n.line] for n in mutant.affected[:12]],
        "report": report.as_json(),
        "reading": list(report.reading),
    }
    return case


def right_jobs(count: int, seed: int, formats: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(formats[i % len(formats)], f"{seed}-{i // len(formats)}") for i in range(count)]


def mutant_jobs(
    count: int, seed: int, kinds: tuple[str, ...], formats: tuple[str, ...]
) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(kinds[i % len(kinds)], f"{seed}-{i // len(kinds)}", formats) for i in range(count)]


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def right_table(cases: list[Case]) -> Iterator[str]:
    yield "| format | documents | with a false alarm | results | numbers checked | false alarms | nothing checked |"
    yield "|---|---|---|---|---|---|---|"
    for name, group in [*grouped(cases, "format"), ("all", cases)]:
        printed, checked = sum(c.printed for c in group), sum(c.checked for c in group)
        silent = sum(c.checked == 0 for c in group)
        wrong, false = sum(c.alarms > 0 for c in group), sum(c.alarms for c in group)
        yield (
            f"| {name} | {len(group)} | {wrong} ({share(wrong, len(group))}) | {printed} | {checked} "
            f"({share(checked, printed)}) | {false} ({share(false, checked)}) | {silent} |"
        )


def mutant_table(cases: list[Case], by: str) -> Iterator[str]:
    yield f"| {by} | mutants | found | cause named | of those found |"
    yield "|---|---|---|---|---|"
    for name, group in [*grouped(cases, by), ("all", cases)]:
        found, named = sum(c.detected for c in group), sum(c.named for c in group)
        yield (
            f"| {name} | {len(group)} | {found} ({share(found, len(group))}) "
            f"| {named} ({share(named, len(group))}) | {share(named, found)} |"
        )


def grouped(cases: Iterable[Case], by: str) -> list[tuple[str, list[Case]]]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[getattr(case, by)].append(case)
    return sorted(groups.items())


def failures(right: list[Case], mutants: list[Case]) -> list[Case]:
    """Crashes first, then false alarms, documents of which nothing was read, errors that were missed or misnamed."""
    bad = [c for c in right if c.alarms or not c.checked] + [c for c in mutants if not c.named]
    return sorted(bad, key=lambda c: (not c.first.startswith("crash"), bool(c.kind), c.detected))


def describe(case: Case) -> str:
    assert case.document is not None
    if not case.kind:
        what = f"false alarms: {case.alarms}" if case.alarms else "nothing checked"
    else:
        what = f"{case.kind}: {'misnamed' if case.detected else 'missed'}"
    return f"{what} — {case.first or 'no finding'} — {case.document.name}"


def dump(cases: list[Case], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        assert case.document is not None
        (folder / case.document.name).write_bytes(case.document.data)
        notes = {"verdict": describe(case), **case.notes}
        text = json.dumps(notes, ensure_ascii=False, indent=1)
        (folder / f"{case.document.name}.report.txt").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=660)
    parser.add_argument("--mutants", type=int, default=2016)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--failures", type=int, default=0, help="how many to print")
    parser.add_argument("--only", choices=FORMATS, help="one format")
    parser.add_argument("--kind", choices=sorted(KINDS), help="one kind of error")
    parser.add_argument("--dump", type=Path, help="a folder for the documents that failed, each with its report")
    parser.add_argument("--no-result", action="store_true", help="print only; leave the kept result as it is")
    options = parser.parse_args()
    formats = (options.only,) if options.only else FORMATS
    kinds = (options.kind,) if options.kind else tuple(KINDS)
    with ProcessPoolExecutor(options.jobs) as pool:
        right = list(pool.map(check_right, right_jobs(options.documents, options.seed, formats), chunksize=8))
        jobs = mutant_jobs(options.mutants, options.seed, kinds, formats)
        mutants = [case for case in pool.map(check_mutant, jobs, chunksize=8) if case is not None]
    times = sorted(case.seconds for case in [*right, *mutants])
    lines = [
        f"{len(right)} right documents and {len(mutants)} with one error each, seed {options.seed}; "
        f"checking one takes {1000 * times[len(times) // 2]:.0f} ms in the middle, {1000 * times[-1]:.0f} ms at most.",
    ]
    if right:
        lines += ["", "## Right documents", "", *right_table(right)]
    if mutants:
        lines += ["", "## One error each, by kind", "", *mutant_table(mutants, "kind")]
        lines += ["", "## One error each, by format", "", *mutant_table(mutants, "format")]
    bad = failures(right, mutants)
    if options.no_result or options.only or options.kind:
        print("\n".join(lines))
    else:
        write_result("checking", f"python benchmarks/checking.py --seed {options.seed}", lines)
    if options.failures:
        print("\n".join(describe(case) for case in bad[: options.failures]))
        print("\nmost frequent:")
        counts = Counter((case.kind or "right", case.format, case.first) for case in bad)
        print("\n".join(f"{n:5}  {' / '.join(what)}" for what, n in counts.most_common(25)))
    if options.dump:
        dump(bad, options.dump)


if __name__ == "__main__":
    main()
