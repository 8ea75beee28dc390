"""Pictures of the documentation, drawn whenever it is built: one function for each.

A page shows the picture of the function `morph_strip` as ``_generated/morph_strip.png``.
"""

from __future__ import annotations

import functools
import io
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from psychobench.draw.landmarks import draw_landmarks
from psychobench.stimuli.faces import Identity, frl_points, render_face
from psychobench.stimuli.landmarks.starting_spec import starting_spec
from psychobench.stimuli.landmarks.template_files import Template, read_template, write_template
from psychobench.stimuli.masks import FILLS, REGIONS, MaskSpec, make_masks
from psychobench.stimuli.morphing.continuum import Continuum, plan_continuum
from psychobench.stimuli.morphing.face_loading import load_faces
from psychobench.stimuli.morphing.morph_spec import read_morph_spec
from psychobench.stimuli.morphing.morphed_set import morph_stimuli
from psychobench.stimuli.set_checks import check_stimuli
from psychobench.stimuli.sets import StimulusSet

Pixels = NDArray[np.uint8]
FOLDER = Path(__file__).parent / "_generated"
FOUND = Path(__file__).parent / "examples" / "landmarks"  # by psychobench-landmarks, of these two
SIZE = 300
GAP = 8
# the two people of the page on morphing, as it renders them
ANNA = Identity(sex=-1.0, width=-0.6, lips=1.0, hairstyle="short")
BEN = Identity(sex=1.0, width=0.9, jaw=1.0, mouth_width=1.0, hairstyle="short", texture=7)
HEAD = 'name = "picture"\ntitle = "a picture"\nsource = "a"\ntarget = "b"\n'
ENDS = """
[[anchors]]
level = 0
image = "anna.png"
template = "anna.tem"
[[anchors]]
level = 1
image = "ben.png"
template = "ben.tem"
"""
TO_BEN = 'kind = "morph"\nlevels = [0, 0.25, 0.5, 0.75, 1]\n' + HEAD + ENDS
TO_A_SMILE = (
    'kind = "transform"\nlevels = [0, 0.25, 0.5, 0.75, 1]\n'
    + HEAD
    + '[base]\nlevel = 0.5\nimage = "anna.png"\ntemplate = "anna.tem"\n'
    + "".join(
        f"[[anchors]]\nlevel = {level}\nvalence = {valence}\n"
        for level, valence in ((0, -1), (0.5, 0), (1, 1))
    )
)
_pictures: dict[str, Callable[[], Pixels]] = {}


def picture(draw: Callable[[], Pixels]) -> Callable[[], Pixels]:
    """Take a function into the documentation; its picture gets its name."""
    _pictures[draw.__name__] = draw
    return draw


def draw_pictures(folder: Path = FOLDER) -> list[Path]:
    """Draw all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in _pictures]
    for path, draw in zip(paths, _pictures.values(), strict=True):
        Image.fromarray(draw()).save(path)
    return paths


def strip(images: Sequence[Pixels]) -> Pixels:
    """Put images of one height side by side."""
    height = images[0].shape[0]
    gap = np.full((height, GAP, 3), 255, dtype=np.uint8)
    parts = [part for image in images for part in (image, gap)]
    return np.concatenate(parts[:-1], axis=1)


@functools.cache
def planned(text: str) -> Continuum:
    """Plan the continuum of a spec that names anna.png and ben.png."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for person, who in (("anna", ANNA), ("ben", BEN)):
            image = render_face(who, size=SIZE, supersample=3)
            Image.fromarray(image).save(folder / f"{person}.png")
            template = Template(frl_points(who, size=SIZE))
            (folder / f"{person}.tem").write_text(write_template(template))
        (folder / "spec.toml").write_text(text)
        spec = read_morph_spec(folder / "spec.toml")
        return plan_continuum(spec, load_faces(spec))


@picture
def morph_points() -> Pixels:
    """Draw two faces with their landmarks, and the triangles between them."""
    continuum = planned(TO_BEN)
    shown = []
    for row, joined in ((0, False), (-1, False), (2, True)):
        points = np.concatenate([continuum.shapes[row], continuum.border])
        large = Image.fromarray(continuum.paint(row)).resize((2 * SIZE, 2 * SIZE))
        pen = ImageDraw.Draw(large)
        for triangle in continuum.triangles if joined else ():
            corners = [tuple(2 * points[corner]) for corner in triangle]
            pen.polygon(corners, outline=(255, 255, 255))
        for x, y in () if joined else 2 * continuum.shapes[row]:
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=(230, 60, 40))
        shown.append(np.asarray(large.resize((SIZE, SIZE), Image.Resampling.LANCZOS)))
    return strip(shown)


@picture
def morph_strip() -> Pixels:
    """Draw a morph of two faces in five levels."""
    return strip(list(planned(TO_BEN).paint_all()))


@picture
def morph_and_double_exposure() -> Pixels:
    """Draw the middle of a morph beside the mean of the two images as they are."""
    continuum = planned(TO_BEN)
    ends = continuum.paint(0).astype(float), continuum.paint(4)
    mean = ((ends[0] + ends[1]) / 2).astype(np.uint8)
    return strip([continuum.paint(2), mean])


@picture
def morph_transform() -> Pixels:
    """Draw one neutral face made sad and happy."""
    return strip(list(planned(TO_A_SMILE).paint_all()))


def labelled(images: Sequence[Pixels], labels: Sequence[str]) -> Pixels:
    """Put images side by side, each under its name."""
    shown = []
    for image, label in zip(images, labels, strict=True):
        head = Image.new("RGB", (image.shape[1], 24), "white")
        ImageDraw.Draw(head).text(
            (image.shape[1] / 2, 12), label, fill="black", anchor="mm", font_size=15
        )
        shown.append(np.concatenate([np.asarray(head), image]))
    return strip(shown)


def masked(*specs: MaskSpec, valences: Sequence[float] = (-1.0, 0.0, 1.0)) -> dict[str, Pixels]:
    """Mask the average face at some valences; the masks serve all of sad to happy."""
    levels = [-1.0, -0.5, 0.0, 0.5, 1.0]
    faces = np.stack([render_face(valence=level, size=224, supersample=2) for level in levels])
    points = [frl_points(valence=level, size=224) for level in levels]
    rows = [levels.index(valence) for valence in valences]
    masks = make_masks(specs, points, faces)
    return {name: mask.apply(faces)[rows, 12:212, 20:204] for name, mask in masks.items()}


@functools.cache
def found_set() -> tuple[StimulusSet, Figure]:
    """Morph the two people by the landmarks that the tool found, and draw the check of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for person, who in (("anna", ANNA), ("ben", BEN)):
            image = render_face(who, size=SIZE, supersample=3)
            Image.fromarray(image).save(folder / f"{person}.png")
            shutil.copy(FOUND / f"{person}.tem", folder)
        templates = {folder / f"{each}.png": folder / f"{each}.tem" for each in ("anna", "ben")}
        (folder / "spec.toml").write_text(starting_spec(folder / "spec.toml", templates))
        made = morph_stimuli(folder / "spec.toml", folder / "set")
        return made, check_stimuli(made).plot()


def drawn(figure: Figure) -> Pixels:
    """Return the pixels of a figure."""
    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=110)
        return np.asarray(Image.open(file).convert("RGB"))


@picture
def landmarks_sheet() -> Pixels:
    """Draw two faces with the landmarks that the tool found."""
    faces = {}
    for person, who in (("anna", ANNA), ("ben", BEN)):
        template = read_template(FOUND / f"{person}.tem")
        image = render_face(who, size=SIZE, supersample=3)
        faces[person] = (image, template.points, template.lines)
    return drawn(draw_landmarks(faces))


@picture
def landmarks_continuum() -> Pixels:
    """Draw the morph by these landmarks, whole and under two masks."""
    stimuli, _ = found_set()
    rows = [strip(list(stimuli.images(mask)[::3, ::2, ::2])) for mask in ("none", "eyes", "mouth")]
    gap = np.full((GAP, *rows[0].shape[1:]), 255, dtype=np.uint8)
    return np.concatenate([part for row in rows for part in (row, gap)][:-1])


@picture
def landmarks_check() -> Pixels:
    """Draw what the check of this set measures."""
    return drawn(found_set()[1])


@picture
def mask_regions() -> Pixels:
    """Draw the regions that have a name."""
    images = masked(*(MaskSpec(name.replace("+", "-"), name) for name in REGIONS), valences=[0.0])
    return labelled([image[0] for image in images.values()], REGIONS)


@picture
def mask_outlines() -> Pixels:
    """Draw a mask that follows the mouth above one that does not."""
    specs = MaskSpec("following", "mouth", follow=True), MaskSpec("fixed", "mouth")
    follows, fixed = masked(*specs, valences=[-1.0, -0.5, 0.0, 0.5, 1.0]).values()
    rows = [strip(list(images)) for images in (follows, fixed)]
    gap = np.full((GAP, *rows[0].shape[1:]), 255, dtype=np.uint8)
    return np.concatenate([rows[0], gap, rows[1]])


@picture
def mask_fills() -> Pixels:
    """Draw a hidden mouth in every fill."""
    blurs = {"blur": 6.0}
    specs = [MaskSpec(f, "mouth", fill=f, feather=4, blur=blurs.get(f)) for f in FILLS]
    images = masked(*specs, valences=[1.0])
    return labelled([image[0] for image in images.values()], FILLS)


@picture
def mask_controls() -> Pixels:
    """Draw masks beside their control masks."""
    specs = [
        MaskSpec(name, name, control=True, fill="mean", feather=4) for name in ("mouth", "eyes")
    ]
    images = masked(*specs, valences=[1.0])
    return labelled([image[0] for image in images.values()], list(images))


if __name__ == "__main__":
    for drawn in draw_pictures():
        print(drawn)
