"""Columns that no option uses and that may be a condition or a group: kept, and listed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from psychobench.imports.options import ImportOptions
from psychobench.imports.parsed_file import ParsedFile
from psychobench.messages import argument, shown
from psychobench.trials.columns import CANONICAL
from psychobench.trials.factor_columns import find_factor_columns

_SHOWN = 4
# what programs write about the run of an experiment and not about its design
_PARTS = "started|stopped|t|rt|duration|keys|this\\w+|ran|cycle|sample|rttime|cresp|acc|corr"
_PARTS += "|onsettime|onsetdelay|offsettime|clicked_name|time|mouse_\\w+"
_NAMES = r"rt|time_\w+|trial_(index|type)|timestamp|time_elapsed|internal_node_id|plugin_version"
_NAMES += r"|duration|ended_on|sender\w*|url|meta|date|expname|psychopyversion|framerate|expstart"
_NAMES += r"|event index|event type|attempt|utc .+|local .+|experiment .+|participant .+|zone .+"
_NAMES += r"|reaction .+|[xy] coordinate|incorrect|dishonest|timed out|screen (name|number)"
_NAMES += r"|(check|branch|randomiser)\w*-.+|task (name|version)|tree node key|repeat key"
_NAMES += r"|count_\w+|t?time|uncertainty.*|reqtime|reqdur|stim type|pair index|answer|live_row\w*"
_NAMES += r"|opensesame_\w+|\w*_backend|this(n|trialn|repn|index)|trial.?(number|nr|no|n)|level.1"
_NAMES += r"|response_time\w*|response_action|average_response_time|avg_rt|acc|accuracy|unnamed: .*"
_BOOKKEEPING = re.compile(rf"(?i).*\.({_PARTS})|{_NAMES}")


@dataclass(frozen=True)
class UnusedColumn:
    """A column that no option uses.

    Attributes
    ----------
    name : str
        What the files call it.
    kept : str
        What it is called among the trials.
    values : tuple of str
        What it holds, in order of first appearance.
    within : bool
        Whether it varies within people; otherwise only between them.
    """

    name: str
    kept: str
    values: tuple[str, ...]
    within: bool


def find_unused_columns(
    files: Sequence[ParsedFile], options: ImportOptions
) -> tuple[UnusedColumn, ...]:
    """Find the columns with 2 to 20 values that vary within or between people and are not used.

    Left out are columns that say the same as one that is used, and what programs note about the
    run of an experiment.

    Parameters
    ----------
    files : sequence of ParsedFile
        Those that have trials.
    options : ImportOptions
        The user's.
    """
    cells = pd.concat([each.export.cells[each.taken.to_numpy()] for each in files]).fillna("")
    ours = pd.concat([each.cells[each.taken.to_numpy()] for each in files]).fillna("")
    people = pd.factorize(ours["observer"])[0] if "observer" in ours else np.zeros(len(ours), int)
    origins = {source for each in files for source in each.origin.values()}
    used = {*options.named_columns, *origins, *_expression_names(files, options)}
    free = [name for name in map(str, cells) if name not in used and not _is_bookkeeping(name)]
    codes = [pd.factorize(ours[name])[0] for name in ours]
    return tuple(
        UnusedColumn(name, f"{name}_file" if name in CANONICAL else name, values, within)
        for name, values, within in find_factor_columns(cells[free], people, codes)
    )


def keep_columns(file: ParsedFile, unused: Sequence[UnusedColumn]) -> ParsedFile:
    """Add the unused columns to what will be the trials of a file."""
    rows = file.export.cells
    kept = {
        each.kept: rows[each.name].str.strip() if each.name in rows else ""
        for each in unused
        if each.kept not in file.cells
    }
    return replace(file, cells=file.cells.assign(**kept))


def note_unused(unused: Sequence[UnusedColumn]) -> list[str]:
    """Write a note on the unused columns, with the parameter that uses the first of them."""
    notes = []
    for within in (True, False):
        some = [each for each in unused if each.within == within]
        if not some:
            continue
        listed = "; ".join(
            f"{each.name} ({shown(each.values[:_SHOWN])}"
            f"{f' and {len(each.values) - _SHOWN} more' if len(each.values) > _SHOWN else ''})"
            for each in some
        )
        where = "within" if within else "between"
        notes.append(
            f"these columns vary {where} people and are not used: {listed}; they are kept. One "
            f"can be the condition, {argument('columns', f'condition={some[0].name}')}, and "
            f"`where` takes the rows with one of its values"
        )
    return notes


def _expression_names(files: Sequence[ParsedFile], options: ImportOptions) -> list[str]:
    """List the columns of which the level is computed."""
    if options.level is None:
        return []
    return [name for name in map(str, files[0].export.cells) if name in options.level]


def _is_bookkeeping(name: str) -> bool:
    return _BOOKKEEPING.fullmatch(name) is not None
