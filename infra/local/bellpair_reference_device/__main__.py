"""``python -m bellpair_reference_device``."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
