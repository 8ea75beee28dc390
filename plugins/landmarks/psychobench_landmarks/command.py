"""`psychobench-landmarks IMAGE... [-o DIR]`: a template for each image."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a template for each image in which there is a face; print the number of faces."""
    parser = argparse.ArgumentParser(prog="psychobench-landmarks", description=__doc__)
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="Beside each image by default."
    )
    given = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GLOG_minloglevel", "3")
    try:
        _write_templates(given.images, given.out)
    except OSError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _write_templates(images: Iterable[Path], out: Path | None) -> None:
    import numpy as np
    from PIL import Image, ImageOps

    from psychobench_landmarks.detection import Detector

    with Detector() as detector:
        for path in images:
            with Image.open(path) as image:
                pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
            faces = detector.find(pixels)
            if faces:
                rows = [f"{x:.3f}\t{y:.3f}" for x, y in faces[0]]
                text = "\n".join([str(len(rows)), *rows, "0", ""])
                ((out or path.parent) / f"{path.stem}.tem").write_text(text, encoding="utf-8")
            print(f"{len(faces)}\t{path}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
