"""The rendered faces: what a vision scientist must be able to rely on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from psychobench.stimuli.faces import (
    HAIRSTYLES,
    Identity,
    View,
    face_landmarks,
    render_face,
    training,
    training_faces,
)
from psychobench.stimuli.faces.anatomy import anatomy
from psychobench.stimuli.faces.expression import action_units

LEVELS = np.linspace(-1.0, 1.0, 21)
FINE = np.linspace(-1.0, 1.0, 201)
PEOPLE = [Identity()] + [Identity.random(np.random.default_rng(seed)) for seed in range(12)]
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def luminance(image: np.ndarray) -> np.ndarray:
    return (image / 255.0) ** 2.2 @ WEIGHTS


def corner_rise(who: Identity, valence: float, view: View | None = None) -> float:
    """How far the mouth's corners lie above its middle, in pupil distances."""
    marks = face_landmarks(who, valence, view=view)
    across = (marks["right_pupil"] - marks["left_pupil"])[0]
    down = np.array([-across[1], across[0]]) / (across @ across)
    return float((marks["mouth_centre"][0] - marks["mouth_corners"].mean(axis=0)) @ down)


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE)
def test_the_corners_of_the_mouth_rise_strictly_with_valence(who: Identity) -> None:
    rises = [corner_rise(who, valence) for valence in FINE]
    steps = np.diff(rises)
    assert steps.min() > 0.1 * steps.mean()


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE[:4])
def test_every_step_of_valence_shows_in_the_pixels_and_none_jumps(who: Identity) -> None:
    images = np.stack([render_face(who, valence) for valence in LEVELS]).astype(float)
    steps = np.abs(np.diff(images, axis=0)).mean(axis=(1, 2, 3))
    for half in (steps[:10], steps[10:]):
        assert half.min() > 0.03
        assert (half[1:] / half[:-1]).max() < 1.35


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE)
def test_each_level_looks_more_like_the_happy_end_than_the_one_before(who: Identity) -> None:
    images = np.stack([render_face(who, valence, size=112) for valence in LEVELS]).astype(float)
    flat = images.reshape(len(LEVELS), -1)
    likeness = flat @ (flat[-1] - flat[0])
    assert (np.diff(likeness) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE[:6])
def test_mean_luminance_does_not_tell_the_valence(who: Identity) -> None:
    mean = np.array([luminance(render_face(who, valence)).mean() for valence in LEVELS])
    assert np.abs(mean / mean[10] - 1.0).max() < (0.005 if who == Identity() else 0.02)


def test_the_teeth_come_into_view_gradually() -> None:
    gaps = np.array([anatomy(Identity(), valence).mouth.gap for valence in FINE[100:]])
    assert gaps[0] == 0.0
    assert np.diff(gaps)[0] < 0.2 * np.diff(gaps)[-1]
    assert (np.diff(gaps, 2) >= -1e-9).all()


def test_a_neutral_face_uses_no_muscle() -> None:
    assert set(vars(action_units(0.0)).values()) == {0.0}


@pytest.mark.parametrize("valence", [-1.0, -0.3, 0.0, 0.6, 1.0])
def test_the_average_face_has_mirror_symmetric_landmarks(valence: float) -> None:
    marks = face_landmarks(valence=valence, size=200)
    for left, right in (
        ("left_eye", "right_eye"),
        ("left_brow", "right_brow"),
        ("left_pupil", "right_pupil"),
    ):
        np.testing.assert_allclose(200.0 - marks[left][:, 0], marks[right][:, 0])
        np.testing.assert_allclose(marks[left][:, 1], marks[right][:, 1])
    for whole in ("mouth_outer", "mouth_inner", "nose", "face", "mouth_corners"):
        mirrored = marks[whole] * [-1, 1] + [200, 0]
        gaps = np.linalg.norm(mirrored[:, None] - marks[whole][None], axis=2).min(axis=1)
        assert gaps.max() < 1e-4


@pytest.mark.parametrize("seed", range(8))
def test_the_pupil_landmarks_lie_on_the_dark_pupils(seed: int) -> None:
    rng = np.random.default_rng(seed)
    who, view = Identity.random(rng), View.random(rng)
    image = luminance(render_face(who, 0.0, view=view, size=448))
    marks = face_landmarks(who, 0.0, view=view, size=448)
    for side in ("left", "right"):
        x, y = np.floor(marks[f"{side}_pupil"][0]).astype(int)
        columns, rows = np.floor(marks[f"{side}_eye"].T).astype(int)
        eye = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        pupil = np.quantile(image[y - 2 : y + 3, x - 2 : x + 3], 0.25)
        assert pupil < 0.25 * eye.mean()


@pytest.mark.parametrize("seed", range(5))
def test_identity_and_view_change_the_pixels_but_not_the_expression(seed: int) -> None:
    rng = np.random.default_rng(seed)
    who, view = Identity.random(rng), View.random(rng)
    assert anatomy(who, 0.4).units == anatomy(Identity(), 0.4).units == action_units(0.4)
    assert corner_rise(who, 0.4, view) == pytest.approx(corner_rise(who, 0.4))
    plain = render_face(who, 0.4, size=64)
    assert (plain != render_face(Identity(), 0.4, size=64)).any()
    assert (plain != render_face(who, 0.4, view=view, size=64)).any()


@pytest.mark.parametrize("name", [
    "width", "jaw", "chin", "cheeks", "eye_distance", "eye_size", "eye_tilt", "nose_length",
    "nose_width", "mouth_width", "lips", "gape", "brow_height", "brow_thickness", "age", "sex",
    "skin", "warmth", "hair", "iris", "hair_volume", "stubble", "freckles", "texture",
])  # fmt: skip
def test_every_parameter_of_a_person_can_be_seen(name: str) -> None:
    changed = replace(Identity(), **{name: 1})
    assert (render_face(changed, 0.5) != render_face(valence=0.5)).any()


def test_hairstyles_differ_and_a_misspelt_one_is_refused() -> None:
    images = [render_face(Identity(hairstyle=style), size=64) for style in HAIRSTYLES]
    assert len({image.tobytes() for image in images}) == len(HAIRSTYLES)
    with pytest.raises(ValueError, match=r"hairstyle must be one of .* got 'mohican'"):
        Identity(hairstyle="mohican")


def test_valence_beyond_the_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="valence must lie in -1"):
        render_face(valence=1.01)


def test_the_hair_and_the_background_do_not_move_with_the_expression() -> None:
    sad, happy = (render_face(valence=valence) for valence in (-1.0, 1.0))
    top = int(face_landmarks()["left_brow"][:, 1].min()) - 45
    assert (sad[:top] == happy[:top]).all()


def test_a_uniform_background_is_uniform() -> None:
    image = render_face(Identity(hairstyle="curly"))
    assert (image[:150, :12] == 128).all()


def test_supersampling_smooths_but_does_not_move_the_face() -> None:
    plain, fine = (render_face(valence=1.0, supersample=n).astype(float) for n in (1, 3))
    shifted = np.abs(plain[:, 1:] - fine[:, :-1]).mean()
    assert np.abs(plain - fine).mean() < 0.5 * shifted


def test_the_same_arguments_give_the_same_bytes() -> None:
    rng = np.random.default_rng(3)
    who, view = Identity.random(rng), View.random(rng)
    first, again = (render_face(who, 0.3, view=view) for _ in range(2))
    assert first.tobytes() == again.tobytes()


@pytest.fixture(scope="module")
def alone() -> training.TrainingFaces:
    return training._render_all(training.Plan(7, 4, 48), 48, 1, progress=False)


@pytest.mark.slow
def test_training_faces_do_not_depend_on_the_number_of_workers(
    alone: training.TrainingFaces,
) -> None:
    for workers in (2, 3):
        shared = training._render_all(training.Plan(7, 4, 48), 48, workers, progress=False)
        assert (shared.images == alone.images).all()


def test_an_image_depends_on_the_seed_and_its_number_alone(alone: training.TrainingFaces) -> None:
    fewer = training_faces(5, 4, seed=7, size=48)
    assert (fewer.images == alone.images[:20]).all()
    np.testing.assert_array_equal(fewer.valence, alone.valence[:20])
    assert (training_faces(5, 4, seed=8, size=48).images != fewer.images).any()


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["cannot start", "dies at once"])
def test_without_workers_the_work_is_done_all_the_same(
    fault: str, alone: training.TrainingFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object) -> subprocess.Popen[bytes]:
        if fault == "cannot start":
            raise OSError("no processes here")
        return subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)

    monkeypatch.setattr(training, "_start", start)
    rendered = training._render_all(training.Plan(7, 4, 48), 48, 2, progress=False)
    assert (rendered.images == alone.images).all()


@pytest.mark.slow
def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from psychobench.stimuli.faces import training_faces\n"
        "print('once', training_faces(12, 4, seed=0, size=32).images.shape)\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert ran.stdout == "once (48, 32, 32, 3)\n"


@pytest.mark.slow
def test_labels_are_spread_over_valence_and_grouped_by_person() -> None:
    faces = training_faces(15, 4, seed=1, size=16)
    assert faces.images.shape == (60, 16, 16, 3)
    assert faces.identity.tolist() == np.repeat(np.arange(15), 4).tolist()
    assert -1.0 <= faces.valence.min() < -0.8 < 0.8 < faces.valence.max() <= 1.0
    assert abs(np.median(faces.valence)) < 0.3


def test_progress_is_shown_on_stderr_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    training_faces(1, 2, seed=0, size=16)
    assert capsys.readouterr() == ("", "")
    training_faces(1, 2, seed=0, size=16, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "rendering faces" in shown.err
