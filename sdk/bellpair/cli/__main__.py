"""Lets ``python -m bellpair.cli`` run the command line."""

from bellpair.cli import main

main()
