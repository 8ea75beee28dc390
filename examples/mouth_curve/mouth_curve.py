"""An observer that looks at one thing: whether the mouth's corners are above its middle."""

import numpy as np
from PIL import Image

from psychobench.plugins import ObserverInfo


class MouthCurve:
    """Judge a face by the curve of the dark line across its mouth."""

    info = ObserverInfo(
        name="mouth_curve",
        version="1.0",
        labels=("sad", "happy"),
        target="happy",
        preprocessing="grey, 64 x 64 pixels, the mouth's 10 x 16",
        weights_origin="none: a rule made by hand",
    )

    def respond(self, images):
        """Return P(happy) for uint8 RGB images of shape (n, height, width, 3)."""
        small = [Image.fromarray(image).convert("L").resize((64, 64)) for image in images]
        mouth = np.array(small, dtype=float).reshape(-1, 64, 64)[:, 43:53, 24:40]
        dark = np.maximum(np.median(mouth, axis=1, keepdims=True) - mouth, 1e-9)
        row = (dark * np.arange(10)[:, None]).sum(axis=1) / dark.sum(axis=1)  # (n, 16)
        curve = row[:, 5:-5].mean(axis=1) - row[:, [0, 1, 2, 3, 4, -5, -4, -3, -2, -1]].mean(axis=1)
        return 1 / (1 + np.exp(-3 * (curve + 0.5)))
