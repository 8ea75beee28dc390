"""Threads change neither the results nor what an interrupt leaves undone."""

import os
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest

from psychobench import fit, parallel
from psychobench.fits.bayes import engine as bayes
from psychobench.fits.ml import bootstrap
from psychobench.fits.ml import engine as ml


def counts(observers=7):
    levels = np.linspace(0, 1, 5)
    hits = np.random.default_rng(3).binomial(20, [0.05, 0.2, 0.5, 0.8, 0.95], (observers, 5))
    return pd.DataFrame({"observer": np.repeat([f"p{i}" for i in range(observers)], 5),
                         "level": np.tile(levels, observers), "n_trials": 20,
                         "n_target": hits.ravel()})  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"bootstrap": 100}, {"engine": "bayes"}], ids=str)
def test_a_fit_does_not_depend_on_the_number_of_workers(monkeypatch, options):
    for module in (ml, bayes):  # small parts, so that there are several
        monkeypatch.setattr(module, "TOGETHER", 2)
    monkeypatch.setattr(bootstrap, "TOGETHER", 200)
    tables = []
    for workers in (1, 3):
        monkeypatch.setattr(parallel, "usable_cores", lambda workers=workers: workers)
        tables.append(fit(counts(), **options).to_frame())
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_a_process_confined_to_one_core_gets_one_worker():
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from psychobench.parallel import usable_cores; print(usable_cores())"
    )
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert made.stdout.split() == ["1"]


def test_one_worker_is_the_calling_thread():
    names = set(parallel.in_order(lambda _: threading.current_thread().name, range(4), cores=1))
    assert names == {threading.current_thread().name}


def test_results_come_in_the_order_of_the_parts():
    gates = [threading.Event() for _ in range(4)]

    def finish_backwards(number):
        if number < 3:
            gates[number + 1].wait(5)
        gates[number].set()
        return number

    assert list(parallel.in_order(finish_backwards, range(4), cores=4)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "spread",
    [parallel.in_order, parallel.read_ahead, partial(parallel.read_ahead, threads=4)],
    ids=["in_order", "read_ahead", "several threads"],
)
def test_after_a_failure_nothing_more_is_begun(spread):
    begun = []

    def work(number):
        begun.append(number)
        if number == 0:
            raise KeyboardInterrupt
        return number

    with pytest.raises(KeyboardInterrupt):
        list(spread(work, range(1000)))
    assert len(begun) < 20


def test_read_ahead_takes_from_an_endless_source():
    endless = iter(int, 1)  # zeros for ever
    results = parallel.read_ahead(lambda number: number + 1, endless)
    assert [next(results) for _ in range(5)] == [1] * 5
    results.close()
