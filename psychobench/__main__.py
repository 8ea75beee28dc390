"""Run the command line as `python -m psychobench`, where the `psychobench` script is not found."""

from psychobench.cli.main import main

main()
