"""Write the generated pages: ``python -m bellpair_core.http.write_docs docs``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .device_api_openapi import device_api_document
from .error_table import error_table
from .openapi import openapi_document
from .option_page import option_page


def generated_pages() -> dict[str, str]:
    """The text of each generated page, by file name."""
    return {
        "openapi.json": json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n",
        "device-api.json": json.dumps(device_api_document(), indent=2, ensure_ascii=False) + "\n",
        "errors.md": error_table(),
        "options.md": option_page(),
    }


if __name__ == "__main__":
    for name, text in generated_pages().items():
        Path(sys.argv[1], name).write_text(text, encoding="utf-8")
