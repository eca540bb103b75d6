"""Files that are there whole or not at all, whenever the writer is killed."""

from __future__ import annotations

from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write `text` into `file`; readers see what was there before, or all of it."""
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text(text)
    draft.replace(file)
