"""What a comparison of models shows, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from psychobench.formatting import is_found, p_phrase

CERTAIN = 1e-4  # a p below which no doubt about its distribution would change the answer
NAMES = {"pse": "PSE", "jnd": "JND", "guess": "guess rate", "lapse": "lapse rate"}


def observer_sentences(observer: str, rows: pd.DataFrame, alpha: float) -> str:
    """Describe the tests of one observer's models and which models AIC and BIC prefer.

    Parameters
    ----------
    observer : str
        The observer's name.
    rows : DataFrame
        Their rows of `psychobench.fits.models.result.ModelComparison.table`.
    alpha : float
        p below which a difference is stated.
    """
    tested = rows[rows["against"].notna()]
    parts = [_test_in_words(row, alpha) for _, row in tested.iterrows()]
    if len(rows) > 1:
        parts.append(_preferred(rows))
    else:
        parts.append("One model was fitted, and there is none to compare it with.")
    open_doubts = tested["doubt"].notna() & (tested["test"] == "chi-squared")
    for doubt in dict.fromkeys(tested["doubt"][open_doubts & (tested["p"] >= CERTAIN)]):
        parts.append(
            f"{doubt[0].upper()}{doubt[1:]}, so that chi-squared is doubtful; a bootstrap is not."
        )
    return f"{observer}: {' '.join(parts)}"


def count_sentences(table: pd.DataFrame, alpha: float) -> list[str]:
    """Count in how many observers each model's further parameters differ, and what AIC prefers.

    Parameters
    ----------
    table : DataFrame
        As `psychobench.fits.models.result.ModelComparison.table`, of several observers.
    alpha : float
        p below which a difference is counted.
    """
    people, said = table["observer"].nunique(), []
    tested = table[table["against"].notna()]
    for (vary, against), rows in tested.groupby(["vary", "against"], sort=False):
        given, claim = _claim(str(vary), str(against), differ=True)
        found = sum(is_found(float(p), alpha) for p in rows["p"])
        said.append(
            f"{given}{claim} in {found} of {people} observers (p < {alpha:.2g}).".replace("0.", ".")
        )
    chosen = table.loc[table["chosen"], "vary"].value_counts()
    listed = ", ".join(f"{vary} {count}" for vary, count in chosen.items())
    said.append(f"Lowest AIC by observer: {listed}.")
    return [f"{each[0].upper()}{each[1:]}" for each in said]


def _claim(vary: str, against: str, *, differ: bool) -> tuple[str, str]:
    """Say what a test assumes, and what it claims."""
    smaller = [name for name in against.split(",") if name in NAMES]
    extra = [name for name in vary.split(",") if name not in smaller]
    verb = "differs" if len(extra) == 1 else "differ"
    given = f"where {_listed(smaller)} may differ, " if smaller else ""
    if differ:
        return given, f"{_listed(extra)} {verb} between conditions"
    return given, f"there is no evidence that {_listed(extra)} {verb}"


def _test_in_words(row: pd.Series[Any], alpha: float) -> str:
    p = float(str(row["p"]))
    given, claim = _claim(str(row["vary"]), str(row["against"]), differ=is_found(p, alpha))
    claim = f"{given}{claim}{', too' if given else ''}"
    return f"{claim[0].upper()}{claim[1:]} ({_statistic(row, p)})."


def _statistic(row: pd.Series[Any], p: float) -> str:
    value = p_phrase(p)
    if row["test"] == "bootstrap":
        return f"likelihood ratio {row['statistic']:.2f}, {value} by bootstrap"
    return f"chi-squared({row['df']}) = {row['statistic']:.2f}, {value}"


def _preferred(rows: pd.DataFrame) -> str:
    aic = str(rows.loc[rows["chosen"], "vary"].iloc[0])
    bic = str(rows["vary"].iloc[int(rows["bic"].to_numpy(float).argmin())])
    if aic == bic:
        return f"AIC and BIC are lowest for the model in which {_model(aic)}."
    return (
        f"AIC is lowest for the model in which {_model(aic)}, "
        f"BIC for the one in which {_model(bic)}."
    )


def _model(vary: str) -> str:
    names = [name for name in vary.split(",") if name in NAMES]
    if not names:
        return "nothing differs"
    return f"{_listed(names)} {'differs' if len(names) == 1 else 'differ'}"


def _listed(names: list[str]) -> str:
    words = [f"the {NAMES[name]}" for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
