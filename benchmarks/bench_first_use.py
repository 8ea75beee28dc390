"""How long VGGs take to train on first use, and how well they know held-out images then.

Run as ``python benchmarks/bench_first_use.py vgg11 vgg16 --source procedural-objects``. Weights
that are in the cache already are not trained again: their own record is reported. Results go to
``benchmarks/results/first_use.json``; rows of other networks and sources stay there.
"""

from __future__ import annotations

import argparse
from typing import Any

from psychobench_torch.stand_in_weights.first_use import MINUTES, first_use_weights, read_card
from psychobench_torch.stand_in_weights.sources import SOURCES
from records import RESULTS, keep_row, torch_setting

FILE = RESULTS / "first_use.json"
MINUTES_ALLOWED = 20
REPORTED = (
    "date",
    "minutes",
    "minutes_in_all",
    "images_per_second",
    "held_out_accuracy",
    "n_held_out",
    "chance_accuracy",
    "made_with",
    "sha256",
)


def measure(architecture: str, source: str) -> dict[str, Any]:
    """Train a network, unless it is in the cache, and report what its model card says."""
    here = torch_setting()
    card = read_card(first_use_weights(architecture, source))
    return {
        "device": here["device"],
        "architecture": architecture,
        "source": source,
        **{name: card[name] for name in REPORTED},
        "load_before": here["load_before"],
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architectures", nargs="*", metavar="NETWORK", default=list(MINUTES))
    parser.add_argument("--source", action="append", choices=list(SOURCES))
    options = parser.parse_args()
    for source in options.source or list(SOURCES):
        for architecture in options.architectures:
            row = measure(architecture, source)
            keep_row(FILE, row, ("source", "architecture"), minutes_allowed=MINUTES_ALLOWED)


if __name__ == "__main__":
    main()
