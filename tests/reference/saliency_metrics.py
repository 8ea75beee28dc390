"""Make saliency_metrics.json: published measures of invented maps, from pysaliency's own code.

Run with `python tests/reference/saliency_metrics.py PYSALIENCY`, a checkout of
https://github.com/matthias-k/pysaliency (made with commit 6a45d24). KL, SIM, CC, NSS and both AUCs
are computed by its functions; information gain, which it has for probabilistic models only, is as
Bylinskii et al. (2019) define it. Epsilon is MATLAB's `eps`, as in the MIT code, which pysaliency
rounds to 2.2204e-16. Maps are formulas, so that the test makes the same ones.
"""

import importlib.util
import json
import sys
import types
from pathlib import Path

import numpy as np

HEIGHT, WIDTH = 45, 60


def make_maps():
    """Return people's map, maps to score, the baseline, fixations and those on other images."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)

    def blob(cx, cy, sigma):
        return np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2))

    candidates = {
        "blob": blob(18, 20, 9),
        "floor": 0.5 + blob(40, 28, 8),
        "waves": 1.2 + np.sin(x / 5 + 0.3) * np.cos(y / 7 - 0.2),
        "signed": np.sin(x / 9 + y / 11) + 0.1 * blob(20, 20, 4),
        "zeros": np.maximum(0, blob(16, 23, 6) - 0.4),
        "large": 1e6 * (0.1 + blob(22, 18, 15)),
    }
    people = blob(15, 22, 5) + 0.6 * blob(44, 12, 6)
    i = np.arange(40)
    rows = np.rint(22 + 9 * np.sin(1.7 * i)).astype(int)
    columns = np.rint(18 + 15 * np.sin(2.3 * i + 1) ** 3).astype(int)
    keep = np.unique(rows * WIDTH + columns)
    j = np.arange(90)
    elsewhere = (
        np.rint(22 + 20 * np.sin(0.9 * j)).astype(int),
        np.rint(30 + 28 * np.sin(1.3 * j + 2)).astype(int),
    )
    baseline = 0.05 + blob(29.5, 22, 14)
    return people, candidates, baseline, (keep // WIDTH, keep % WIDTH), elsewhere


def load(folder, name):
    spec = importlib.util.spec_from_file_location(name, Path(folder) / "pysaliency" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(folder):
    sys.modules["numba"] = types.SimpleNamespace(jit=lambda **_: lambda function: function)
    np.trapz = np.trapezoid  # noqa: NPY201 (gone from numpy 2.4)
    metrics, roc = load(folder, "metrics"), load(folder, "numba_utils").general_roc_numba
    people, candidates, baseline, (rows, columns), elsewhere = make_maps()
    unfixated = np.ones((HEIGHT, WIDTH), dtype=bool)
    unfixated[rows, columns] = False
    eps, b = 2.0**-52, baseline / baseline.sum()
    scores = {}
    for name, values in candidates.items():
        q = metrics.convert_saliency_map_to_density(values)
        at = (rows, columns)
        scores[name] = {
            "nss": float(metrics.NSS(values, columns, rows).mean()),
            "auc": float(roc(values[at], values[unfixated], judd=1)[0]),
            "sauc": float(roc(values[at], values[elsewhere], judd=0)[0]),
            "cc": float(metrics.CC(values, people)),
            "kl": float(metrics.image_based_kl_divergence(values, people, 0, eps, eps)),
            "sim": float(metrics.SIM(values, people)),
            "ig": float(np.mean(np.log2(eps + q[at]) - np.log2(eps + b[at]))),
        }
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
