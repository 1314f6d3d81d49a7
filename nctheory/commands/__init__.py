"""The commands of `nctheory`, a file for each subject; `nctheory.cli` finds them here."""
