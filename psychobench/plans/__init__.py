"""Plans: the choices of an analysis in one file, to be registered before and repeated after."""

from psychobench.plans.following import Departure, Followed, PlanLike, takes_plan
from psychobench.plans.plan import Plan, read_plan

__all__ = ["Departure", "Followed", "Plan", "PlanLike", "read_plan", "takes_plan"]
