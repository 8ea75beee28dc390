"""Trial lists in files: for PsychoPy, for jsPsych and for whoever analyses the answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import quote

import pandas as pd

import psychobench
from psychobench.outputs import output_folder
from psychobench.stimuli import StimulusSet
from psychobench.tables.output import csv_bytes

IMAGES = "images"
"""The folder, beside the conditions files, in which they look for the images."""

_README = """\
{title}: {n} trials, seed {seed}. Made by psychobench {version}.

trials.csv                 the list: trial, stimulus, level, file
trials.json                what the list was made from
provenance.json            the hash of every file here
images/                    the images it names
psychopy_conditions.csv    the same list for PsychoPy
jspsych_conditions.js      the same list for jsPsych, as a script; .json holds it as data

The order is already random: do not let the program shuffle it again.

PsychoPy Builder: save your experiment in this folder. Add a loop with loopType "sequential",
nReps 1, Conditions "psychopy_conditions.csv". In it, an Image component with the image
$image_file, set every repeat, and a Keyboard component with two keys.

jsPsych: put your page into this folder, load jspsych_conditions.js in a script tag, then

    const jsPsych = initJsPsych();
    const preload = {{
      type: jsPsychPreload,
      images: [...new Set(timeline_variables.map((trial) => trial.image_file))],
    }};
    const judge = {{
      type: jsPsychImageKeyboardResponse,
      stimulus: jsPsych.timelineVariable("image_file"),
      choices: ["a", "s"],
      data: {{
        stimulus_id: jsPsych.timelineVariable("stimulus_id"),
        stimulus_level: jsPsych.timelineVariable("stimulus_level"),
        trial_number: jsPsych.timelineVariable("trial_number"),
      }},
    }};
    const block = {{ timeline: [judge], timeline_variables: timeline_variables }};
    jsPsych.run([preload, block]);
"""


def write_trials(
    folder: Path,
    trials: pd.DataFrame,
    stimuli: StimulusSet,
    *,
    repetitions: int,
    seed: int,
    overwrite: bool = False,
) -> None:
    """Write a trial list with its images and the conditions files, all of it or nothing.

    Parameters
    ----------
    folder : pathlib.Path
        Created if need be.
    trials : pandas.DataFrame
        The table of a `psychobench.observers.trial_list.TrialList`.
    stimuli : StimulusSet
        What is shown.
    repetitions, seed : int
        What the list was made with.
    overwrite : bool
        Whether to replace files that psychobench did not write there, or that were edited.

    Raises
    ------
    ResourceError
        If the folder cannot be written, or a file in it must not be replaced.
    """
    about = {
        "psychobench": psychobench.__version__,
        "stimuli": {"name": stimuli.name, "title": stimuli.title, "sha256": stimuli.sha256},
        "rendered": stimuli.rendered,
        "levels": sorted(trials["level"].unique().tolist()),
        "repetitions": repetitions,
        "seed": seed,
    }
    readme = _README.format(
        title=stimuli.title, n=len(trials), seed=seed, version=psychobench.__version__
    )
    texts = {
        **_condition_files(trials),
        "trials.json": json.dumps(about, indent=1) + "\n",
        "README.txt": readme,
    }
    with output_folder(
        folder, kind="trial list", overwrite=overwrite, inputs=[stimuli.folder]
    ) as staged:
        for name, text in texts.items():
            (staged / name).write_bytes(text.encode())
        (staged / IMAGES).mkdir()
        for file in trials["file"].unique():
            shutil.copyfile(stimuli.folder / file, staged / IMAGES / file)


def psychopy_conditions(trials: pd.DataFrame) -> pd.DataFrame:
    """Arrange trials as a conditions file for a PsychoPy Builder loop.

    The loop is to be sequential with one repetition: the order is already random. The headings
    become variables in the experiment, so they avoid the names that Builder keeps for itself
    (``level`` and ``trial`` among them) and those it gives to new components (``image``).

    Parameters
    ----------
    trials : pandas.DataFrame
        The table that `make_trials` returns.

    Returns
    -------
    pandas.DataFrame
        Columns ``image_file`` (path relative to the experiment), ``stimulus_id``,
        ``stimulus_level`` and ``trial_number``.

    Examples
    --------
    >>> import psychobench as pb
    >>> psychopy_conditions(pb.make_trials().table).columns.tolist()
    ['image_file', 'stimulus_id', 'stimulus_level', 'trial_number']
    """
    return pd.DataFrame(
        {
            "image_file": [f"{IMAGES}/{file}" for file in trials["file"]],
            "stimulus_id": trials["stimulus"],
            "stimulus_level": trials["level"],
            "trial_number": trials["trial"],
        }
    )


def jspsych_conditions(trials: pd.DataFrame) -> list[dict[str, str | float | int]]:
    """Arrange trials as the ``timeline_variables`` of a jsPsych timeline.

    Parameters
    ----------
    trials : pandas.DataFrame
        The table that `make_trials` returns.

    Returns
    -------
    list of dict
        One object per trial with the names of `psychopy_conditions`; ``image_file`` is a relative
        URL, so a blank in a file name is written ``%20``.

    Examples
    --------
    >>> import psychobench as pb
    >>> sorted(jspsych_conditions(pb.make_trials().table)[0])
    ['image_file', 'stimulus_id', 'stimulus_level', 'trial_number']
    """
    conditions = psychopy_conditions(trials)
    conditions["image_file"] = conditions["image_file"].map(quote)
    return [
        {str(name): value for name, value in row.items()} for row in conditions.to_dict("records")
    ]


def _condition_files(trials: pd.DataFrame) -> dict[str, str]:
    """Return the list in the forms that programs read, by the name of the file."""
    listed = trials.assign(file=[f"{IMAGES}/{file}" for file in trials["file"]])
    tables = {"trials.csv": listed, "psychopy_conditions.csv": psychopy_conditions(trials)}
    rows = ",\n".join(map(json.dumps, jspsych_conditions(trials)))
    return {
        **{name: csv_bytes(table).decode() for name, table in tables.items()},
        "jspsych_conditions.json": f"[\n{rows}\n]\n",
        "jspsych_conditions.js": f"const timeline_variables = [\n{rows}\n];\n",
    }
