"""`psychobench attention draw`: where observers look, as figures, maps and tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.options import JSON, SEED

if TYPE_CHECKING:
    from psychobench.attention.attention_study import Study, Who
    from psychobench.attention.regions import FaceRegions
    from psychobench.stimuli.sets import StimulusSet


@click.command()
@click.argument("observer", nargs=-1, required=True)
@click.option(
    "--method",
    default="layercam",
    show_default=True,
    metavar="cam|gradcam|guided-backprop|guided-gradcam|layercam|dense",
    help="How attention is mapped.",
)
@click.option(
    "--levels",
    default="0,.25,.5,.75,1",
    show_default=True,
    metavar="X,...",
    help="The columns of the figure; shares are measured at all levels of the set.",
)
@click.option(
    "--mask",
    multiple=True,
    metavar="none|eyes|nose|mouth...",
    help="What is hidden; repeat for several.  [default: none]",
)
@click.option(
    "--pretraining",
    multiple=True,
    metavar="NAME|FILE",
    help="What the weights saw before this task; repeat for several.",
)
@click.option("--layer", metavar="NAME", help="Where to read: conv5, conv54, features.11 ...")
@click.option(
    "--target",
    metavar="happy|sad|margin|winning",
    help="Which score is explained: a label's, the difference of the two, or for each image the "
    "higher one.  [default: the observer's target]",
)
@click.option(
    "--reading",
    multiple=True,
    metavar="NAME=VALUE",
    help="A reading of the method, such as total=sum for dense; repeat for several.",
)
@click.option(
    "--stimuli",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What they look at: a bundled set (rendered faces), or a folder with images and "
    "levels.csv.",
)
@click.option(
    "--scale",
    type=click.Choice(["figure", "row", "map"]),
    default="figure",
    show_default=True,
    help="What shares one colour scale.",
)
@click.option(
    "--regions",
    type=click.Choice(["fixed", "own"]),
    default="fixed",
    show_default=True,
    help="Face parts: the same pixels at all levels, or each image's own.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Train N heads of each observer; tests then count heads.",
)
@click.option(
    "--identities",
    type=click.IntRange(min=2),
    metavar="N",
    help="Measure shares on N rendered people at --levels; tests then count people.",
)
@click.option(
    "--faithfulness", is_flag=True, help="Delete and insert pixels in the order of the maps."
)
@SEED
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write figures, maps (.npz) and tables here.",
)
@JSON
def draw(observer: tuple[str, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Draw where OBSERVERs look, and measure how much of it goes where.

    Rows are observers, pre-trainings and masks; columns are levels. Raw maps are written too. The
    bundled faces are rendered: what a network does with them demonstrates the method.
    """
    import json

    from psychobench.attention.study_files import study_json, study_text, write_study
    from psychobench.cli.notes import typed
    from psychobench.reports.provenance import provenance
    from psychobench.resources import check_writable, staged_folder

    check_writable(out)
    study = _study(observer, **options)
    faithful = _faithfulness(study, options) if options["faithfulness"] else None
    made = provenance(
        command=typed(),
        options={**options, "observer": observer, "out": str(out)},
        seed=options["seed"],
        stimuli={"name": study.stimuli.name, "sha256": study.stimuli.sha256},
    )
    with staged_folder(out) as folder:
        write_study(
            study,
            folder,
            levels=_numbers(options["levels"]),
            scale=options["scale"],
            faithful=faithful,
            provenance=made,
        )
    levels = _numbers(options["levels"])
    if as_json:
        document = study_json(study, faithful, levels, made)
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        click.echo(study_text(study, faithful, levels))
    click.echo(f"Written to {out}: figures, maps/*.npz, tables, attention.json.", err=True)


def _study(names: tuple[str, ...], **options: Any) -> Study:
    from psychobench.attention.attention_study import Question, run_study
    from psychobench.attention.rendered_people import check_people_masks, render_people
    from psychobench.observers.runner import check_masks
    from psychobench.stimuli.sets import load_stimuli
    from psychobench.trials.columns import parse_names, parse_pairs

    stimuli = load_stimuli(options["stimuli"])
    levels = _numbers(options["levels"])
    stimuli.select(levels)  # says which levels there are
    masks = check_masks(stimuli, parse_names(options["mask"], "masks") or ("none",))
    if options["identities"]:
        check_people_masks(masks)
    question = Question(
        options["method"],
        options["layer"],
        options["target"],
        parse_pairs(options["reading"], "reading", "total=sum"),
    )
    who = _who(parse_names(names, "observers"), options["pretraining"], options["seed"])
    for each in who:
        each.check(question)
    regions = _regions(stimuli, options["regions"])
    n = options["identities"] or 0
    people = list(render_people(n, levels, seed=options["seed"], follow=options["regions"]))
    return run_study(
        who,
        question,
        stimuli,
        masks,
        regions=regions,
        people=people,
        seeds=options["seeds"],
        tell=lambda line: click.echo(line, err=True),
    )


def _who(names: tuple[str, ...], pretrainings: tuple[str, ...], seed: int) -> list[Who]:
    from psychobench.attention.attention_study import Who
    from psychobench.errors import OptionError
    from psychobench.observers.registry import load_observer

    short = [Path(choice).name for choice in pretrainings]
    twice = [name for name in short if short.count(name) > 1]
    if twice:
        raise OptionError(
            f"each --pretraining must have a name of its own: '{twice[0]}' is there twice; leave "
            "one out, or rename the file"
        )
    return [
        Who(name, load_observer(name, pretraining=pretraining, seed=seed))
        for name in names
        for pretraining in (pretrainings or (None,))
    ]


def _regions(stimuli: StimulusSet, follow: Any) -> FaceRegions | None:
    from psychobench.attention.regions import set_regions
    from psychobench.errors import StimulusError

    try:
        return set_regions(stimuli, follow)
    except StimulusError as error:
        click.echo(f"Note: no shares are measured. {error.faults[0]}", err=True)
        return None


def _faithfulness(study: Study, options: dict[str, Any]) -> Any:
    from psychobench.attention.study_faithfulness import check_faithfulness

    click.echo("deleting and inserting pixels ...", err=True)
    return check_faithfulness(study, _numbers(options["levels"]), seed=options["seed"])


def _numbers(text: str) -> list[float]:
    from psychobench.errors import OptionError

    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise OptionError(
            f"--levels must be numbers with commas between them, such as 0,.5,1: it is '{text}'"
        ) from None
