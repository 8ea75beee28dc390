"""AffectNet with its tables: training.csv, validation.csv and Manually_Annotated_Images."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from psychobench.plugins import ResourceError, TableError
from psychobench_torch.data.listing import (
    BOX,
    Listing,
    describe_folder,
    images,
    shorten,
    subfolders,
)
from psychobench_torch.data.valence import check_valence, drop_missing_valence

SAMPLE = (28_765, 2_999)  # drawn for training and validation by Ying, Li & Chen (2023)
JUDGED = range(8)  # neutral to contempt; 8, 9 and 10 are none, uncertain and no face
IMAGES = "manually_annotated_images"
FILES = {"training.csv": "train", "validation.csv": "validation"}
BOX_COLUMNS = ["face_x", "face_y", "face_width", "face_height"]
COLUMNS = [
    "subDirectory_filePath",
    *BOX_COLUMNS,
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
]
NEEDED = [name for name in COLUMNS if name not in ("facial_landmarks", "arousal")]
EXPECTED = (
    "training.csv and, if you have it, validation.csv (at the top or in "
    "Manually_Annotated_file_lists), images in Manually_Annotated_Images/NUMBER/"
)


def is_affectnet(root: Path) -> bool:
    """Whether a folder looks like AffectNet with its tables."""
    return "training.csv" in _tables(root) and _images(root) is not None


def read_affectnet(root: Path) -> Listing:
    """List AffectNet's manually annotated images.

    Images whose valence is -2 are left out, as AffectNet means "no value" by it; so are those
    whose expression is none, uncertain or no face (8, 9, 10), whatever their valence.

    Raises
    ------
    ResourceError
        If the folder is laid out otherwise.
    TableError
        If a table lacks its columns.

    References
    ----------
    Mollahosseini, A., Hasani, B. & Mahoor, M. H. (2017). AffectNet. IEEE Transactions on
    Affective Computing, 10, 18-31.
    """
    tables, pictures = _tables(root), _images(root)
    if "training.csv" not in tables or pictures is None:
        raise ResourceError(f"AffectNet must hold {EXPECTED}: {root} holds {describe_folder(root)}")
    parts, broken = [], []
    for name, split in FILES.items():
        if name in tables:
            part, faults = _read_table(tables[name], pictures)
            parts.append(part.assign(split=split))
            broken += faults
    table, notes = drop_missing_valence(pd.concat(parts, ignore_index=True))
    table, more = drop_unjudged(table)
    return Listing(
        "affectnet",
        "AffectNet photographs, each cropped to its face box",
        root,
        table,
        (*notes, *more),
        tuple(broken),
        SAMPLE,
    )


def drop_unjudged(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out images without a judged expression, and say how many they are."""
    unjudged = table["expression"].notna() & ~table["expression"].isin(JUDGED)
    if not unjudged.any():
        return table, []
    expressions = "expression 8, 9 or 10 (none, uncertain, no face)"
    return table[~unjudged], [f"left out with {expressions}: {images(int(unjudged.sum()))}"]


def _tables(root: Path) -> dict[str, Path]:
    """Find the tables, at the top or one folder below, whatever their capitals."""
    places = [root, *(f for name, f in subfolders(root).items() if name.lower() != IMAGES)]
    found: dict[str, Path] = {}
    for place in places:
        for file in sorted(place.glob("*.[cC][sS][vV]")):
            if file.name.lower() in FILES:
                found.setdefault(file.name.lower(), file)
    return found


def _images(root: Path) -> Path | None:
    """Find the folder of images, at the top or one folder below; archives nest it in itself."""
    places = {**subfolders(root)}
    for folder in list(places.values()):
        if folder.name.lower() != IMAGES:
            places |= {f"{folder.name}/{k}": v for k, v in subfolders(folder).items()}
    found = next((place for place in places.values() if place.name.lower() == IMAGES), None)
    if found is None:
        return None
    nested = next((f for n, f in subfolders(found).items() if n.lower() == IMAGES), None)
    return nested or found


def _read_table(file: Path, pictures: Path) -> tuple[pd.DataFrame, list[str]]:
    cells = _cells(file)
    places = pd.Series([f"{file.name} row {row}" for row in cells.index], cells.index)
    valence, broken = check_valence(cells["valence"], places)
    box = cells[BOX_COLUMNS].apply(pd.to_numeric, errors="coerce")
    table = pd.DataFrame(
        {
            "path": str(pictures) + "/" + cells["subDirectory_filePath"].str.strip(),
            "valence": valence,
            "expression": pd.to_numeric(cells["expression"], errors="coerce"),
            **dict(zip(BOX, (box[name] for name in BOX_COLUMNS), strict=True)),
        }
    )
    return table[valence.notna()], broken


def _cells(file: Path) -> pd.DataFrame:
    """Read a table's texts, by their row; the landmarks, nine tenths of it, are not even parsed."""
    try:
        headless = _is_headless(file)
        cells = pd.read_csv(
            file,
            usecols=NEEDED,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            header=None if headless else 0,
            names=COLUMNS if headless else None,
        )
    except (UnicodeError, csv.Error, pd.errors.ParserError) as error:
        raise TableError(
            f"AffectNet's tables must be whole CSV files in UTF-8: {file} is not ({error}); unpack "
            "it again"
        ) from None
    return cells.set_axis(cells.index + (1 if headless else 2))


def _is_headless(file: Path) -> bool:
    """Whether a table begins with an image, as the older ones do; refuse it if it lacks columns."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        first = next(csv.reader(opened), [])
    if len(first) == len(COLUMNS) and "/" in first[0]:
        return True
    if missing := [name for name in NEEDED if name not in first]:
        raise TableError(
            f"AffectNet's tables must have the columns {', '.join(NEEDED)}: {file} lacks "
            f"{', '.join(missing)}; its columns are {shorten(first)}"
        )
    return False
