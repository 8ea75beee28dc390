"""One face, one valence, one view: pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.stimuli.faces.anatomy import anatomy
from psychobench.stimuli.faces.body import head_cover, paint_background, paint_body, paint_ears
from psychobench.stimuli.faces.canvas import Array, Projection, lay_over
from psychobench.stimuli.faces.eyes import paint_brows, paint_eyes
from psychobench.stimuli.faces.hair import measure_hair, paint_back_hair, paint_hair
from psychobench.stimuli.faces.identity import Identity, View
from psychobench.stimuli.faces.mouth import paint_mouth
from psychobench.stimuli.faces.nose import paint_nose
from psychobench.stimuli.faces.relief import ground, relief
from psychobench.stimuli.faces.skin import albedo, lit

RENDERER_VERSION = "1"


HALFWAY = 2e-5  # in bytes; above the error of single precision


def render_face(
    identity: Identity | None = None,
    valence: float = 0.0,
    *,
    view: View | None = None,
    size: int = 224,
    supersample: int = 1,
) -> NDArray[np.uint8]:
    """Render a face.

    Parameters
    ----------
    identity : Identity, optional
        Who; the average face by default.
    valence : float, optional
        From -1 (sad) over 0 (neutral) to +1 (happy).
    view : View, optional
        Light, head size and position, background; the standard view by default.
    size : int, optional
        Width and height in pixels.
    supersample : int, optional
        Samples per pixel along each axis; 1 is fast, 3 is smooth.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        RGB, the same bytes for the same arguments.

    Raises
    ------
    ValueError
        If valence lies outside -1..1.

    Examples
    --------
    >>> render_face(valence=1.0, size=64).shape
    (64, 64, 3)
    """
    who, view = identity or Identity(), view or View()
    canvas = Projection(view, size * supersample).canvas()
    face = anatomy(who, valence)
    image = paint_background(canvas, view)
    hair = measure_hair(canvas, face, who)
    if hair is not None:
        paint_back_hair(hair, image, who)
    paint_body(canvas, image, face, who, view)
    paint_ears(canvas, image, face, who, view)
    window = canvas.window(-82.0, 82.0, -116.0, face.head.chin + 3.0)
    part = canvas.crop(window)
    place = ground(part, face)
    planes = albedo(part, face, who)
    paint_brows(part, planes, face, who)
    head = lit(part, relief(part, place, face, who), planes, who, view)
    paint_nose(part, head, face, who)
    paint_mouth(part, head, face, who)
    paint_eyes(part, head, face, who, view)
    lay_over(image, window, head, head_cover(part, place))
    if hair is not None:
        paint_hair(hair, image, who, view)
    return _encode(image * view.exposure, supersample)


def _encode(image: Array, supersample: int) -> NDArray[np.uint8]:
    """Average linear light over each pixel's samples; encode it by the inverse of `to_linear`."""
    if supersample > 1:
        size = image.shape[1] // supersample
        image = image.reshape(3, size, supersample, size, supersample).mean(axis=(2, 4))
    # the uniform background lies halfway between two bytes, where processors round either way
    bytes_ = 255.0 * np.power(image.clip(0.0, 1.0), 1.0 / 2.2) + 0.5 + HALFWAY
    return np.ascontiguousarray(bytes_.astype(np.uint8).transpose(1, 2, 0))
