"""Train many small deep unconstrained features models, and say what each run became."""

from nctheory.solver.methods import METHODS
from nctheory.solver.result import Result
from nctheory.solver.solve import solve

__all__ = ["METHODS", "Result", "solve"]
