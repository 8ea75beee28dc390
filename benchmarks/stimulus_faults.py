"""Measure how often `check_stimuli` names a planted fault, and how often it flags a clean set.

Run with ``python benchmarks/stimulus_faults.py [IDENTITIES [FOLDER]]``: as many rendered people,
random ones, in sets of 5, 11 and 21 levels at 224 px, with landmarks and without. With a folder,
its photographs (.jpg with .tem) are transformed from sad to happy and serve as further sets.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from planted_faults import FAULTS, Images, plant, rendered_faces, write_images

from psychobench.stimuli.faces import Identity
from psychobench.stimuli.landmarks.template_files import read_template
from psychobench.stimuli.morphing.morphed_set import morph_stimuli
from psychobench.stimuli.set_checks import check_stimuli

LEVELS = (5, 11, 21)
SPEC = """
kind = "transform"
name = "clean"
title = "clean"
source = "sad"
target = "happy"
levels = { start = 0, stop = 1, step = 0.05 }
[image]
width = 224
[base]
level = 0.5
image = "NAME.jpg"
template = "NAME.tem"
[[anchors]]
level = 0
valence = -1
[[anchors]]
level = 0.5
valence = 0
[[anchors]]
level = 1
valence = 1
"""


def clean_sets(identities: int, photographs: Path | None) -> Iterator[tuple[str, Images, NDArray]]:
    for seed in range(identities):
        who = Identity.random(np.random.default_rng(seed))
        yield f"rendered {seed}", *rendered_faces(who, max(LEVELS))
    for photo in sorted(photographs.glob("*.jpg")) if photographs else ():
        with tempfile.TemporaryDirectory() as home:
            name = photo.stem.strip("_")
            for suffix in (".jpg", ".tem"):
                shutil.copy(photo.with_suffix(suffix), Path(home) / f"{name}{suffix}")
            (Path(home) / "spec.toml").write_text(SPEC.replace("NAME", name))
            made = morph_stimuli(Path(home) / "spec.toml", Path(home) / "out")
            templates = sorted((Path(home) / "out").glob("*.tem"))
            points = np.stack([read_template(path).points for path in templates])
            yield name, made.pixels, points


def main() -> None:
    identities = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    photographs = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    rng = np.random.default_rng(0)
    named: dict[tuple[str, int], list[bool]] = defaultdict(list)
    began = time.perf_counter()
    for title, images, points in clean_sets(identities, photographs):
        for n_levels in LEVELS:
            rows = np.linspace(0, len(images) - 1, n_levels).round().astype(int)
            odd = int(rng.integers(n_levels))
            marks = points[rows] if rng.random() < 0.5 else None
            for fault in ("clean", *FAULTS):
                changed, words = images[rows], ""
                if fault in FAULTS:
                    changed, words = plant(fault, changed, points[rows], odd)
                with tempfile.TemporaryDirectory() as home:
                    flags = check_stimuli(write_images(Path(home) / "set", changed, marks)).flags
                hit = any(words in flag for flag in flags) if words else bool(flags)
                named[fault, n_levels].append(hit)
                if hit != bool(words):
                    landmarks = "with" if marks is not None else "without"
                    print(f"  {title}, {n_levels} levels, {landmarks} landmarks, {fault} "
                          f"(image {odd}): {flags}", flush=True)  # fmt: skip
        print(f"{title}: {time.perf_counter() - began:.0f} s", flush=True)
        print_rates(named)


def print_rates(named: Mapping[tuple[str, int], Sequence[bool]]) -> None:
    """Print how often each fault was named so far."""
    print(f"\n{'':<26}" + "".join(f"{n:>6} levels" for n in LEVELS))
    for fault in dict.fromkeys(fault for fault, _ in named):
        shares = "".join(f"{100 * np.mean(named[fault, n]):>11.0f} %" for n in LEVELS)
        print(f"{fault:<26}{shares}   of {len(named[fault, LEVELS[0]])} sets", flush=True)


if __name__ == "__main__":
    main()
