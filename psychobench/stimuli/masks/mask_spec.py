"""Mask specs: what a mask hides and what is shown in its place."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psychobench.messages import nearest
from psychobench.stimuli.landmarks.point_layouts import FEATURES, KNOWN_COUNTS
from psychobench.stimuli.masks.regions import REGIONS
from psychobench.toml_files import is_number, unknown_keys

FILLS = ("grey", "mean", "local", "noise", "blur")
POLYGON = "polygon"
CONTROL = "-control"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ALIASES = {
    "eyes-brows": "eyes+brows",
    "eyes-and-brows": "eyes+brows",
    "oval": "inner-face",
    "inner-face-oval": "inner-face",
    "upper": "upper-half",
    "lower": "lower-half",
}
_LIMITS = {
    "feather": (1000.0, "pixels"),
    "blur": (1000.0, "pixels"),
    "reach": (2.0, "pupil distances"),
}
_EXAMPLE = 'write [masks.NAME], for example [masks.eyes] and below it fill = "noise"'


@dataclass(frozen=True)
class MaskSpec:
    """One mask: where, with what edge, and what is seen in its place.

    Parameters
    ----------
    name : str
        What the mask is called: letters, digits, dashes.
    region : str
        One of ``REGIONS``, or ``polygon``.
    points : tuple of int, optional
        The corners of a polygon: numbers of landmarks, from 0.
    feather : float, optional
        Width of the soft edge in pixels; it lies outside the region, which stays fully hidden.
    fill : {"grey", "mean", "local", "noise", "blur"}, optional
        A stated grey; the colour of the skin next to the region; the mean of what surrounds the
        region; noise with the amplitude spectrum of what is hidden and random phases; a blurred
        copy of each image.
    grey : int, optional
        0 to 255, for ``fill="grey"``.
    blur : float, optional
        Standard deviation in pixels, for ``fill="blur"``; a quarter of the pupil distance by
        default.
    follow : bool, optional
        Whether the mask follows the features of each image. By default one mask, the union over
        the levels, serves all.
    control : bool, optional
        Whether to add a mask ``NAME-control`` of equal area elsewhere on the face.
    inverse : bool, optional
        Whether to hide all but the region.
    reach : float, optional
        How far the region reaches beyond the landmarks, in pupil distances.
    seed : int, optional
        For ``fill="noise"``.

    Examples
    --------
    >>> MaskSpec("eyes").region
    'eyes'
    >>> MaskSpec("cheek", points=(164, 165, 166)).region
    'polygon'
    """

    name: str
    region: str = ""
    points: tuple[int, ...] = ()
    feather: float = 0.0
    fill: str = "grey"
    grey: int = 128
    blur: float | None = None
    follow: bool = False
    control: bool = False
    inverse: bool = False
    reach: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Use the name as the region where none is given."""
        region = POLYGON if self.points and not self.region else self.region or self.name
        object.__setattr__(self, "region", as_region(region))


def as_region(text: str) -> str:
    """Return the usual spelling of a region's name.

    Examples
    --------
    >>> as_region("Upper_half"), as_region("eyes_brows")
    ('upper-half', 'eyes+brows')
    """
    plain = text.strip().lower().replace("_", "-").replace(" ", "-")
    return _ALIASES.get(plain, plain)


def read_mask_specs(section: object, faults: list[str]) -> tuple[MaskSpec, ...]:
    """Read the masks of a spec.

    Parameters
    ----------
    section : dict or list
        The tables ``[masks.NAME]`` with the keys of `MaskSpec`, or a list of regions.
    faults : list of str
        Grows by one line per fault; a faulty mask is left out of the result.

    Returns
    -------
    tuple of MaskSpec
        In the order of the section.

    Examples
    --------
    >>> faults = []
    >>> read_mask_specs({"eyes": {"fill": "nois"}}, faults), faults
    ((), ["masks.eyes.fill must be one of grey, mean, local, noise, blur: it is 'nois' (did you
    mean 'noise'?)"])
    """
    if isinstance(section, list) and all(isinstance(name, str) for name in section):
        section = {as_region(name).replace("+", "-"): {"region": name} for name in section}
    if not isinstance(section, Mapping):
        faults.append(f"masks must be tables: it is {section!r}; {_EXAMPLE}")
        return ()
    specs = []
    for name, table in section.items():
        wrong = _check_name(name)
        if isinstance(table, Mapping):
            wrong += _check_table(name, table)
        else:
            wrong.append(f"masks.{name} must be a table: it is {table!r}; {_EXAMPLE}")
        faults += wrong
        if not wrong:
            values = {**table, "points": tuple(table.get("points", ()))}
            specs.append(MaskSpec(name, **values))
    taken = {spec.name + CONTROL for spec in specs if spec.control} & {s.name for s in specs}
    faults += [
        f"no two masks may have one name: masks.{name} is also the control mask that "
        f"masks.{name.removesuffix(CONTROL)} asks for; rename it"
        for name in sorted(taken)
    ]
    return tuple(specs)


def mask_faults(specs: Sequence[MaskSpec], n_points: int | None) -> list[str]:
    """Find the masks that cannot be made from landmarks of this kind.

    Parameters
    ----------
    specs : sequence of MaskSpec
        The masks.
    n_points : int or None
        How many landmarks each image has; None where they have names and no numbers.

    Returns
    -------
    list of str
        One line per fault.
    """
    faults = []
    for spec in specs:
        if spec.region != POLYGON:
            if n_points is not None and n_points not in FEATURES:
                faults.append(
                    f"masks.{spec.name} needs {KNOWN_COUNTS} landmarks: there are {n_points}, "
                    "whose meaning is not known; give the numbers of its corners with points"
                )
        elif n_points is None:
            faults.append(
                f"masks.{spec.name}.points needs landmarks with numbers: those of this set are "
                "named contours; put a template NAME.tem beside each image"
            )
        elif outside := [point for point in spec.points if point >= n_points]:
            faults.append(
                f"masks.{spec.name}.points must be from 0 to {n_points - 1}: there is no landmark "
                f"{', '.join(map(str, outside))} among {n_points}"
            )
    return faults


def _check_name(name: str) -> list[str]:
    if not _NAME.fullmatch(name):
        return [f"a mask's name must consist of letters, digits and dashes: it is {name!r}"]
    if name == "none":
        return ["no mask may be called 'none': that is the name of no mask; rename masks.none"]
    return []


def _check_table(name: str, table: Mapping[str, Any]) -> list[str]:
    place = f"masks.{name}."
    keys = [field.name for field in dataclasses.fields(MaskSpec) if field.name != "name"]
    faults = unknown_keys(place, table, keys)
    faults += _check_region(name, table)
    if table.get("fill", "grey") not in FILLS:
        fill = table["fill"]
        faults.append(
            f"{place}fill must be one of {', '.join(FILLS)}: it is {fill!r}"
            f"{nearest(str(fill), FILLS)}"
        )
    for key, (high, unit) in _LIMITS.items():
        value = table.get(key, 1)
        if not is_number(value) or not (0 < value <= high or (value == 0 and key != "blur")):
            least = "above 0" if key == "blur" else "at least 0"
            faults.append(
                f"{place}{key} must be {least} and at most {high:g} {unit}: it is {value!r}"
            )
    for key, top in (("grey", 255), ("seed", 2**63)):
        value = table.get(key, 0)
        if type(value) is not int or not 0 <= value <= top:
            faults.append(f"{place}{key} must be a whole number from 0 to {top}: it is {value!r}")
    faults += [
        f"{place}{key} must be true or false: it is {table[key]!r}"
        for key in ("follow", "control", "inverse")
        if not isinstance(table.get(key, False), bool)
    ]
    for key in ("grey", "blur"):
        if key in table and table.get("fill", "grey") != key:
            faults.append(f'{place}{key} has no effect without fill = "{key}"; delete one of them')
    if table.get("control") is True and table.get("follow") is True:
        faults.append(
            f"{place}control must be a fixed mask: with follow = true there is no area to equal; "
            "delete one of them"
        )
    return faults


def _check_region(name: str, table: Mapping[str, Any]) -> list[str]:
    points = table.get("points")
    region = table.get("region", POLYGON if points is not None else name)
    if not isinstance(region, str):
        return [f"masks.{name}.region must be a text: it is {region!r}"]
    region = as_region(region)
    if points is None:
        if region in REGIONS:
            return []
        return [
            f"masks.{name} must hide one of {', '.join(REGIONS)}, or have points: it hides "
            f"{region!r}{nearest(region, REGIONS)}"
        ]
    if region != POLYGON:
        return [f"masks.{name} must have either region or points: delete one of them"]
    whole = isinstance(points, list | tuple) and all(type(p) is int and p >= 0 for p in points)
    if not whole or len(set(points)) < 3:
        return [
            f"masks.{name}.points must be a list of at least three numbers of landmarks, from 0: "
            f"it is {points!r}"
        ]
    return []
