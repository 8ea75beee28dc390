"""What a training leaves to read: one row for each epoch, and curves."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from psychobench_torch.storage.training_log import Epoch, draw_log, log_csv, log_frame

EPOCHS = [Epoch(0.7, 0.5, 2.0, 50.0), Epoch(0.5, 0.9, 1.0, 100.0), Epoch(0.4, 0.9, 1.0, 100.0)]


def test_the_table_reads_back_as_it_was_written() -> None:
    table = pd.read_csv(io.BytesIO(log_csv(EPOCHS)))
    pd.testing.assert_frame_equal(table, log_frame(EPOCHS))
    assert list(table.columns) == [
        "epoch", "loss", "accuracy", "seconds", "images_per_second", "best",
    ]  # fmt: skip


def test_the_best_epoch_is_the_first_of_the_highest_accuracy() -> None:
    assert log_frame(EPOCHS)["best"].tolist() == [False, True, False]


def test_a_training_without_epochs_gives_an_empty_table() -> None:
    assert log_frame([]).empty
    assert log_csv([]).decode().startswith("epoch,loss,accuracy")


def test_the_figure_shows_each_trainings_loss_and_accuracy_and_rings_the_kept_epoch(
    tmp_path: Path,
) -> None:
    figure = draw_log({"seed 0": EPOCHS, "seed 1": EPOCHS[:2]})
    left, right = figure.axes
    drawn = [line.get_ydata().tolist() for line in left.lines]
    assert drawn == [[0.7, 0.5, 0.4], [0.5], [0.7, 0.5], [0.5]]
    assert right.lines[0].get_ydata().tolist() == [0.5, 0.9, 0.9]
    assert right.lines[1].get_xdata().tolist() == [2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["seed 0", "seed 1"]
    figure.savefig(tmp_path / "curves.png")


@pytest.mark.parametrize("n_epochs", [1, 2])
def test_short_trainings_are_drawn_too(n_epochs: int) -> None:
    assert len(draw_log({"seed 0": EPOCHS[:n_epochs]}).axes) == 2


def test_where_no_accuracy_was_measured_the_last_epoch_is_kept() -> None:
    epochs = [Epoch(0.7, float("nan")), Epoch(0.5, float("nan"))]
    assert log_frame(epochs)["best"].tolist() == [False, True]
    assert draw_log({"pre-training": epochs}).axes[0].lines[1].get_ydata().tolist() == [0.5]
