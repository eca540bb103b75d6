"""``python -m bellpair_braket_emulator``."""

from .cli import app

if __name__ == "__main__":
    app(prog_name="python -m bellpair_braket_emulator")
