"""Run all checks on one observer."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import cast

from psychobench.errors import OptionError
from psychobench.observers.protocol import Observer
from psychobench.testing import discrimination, invariance, response_format, side_effects
from psychobench.testing.observer_under_test import CheckFailed, CheckSkipped, ObserverUnderTest
from psychobench.testing.probe_images import LabelledImages, References
from psychobench.testing.report import Check, ConformanceReport

CHECKS: dict[str, Callable[[ObserverUnderTest], None]] = {
    "info": response_format.check_info,
    "responds": response_format.check_responds,
    "shape": response_format.check_shape,
    "dtype": response_format.check_dtype,
    "finite": response_format.check_finite,
    "range": response_format.check_range,
    "distinct": response_format.check_distinct,
    "single-image": response_format.check_single_image,
    "empty-input": response_format.check_empty_input,
    "grey-image": response_format.check_grey_image,
    "alpha-image": response_format.check_alpha_image,
    "image-sizes": response_format.check_image_sizes,
    "masked-images": response_format.check_masked_images,
    "graded": response_format.check_graded,
    "memory-layout": response_format.check_memory_layout,
    "order": invariance.check_order,
    "batch-size": invariance.check_batch_size,
    "large-batch": invariance.check_large_batch,
    "repeatable": invariance.check_repeatable,
    "state": invariance.check_state,
    "fresh-instance": invariance.check_fresh_instance,
    "other-process": invariance.check_other_process,
    "replicates": invariance.check_replicates,
    "input-unmodified": invariance.check_input_unmodified,
    "evaluation-mode": side_effects.check_evaluation_mode,
    "random-state": side_effects.check_random_state,
    "random-independence": side_effects.check_random_independence,
    "process-state": side_effects.check_process_state,
    "no-network": side_effects.check_no_network,
    "stdout": side_effects.check_stdout,
    "polarity": discrimination.check_polarity,
    "middle": discrimination.check_middle,
    "oblong-images": discrimination.check_oblong_images,
    "certainty": discrimination.check_certainty,
    "colour-order": discrimination.check_colour_order,
    "references": response_format.check_references,
}
_GATES = (
    "info",
    "responds",
    "shape",
)  # if one of these fails, so do all further ones


def check_observer(
    observer: Observer | Callable[[], Observer],
    *,
    registered_name: str | None = None,
    labelled: LabelledImages | None = None,
    references: References | None = None,
    skip: Sequence[str] = (),
    atol: float = 1e-4,
    progress: bool = False,
) -> ConformanceReport:
    """Check that an observer keeps to the protocol, whatever it is made of.

    Parameters
    ----------
    observer : Observer or callable
        The observer, or better its factory (called without arguments), so that two instances can
        be compared.
    registered_name : str, optional
        The entry point's name, which `info.name` must agree with.
    labelled : LabelledImages, optional
        Clear cases of the observer's two categories; needed if these are not sad and happy.
    references : References, optional
        Images with verified answers: the only certain test of normalisation and resizing.
    skip : sequence of str
        Checks of `CHECKS` to leave out; the report lists them as skipped.
    atol : float
        How far answers that should be the same may differ, as probabilities.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    ConformanceReport
        One entry for each of `CHECKS`.

    Raises
    ------
    OptionError
        If `skip` names no check.

    Examples
    --------
    >>> from psychobench.observers.template import make_template
    >>> check_observer(make_template).passed
    True
    """
    if unknown := [name for name in skip if name not in CHECKS]:
        raise OptionError(
            f"`skip` must name checks: {', '.join(unknown)} is none of {', '.join(CHECKS)}"
        )
    is_instance = hasattr(observer, "respond") and not isinstance(observer, type)
    factory = None if is_instance else cast(Callable[[], Observer], observer)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        tested = ObserverUnderTest(
            cast(Observer, observer) if factory is None else factory(),
            factory,
            registered_name,
            labelled,
            references,
            atol,
            printed.getvalue,
        )
        checks = _run_all(tested, skip, progress)
    name = tested.info.name if checks[0].status == "passed" else registered_name
    return ConformanceReport(name or type(tested.observer).__name__, checks)


def _run_all(tested: ObserverUnderTest, skip: Sequence[str], progress: bool) -> tuple[Check, ...]:
    from tqdm import tqdm

    checks: list[Check] = []
    gate = ""
    for name in tqdm(
        CHECKS, desc="checks", unit="", leave=False, disable=None if progress else True
    ):
        if name in skip:
            checks.append(Check(name, "skipped", "as requested"))
        elif gate:
            checks.append(Check(name, "skipped", f"needs '{gate}' to pass"))
        else:
            checks.append(_run(name, tested))
            if checks[-1].status == "failed" and name in _GATES:
                gate = name
    return tuple(checks)


def _run(name: str, tested: ObserverUnderTest) -> Check:
    try:
        CHECKS[name](tested)
    except CheckSkipped as outcome:
        return Check(name, "skipped", str(outcome))
    except CheckFailed as outcome:
        return Check(name, "failed", str(outcome))
    except Exception as error:  # a plug-in may raise anything, and the other checks still count
        return Check(name, "failed", f"raised {type(error).__name__}: {error}")
    return Check(name, "passed")
