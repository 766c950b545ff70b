"""Reads a task with Airbyte's declarative source, up to the record messages that it gives.

python -m tools.benchmarks.compare.airbyte_client '{"file": "…/airbyte.yml", "url": "http://…"}'
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.benchmarks.clients.airbyte import complete, records


def read(file: str, url: str) -> dict[str, Any]:
    """Return the records of the first stream, and the error with which the run ended."""
    written = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    # Schemas take any field.
    messages = records(complete(written, base_url={"type": "string"}), {"base_url": url})
    items: list[Any] = []
    try:
        # extend keeps what came before an error.
        items.extend(message.record.data for message in messages)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the result)
        return {"items": items, "failed": True, "error": str(error)}
    return {"items": items, "failed": False, "error": ""}


if __name__ == "__main__":
    logging.disable()
    job = json.loads(sys.argv[1])
    print(json.dumps(read(job["file"], job["url"])))
