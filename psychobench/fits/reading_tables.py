"""What is read off the curves and data of a table of fits, as tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import Levels, check_number, parse_levels
from psychobench.errors import OptionError
from psychobench.fits.blocks import Blocks, pad
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml.intervals import level_intervals
from psychobench.fits.options import FitOptions
from psychobench.fits.readings import (
    levels_at,
    sensitivity,
    slope_conventions,
    spearman_kaerber,
)

At = Levels


def parse_at(at: At) -> tuple[float, ...]:
    """Read proportions: a number, several, or text with commas between them.

    Raises
    ------
    OptionError
        If one is no number between 0 and 1.

    Examples
    --------
    >>> parse_at(".75,.84"), parse_at(0.5)
    ((0.75, 0.84), (0.5,))
    """
    proportions = parse_levels(at, "at", words=())
    wrong = [value for value in proportions if not 0 < float(value) < 1]
    if wrong:
        raise OptionError(
            f"`at` must be proportions between 0 and 1: got {float(wrong[0]):g}; "
            'write for example `at=".75"`'
        )
    return tuple(float(value) for value in proportions)


@dataclass(frozen=True)
class Readings(ABC):
    """The part of a result of fitting that tabulates what is read off its curves and data.

    Parameters
    ----------
    table, options, falling, data
        See `psychobench.fits.results.Fits`.
    """

    table: pd.DataFrame
    options: dict[str, Any]
    falling: NDArray[np.bool_]
    data: pd.DataFrame

    @abstractmethod
    def _curves(self) -> Curves:
        """Return the curves as they were fitted; they carry no likelihoods."""

    def thresholds(self, at: At = (0.5,), *, unscaled: bool = False) -> pd.DataFrame:
        """Return the levels at which the curves have given proportions.

        Parameters
        ----------
        at : float, sequence of float or str
            Proportions between 0 and 1.
        unscaled : bool, default False
            False: proportions of target responses, psi, in which the guess and lapse rates are
            counted. True: proportions of the way from the lower asymptote to the upper one, F, in
            which they are not; .5 is then the threshold of the fit.

        Returns
        -------
        DataFrame
            `observer`, `condition`, the columns of ``by``, `at`, and `level` in level units, also
            with the log sigmoids. NaN where a curve never has that proportion. `low` and `high` are
            the ends of its interval, from the profile likelihood; NaN where the data leave it open,
            and with other fits than those of `ml` to counted answers, binomial, without priors and
            nothing shared. All are given whatever the status of the fit.
        """
        keys, curves = self._labels(), self._curves()
        parts = []
        for proportion in parse_at(at):
            level = levels_at(curves, proportion, unscaled=unscaled)
            low, high = self._level_ends(curves, proportion, unscaled=unscaled)
            parts.append(keys.assign(at=proportion, level=level, low=low, high=high))
        return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)

    def _level_ends(
        self, curves: Curves, proportion: float, *, unscaled: bool
    ) -> tuple[Floats, Floats]:
        """Profile the levels of a proportion; nan where the fit is not one that can be profiled."""
        low, high = np.full(len(curves), np.nan), np.full(len(curves), np.nan)
        options = FitOptions(**self.options)
        profiled = options.engine == "ml" and options.likelihood == "binomial"
        plain = not (options.share or options.bootstrap or options.priors)
        if not (profiled and plain) or self.data.empty or self.data["n_trials"].isna().any():
            return low, high
        rows, codes = np.unique(self.data["fit"], return_inverse=True)
        position = curves.sigmoid.to_position(self.data["level"].to_numpy(np.float64))
        trials = self.data["n_trials"].to_numpy(np.float64)
        hits = trials * self.data["proportion"].to_numpy(np.float64)
        blocks = Blocks(
            pad(codes, position, len(rows), fill_first=True),
            pad(codes, trials, len(rows)),
            pad(codes, hits.round(), len(rows)),
        )
        low[rows], high[rows] = level_intervals(
            curves.take(rows), blocks, options, proportion, unscaled=unscaled
        )
        return low, high

    def with_thresholds(self, at: At, *, unscaled: bool = False) -> Self:
        """Return the fits with a column for each proportion, such as `level_at_0.75`.

        Parameters are those of `thresholds`.
        """
        curves = self._curves()
        columns = {
            f"level_at_{proportion:g}": levels_at(curves, proportion, unscaled=unscaled)
            for proportion in parse_at(at)
        }
        return replace(self, table=self.table.assign(**columns))

    def slopes(self) -> pd.DataFrame:
        """Return slopes in the conventions of the field.

        Returns
        -------
        DataFrame
            `slope_pse` (psi per level unit where psi is .5), `slope_threshold` (where F is .5),
            `slope_unscaled` (of F there), `beta` (Palamedes' and the Weibull function's: the
            reciprocal of the sigmoid's scale) and `sd` (of the cumulative normal).
        """
        return self._labels().assign(**slope_conventions(self._curves()))

    def weber_fractions(self, standard: float | None = None) -> pd.DataFrame:
        """Return Weber fractions, the JND as a share of the standard.

        Levels must be magnitudes, whose 0 is the absence of the stimulus.

        Parameters
        ----------
        standard : float, optional
            The level that others are compared with; by default each fit's own PSE.

        Returns
        -------
        DataFrame
            `jnd`, `standard` and `weber_fraction`, one row per fit.
        """
        if standard is not None and check_number(standard, "standard") == 0:
            raise OptionError(
                "`standard` must not be 0: a Weber fraction divides by it; leave it out, or use "
                "levels whose 0 is the absence of the stimulus"
            )
        own = self.table["pse"].astype(np.float64)
        divisor = own if standard is None else pd.Series(float(standard), index=own.index)
        divisor, jnd = divisor.where(divisor != 0), self.table["jnd"].astype(np.float64)
        return self._labels().assign(jnd=jnd, standard=divisor, weber_fraction=jnd / divisor)

    def sensitivity(self, *, neighbours: bool = True) -> pd.DataFrame:
        """Return d' and criterion for pairs of levels, from the observed proportions.

        Target responses are hits at the higher level and false alarms at the lower one, with the
        log-linear correction of proportions; see `psychobench.fits.readings.sensitivity`.

        Parameters
        ----------
        neighbours : bool, default True
            Pairs of neighbouring levels, whose d' add up; False takes all pairs.

        Returns
        -------
        DataFrame
            `low_level`, `high_level`, `dprime`, `criterion` (above 0 where target responses are
            rare), one row per fit and pair.

        Raises
        ------
        OptionError
            If the task was a forced choice, whose levels are no alternatives, or the table held
            probabilities.
        """
        if not FitOptions(**self.options).has_pse:
            raise OptionError(
                'd\' of two levels needs `task="yes-no"`: in a forced choice a response says which '
                "alternative was chosen, not which level was seen; leave `task` out"
            )
        keys, parts = self._labels(), []
        for row, columns in _counted(self.data):
            found = sensitivity(*columns, neighbours=neighbours)
            own = keys.iloc[np.full(len(found.dprime), row)].reset_index(drop=True)
            parts.append(own.assign(**found._asdict()))
        return pd.concat(parts, ignore_index=True)

    def spearman_kaerber(self) -> pd.DataFrame:
        """Return PSEs and spreads that assume no curve, where proportions reach 0 and 1.

        Returns
        -------
        DataFrame
            `pse`, `pse_se` (standard error), `sd` of the distribution, and `reason` where there is
            no estimate; see `psychobench.fits.readings.spearman_kaerber`.

        Raises
        ------
        OptionError
            If the table held probabilities.
        """
        found = {row: spearman_kaerber(*columns)._asdict() for row, columns in _counted(self.data)}
        return self._labels().join(pd.DataFrame.from_dict(found, orient="index"))

    def _keys(self) -> list[str]:
        """Names of the columns that tell the fits apart."""
        names = [str(name) for name in self.table]
        return names[: names.index("engine")]

    def _labels(self) -> pd.DataFrame:
        return self.table[self._keys()].copy()


def _counted(data: pd.DataFrame) -> Iterator[tuple[int, tuple[Floats, Floats, Floats]]]:
    """Yield each fit's row with its levels, proportions and numbers of trials."""
    if data["n_trials"].isna().any():
        raise OptionError(
            "counted answers are needed: the table held p_target, probabilities without a number "
            "of trials; fit a table with response, or with n_trials and n_target"
        )
    for row, part in data.groupby("fit"):
        levels, proportions, trials = (
            part[name].to_numpy(np.float64) for name in ("level", "proportion", "n_trials")
        )
        yield int(str(row)), (levels, proportions, trials)
