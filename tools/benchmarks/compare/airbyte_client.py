"""Reads a task with Airbyte's declarative source, up to the record messages that it gives.

python -m tools.benchmarks.compare.airbyte_client '{"file": "…/airbyte.yml", "url": "http://…"}'
"""

import hashlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.benchmarks.clients.airbyte import complete, records
from tools.benchmarks.compare.files import parts_of


def read(file: str, url: str) -> dict[str, Any]:
    """Return the records of the first stream, and the error with which the run ended."""
    manifest, *components = [part.read_text(encoding="utf-8") for part in parts_of(Path(file))]
    written = yaml.safe_load(manifest)
    config = {"base_url": url} | _injected("".join(components))
    # Schemas take any field.
    messages = records(complete(written, base_url={"type": "string"}), config)
    items: list[Any] = []
    try:
        # extend keeps what came before an error.
        items.extend(message.record.data for message in messages)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the result)
        return {"items": items, "failed": True, "error": str(error)}
    return {"items": items, "failed": False, "error": ""}


def _injected(components: str) -> dict[str, Any]:
    """Return the settings with which Airbyte's image for manifests is given Python components."""
    if not components:
        return {}
    checksums = {"sha256": hashlib.sha256(components.encode()).hexdigest()}
    return {
        "__injected_components_py": components,
        "__injected_components_py_checksums": checksums,
    }


if __name__ == "__main__":
    logging.disable()
    os.environ["AIRBYTE_ENABLE_UNSAFE_CODE"] = "true"
    job = json.loads(sys.argv[1])
    print(json.dumps(read(job["file"], job["url"])))
