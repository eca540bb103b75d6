"""Runs users' functions, apart from everything else."""
