"""Runs users' functions; asks the broker for everything, and holds no right beside that."""

import os

from bellpair_worker.supervisor import Supervisor, handler_of

handler = handler_of(Supervisor.from_environment(os.environ))
