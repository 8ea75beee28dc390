"""MAT files, in the ways in which people keep trials in them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from psychobench.errors import TableError
from psychobench.imports import import_trials

KEYS = {"map": {"j": 1, "f": 0}}
CODES = {"f": 0.0, "j": 1.0}


@pytest.fixture
def levels(shown):
    return np.array([level for level, _, _ in shown])


@pytest.fixture
def codes(shown):
    return np.array([CODES.get(key, np.nan) for _, key, _ in shown])


@pytest.fixture
def save(tmp_path):
    def save(variables, **options):
        path = tmp_path / "s07.mat"
        savemat(path, variables, **options)
        return path

    return save


def structs(**columns):
    rows = np.empty(len(next(iter(columns.values()))), [(name, object) for name in columns])
    for name, cells in columns.items():
        rows[name] = cells
    return rows


def as_shown(found, levels):
    (account,) = found.files
    assert found.trials["level"].tolist() == levels.tolist()
    assert (account.rows, account.taken, account.unanswered) == (30, 30, 1)
    return account


@pytest.mark.parametrize("version", ["4", "5"])
def test_a_matrix_has_a_column_for_each_of_its_columns(save, levels, codes, version):
    path = save({"results": np.column_stack([levels, codes, codes]), "i": 30.0}, format=version)
    columns = {"level": "results_1", "response": "results_2"}
    as_shown(import_trials(path, columns=columns, observer_from="{observer}.mat"), levels)


def test_the_table_with_the_columns_that_were_named_is_read(save, levels, codes):
    path = save({"gamma": np.eye(30, 2), "data": np.column_stack([levels, codes])})
    with pytest.raises(
        TableError, match=r'has gamma \(30 rows.*, data \(30 rows.*`columns="level='
    ):
        import_trials(path)
    columns = {"level": "data_1", "response": "data_2"}
    account = as_shown(import_trials(path, columns=columns, observer_from="{observer}.mat"), levels)
    assert any("other tables in it are not read: gamma (30 rows" in note for note in account.notes)


def test_an_empty_field_of_a_trial_is_no_answer(save, shown, levels):
    keys = [key or np.array([]) for _, key, _ in shown]
    path = save({"exp": {"trial": structs(level=levels, key=keys), "subject": "S7"}})
    columns = {"response": "key", "observer": "subject"}
    found = import_trials(path, columns=columns, **KEYS)
    as_shown(found, levels)
    assert found.trials["observer"].unique().tolist() == ["S7"]


def test_what_a_loop_left_behind_is_no_column(save, levels, codes):
    path = save({"data": {"level": levels, "key": codes}, "response": 1.0, "trial": 30.0})
    with pytest.raises(TableError, match="the answer and the observer of each trial must be"):
        import_trials(path)


def test_blocks_are_joined(save, levels, codes):
    parts = [{"level": levels[part], "response": codes[part]} for part in (slice(9), slice(9, 30))]
    path = save({"block": structs(trials=parts)})
    found = import_trials(path, observer_from="{observer}.mat", also=["block"])
    as_shown(found, levels)
    assert found.trials["block"].tolist() == [1] * 9 + [2] * 21
    arrays = [
        structs(level=levels[part], response=codes[part]) for part in (slice(9), slice(9, 30))
    ]
    path = save({"block": structs(trials=arrays)})
    as_shown(import_trials(path, observer_from="{observer}.mat"), levels)


def test_a_matrix_of_version_7_3_has_matlab_s_rows(tmp_path, levels, codes):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "s07.mat"
    with h5py.File(path, "w") as file:  # HDF5 keeps the columns of MATLAB as rows
        file.create_dataset("data", data=np.array([levels, codes]))
    columns = {"level": "data_1", "response": "data_2"}
    as_shown(import_trials(path, columns=columns, observer_from="{observer}.mat"), levels)


def test_text_named_as_a_mat_file_is_refused(tmp_path):
    path = tmp_path / "s07.mat"
    path.write_text("0.5 1\n0.7 0\n")
    with pytest.raises(TableError, match="a MAT file must be whole"):
        import_trials(path)
