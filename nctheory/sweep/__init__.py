"""Sweeps: a plan of points, tasks that compute them, executors, and a store that keeps results.

Data flows plan -> points -> batches -> executor -> store -> table.
"""
