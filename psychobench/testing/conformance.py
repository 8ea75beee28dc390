"""Run all checks on one observer."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import cast

from psychobench.errors import OptionError
from psychobench.observers.protocol import Observer
from psychobench.testing import form, invariance, judgement, surroundings
from psychobench.testing.material import LabelledImages, References
from psychobench.testing.report import Check, ConformanceReport
from psychobench.testing.subject import CheckFailed, CheckSkipped, Subject

CHECKS: dict[str, Callable[[Subject], None]] = {
    "info": form.check_info,
    "responds": form.check_responds,
    "shape": form.check_shape,
    "dtype": form.check_dtype,
    "finite": form.check_finite,
    "range": form.check_range,
    "distinct": form.check_distinct,
    "single-image": form.check_single_image,
    "empty-input": form.check_empty_input,
    "grey-image": form.check_grey_image,
    "alpha-image": form.check_alpha_image,
    "image-sizes": form.check_image_sizes,
    "memory-layout": form.check_memory_layout,
    "order": invariance.check_order,
    "batch-size": invariance.check_batch_size,
    "repeatable": invariance.check_repeatable,
    "state": invariance.check_state,
    "fresh-instance": invariance.check_fresh_instance,
    "replicates": invariance.check_replicates,
    "input-unmodified": invariance.check_input_unmodified,
    "evaluation-mode": surroundings.check_evaluation_mode,
    "random-state": surroundings.check_random_state,
    "process-state": surroundings.check_process_state,
    "no-network": surroundings.check_no_network,
    "stdout": surroundings.check_stdout,
    "polarity": judgement.check_polarity,
    "certainty": judgement.check_certainty,
    "colour-order": judgement.check_colour_order,
    "references": form.check_references,
}
_GATES = ("info", "responds", "shape")  # where one of these fails, the rest would only repeat it


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
        Clear cases of the observer's two categories; needed where these are not sad and happy.
    references : References, optional
        Images with verified answers: the one sure way to notice a wrong normalisation or resize.
    skip : sequence of str
        Checks not to make, of `CHECKS`; the report says so.
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
            f"checks to skip must exist: {', '.join(unknown)} is none of {', '.join(CHECKS)}"
        )
    is_instance = hasattr(observer, "respond") and not isinstance(observer, type)
    factory = None if is_instance else cast(Callable[[], Observer], observer)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        subject = Subject(
            cast(Observer, observer) if factory is None else factory(),
            factory,
            registered_name,
            labelled,
            references,
            atol,
            printed.getvalue,
        )
        checks = _run_all(subject, skip, progress)
    name = subject.info.name if checks[0].status == "passed" else registered_name
    return ConformanceReport(name or type(subject.observer).__name__, checks)


def _run_all(subject: Subject, skip: Sequence[str], progress: bool) -> tuple[Check, ...]:
    from tqdm import tqdm

    checks: list[Check] = []
    gate = ""
    for name in tqdm(
        CHECKS, desc="checks", unit="", leave=False, disable=None if progress else True
    ):
        if name in skip:
            checks.append(Check(name, "skipped", "as asked"))
        elif gate:
            checks.append(Check(name, "skipped", f"needs '{gate}' to pass"))
        else:
            checks.append(_run(name, subject))
            if checks[-1].status == "failed" and name in _GATES:
                gate = name
    return tuple(checks)


def _run(name: str, subject: Subject) -> Check:
    try:
        CHECKS[name](subject)
    except CheckSkipped as outcome:
        return Check(name, "skipped", str(outcome))
    except CheckFailed as outcome:
        return Check(name, "failed", str(outcome))
    except Exception as error:  # a plug-in may raise anything, and the other checks still count
        return Check(name, "failed", f"raised {type(error).__name__}: {error}")
    return Check(name, "passed")
