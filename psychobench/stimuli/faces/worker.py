"""A helper process of `training_faces`: renders a share of the images onto its stdout."""

from __future__ import annotations

import sys

from psychobench.stimuli.faces.training import Plan


def main() -> None:
    """Render images first, first + step, ... as raw RGB; the arguments say which."""
    seed, per_identity, size, first, count, step = map(int, sys.argv[1:])
    plan = Plan(seed, per_identity, size)
    for index in range(first, count, step):
        sys.stdout.buffer.write(plan.render(index).tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
