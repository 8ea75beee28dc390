"""Whether two versions of psychobench give the same numbers: run commands with each, compare.

Each version runs from an environment of its own::

    python benchmarks/same_numbers.py record before --data DATA --psychobench OLD/bin/psychobench
    python benchmarks/same_numbers.py record after --data DATA --psychobench NEW/bin/psychobench
    python benchmarks/same_numbers.py compare before after

Numbers must agree within 1e-6, other values exactly; sentences are listed where they differ, and
do not count. Real data are taken from the folder that --data names.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOLERANCE = 1e-6
SENTENCES = {
    "reason", "flags", "flag", "notes", "note", "text", "sentence", "sentences", "heading", "words",
    "provenance", "title", "missing", "message", "summary", "checks", "verdict", "rules",
    "checks_rules", "consistency_reason", "folder", "file", "path",
}  # fmt: skip
RENAMED = {"tested": "statuses"}  # keys of before and after
WEGRZYN = ("wegrzyn2015/trials.csv", "--columns", "observer=subject,response=chose_anger")
QUICKPSY = (
    "quickpsy/qpdat.csv",
    *("--columns", "observer=participant,level=phase,response=resp,condition=cond"),
)
OUT = "imported.csv"
COMPARE = ("compare", "--observer", "template", "--seeds", "1")
COMMANDS: dict[str, tuple[str, ...]] = {
    "published": ("published", "ying2023"),
    "fit-ml": ("fit", *WEGRZYN),
    "fit-bayes": ("fit", *WEGRZYN, "--engine", "bayes"),
    "fit-by-identity": ("fit", *WEGRZYN, "--by", "part"),
    "fit-beta-binomial": ("fit", *QUICKPSY, "--likelihood", "beta-binomial"),
    "fit-logistic-equal": ("fit", *QUICKPSY, "--sigmoid", "logistic", "--asymptotes", "equal"),
    "fit-gumbel-fixed": ("fit", *QUICKPSY, "--sigmoid", "gumbel", "--asymptotes", "fixed"),
    "fit-2afc": ("fit", *QUICKPSY, "--task", "2afc", "--engine", "bayes"),
    "fit-bounds": ("fit", *QUICKPSY, "--bounds", "lapse=0:0.05"),
    "fit-bootstrap": ("fit", *QUICKPSY, "--bootstrap", "200", "--gof", "60", "--seed", "3"),
    "fit-share": ("fit", *WEGRZYN, "--share", "lapse"),
    "analyse-ml": ("analyse", *WEGRZYN, "--engine", "ml", "--gof", "0"),
    "analyse-bayes": ("analyse", *WEGRZYN, "--gof", "0"),
    "analyse-excluding": (
        *("analyse", *WEGRZYN, "--engine", "ml"),
        *("--gof", "20", "--exclude", "ends"),
    ),
    "analyse-quickpsy": ("analyse", *QUICKPSY, "--gof", "0", "--confidence", "0.9"),
    "compare-template": COMPARE,
    "compare-trials": (*COMPARE, "--trials", "30", "--margin", "0.05", "--family", "planned"),
    "compare-levels": (*COMPARE, "--levels", "human", "--mask", "none", "--mask", "eyes"),
    "compare-people": (
        *(*COMPARE, "--engine", "bayes", "--where", "condition=whole"),
        *("--humans", WEGRZYN[0], *WEGRZYN[1:]),
    ),
    "check-bundled": ("stimuli", "check", "rendered-average"),
    "import-jspsych": (
        *("import", "exports/jspsych8/p01.csv"),
        *("--map", "a=1", "--map", "s=0", "--out", OUT),
    ),
    "import-table": ("import", *WEGRZYN, "--out", OUT),
}  # fmt: skip
TRAINED = {
    "compare-fe-alexnet": ("compare", "--observer", "fe_alexnet", "--seeds", "1"),
}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = parser.add_subparsers(dest="step", required=True)
    record_parser = steps.add_parser("record", help="run the commands and keep what they print")
    record_parser.add_argument("folder", type=Path)
    record_parser.add_argument("--psychobench", type=Path, required=True, help="the program")
    record_parser.add_argument("--data", type=Path, required=True, help="the folder of real data")
    record_parser.add_argument("--trained", action="store_true", help="also train a network")
    compare_parser = steps.add_parser("compare", help="compare two folders")
    compare_parser.add_argument("before", type=Path)
    compare_parser.add_argument("after", type=Path)
    asked = parser.parse_args()
    if asked.step == "record":
        record(asked.folder, asked.psychobench.absolute(), asked.data, trained=asked.trained)
    elif not compare(asked.before, asked.after):
        sys.exit(1)


def record(folder: Path, program: Path, data: Path, *, trained: bool) -> None:
    """Run every command and keep the JSON that it prints."""
    folder.mkdir(parents=True, exist_ok=True)
    data = data.absolute()
    for name, command in (COMMANDS | (TRAINED if trained else {})).items():
        words = [str(data / word) if (data / word).is_file() else word for word in command]
        ran = subprocess.run(
            [str(program), *words, "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            sys.exit(f"{name} failed: {' '.join(words)}\n{ran.stderr}")
        (folder / f"{name}.json").write_text(ran.stdout, "utf-8")
        print(name, flush=True)


def compare(before: Path, after: Path) -> bool:
    """Print what differs between two folders; whether no number does."""
    known = [f"{name}.json" for name in COMMANDS | TRAINED]
    found = [{name for name in known if (folder / name).is_file()} for folder in (before, after)]
    names = sorted(found[0] & found[1])
    if missing := found[0] ^ found[1]:
        print(f"only in one folder, not compared: {', '.join(sorted(missing))}")
    same, counted, largest = True, 0, 0.0
    for name in names:
        pairs = list(
            differences(*(json.loads((each / name).read_text()) for each in (before, after)))
        )
        numbers = [pair for pair in pairs if not pair.is_text]
        counted += sum(1 for pair in numbers)
        bad = [pair for pair in numbers if not pair.same]
        largest = max([largest, *(pair.distance for pair in numbers)])
        same &= not bad
        reworded = len({pair.place[-1] for pair in pairs if pair.is_text and not pair.same})
        print(
            f"{name}: {len(numbers)} values, {len(bad)} differ; sentences differ in {reworded} keys"
        )
        for pair in bad[:10]:
            place = ".".join(map(str, pair.place))
            print(f"  {place}: {repr(pair.old)[:60]} -> {repr(pair.new)[:60]}")
    print(
        f"{counted} values in {len(names)} documents; largest difference of a number {largest:.2g}"
    )
    return same


class Pair:
    """One value of both documents, and where it stands."""

    def __init__(self, place: tuple[Any, ...], old: Any, new: Any) -> None:
        self.place, self.old, self.new = place, old, new
        self.is_text = any(part in SENTENCES for part in place)

    @property
    def distance(self) -> float:
        """How far apart two numbers are; 0 where one is none."""
        return abs(self.old - self.new) if self._are_numbers else 0.0

    @property
    def _are_numbers(self) -> bool:
        return all(isinstance(each, (int, float)) for each in (self.old, self.new))

    @property
    def same(self) -> bool:
        """Whether the values agree."""
        if self._are_numbers:
            return math.isclose(self.old, self.new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return bool(self.old == self.new)


def differences(old: Any, new: Any, place: tuple[Any, ...] = ()) -> Iterator[Pair]:
    """Walk through both documents side by side."""
    if isinstance(old, dict) and isinstance(new, dict):
        old = {key if key in new else RENAMED.get(key, key): each for key, each in old.items()}
        for key in old | new:
            yield from differences(
                old.get(key, "(absent)"), new.get(key, "(absent)"), (*place, key)
            )
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, (*place, number))
    else:
        yield Pair(place, old, new)


if __name__ == "__main__":
    main()
