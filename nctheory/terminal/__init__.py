"""What is shown while and after a command runs: grids that fit the terminal, and progress.

    screen     where text goes; set by the command line alone
    grid       grid, render, span
    progress   progress, track, waiting
"""
