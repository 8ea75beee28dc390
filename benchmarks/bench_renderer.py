"""Measure the face renderer: images per second on one core and on all.

Run with ``python benchmarks/bench_renderer.py [IMAGES]``.
"""

from __future__ import annotations

import sys
import time

from psychobench.stimuli.faces import training_faces
from psychobench.stimuli.faces.training import Plan

PER_IDENTITY = 8


def one_core(count: int) -> float:
    plan = Plan(0, PER_IDENTITY, 224)
    plan.render(0)  # fills the texture caches
    start = time.process_time()
    for index in range(count):
        plan.render(index)
    return count / (time.process_time() - start)


def all_cores(count: int) -> float:
    start = time.perf_counter()
    training_faces(count // PER_IDENTITY, PER_IDENTITY, seed=0)
    return count / (time.perf_counter() - start)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"{count} rendered faces, 224 px, no supersampling")
    print(f"one core:  {one_core(count):6.1f} images per CPU second")
    print(f"all cores: {all_cores(count):6.1f} images per second, start of the workers included")


if __name__ == "__main__":
    main()
