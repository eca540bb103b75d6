"""The names of the events that the platform tells of."""

EVENT_SOURCE = "bellpair"
"""What the platform's own events name as their source; roles may send no others."""

PAIR_CHANGED = "Bellpair Pair Changed"
JOB_ENDED = "Bellpair Job Ended"
FIDELITY_REGRESSED = "Bellpair Fidelity Regression"
