"""Small look-alikes of real data sets are read as the real ones would be; broken ones are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psychobench_torch.data import load_labelled
from psychobench_torch.data.layouts import DataChoice, read_listing, recognise
from psychobench_torch.data.load import select

from psychobench.errors import OptionError, ResourceError, TableError

HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,"
    "facial_landmarks,expression,valence,arousal"
)


@pytest.fixture(autouse=True)
def _own_cache(cache: Path) -> None:
    """Decode into a folder of the test's own."""


def paint(path: Path, shade: int = 0, size: tuple[int, int] = (24, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade % 256, 0, 255 - shade % 256)).save(path)
    return path


def affectnet(root: Path, training: Sequence[str], validation: Sequence[str] = ()) -> Path:
    """Lay images out as in AffectNet's first release; a row is valence or valence expression."""
    for name, values in (("training", training), ("validation", validation)):
        rows = [HEADER]
        for i, value in enumerate(values):
            valence, _, expression = value.partition(" ")
            file = f"{i % 3}/{name}{i:03}.jpg"
            paint(root / "Manually_Annotated_Images" / file, i)
            rows.append(f"{file},4,2,16,16,1.0;2.0,{expression or 1},{valence},0.1")
        if values:
            (root / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return root


def annotate(folder: Path, name: str, **values: object) -> None:
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    for kind, value in values.items():
        np.save(folder / "annotations" / f"{name}_{kind}.npy", np.array(value))
    np.save(folder / "annotations" / f"{name}_lnd.npy", np.zeros(136))


def affectnet_npy(root: Path, n_train: int = 12, n_validation: int = 6) -> Path:
    """Lay images out as in AffectNet's later release, whose annotations are texts in arrays."""
    for name, n in (("train_set", n_train), ("val_set", n_validation)):
        for i in range(n):
            paint(root / name / "images" / f"{i}.jpg", i)
            valence = str(-0.17 if i % 2 else 0.4)
            annotate(root / name, str(i), exp=str(i % 8), val=valence, aro="0.2")
    return root


def vggface2(root: Path, people: dict[str, int], folder: str = "train") -> Path:
    for name, n in people.items():
        for i in range(n):
            paint(root / folder / name / f"{i:04}_01.jpg", i)
    return root


def classes(root: Path, **n_images: int) -> Path:
    for name, n in n_images.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            paint(root / name / f"{i}.png", i)
    return root


def table(root: Path, text: str, n_images: int = 6) -> Path:
    for i in range(n_images):
        paint(root / "pictures" / f"{i}.png", i)
    (root / "faces.csv").write_text(text)
    return root / "faces.csv"


def by_valence(n: int, column: str = "valence") -> list[str]:
    values = ["-0.5", "0.5"] if column == "valence" else ["sad", "happy"]
    return [f"pictures/{i}.png,{values[i % 2]}" for i in range(n)]


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "affectnet": lambda root: affectnet(root, ["-0.2", "0.3", "-0.4"], ["-0.1", "0.9"]),
    "affectnet-npy": affectnet_npy,
    "vggface2": lambda root: vggface2(root, {"n000002": 5, "n000003": 5}),
    "imagefolder": lambda root: classes(root, happy=3, sad=3),
    "csv": lambda root: table(root, "\n".join(["path,valence", *by_valence(6)])),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_set_is_recognised_by_how_it_lies_on_disk(layout, tmp_path):
    path = LAYOUTS[layout](tmp_path)
    assert recognise(path) == layout
    task = "classes" if layout == "vggface2" else "valence"
    listing = read_listing(DataChoice(path, task=task), progress=False)
    assert listing.layout == layout
    assert all(Path(image).is_file() for image in listing.table["path"])


@pytest.mark.parametrize("fault", ["missing", "empty", "cannot identify"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_that_is_no_image_is_told_or_left_out_in_every_layout(layout, fault, tmp_path):
    path = LAYOUTS[layout](tmp_path / "set")
    task = "classes" if layout == "vggface2" else "valence"
    paths = read_listing(DataChoice(path, task=task), progress=False).table["path"]
    image = Path(paths[0])
    image.unlink()
    if fault == "missing":
        image.symlink_to("nowhere")  # folders list it, as tables do
    else:
        image.write_bytes(b"" if fault == "empty" else b"<html>not found</html>")
    with pytest.raises(ResourceError, match=rf"there and whole: 1 of {len(paths)} .*{fault}"):
        load_labelled(path, task=task, size=8, progress=False)
    images = load_labelled(path, task=task, size=8, progress=False, skip_broken=True)
    assert len(images.labels) == len(images.images) == len(paths) - 1
    assert any(f"left out as broken: 1 of {len(paths)}" in note for note in images.notes)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "csv"])
def test_a_wrong_layout_says_what_was_expected_and_what_was_found(layout, tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "notes.txt").write_text("no images")
    with pytest.raises(ResourceError, match=r"must hold .*holds holiday/, notes\.txt"):
        load_labelled(
            tmp_path, layout=layout, task="classes" if layout == "vggface2" else "valence"
        )
    with pytest.raises(ResourceError, match=r"known layout .*holiday/, notes\.txt"):
        load_labelled(tmp_path)


def test_a_folder_that_is_empty_or_not_there_is_told(tmp_path):
    with pytest.raises(ResourceError, match="holds nothing"):
        load_labelled(tmp_path)
    with pytest.raises(ResourceError, match=r"there is nothing at .*; name a folder"):
        load_labelled(tmp_path / "gone")


# AffectNet


def test_valence_below_zero_is_negative_and_zero_is_positive(tmp_path):
    root = affectnet(tmp_path, ["-0.001", "0", "0.7"], ["-1", "1"])
    images = load_labelled(root, size=8, progress=False)
    assert images.classes == ("negative", "positive")
    assert images.labels.tolist() == [0, 1, 1, 0, 1]
    assert images.validation is not None
    assert images.validation.tolist() == [False, False, False, True, True]


def test_faces_without_a_valence_or_an_expression_are_left_out_and_counted(tmp_path):
    training = ["-0.5", "0.5", "-2 9", "-2 10", "0.4 8", "-2 2"]
    selection = select(DataChoice(affectnet(tmp_path, training, ["-1", "1"])))
    assert len(selection.table) == 4
    assert "left out as without a valence (-2): 3 images" in selection.notes
    assert any("8, 9 or 10" in note and "1 image" in note for note in selection.notes)


@pytest.mark.parametrize("value", ["high", "", "nan", "-3", "1.5", "inf"])
def test_a_valence_that_is_none_is_a_fault_with_its_row(value, tmp_path):
    root = affectnet(tmp_path, ["-0.5", "0.5", value], ["-1", "1"])
    with pytest.raises(ResourceError, match=r"1 of 5 .*training\.csv row 4: valence must be"):
        select(DataChoice(root))
    assert len(select(DataChoice(root, skip_broken=True)).table) == 4


def test_affectnet_is_read_from_its_older_folders_and_without_a_header(tmp_path):
    root = affectnet(tmp_path / "set", ["-0.5", "0.5"], ["-1", "1"])
    lists = root / "Manually_annotated_file_lists"
    lists.mkdir()
    for name in ("training.csv", "validation.csv"):
        text = (root / name).read_text()
        (lists / name).write_text(text.removeprefix(HEADER + "\n"))
        (root / name).unlink()
    nested = root / "Manually_Annotated"
    nested.mkdir()
    (root / "Manually_Annotated_Images").rename(nested / "Manually_Annotated_Images")
    assert len(select(DataChoice(root)).table) == 4


def test_a_table_of_affectnet_without_its_columns_names_them(tmp_path):
    root = affectnet(tmp_path, ["-0.5", "0.5"])
    (root / "training.csv").write_text("image,valence\na.jpg,0\n")
    with pytest.raises(TableError, match=r"lacks subDirectory_filePath.*its columns are image"):
        select(DataChoice(root))


@pytest.mark.parametrize("damage", [b"\xff\xfe\x00", b'"cut'])
def test_a_damaged_table_of_affectnet_is_told(damage, tmp_path):
    root = affectnet(tmp_path, ["-0.5", "0.5"], ["-1", "1"])
    with (root / "training.csv").open("ab") as file:
        file.write(damage)
    with pytest.raises(TableError, match=r"whole CSV files in UTF-8: .*training\.csv is not"):
        select(DataChoice(root))


def test_faces_are_cropped_to_their_box(tmp_path):
    root = affectnet(tmp_path, ["-0.5", "0.5"], ["-1", "1"])
    picture = np.zeros((20, 24, 3), np.uint8)
    picture[2:18, 4:20] = 200
    Image.fromarray(picture).save(root / "Manually_Annotated_Images/0/training000.jpg", quality=95)
    assert load_labelled(root, size=8, progress=False).images[0].min() > 150


def test_annotations_in_npy_files_are_read_as_text_or_number(tmp_path):
    root = affectnet_npy(tmp_path)
    annotate(root / "train_set", "0", exp=3, val=-0.4)
    images = load_labelled(root, size=8, progress=False)
    assert len(images.labels) == 18
    rows = select(DataChoice(root)).table
    changed = rows["path"].str.endswith("train_set/images/0.jpg")
    assert rows["label"][changed].tolist() == ["negative"]


@pytest.mark.parametrize("fault", ["pickled", "cut", "absent", "text", "two"])
def test_a_broken_annotation_is_told_and_nothing_is_unpickled(fault, tmp_path):
    root = affectnet_npy(tmp_path)
    file = root / "train_set/annotations/3_val.npy"
    if fault == "pickled":
        np.save(file, np.array([{"valence": 0.1}], dtype=object), allow_pickle=True)
    elif fault == "cut":
        file.write_bytes(file.read_bytes()[:20])
    elif fault == "absent":
        file.unlink()
    else:
        np.save(file, np.array("happy" if fault == "text" else [0.1, 0.2]))
    with pytest.raises(ResourceError, match=r"1 of 18 .*3_val\.npy: valence must be a number"):
        select(DataChoice(root), progress=False)
    assert len(select(DataChoice(root, skip_broken=True), progress=False).table) == 17


def test_an_annotation_without_its_image_is_a_missing_image(tmp_path):
    root = affectnet_npy(tmp_path)
    (root / "train_set/images/3.jpg").unlink()
    with pytest.raises(ResourceError, match=r"images/3\.jpg is missing"):
        select(DataChoice(root), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["affectnet", "affectnet-npy"])
def test_the_papers_sample_is_drawn_by_seed_and_the_same_each_time(layout, tmp_path, monkeypatch):
    from psychobench_torch.data import affectnet as tables
    from psychobench_torch.data import affectnet_npy as arrays

    assert tables.SAMPLE == (28_765, 2_999)
    monkeypatch.setattr(tables, "SAMPLE", (10, 6))
    monkeypatch.setattr(arrays, "SAMPLE", (10, 6))
    values = ["-0.5", "0.5"] * 30
    root = (
        affectnet(tmp_path, values, values)
        if layout == "affectnet"
        else affectnet_npy(tmp_path, 60, 60)
    )
    draws = [select(DataChoice(root, seed=seed), progress=False).table for seed in (0, 0, 1)]
    assert draws[0]["split"].value_counts().to_dict() == {"train": 10, "validation": 6}
    assert draws[0]["path"].tolist() == draws[1]["path"].tolist()
    assert set(draws[0]["path"]) != set(draws[2]["path"])
    assert len(select(DataChoice(root, limit=32), progress=False).table) == 32


def test_faces_without_an_expression_do_not_make_the_sample_smaller(tmp_path, monkeypatch):
    from psychobench_torch.data import affectnet_npy as arrays

    monkeypatch.setattr(arrays, "SAMPLE", (20, 10))
    monkeypatch.setattr(arrays, "_BLOCK", 1)
    root = affectnet_npy(tmp_path, 30, 6)
    for i in range(0, 30, 2):  # with a valence that nobody should use
        annotate(root / "train_set", str(i), exp="8", val="0.4", aro="0.2")
        annotate(root / "train_set", str(i + 1), exp="1", val="-0.3" if i % 4 else "0.4", aro="0.2")
    found = arrays.read_affectnet_npy(root, limit=18, seed=0, progress=False)
    assert found.table["split"].value_counts().to_dict() == {"train": 12, "validation": 6}


@pytest.mark.parametrize("layout", ["affectnet", "affectnet-npy"])
def test_a_limit_is_met_where_there_is_no_validation_set(layout, tmp_path, monkeypatch):
    from psychobench_torch.data import affectnet as tables
    from psychobench_torch.data import affectnet_npy as arrays

    for module in (tables, arrays):
        monkeypatch.setattr(module, "SAMPLE", (30, 10))
    monkeypatch.setattr(arrays, "_BLOCK", 1)
    root = (
        affectnet(tmp_path, ["-0.5", "0.5"] * 12)
        if layout == "affectnet"
        else affectnet_npy(tmp_path, 24, 0)
    )
    drawn = select(DataChoice(root, limit=20), progress=False)
    assert drawn.table["split"].tolist() == ["train"] * 20
    fewer = select(DataChoice(root, limit=25), progress=False)
    assert "taken for training: all 24 images, as there are no 25" in fewer.notes


# VGGFace2


def test_the_same_people_are_in_training_and_validation_and_a_fifth_validates(tmp_path):
    root = vggface2(tmp_path, {f"n{i:06}": 10 for i in range(2, 9)})
    vggface2(root, {"n000001": 4}, "test")
    rows = select(DataChoice(root, task="classes", people=4, seed=1)).table
    shares = rows.groupby("label")["split"].value_counts().unstack()
    assert shares["train"].tolist() == [8] * 4
    assert shares["validation"].tolist() == [2] * 4
    assert "n000001" not in set(rows["label"])
    again = select(DataChoice(root, task="classes", people=4, seed=1)).table
    other = select(DataChoice(root, task="classes", people=4, seed=2)).table
    assert again.equals(rows)
    assert set(other["label"]) != set(rows["label"])


def test_a_validation_folder_of_the_same_people_is_used_as_it_is(tmp_path):
    people = {"n000002": 4, "n000003": 4}
    root = vggface2(vggface2(tmp_path, people), dict.fromkeys(people, 2), "val")
    rows = select(DataChoice(root, task="classes")).table
    assert rows["split"].value_counts().to_dict() == {"train": 8, "validation": 4}


def test_vggface2_has_no_valence_and_a_person_needs_two_images(tmp_path):
    root = vggface2(tmp_path, {"n000002": 4, "n000003": 1})
    with pytest.raises(OptionError, match="has no valence"):
        select(DataChoice(root))
    with pytest.raises(ResourceError, match="n000003"):
        select(DataChoice(root, task="classes"))


# folders of classes


def test_folders_named_after_feelings_need_no_target_others_do(tmp_path):
    named = classes(tmp_path / "named", happy=3, sad=4)
    assert load_labelled(named, size=8, progress=False).classes == ("sad", "happy")
    free = classes(tmp_path / "free", calm=3, wild=4)
    with pytest.raises(OptionError, match=r"`happy_class` must say which .* 'calm' and 'wild'"):
        select(DataChoice(free))
    assert select(DataChoice(free, happy_class="calm")).classes == ("wild", "calm")
    assert select(DataChoice(free, task="classes")).classes == ("calm", "wild")


def test_training_and_validation_folders_are_kept_apart(tmp_path):
    for part, n in (("train", 3), ("valid", 2), ("test", 2)):
        classes(tmp_path / part, happy=n, sad=n)
    selection = select(DataChoice(tmp_path))
    assert selection.table["split"].value_counts().to_dict() == {"train": 6, "validation": 4}
    assert "the folder test is not used" in selection.notes


def test_classes_that_cannot_be_learnt_are_told(tmp_path):
    with pytest.raises(ResourceError, match=r"every class must have images: sad"):
        select(DataChoice(classes(tmp_path / "empty", happy=3, sad=0)))
    with pytest.raises(ResourceError, match="two classes at least"):
        select(DataChoice(classes(tmp_path / "one", happy=3), layout="imagefolder"))
    with pytest.raises(ResourceError, match=r"there must be two classes: .* have 3"):
        select(DataChoice(classes(tmp_path / "three", happy=3, sad=3, angry=3)))
    lopsided = classes(tmp_path / "lopsided" / "train", happy=3, sad=3).parent
    classes(lopsided / "val", happy=3, sad=0)
    with pytest.raises(ResourceError, match=r"for validation: sad has none .*; add some"):
        select(DataChoice(lopsided))


def test_a_second_folder_validates(tmp_path):
    training = classes(tmp_path / "a", happy=3, sad=3)
    validation = classes(tmp_path / "b", happy=1, sad=1)
    rows = select(DataChoice(training, validation=validation)).table
    assert rows["split"].value_counts().to_dict() == {"train": 6, "validation": 2}


# tables


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_of_paths_and_valences_is_read_whatever_parts_its_columns(delimiter, tmp_path):
    text = "\n".join(["path,valence", *by_valence(6)]).replace(",", delimiter)
    images = load_labelled(table(tmp_path, text), size=8, progress=False)
    assert images.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert images.validation is None
    assert images.group is None


def test_groups_and_splits_of_a_table_are_kept(tmp_path):
    rows = [f"{row},{'ann' if i < 4 else 'bob'}" for i, row in enumerate(by_valence(6, "label"))]
    images = load_labelled(
        table(tmp_path, "\n".join(["path,label,group", *rows])), size=8, progress=False
    )
    assert images.group is not None
    assert images.group.tolist() == [0, 0, 0, 0, 1, 1]
    split = [f"{row},{'train' if i < 4 else 'val'}" for i, row in enumerate(rows)]
    images = load_labelled(
        table(tmp_path, "\n".join(["path,label,group,split", *split])), size=8, progress=False
    )
    assert images.validation is not None
    assert images.validation.tolist() == [False] * 4 + [True] * 2
    torn = [f"{row},{'train' if i < 3 else 'val'}" for i, row in enumerate(rows)]
    with pytest.raises(ResourceError, match=r"no group may be in both .*ann.*one split"):
        select(DataChoice(table(tmp_path, "\n".join(["path,label,group,split", *torn]))))


@pytest.mark.parametrize(
    ("header", "row", "fault"),
    [
        ("path,valence", "pictures/9.png,0.5", "missing"),
        ("path,valence", "pictures,0.5", "is missing"),
        ("path,valence", ",0.5", "row 8: path must not be empty"),
        ("path,valence", "pictures/1.png,-0.5", "has two labels"),
        ("path,valence", "pictures/5.png,5", "row 8: valence must be a number"),
        ("path,valence,split", "pictures/5.png,0.5,test", "row 8: split must be"),
        ("path,valence,group", "pictures/5.png,0.5,", "row 8: group must be given"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_or_left_out(header, row, fault, tmp_path):
    filling = {"path,valence": "", "path,valence,split": ",train", "path,valence,group": ",a"}
    rows = [each + filling[header] for each in by_valence(6)]
    if header.endswith("split"):
        rows[4:6] = [each.replace("train", "val") for each in rows[4:6]]
    file = table(tmp_path, "\n".join([header, *rows, row]))
    with pytest.raises(ResourceError, match=fault):
        select(DataChoice(file))
    selection = select(DataChoice(file, skip_broken=True))
    assert len(selection.table) in (5, 6)
    assert any(fault.split(":")[0] in note and "left out" in note for note in selection.notes)


def test_rows_that_repeat_an_image_are_left_out_and_counted(tmp_path):
    file = table(tmp_path, "\n".join(["path,valence", *by_valence(6), "./pictures/1.png,0.5"]))
    selection = select(DataChoice(file))
    assert len(selection.table) == 6
    assert "left out as repeated: 1 image" in selection.notes


def test_labels_that_are_all_alike_are_refused(tmp_path):
    rows = [f"pictures/{i}.png,{i / 10}" for i in range(6)]
    with pytest.raises(
        ResourceError, match=r"labels must differ.*0 counts as positive.*add images"
    ):
        select(DataChoice(table(tmp_path, "\n".join(["path,valence", *rows]))))


def test_a_table_without_its_columns_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"columns path and label or valence: .* has file, mood"):
        select(DataChoice(table(tmp_path, "file,mood\na.png,1\n")))


def test_the_same_images_and_labels_have_the_same_hash_wherever_they_lie(tmp_path):
    text = "\n".join(["path,valence", *by_valence(6)])
    here, there = (table(tmp_path / name, text) for name in ("here", "there"))
    first, second = (load_labelled(file, size=8, progress=False) for file in (here, there))
    assert first.sha256 == second.sha256
    there.write_text(text.replace("pictures/0.png,-0.5", "pictures/0.png,0.5"))
    assert load_labelled(there, size=8, progress=False).sha256 != first.sha256
