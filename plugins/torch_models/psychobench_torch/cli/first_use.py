"""Train a VGG's weights before they are needed: ``python -m psychobench_torch.cli.first_use``."""

from __future__ import annotations

import argparse
import sys

from psychobench.plugins import PsychobenchError
from psychobench_torch.stand_in_weights.first_use import MINUTES, first_use_weights
from psychobench_torch.stand_in_weights.sources import SOURCES


def main() -> None:
    """Run the command; a fault that the user can mend is one line and exit status 1."""
    parser = argparse.ArgumentParser(prog="psychobench_torch.cli.first_use", description=__doc__)
    parser.add_argument("architecture", choices=list(MINUTES))
    parser.add_argument("source", choices=list(SOURCES))
    options = parser.parse_args()
    try:
        print(first_use_weights(options.architecture, options.source))
    except PsychobenchError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
