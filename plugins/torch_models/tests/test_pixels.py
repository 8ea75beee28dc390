"""Images are decoded once, as they look, into a cache that is whole or continued."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psychobench_torch.data import decode, load_labelled, pixels
from psychobench_torch.data.decode import BrokenImage, decode_square
from psychobench_torch.data.pixels import decode_images
from psychobench_torch.storage.store import one_at_a_time

from psychobench.errors import ResourceError


def picture(seed: int, wide: int = 40, high: int = 30) -> Image.Image:
    """Smooth blobs: noise would differ between ways to scale."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    return small.resize((wide, high), Image.Resampling.BICUBIC)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [str(tmp_path / f"{i}.png") for i in range(10)]
    for i, path in enumerate(paths):
        picture(i).save(path)
    return paths


def close(a: object, b: object, most: float = 3) -> bool:
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).max()) <= most


def test_the_shorter_side_is_scaled_to_size_and_the_central_square_kept(tmp_path):
    picture(0, 60, 40).save(tmp_path / "wide.png")
    expected = picture(0, 60, 40).resize((24, 16), Image.Resampling.BILINEAR).crop((4, 0, 20, 16))
    assert close(decode_square(str(tmp_path / "wide.png"), 16), expected)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "LA", "1"])
def test_images_of_any_mode_become_rgb(mode, tmp_path):
    image = picture(1).convert(mode)
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    image.save(path, **({"quality": 95} if mode == "CMYK" else {}))
    expected = image.convert("RGB").resize((20, 20), Image.Resampling.BILINEAR, box=(5, 0, 35, 30))
    assert close(decode_square(str(path), 20), expected, 12 if mode == "CMYK" else 3)


def test_transparent_pixels_are_laid_over_grey(tmp_path):
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert (decode_square(str(tmp_path / "a.png"), 8) == 128).all()


def test_images_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    picture(2, 40, 40).save(tmp_path / "a.png", exif=exif)
    upright = picture(2, 40, 40).rotate(-90)
    assert close(decode_square(str(tmp_path / "a.png"), 40), upright)


def test_a_large_jpeg_decoded_at_a_fraction_looks_the_same(tmp_path):
    big = picture(3, 640, 480)
    big.save(tmp_path / "a.jpg", quality=95)
    expected = big.resize((56, 56), Image.Resampling.BILINEAR, box=(80, 0, 560, 480))
    assert close(decode_square(str(tmp_path / "a.jpg"), 56), expected, 8)


def broken_file(kind: str, path: Path) -> None:
    stream = io.BytesIO()
    picture(4, 200, 200).save(stream, "JPEG")
    data = stream.getvalue()
    if kind == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif kind == "text":
        path.write_text("<html>not found</html>")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "deep":
        Image.fromarray(np.full((30, 30), 4000, np.uint16)).save(path, "PNG")
    else:
        frames = [picture(i).convert("P") for i in range(2)]
        frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


KINDS = ["truncated", "text", "empty", "deep", "frames"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_whole_image_is_broken(kind, tmp_path):
    broken_file(kind, tmp_path / "a.jpg")
    with pytest.raises(BrokenImage):
        decode_square(str(tmp_path / "a.jpg"), 16)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_a_file_that_the_system_cannot_read_now_is_not_kept_as_broken(
    number, files, tmp_path, monkeypatch
):
    work = decode.Image.open

    def refuse(path: str) -> Image.Image:
        if path == files[3]:
            raise OSError(number, os.strerror(number), path)
        return work(path)

    with monkeypatch.context() as patch:
        patch.setattr(decode.Image, "open", refuse)
        with pytest.raises(
            ResourceError, match=rf"readable: .*3\.png is not \({os.strerror(number)}"
        ):
            decode_images(files, 16, tmp_path / "cache", progress=False)
    mended = decode_images(files, 16, tmp_path / "cache", progress=False)
    assert mended.broken == ()
    assert len(mended.images) == 10


def test_a_place_outside_a_damaged_file_is_the_images_fault(files, monkeypatch):
    def stray(path: str) -> Image.Image:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(decode.Image, "open", stray)
    with pytest.raises(BrokenImage, match="Invalid argument"):
        decode_square(files[0], 16)


def test_broken_images_are_named_or_left_out_and_the_others_keep_their_labels(tmp_path, cache):
    for name in ("happy", "sad"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(6):
            shade = 200 if name == "happy" else 20
            Image.new("RGB", (20, 20), (shade,) * 3).save(tmp_path / "set" / name / f"{i}.png")
    broken_file("truncated", tmp_path / "set/happy/1.png")
    broken_file("text", tmp_path / "set/sad/5.png")
    with pytest.raises(ResourceError, match=r"2 of 12 .*1\.png.*; .*5\.png.*`skip_broken`"):
        load_labelled(tmp_path / "set", size=8, progress=False)
    images = load_labelled(tmp_path / "set", size=8, progress=False, skip_broken=True)
    assert len(images.labels) == len(images.images) == 10
    assert ((images.images[:, 0, 0, 0] == 200) == (images.labels == 1)).all()
    assert any("left out as broken: 2 of 12" in note for note in images.notes)


def test_a_lock_that_cannot_be_written_is_an_error_with_a_remedy(files, tmp_path):
    (tmp_path / "there").mkdir()
    with (
        pytest.raises(ResourceError, match=r"a lock must be writable: .*there is not"),
        one_at_a_time(tmp_path / "there", "decoding"),
    ):
        pass


def test_the_second_time_nothing_is_decoded(files, tmp_path, monkeypatch):
    first = decode_images(files, 16, tmp_path / "cache", progress=False)
    monkeypatch.setattr(pixels, "decode_square", None)
    second = decode_images(files, 16, tmp_path / "cache", progress=False)
    assert (first.images == second.images).all()
    assert first.sha256 == second.sha256


def test_a_file_that_changed_is_decoded_again(files, tmp_path):
    first = decode_images(files, 16, tmp_path / "cache", progress=False)
    picture(99, 44, 44).save(files[0])
    assert (
        decode_images(files, 16, tmp_path / "cache", progress=False).images[0] != first.images[0]
    ).any()


@pytest.mark.parametrize("killed_at", [0, 4, 7])
def test_a_cache_that_was_cut_short_is_continued_and_ends_the_same(
    killed_at, files, tmp_path, monkeypatch
):
    monkeypatch.setattr(pixels, "CHUNK", 2)
    whole = decode_images(files, 16, tmp_path / "whole", progress=False)
    work, seen = pixels.decode_square, []

    def die(path: str, *rest: object) -> object:
        seen.append(path)
        if path == files[killed_at]:
            raise KeyboardInterrupt
        return work(path, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(pixels, "decode_square", die)
        with pytest.raises(KeyboardInterrupt):
            decode_images(files, 16, tmp_path / "cut", progress=False)
    monkeypatch.setattr(pixels, "decode_square", lambda *a: seen.append(a[0]) or work(*a))
    seen.clear()
    resumed = decode_images(files, 16, tmp_path / "cut", progress=False)
    assert (resumed.images == whole.images).all()
    assert resumed.sha256 == whole.sha256
    assert sorted(seen) == files[killed_at - killed_at % 2 :]


def test_a_journal_that_a_crash_cut_short_costs_one_chunk(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "CHUNK", 2)
    whole = decode_images(files, 16, tmp_path / "cache", progress=False)
    (folder,) = (tmp_path / "cache").iterdir()
    journal = folder / "journal.jsonl"
    journal.write_text(journal.read_text()[:-30])
    (folder / "record.json").unlink()
    again = decode_images(files, 16, tmp_path / "cache", progress=False)
    assert (again.images == whole.images).all()
    assert json.loads((folder / "record.json").read_text())["sha256"] == whole.sha256


def test_a_cache_that_lost_its_end_is_filled_again(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "CHUNK", 2)
    whole = np.array(decode_images(files, 16, tmp_path / "cache", progress=False).images)
    (images,) = (tmp_path / "cache").glob("*/images.npy")
    with images.open("r+b") as file:
        file.truncate(images.stat().st_size - 100)
    assert (decode_images(files, 16, tmp_path / "cache", progress=False).images == whole).all()


def test_a_disk_without_room_is_told_before_anything_is_written(files, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1000))
    with pytest.raises(ResourceError, match=r"10 images of 16 px need 0\.1 GB, and 0\.0 GB"):
        decode_images(files, 16, tmp_path / "cache", progress=False)
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_a_full_disk_leaves_a_cache_that_is_continued(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "CHUNK", 2)
    settle, calls = pixels._settle, []

    def full(file: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        settle(file)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(pixels, "_settle", full)
        with pytest.raises(ResourceError, match="must fit on the disk"):
            decode_images(files, 16, tmp_path / "cache", progress=False)
    resumed = decode_images(files, 16, tmp_path / "cache", progress=False)
    assert (
        resumed.images == decode_images(files, 16, tmp_path / "other", progress=False).images
    ).all()
