"""Whether networks pass the conformance kit, and what they answer to the ends of the continuum.

Run as ``python benchmarks/check_observers.py alexnet vgg16 --pretraining rendered-faces``. What
is not in the cache is trained first. Results go to ``benchmarks/results/conformance.json``; rows of
other observers and pre-trainings stay there.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from typing import Any

from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.stand_in_weights.sources import SOURCES
from records import RESULTS, keep_row, torch_setting

from psychobench import load_observer, load_stimuli
from psychobench.testing import check_observer

FILE = RESULTS / "conformance.json"


def check(name: str, pretraining: str) -> dict[str, Any]:
    """Run the kit on the observer of seed 0, and show it both ends of the bundled continuum."""
    here = torch_setting()
    factory = partial(load_observer, name, pretraining=pretraining, seed=0)
    report = check_observer(factory, registered_name=name, progress=True)
    sad, happy = factory().respond(load_stimuli().select([0.0, 1.0]).images())
    return {
        "observer": name,
        "pretraining": pretraining,
        **Counter(each.status for each in report.checks),
        "names_failed": list(report.failed),
        "p_happy_at_level_0": round(float(sad), 4),
        "p_happy_at_level_1": round(float(happy), 4),
        "date": here["date"],
        "device": here["device"],
    }


def main() -> None:
    """Check, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("observers", nargs="*", default=list(DESIGNS))
    parser.add_argument("--pretraining", action="append")
    options = parser.parse_args()
    for pretraining in options.pretraining or list(SOURCES):
        for name in options.observers:
            keep_row(FILE, check(name, pretraining), ("pretraining", "observer"))


if __name__ == "__main__":
    main()
