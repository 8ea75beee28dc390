"""Studies: observers judge stimuli, and their curves are compared with people's.

The room is in the plural because `psychobench.study` is the function.
"""
