"""Maps of photographs, made ready and written as `psychobench.compare_maps` reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from psychobench.arguments import parse_names, parse_pairs
from psychobench.gaze.photographs import find_images, image_sizes
from psychobench.observers.attention_protocol import AttentionMaps
from psychobench.outputs import check_output_folder, output_folder
from psychobench.reports.provenance import provenance

KIND = "maps of photographs"
# a photograph's name without its ending, the class that won, maps by source
MapsOfPhotograph = tuple[str, str, Mapping[str, AttentionMaps]]


@dataclass(frozen=True)
class PhotographMapping:
    """Photographs that networks are to map, and the folder that gets the maps.

    Make one with `prepare`; whoever has networks maps the photographs, and `save` writes the maps.

    Attributes
    ----------
    networks : tuple of str
        Each name once.
    images : pathlib.Path
        Folder of the photographs.
    photographs : mapping of pathlib.Path to tuple of int
        Width and height in pixels.
    methods : tuple of str
        How they are to be mapped.
    readings : mapping of str to str
        Choices that a method leaves open.
    out : pathlib.Path
        The folder of maps.
    overwrite : bool
        Whether to replace files that psychobench did not write there, or that were edited.
    """

    networks: tuple[str, ...]
    images: Path
    photographs: Mapping[Path, tuple[int, int]]
    methods: tuple[str, ...]
    readings: Mapping[str, str]
    out: Path
    overwrite: bool

    @classmethod
    def prepare(
        cls,
        networks: str | Sequence[str],
        images: str | PathLike[str],
        out: str | PathLike[str],
        *,
        methods: str | Sequence[str],
        readings: Any = None,
        overwrite: bool = False,
    ) -> PhotographMapping:
        """Read the arguments, and check all that can be known before a network is loaded.

        Parameters
        ----------
        networks, methods : str or sequence of str
            Names, also with commas between them.
        images : str or path
            Folder of photographs; PASCAL VOC's folders are known.
        out : str or path
            Folder of the maps.
        readings : mapping, str or list of str, optional
            Such as ``{"total": "sum"}``.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        PsychobenchError
            If an argument is wrong, a photograph cannot be opened, or `out` cannot be written.
        """
        check_output_folder(Path(out), ["maps.json"], kind=KIND, overwrite=overwrite)
        names, chosen = parse_names(networks, "networks"), parse_names(methods, "methods")
        read = parse_pairs(readings, "readings", "total=sum")
        paths = find_images(Path(images))
        sizes = image_sizes(paths)
        photographs = {path: sizes[path.name] for path in paths}
        return cls(names, Path(images), photographs, chosen, read, Path(out), overwrite)

    def save(
        self,
        mapped: Iterable[tuple[Mapping[str, Any], Iterable[MapsOfPhotograph]]],
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Write the maps of one network after the other: all of them or, after a fault, nothing.

        Parameters
        ----------
        mapped : iterable
            For each network what is to be noted of it, with its ``network`` and ``pretraining``
            among it, and for each photograph its name without the ending, the class that won, and
            one map by source: ``layercam``, ``dense/conv54``.
        options : mapping
            What to record as the options, beside those that were prepared.

        Returns
        -------
        dict
            What ``maps.json`` holds: ``maps`` (one row each), ``networks``, ``photographs``,
            ``provenance``.

        Raises
        ------
        ResourceError
            If the folder cannot be written.
        """
        sizes = {path.name: size for path, size in self.photographs.items()}
        document: dict[str, Any] = {"maps": [], "networks": [], "photographs": {"sizes": sizes}}
        inputs = [self.images]
        with output_folder(self.out, kind=KIND, overwrite=self.overwrite, inputs=inputs) as folder:
            for about, photographs in mapped:
                document["networks"].append(dict(about))
                name = f"{about['network']}-{Path(about['pretraining']).stem}"
                document["maps"] += _write(folder, name, photographs)
            document["provenance"] = provenance(options={**self._options(), **options}, seed=None)
            text = json.dumps(document, indent=2, allow_nan=False)
            (folder / "maps.json").write_text(text + "\n", encoding="utf-8")
        return document

    def _options(self) -> dict[str, Any]:
        return {
            "networks": list(self.networks),
            "images": str(self.images),
            "methods": list(self.methods),
            "readings": dict(self.readings),
            "out": str(self.out),
        }


def _write(
    folder: Path, name: str, photographs: Iterable[MapsOfPhotograph]
) -> list[dict[str, Any]]:
    """Write one network's maps; return what is noted of each."""
    rows = []
    for image, winning, by_source in photographs:
        for source, maps in by_source.items():
            row = {
                "source": f"{name}/{source}",
                "image": image,
                "winning": winning,
                "method": maps.method,
                "layer": maps.layer,
                "options": dict(maps.options),
                "empty": bool(maps.empty[0]),
            }
            path = folder / name / source / f"{image}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, map=maps.maps[0], about=np.array(json.dumps(row)))
            rows.append(row)
    return rows
