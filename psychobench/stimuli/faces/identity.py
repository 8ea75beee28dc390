"""Who is seen and how: the parameters of one face and of one view of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

HAIRSTYLES = ("parted", "short", "fringe", "bob", "long", "curly", "receding", "bald")
_STYLE_WEIGHTS = {
    "feminine": (0.12, 0.06, 0.16, 0.28, 0.28, 0.10, 0.00, 0.00),
    "masculine": (0.26, 0.28, 0.12, 0.03, 0.03, 0.12, 0.09, 0.07),
}
_TEXTURES = 2**31
_SHAPE = (
    "width", "jaw", "chin", "cheeks", "eye_distance", "eye_size", "eye_tilt", "nose_length",
    "nose_width", "mouth_width", "lips", "gape", "brow_height", "brow_thickness",
)  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """One rendered person. Numbers are z-scores: 0 is the average, most faces lie within 2.

    Parameters
    ----------
    width, jaw, chin, cheeks : float
        Breadth of the face, breadth of the jaw, length of the chin, fullness of the cheeks.
    eye_distance, eye_size, eye_tilt : float
        Distance between the pupils, size of the lid opening, rise of the outer eye corners.
    nose_length, nose_width : float
        Length and breadth of the nose.
    mouth_width, lips, gape : float
        Breadth of the mouth, fullness of the lips, how far a smile bares the teeth.
    brow_height, brow_thickness : float
        Height and thickness of the eyebrows.
    age : float
        0 is about 35 years, one unit about 15 years: wrinkles, sagging, greying.
    sex : float
        -1 feminine, 0 in between, +1 masculine: jaw, brows, lips, lashes, beard shadow.
    skin, warmth : float
        Darkness of the skin and its hue (positive is more yellow).
    hair, iris : float
        Lightness of the hair and of the irises.
    hair_volume : float
        How far the hair stands off the head.
    hairstyle : str
        One of ``HAIRSTYLES``.
    stubble, freckles : float
        Beard shadow (0 none, 1 strong) and freckles (0 none, 1 many).
    texture : int
        Which skin grain and which strands of hair.

    Examples
    --------
    >>> Identity() == Identity(width=0.0, hairstyle="parted")
    True
    >>> Identity.random(np.random.default_rng(1)).hairstyle in HAIRSTYLES
    True
    """

    width: float = 0.0
    jaw: float = 0.0
    chin: float = 0.0
    cheeks: float = 0.0
    eye_distance: float = 0.0
    eye_size: float = 0.0
    eye_tilt: float = 0.0
    nose_length: float = 0.0
    nose_width: float = 0.0
    mouth_width: float = 0.0
    lips: float = 0.0
    gape: float = 0.0
    brow_height: float = 0.0
    brow_thickness: float = 0.0
    age: float = 0.0
    sex: float = 0.0
    skin: float = 0.0
    warmth: float = 0.0
    hair: float = 0.0
    iris: float = 0.0
    hair_volume: float = 0.0
    hairstyle: str = "parted"
    stubble: float = 0.0
    freckles: float = 0.0
    texture: int = 0

    def __post_init__(self) -> None:
        """Refuse a hairstyle that is not drawn."""
        if self.hairstyle not in HAIRSTYLES:
            raise ValueError(
                f"hairstyle must be one of {', '.join(HAIRSTYLES)}: got {self.hairstyle!r}"
            )

    @classmethod
    def random(cls, rng: np.random.Generator) -> Identity:
        """Draw a person: shape, age, sex, colours and hair.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.

        Returns
        -------
        Identity
        """
        shape = rng.normal(0.0, 0.8, len(_SHAPE)).clip(-2.0, 2.0).tolist()
        leaning = "masculine" if rng.random() < 0.5 else "feminine"
        sex = float((0.8 if leaning == "masculine" else -0.8) + rng.normal(0.0, 0.25))
        skin = float(rng.uniform(-1.1, 2.0))
        hair = float(rng.normal(-0.3, 0.9) - 0.7 * max(skin, 0.0))
        iris = float(rng.normal(0.0, 1.0) - 0.9 * max(skin, 0.0))
        person = cls(
            age=float(rng.uniform(-1.0, 2.2)),
            sex=sex,
            skin=skin,
            warmth=float(rng.uniform(-1.0, 1.0)),
            hair=float(np.clip(hair, -2.0, 2.0)),
            iris=float(np.clip(iris, -1.5, 1.5)),
            hair_volume=float(rng.uniform(-1.0, 1.0)),
            hairstyle=str(rng.choice(HAIRSTYLES, p=_STYLE_WEIGHTS[leaning])),
            stubble=float(rng.uniform(0.0, 1.0) * (sex > 0.0)),
            freckles=float(max(rng.uniform(-1.5, 1.0), 0.0)),
            texture=int(rng.integers(_TEXTURES)),
        )
        return replace(person, **dict(zip(_SHAPE, shape, strict=True)))


@dataclass(frozen=True)
class View:
    """One view of a person: light, head size and position, background.

    Parameters
    ----------
    light : tuple of float
        Direction of the key light: x right, y down, z towards the viewer; any length.
    scale : float
        Head size; 1 puts 268 mm on the image's height.
    dx, dy : float
        Shift of the head in fractions of the image, right and down.
    roll : float
        Rotation of the head in the image plane, degrees clockwise.
    background, shirt : tuple of float
        Colours in sRGB from 0 to 1.
    clutter : float
        Contrast of the out-of-focus pattern behind the head; 0 is a uniform background.
    exposure : float
        Factor on the light; 1 is neutral.
    pattern : int
        Which out-of-focus pattern.

    Examples
    --------
    >>> View().scale
    1.0
    >>> View.random(np.random.default_rng(1)) == View.random(np.random.default_rng(1))
    True
    """

    light: tuple[float, float, float] = (-0.22, -0.42, 0.88)
    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0
    roll: float = 0.0
    background: tuple[float, float, float] = (0.5, 0.5, 0.5)
    shirt: tuple[float, float, float] = (0.34, 0.36, 0.39)
    clutter: float = 0.0
    exposure: float = 1.0
    pattern: int = 0

    @classmethod
    def random(cls, rng: np.random.Generator) -> View:
        """Draw a view: light from above, head size, position and tilt, background.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.

        Returns
        -------
        View
        """
        azimuth, elevation = rng.uniform(-0.9, 0.9), rng.uniform(0.05, 0.8)
        flat = np.cos(elevation)
        grey = rng.uniform(0.12, 0.88)
        red, green, blue = (np.clip(grey + rng.normal(0.0, 0.06, 3), 0.05, 0.95)).tolist()
        shirt = rng.uniform(0.05, 0.85, 3)
        shirt_red, shirt_green, shirt_blue = (0.6 * shirt.mean() + 0.4 * shirt).tolist()
        return cls(
            light=(
                float(flat * np.sin(azimuth)),
                float(-np.sin(elevation)),
                float(flat * np.cos(azimuth)),
            ),
            scale=float(rng.uniform(0.86, 1.18)),
            dx=float(rng.uniform(-0.06, 0.06)),
            dy=float(rng.uniform(-0.06, 0.06)),
            roll=float(rng.uniform(-7.0, 7.0)),
            background=(red, green, blue),
            shirt=(shirt_red, shirt_green, shirt_blue),
            clutter=float(rng.uniform(0.0, 1.0)),
            exposure=float(rng.uniform(0.82, 1.15)),
            pattern=int(rng.integers(_TEXTURES)),
        )
