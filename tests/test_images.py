"""Images are read as they look, resized as Pillow and torch do, and decoded as sRGB says."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from scipy.ndimage import map_coordinates

from psychobench.errors import StimulusError
from psychobench.images import decode_srgb, encode_srgb, read_image, resize_bilinear


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_a_colour_image_is_read_as_it_was_saved(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    path = save(tmp_path / "a.png", Image.fromarray(pixels))
    np.testing.assert_array_equal(read_image(path), pixels)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "YCbCr", "RGBA"])
def test_a_white_image_is_white_whatever_its_colour_mode(tmp_path, mode):
    path = tmp_path / ("a.jpg" if mode == "YCbCr" else "a.png")
    save(path, Image.new("RGB", (8, 6), "white").convert(mode))
    image = read_image(path)
    assert image.shape == (6, 8, 3)
    assert image.min() >= 254


def test_what_is_transparent_shows_mid_grey(tmp_path):
    path = save(tmp_path / "a.png", Image.new("RGBA", (2, 2), (255, 0, 0, 0)))
    assert np.unique(read_image(path)).tolist() == [128]


def test_a_photograph_taken_sideways_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the camera was turned a quarter
    path = save(tmp_path / "a.jpg", Image.new("RGB", (8, 4)), exif=exif)
    assert read_image(path).shape == (8, 4, 3)


def test_a_16_bit_image_is_refused_rather_than_clipped_to_white(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(np.full((2, 2), 40000, np.uint16)))
    with pytest.raises(StimulusError, match="8 bits per channel"):
        read_image(path)


def test_a_16_bit_colour_image_is_refused_too(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    with pytest.raises(StimulusError, match="8 bits per channel"):
        read_image(path)


def test_inks_are_refused_because_their_look_depends_on_the_printer(tmp_path):
    path = save(tmp_path / "a.jpg", Image.new("CMYK", (8, 6)))
    with pytest.raises(StimulusError, match=r"RGB colours: .* has CMYK, .*convert it to sRGB"):
        read_image(path)


def test_of_an_animation_no_frame_is_picked(tmp_path):
    frames = [Image.new("L", (4, 4), grey) for grey in (0, 99)]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(StimulusError, match="2 frames"):
        read_image(path)


def test_transparent_pixels_are_refused_where_there_must_be_none_and_an_opaque_channel_is_not(
    tmp_path,
):
    glass = save(tmp_path / "a.png", Image.new("RGBA", (2, 2), (9, 9, 9, 200)))
    with pytest.raises(StimulusError, match=r"must be opaque: .*alpha down to 200"):
        read_image(glass, transparent=False)
    solid = save(tmp_path / "b.png", Image.new("RGBA", (2, 2), (9, 9, 9, 255)))
    assert np.unique(read_image(solid, transparent=False)).tolist() == [9]


def test_colours_with_a_profile_are_turned_into_srgb(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    plain = save(tmp_path / "a.png", Image.new("RGB", (2, 2), (200, 30, 60)))
    tagged = save(
        tmp_path / "b.png", Image.new("RGB", (2, 2), (200, 30, 60)), icc_profile=srgb.tobytes()
    )
    np.testing.assert_allclose(read_image(plain).astype(int), read_image(tagged), atol=2)
    broken = save(tmp_path / "c.png", Image.new("RGB", (2, 2)), icc_profile=b"no profile")
    with pytest.raises(StimulusError, match="colour profile is damaged"):
        read_image(broken)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(StimulusError, match=r"every image must exist: .*gone\.png is missing"):
        read_image(tmp_path / "gone.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "bmp", "webp"])
def test_no_damage_to_an_image_file_ends_in_anything_but_a_clear_error(tmp_path, suffix):
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    name = {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix)
    Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(buffer, name)
    whole = np.frombuffer(buffer.getvalue(), np.uint8)
    path = tmp_path / f"a.{suffix}"
    refused = 0
    for _ in range(60):
        damaged = whole.copy()
        damaged[rng.integers(0, min(whole.size, 200), 4)] = rng.integers(0, 256, 4)
        path.write_bytes(damaged[: rng.integers(whole.size // 2, whole.size)].tobytes())
        with contextlib.suppress(StimulusError):
            read_image(path)
            continue
        refused += 1
    assert refused > 0


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    path = save(tmp_path / "a.png", Image.new("L", (10, 9)))
    with pytest.raises(StimulusError, match="reasonable size"):
        read_image(path)


@pytest.mark.parametrize("antialias", [True, False])
def test_planes_that_grow_are_interpolated_between_pixel_centres(antialias):
    coarse = np.random.default_rng(0).random((6, 8))
    x, y = (np.arange(32) + 0.5) / 4 - 0.5, (np.arange(24) + 0.5) / 4 - 0.5
    grid = np.meshgrid(y, x, indexing="ij")
    np.testing.assert_allclose(
        resize_bilinear(coarse, 24, 32, antialias=antialias),
        map_coordinates(coarse, grid, order=1, mode="nearest"),
        atol=1e-6,
    )


@pytest.mark.parametrize("size", [(224, 224), (5, 40)])
def test_without_antialiasing_resizing_is_torchs_bilinear_without_aligned_corners(size):
    torch = pytest.importorskip("torch")
    maps = np.random.default_rng(0).normal(size=(3, 13, 11)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(maps)[:, None], size, mode="bilinear", align_corners=False
    )[:, 0].numpy()
    np.testing.assert_allclose(resize_bilinear(maps, *size, antialias=False), expected, atol=1e-5)


def test_a_plane_that_shrinks_keeps_its_mean_only_with_antialiasing():
    spot = np.zeros((64, 64))
    spot[31, 31] = 1.0
    assert resize_bilinear(spot, 8, 8).mean() == pytest.approx(1 / 64**2, rel=1e-5)
    assert resize_bilinear(spot, 8, 8, antialias=False).max() == 0.0


def test_a_plane_of_the_right_size_stays_as_it_is():
    plane = np.random.default_rng(1).random((5, 7))
    np.testing.assert_array_equal(resize_bilinear(plane, 5, 7), plane)


def test_every_byte_survives_decoding_and_encoding_in_either_precision():
    codes = np.arange(256, dtype=np.uint8)
    light = decode_srgb(codes)
    # IEC 61966-2-1: the curve is linear up to code 10, and 18 % grey is code 118
    np.testing.assert_allclose(light[:11], codes[:11] / 255 / 12.92)
    assert light[118] == pytest.approx(0.18, abs=2e-3)
    for kind in (np.float32, np.float64):
        encoded = encode_srgb(light.astype(kind))
        assert encoded.dtype == kind
        np.testing.assert_array_equal(np.rint(255 * encoded), codes)
