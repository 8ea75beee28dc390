"""Posteriors by brute force, for tests of the engine `bayes`: writes bayes_grid.json beside it.

Every posterior is summed over a dense grid of all five parameters (up to 20 million points), laid
over the box in which it has mass, with likelihood and priors written out here anew: nothing comes
from the package. Each is done twice, the second time on a finer grid in every direction, and the
file keeps how far the two lie apart. Run with ``python tests/reference/bayes_grid.py`` (minutes).
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize
from scipy.special import expit, gammaln, ndtr, ndtri

AXES = ("threshold", "width", "guess", "lapse", "eta")
# number of nodes of the axes
SPARSE, DENSE = (90, 40, 12, 12, 10), (120, 56, 16, 16, 14)
DENSER = (200, 90, 24, 24, 24)  # instead of the sparse one, of hard posteriors of four parameters
SCOUT = (24, 20, 6, 6, 6)
# trials and answers of observers who contradict themselves or give hardly anything away, of whom
# posteriors have heavy tails or several humps ("humps": maxima of nearly the same height)
HARD = [
    (72, [5, 12, 12, 15, 16, 18, 24, 32], {"overdispersed": False, "denser": True}),
    (21, [1, 1, 0, 1, 1, 0, 19, 5], {"overdispersed": False, "humps": True}),
    (43, [18, 7, 39, 31, 43, 42, 41], {"overdispersed": False, "humps": True}),
    (78, [0, 78, 74, 76, 75, 76, 73, 75, 71], {"asymptotes": "equal", "denser": True}),
]
SIGMOIDS = {
    "norm": (
        lambda t, m, w: ndtr((t - m) / w * 2 * ndtri(0.95)),
        lambda p: ndtri(p) / 2 / ndtri(0.95),
    ),
    "logistic": (
        lambda t, m, w: expit((t - m) / w * 2 * np.log(19)),
        lambda p: np.log(p / (1 - p)) / 2 / np.log(19),
    ),
}  # fmt: skip


def log_prior(levels, m, w, g, x, eta, case):
    """Priors of Schuett et al. (2016), each up to a constant; -inf where they are 0."""
    low, high, gap = levels.min(), levels.max(), np.diff(np.unique(levels)).min()
    span = high - low

    def cosine(t):
        return np.where(t >= 1, -np.inf, 2 * np.log(np.cos(np.clip(t, 0, 1) * (np.pi / 2))))

    total = cosine(np.maximum(low - m, m - high) / (span / 2))
    total = total + cosine(np.maximum((2 * gap - w) / gap, (w - span) / (2 * span)))
    if case["overdispersed"]:
        total = total + 9 * np.log1p(-eta)
    if case["asymptotes"] == "equal":
        total = total + 9 * np.log1p(-g)
    elif case["asymptotes"] == "free":
        total = total + 9 * np.log1p(-x) + (9 * np.log1p(-g) if case["chance"] is None else 0)
    return np.where(g + x < 1, total, -np.inf)


def log_likelihood(p, n, k, eta, overdispersed):
    """Sum over the last axis; `p` (..., b)."""
    p = np.clip(p, 1e-14, 1 - 1e-14)
    if not overdispersed:
        return (k * np.log(p) + (n - k) * np.log1p(-p)).sum(axis=-1)
    v = 1 / np.maximum(eta, 1e-3) ** 2 - 1
    a, b = p * v, (1 - p) * v
    ups = gammaln(k + a) - gammaln(a) + gammaln(n - k + b) - gammaln(b)
    return (ups - gammaln(n + v) + gammaln(v)).sum(axis=-1)


def axes_of(box, counts, case):
    """Nodes and weights: even for the threshold, Gauss-Legendre for the others, dense near 0."""
    made = []
    for number, ((low, high), count) in enumerate(zip(box, counts, strict=True)):
        if low == high:
            made.append((np.array([low]), np.ones(1)))
        elif number == 0:
            made.append((np.linspace(low, high, count), np.full(count, (high - low) / (count - 1))))
        else:
            node, weight = np.polynomial.legendre.leggauss(count)
            t, weight = (node + 1) / 2, weight / 2
            made.append((low + (high - low) * t**2, 2 * t * weight * (high - low)))
    return made


def density(case, box, counts):
    """The posterior at all nodes, (guess, lapse, threshold, width), eta summed over; and eta's."""
    levels, n, k = (np.array(case[name], dtype=float) for name in ("levels", "n", "k"))
    made = axes_of(box, counts, case)
    (m, wm), (w, ww), (g, wg), (x, wx), (e, we) = made
    rise = SIGMOIDS[case["sigmoid"]][0](levels, m[:, None, None], w[None, :, None])
    out = np.zeros((len(g), len(x), len(m), len(w)))
    over = np.zeros((len(g), len(x), len(e)))
    logs = np.full((len(g), len(x), len(m), len(w), len(e)), -np.inf, dtype=np.float32)
    tied = case["asymptotes"] == "equal"
    for i, guess in enumerate(g):
        for j, lapse in enumerate([guess] if tied else x):
            p = guess + (1 - guess - lapse) * rise
            prior = [m[:, None], w[None, :], guess, lapse]
            for h, eta in enumerate(e):
                value = log_likelihood(p, n, k, eta, case["overdispersed"])
                logs[i, j, :, :, h] = value + log_prior(levels, *prior, eta, case)
    top = logs.max()
    mass = np.exp(logs.astype(float) - top) * we
    mass *= wg[:, None, None, None, None] * (1 if tied else wx[None, :, None, None, None])
    mass *= wm[:, None, None] * ww[None, :, None]
    out, over = mass.sum(axis=4), mass.sum(axis=(0, 1, 2, 3))
    return made, out / out.sum(), over / over.sum(), logs


def whole_box(case):
    levels = np.array(case["levels"])
    span, gap = np.ptp(levels), np.diff(np.unique(levels)).min()
    shape = [(levels.min() - span / 2, levels.max() + span / 2), (gap, 3 * span)]
    top = case.get("top", 1 - 1e-6)
    if case["asymptotes"] == "fixed":
        rates = [(0.0, 0.0), (0.0, 0.0)]
    elif case["asymptotes"] == "equal":
        rates = [(0.0, min(top, 0.5 - 1e-6)), (0.0, 0.0)]
    else:
        rates = [(0.0, top), (0.0, top)]
    if case["chance"] is not None:
        rates = [(case["chance"],) * 2, (0.0, min(rates[1][1], 1 - case["chance"] - 1e-6))]
    return [*shape, *rates, (0.0, 1 - 1e-6) if case["overdispersed"] else (0.0, 0.0)]


def zoom(case):
    """Shrink the box to where the marginals are above a ten-millionth of their peaks."""
    box = whole_box(case)
    for _ in range(4):
        made, mass, over, _ = density(case, box, SCOUT)
        sums = [mass.sum(axis=(0, 1, 3)), mass.sum(axis=(0, 1, 2)), mass.sum(axis=(1, 2, 3)),
                mass.sum(axis=(0, 2, 3)), over]  # fmt: skip
        new = []
        for (low, high), (node, weight), one in zip(box, made, sums, strict=True):
            if low == high or len(node) != len(one):
                new.append((low, high))
                continue
            held = np.flatnonzero(one / weight > 1e-7 * (one / weight).max())
            edges = np.concatenate([[low], node, [high]])
            new.append((edges[held[0]], edges[min(held[-1] + 2, len(edges) - 1)]))
        box = new
    return box


def read(nodes, mass):
    """Mean and 95% ends of a marginal given at nodes with weights."""
    node, weight = nodes
    mean = float((mass * node).sum())
    root = np.sqrt(node - node[0] + 1e-12)  # nodes are even on about this, but for the threshold
    known = mass > 1e-30
    spline = CubicSpline(root[known], np.log((mass / weight)[known]))
    fine = np.linspace(node[known][0], node[known][-1], 20001)
    total = np.cumsum(np.exp(spline(np.sqrt(fine - node[0] + 1e-12))))
    total = (total - total[0] / 2) / total[-1]
    return [mean, *np.interp([0.025, 0.975], total, fine).tolist()]


def read_pse(case, made, mass):
    """The same for the PSE: conditional distributions of the threshold, shifted and added up."""
    (m, _), (w, _), (g, _), (x, _), _ = made
    tied = case["asymptotes"] == "equal"
    parts, mean, total = [], 0.0, 0.0
    fine = np.linspace(m[0], m[-1], 8 * len(m))
    for i, guess in enumerate(g):
        for j, lapse in enumerate([guess] if tied else x):
            share = (0.5 - guess) / max(1 - guess - lapse, 1e-9)
            if not 0 < share < 1:
                continue
            shift = w * SIGMOIDS[case["sigmoid"]][1](share)
            part = mass[i, j]
            mean += float((part * (m[:, None] + shift)).sum())
            total += float(part.sum())
            smooth = np.maximum(CubicSpline(m, part)(fine), 0)
            parts += [(fine + one, column) for one, column in zip(shift, smooth.T, strict=True)]
    middle = mean / total
    parts = [(place, column) for place, column in parts if column.sum() > 1e-9]
    sd = np.sqrt(
        sum((c * (s - middle) ** 2).sum() for s, c in parts) / sum(c.sum() for _, c in parts)
    )
    grid = np.linspace(middle - 8 * sd, middle + 8 * sd, 1601)
    below, step = np.zeros_like(grid), fine[1] - fine[0]
    for place, column in parts:
        below += np.interp(grid, place + step / 2, np.cumsum(column))
    return [middle, *np.interp([0.025, 0.975], below / below[-1], grid).tolist()], 1 - total


def peak(case, made, logs):
    """MAP by a simplex search from the best node, within the bounds."""
    levels, n, k = (np.array(case[name], dtype=float) for name in ("levels", "n", "k"))
    box = whole_box(case)
    at = np.unravel_index(logs.argmax(), logs.shape)
    start = [made[0][0][at[2]], made[1][0][at[3]], made[2][0][at[0]], made[3][0][at[1]],
             made[4][0][at[4]]]  # fmt: skip
    free = [number for number, (low, high) in enumerate(box) if low < high]

    def worth(values):
        theta = list(start)
        for number, value in zip(free, values, strict=True):
            theta[number] = np.clip(value, *box[number])
        if case["asymptotes"] == "equal":
            theta[3] = theta[2]
        m, w, g, x, eta = theta
        p = g + (1 - g - x) * SIGMOIDS[case["sigmoid"]][0](levels, m, w)
        value = log_likelihood(p, n, k, eta, case["overdispersed"])
        return -float(value + log_prior(levels, m, w, g, x, eta, case)), theta

    values = np.array([start[number] for number in free])
    for _ in range(6):
        options = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000}
        values = minimize(lambda v: worth(v)[0], values, method="Nelder-Mead", options=options).x
    return [float(value) for value in worth(values)[1]]


def solve(case, counts):
    made, mass, over, logs = density(case, zoom(case), counts)
    found = {
        "threshold": read(made[0], mass.sum(axis=(0, 1, 3))),
        "width": read(made[1], mass.sum(axis=(0, 1, 2))),
    }
    if len(made[2][0]) > 1:
        found["guess"] = read(made[2], mass.sum(axis=(1, 2, 3)))
    if len(made[3][0]) > 1:
        found["lapse"] = read(made[3], mass.sum(axis=(0, 2, 3)))
    if case["overdispersed"]:
        found["overdispersion"] = read(made[4], over)
    if case["chance"] is None:
        found["pse"], _ = read_pse(case, made, mass)
    return found, peak(case, made, logs)


def cases():
    """Designs of 5 to 9 levels, 10 to 80 trials, and observers of many kinds; data drawn once."""
    rng = np.random.default_rng(20160712)
    kinds = [  # threshold, width, guess, lapse, eta, levels, trials, and what is asked for
        (0.5, 0.5, 0.02, 0.02, 0.1, 7, 30, {}),
        (0.45, 0.3, 0.05, 0.02, 0.0, 7, 30, {}),
        (0.6, 0.15, 0.0, 0.0, 0.0, 7, 30, {}),
        (0.5, 1.6, 0.02, 0.02, 0.05, 7, 30, {}),
        (0.5, 0.5, 0.15, 0.1, 0.0, 7, 40, {}),
        (0.55, 0.6, 0.02, 0.05, 0.35, 7, 40, {}),
        (0.9, 0.5, 0.02, 0.02, 0.1, 7, 30, {}),
        (0.05, 0.4, 0.02, 0.02, 0.1, 7, 30, {}),
        (0.5, 0.4, 0.02, 0.02, 0.1, 5, 10, {}),
        (0.4, 0.8, 0.02, 0.02, 0.0, 5, 10, {}),
        (0.5, 0.3, 0.02, 0.02, 0.1, 9, 80, {}),
        (0.3, 0.7, 0.05, 0.05, 0.2, 9, 80, {}),
        (0.5, 0.5, 0.02, 0.02, 0.0, 7, 30, {"overdispersed": False}),
        (0.6, 0.2, 0.05, 0.0, 0.0, 6, 20, {"overdispersed": False}),
        (0.5, 0.5, 0.05, 0.05, 0.1, 7, 30, {"asymptotes": "equal"}),
        (0.45, 0.7, 0.02, 0.02, 0.0, 7, 30, {"asymptotes": "equal", "overdispersed": False}),
        (0.5, 0.5, 0.0, 0.0, 0.1, 7, 30, {"asymptotes": "fixed"}),
        (0.4, 0.5, 0.5, 0.03, 0.1, 7, 40, {"chance": 0.5}),
        (0.5, 0.6, 0.02, 0.02, 0.1, 7, 30, {"sigmoid": "logistic"}),
        (0.5, 0.5, 0.02, 0.02, 0.1, 7, 30, {"top": 0.5}),
    ]
    for m, w, g, x, eta, b, trials, asked in kinds:
        levels = np.linspace(0, 1, b)
        p = g + (1 - g - x) * ndtr((levels - m) / w * 2 * ndtri(0.95))
        if eta:
            v = 1 / eta**2 - 1
            p = rng.beta(np.maximum(p * v, 1e-9), np.maximum((1 - p) * v, 1e-9))
        yield {
            "levels": levels.tolist(), "n": [trials] * b, "k": rng.binomial(trials, p).tolist(),
            "sigmoid": "norm", "asymptotes": "free", "overdispersed": True, "chance": None, **asked,
        }  # fmt: skip
    for count, hits, asked in HARD:
        yield {
            "levels": np.linspace(0, 1, len(hits)).tolist(), "n": [count] * len(hits), "k": hits,
            "sigmoid": "norm", "asymptotes": "free", "overdispersed": True, "chance": None, **asked,
        }  # fmt: skip


def main():
    chosen = [int(number) for number in sys.argv[1:]]
    made = []
    for number, case in enumerate(cases()):
        if chosen and number not in chosen:
            continue
        rough, _ = solve(case, DENSE if "denser" in case else SPARSE)
        found, best = solve(case, DENSER if "denser" in case else DENSE)
        apart = max(
            abs(a - b) / (fine[2] - fine[1])
            for name, fine in found.items()
            for a, b in zip(rough[name], fine, strict=True)
            if name in ("threshold", "width", "pse")
        )
        print(number, case["k"], f"grids differ by {apart:.4f} of an interval", flush=True)
        made.append({**case, "map": best, "mean_low_high": found, "grids_differ": round(apart, 5)})
    if not chosen:
        text = json.dumps(made, indent=1)
        Path(__file__).with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
