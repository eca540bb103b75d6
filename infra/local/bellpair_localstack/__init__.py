"""LocalStack without Docker: its environment, and a server of it that is started or found.

`environment.ensure` makes the environment, `server.start` starts a LocalStack in it, and
`server.find` looks at one that runs already.
"""

import sys
from pathlib import Path

# The workshop's tools are no distribution: they are in the work tree alone, as this package is
# when it is used.
_WORKSHOP = str(Path(__file__).resolve().parents[2])
if _WORKSHOP not in sys.path:
    sys.path.append(_WORKSHOP)
