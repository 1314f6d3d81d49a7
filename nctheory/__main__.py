"""`python -m nctheory` is the `nctheory` command."""

from nctheory.cli import main

main()
