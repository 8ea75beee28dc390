"""Measure how often `check_stimuli` names a planted fault, and how often it flags a clean set.

Run with ``python benchmarks/stimulus_faults.py [IDENTITIES [FOLDER]]``: the bundled faces and as
many random rendered people, in sets of 5, 11 and 21 levels at 224 px, every other one with
landmarks. With a folder, its photographs (.jpg with .tem) are transformed from sad to happy and
serve as further sets. The rates are written into ``benchmarks/results/stimulus_faults.csv``.
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
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from planted_faults import FAULTS, Images, plant, rendered_faces, write_images

from psychobench.stimuli.faces import Identity, frl_points
from psychobench.stimuli.landmarks.template_files import read_template
from psychobench.stimuli.morphing.morphed_set import morph_stimuli
from psychobench.stimuli.set_checks import check_stimuli
from psychobench.stimuli.sets import load_stimuli

LEVELS = (5, 11, 21)
SIDE = 224
LANCZOS = Image.Resampling.LANCZOS
RESULTS = Path(__file__).parent / "results" / "stimulus_faults.csv"
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
    bundled = load_stimuli("rendered-average").pixels
    resized = [Image.fromarray(image).resize((SIDE, SIDE), LANCZOS) for image in bundled]
    valences = np.linspace(-1.0, 1.0, len(bundled))
    points = np.stack([frl_points(valence=float(v), size=SIDE) for v in valences])
    yield "bundled", np.stack([np.asarray(image) for image in resized]), points
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
    for seed in range(identities):
        who = Identity.random(np.random.default_rng(seed))
        yield f"rendered {seed}", *rendered_faces(who, max(LEVELS))


def main() -> None:
    identities = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    photographs = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    rng = np.random.default_rng(0)
    named: dict[tuple[str, int], list[bool]] = defaultdict(list)
    began = time.perf_counter()
    for number, (title, images, points) in enumerate(clean_sets(identities, photographs)):
        for turn, n_levels in enumerate(LEVELS, number):
            rows = np.linspace(0, len(images) - 1, n_levels).round().astype(int)
            odd, marks = int(rng.integers(n_levels)), points[rows] if turn % 2 else None
            measure(title, images[rows], points[rows], marks, odd, named)
        print(f"{title}: {time.perf_counter() - began:.0f} s", flush=True)
        write_rates(named)


def measure(
    title: str,
    images: Images,
    points: NDArray,
    marks: NDArray | None,
    odd: int,
    named: dict[tuple[str, int], list[bool]],
) -> None:
    """Check a clean set, and the same set with each fault; print what goes wrong."""
    for fault in ("clean", *FAULTS):
        changed, words = plant(fault, images, points, odd) if fault in FAULTS else (images, "")
        with tempfile.TemporaryDirectory() as home:
            flags = check_stimuli(write_images(Path(home) / "set", changed, marks)).flags
        hit = any(words in flag for flag in flags) if words else bool(flags)
        named[fault, len(images)].append(hit)
        if hit != bool(words):
            print(f"  {title}, {len(images)} levels, {'no' if marks is None else 'with'} landmarks,"
                  f" {fault} (image {odd}): {flags}", flush=True)  # fmt: skip


def write_rates(named: Mapping[tuple[str, int], Sequence[bool]]) -> None:
    """Write how often each fault was named, and print it."""
    rows = [
        {"fault": fault, "levels": n, "sets": len(named[fault, n]), "named": sum(named[fault, n])}
        for fault in dict.fromkeys(fault for fault, _ in named)
        for n in LEVELS
    ]
    table = pd.DataFrame(rows)
    table.to_csv(RESULTS, index=False)
    print(table.pivot(index="fault", columns="levels", values="named").to_string(), flush=True)


if __name__ == "__main__":
    main()
