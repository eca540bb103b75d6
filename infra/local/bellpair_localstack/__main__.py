"""Run ``python -m bellpair_localstack up``, ``down`` or ``status``."""

import sys

from bellpair_localstack.cli import main

sys.exit(main())
