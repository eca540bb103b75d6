"""Drills: lose something for real under load, and count from outside what became of the jobs."""
