"""`psychobench trials`: the list of trials that people and networks both answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from psychobench.cli.levels import parse_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from psychobench.stimuli import StimulusSet

README = """\
{title}: {n} trials, seed {seed}. Made by psychobench {version}.

trials.csv                 the list: trial, stimulus, level, file
trials.json                what the list was made from
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


@click.group()
def trials() -> None:
    """Make the trial list that people and networks share."""


@trials.command()
@click.option(
    "--stimuli",
    "name",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What is shown: a bundled set (rendered faces), or a folder with images and levels.csv.",
)
@click.option(
    "--levels",
    metavar="human|all|X,X,...",
    help="Which levels: the seven that people judged, all, or these.  "
    "[default: human; all of a folder's]",
)
@click.option("--repetitions", type=int, default=30, show_default=True, help="Of each image.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same order.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the list, its images and the conditions files here.",
)
def make(name: str, levels: str | None, repetitions: int, seed: int, out: Path) -> None:
    """Write a seeded trial list with its images, ready for PsychoPy and jsPsych.

    Seven levels times 30 repetitions by default.
    """
    from psychobench.observers.trial_list import make_trials
    from psychobench.stimuli import load_stimuli

    stimuli = load_stimuli(name)
    chosen = _parse_levels(levels or ("human" if stimuli.bundled else "all"))
    table = make_trials(stimuli, levels=chosen, repetitions=repetitions, seed=seed)
    _write(table, stimuli, out, repetitions=repetitions, seed=seed)
    n_levels = table["level"].nunique()
    click.echo(f"Written to {out}: {len(table)} trials at {n_levels} levels, {stimuli.title}.")


def _parse_levels(text: str) -> Sequence[float] | None:
    from psychobench.stimuli import HUMAN_LEVELS

    if text == "all":
        return None
    if text == "human":
        return HUMAN_LEVELS
    return parse_levels(text, "human", "all")


def _write(
    table: pd.DataFrame, stimuli: StimulusSet, out: Path, *, repetitions: int, seed: int
) -> None:
    import json
    import shutil

    from psychobench import __version__
    from psychobench.observers.trial_list import IMAGES, jspsych_conditions, psychopy_conditions
    from psychobench.resources import staged_folder

    about = {
        "psychobench": __version__,
        "stimuli": {"name": stimuli.name, "title": stimuli.title, "sha256": stimuli.sha256},
        "rendered": stimuli.rendered,
        "levels": sorted(table["level"].unique().tolist()),
        "repetitions": repetitions,
        "seed": seed,
    }
    rows = ",\n".join(map(json.dumps, jspsych_conditions(table)))
    listed = table.assign(file=[f"{IMAGES}/{file}" for file in table["file"]])
    readme = README.format(title=stimuli.title, n=len(table), seed=seed, version=__version__)
    texts = {
        "trials.csv": listed.to_csv(index=False, lineterminator="\n"),
        "trials.json": json.dumps(about, indent=1) + "\n",
        "psychopy_conditions.csv": psychopy_conditions(table).to_csv(
            index=False, lineterminator="\n"
        ),
        "jspsych_conditions.json": f"[\n{rows}\n]\n",
        "jspsych_conditions.js": f"const timeline_variables = [\n{rows}\n];\n",
        "README.txt": readme,
    }
    with staged_folder(out) as folder:
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        (folder / IMAGES).mkdir()
        for file in table["file"].unique():
            shutil.copyfile(stimuli.folder / file, folder / IMAGES / file)
