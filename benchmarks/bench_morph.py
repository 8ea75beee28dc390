"""Measure morphing: 21 levels of two photographs, from the spec to the finished folder.

Run with ``python benchmarks/bench_morph.py [SIZE [FOLDER]]``. Without a folder, rendered faces
stand for photographs; with one, its ``f_multi`` and ``m_multi`` are morphed (.jpg and .tem).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from records import peak_mb, timed

from psychobench.stimuli.faces import Identity, frl_points, render_face
from psychobench.stimuli.landmarks.template_files import Template, write_template
from psychobench.stimuli.morphing.continuum import plan_continuum
from psychobench.stimuli.morphing.face_loading import load_faces
from psychobench.stimuli.morphing.morph_spec import MorphSpec, read_morph_spec
from psychobench.stimuli.morphing.morphed_set import morph_stimuli

LEVELS = 21
NAMES = ("f_multi", "m_multi")
SPEC = """
kind = "morph"
name = "benchmark"
title = "benchmark"
source = "a"
target = "b"
levels = { start = 0, stop = 1, step = 0.05 }
"""


def stand_ins(folder: Path, size: int) -> str:
    for name, sex in zip(NAMES, (-1.0, 1.0), strict=True):
        who = Identity(sex=sex, width=0.5 * sex)
        Image.fromarray(render_face(who, size=size)).save(folder / f"{name}.png")
        template = Template(frl_points(who, size=size))
        (folder / f"{name}.tem").write_text(write_template(template))
    return "png"


def photographs(folder: Path, source: Path) -> str:
    for name in NAMES:
        for suffix in ("jpg", "tem"):
            shutil.copy(source / f"{name}.{suffix}", folder)
    return "jpg"


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1350
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        chosen = Path(sys.argv[2]) if len(sys.argv) > 2 else None
        suffix = photographs(folder, chosen) if chosen else stand_ins(folder, size)
        anchors = "".join(
            f'[[anchors]]\nlevel = {level}\nimage = "{name}.{suffix}"\ntemplate = "{name}.tem"\n'
            for level, name in enumerate(NAMES)
        )
        (folder / "spec.toml").write_text(f"{SPEC}[image]\nwidth = {size}\n{anchors}")
        spec = read_morph_spec(folder / "spec.toml")
        print(f"{LEVELS} levels, {size} pixels wide, {os.cpu_count()} cores")
        report("pixels alone", paint, spec)
        report("the whole set", morph_stimuli, spec, folder / "out")
    print(f"peak memory: {peak_mb():.0f} MiB")


def paint(spec: MorphSpec) -> None:
    plan_continuum(spec, load_faces(spec)).paint_all(cores=os.cpu_count() or 1)


def report(what: str, work: Callable[..., object], *arguments: object) -> None:
    _, took = timed(work, *arguments)
    print(f"{what}: {took['wall_s']:.1f} s, {took['cpu_s']:.1f} s of processor time")


if __name__ == "__main__":
    main()
