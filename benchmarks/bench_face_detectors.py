"""See whether face detectors take the rendered training faces for faces.

Two independent detectors whose models come with their packages look at faces of 224 pixels: the
Viola-Jones cascade of OpenCV and the BlazeFace network of MediaPipe. Neither is a dependency of
psychobench. In an environment of its own:

    pip install "opencv-python-headless<5" "mediapipe==0.10.14" -e .
    python benchmarks/bench_face_detectors.py --faces 500 --sheet faces.png

A control set without faces, the same images cut into 49 squares that are shuffled, says how often
a detector finds what is not there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from psychobench.stimuli.faces import training_faces

Pixels = NDArray[np.uint8]
Detector = Callable[[Pixels], bool]
SIZE = 224
PER_IDENTITY = 5


def viola_jones() -> Detector:
    import cv2

    path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(str(path))

    def detect(image: Pixels) -> bool:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        found = cascade.detectMultiScale(grey, 1.1, 3, minSize=(60, 60))
        return len(found) > 0

    return detect


def blaze_face() -> Detector:
    from mediapipe.python.solutions.face_detection import FaceDetection

    network = FaceDetection(model_selection=0, min_detection_confidence=0.5)
    return lambda image: bool(network.process(image).detections)


def shuffled(images: Pixels, seed: int) -> Iterator[Pixels]:
    """Cut each image into 7 x 7 squares and put them together in another order."""
    rng = np.random.default_rng(seed)
    side = SIZE // 7
    for image in images:
        squares = image.reshape(7, side, 7, side, 3).swapaxes(1, 2).reshape(49, side, side, 3)
        mixed = squares[rng.permutation(49)].reshape(7, 7, side, side, 3)
        yield mixed.swapaxes(1, 2).reshape(SIZE, SIZE, 3)


def write_sheet(images: Pixels, path: Path) -> None:
    """Put the first image of 60 people onto one page."""
    shown = images[::PER_IDENTITY][:60]
    rows = [np.concatenate(list(shown[start : start + 12]), axis=1) for start in range(0, 60, 12)]
    Image.fromarray(np.concatenate(rows)).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    people = -(-options.faces // PER_IDENTITY)
    images = training_faces(people, PER_IDENTITY, seed=options.seed, size=SIZE).images
    images = images[: options.faces]
    if options.sheet:
        write_sheet(training_faces(60, PER_IDENTITY, seed=options.seed).images, options.sheet)
    for name, make in (("Viola-Jones", viola_jones), ("BlazeFace", blaze_face)):
        detect = make()
        start = time.perf_counter()
        found = np.array([detect(image) for image in images])
        seconds = time.perf_counter() - start
        false = np.mean([detect(image) for image in shuffled(images, options.seed)])
        print(
            f"{name}: {found.mean():.1%} of {len(images)} faces found, {false:.1%} where there is "
            f"none; {1000 * seconds / len(images):.1f} ms an image"
        )


if __name__ == "__main__":
    main()
