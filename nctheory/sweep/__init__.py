"""Sweeps: a plan of points, tasks that compute them, executors, and a store that keeps results.

Data flows plan -> points -> batches -> executor -> store -> table.
"""

from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.store import Store

__all__ = ["Plan", "Store", "run_plan"]
