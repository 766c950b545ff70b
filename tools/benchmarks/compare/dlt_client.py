"""Reads a task with dlt, through a whole pipeline into a destination that keeps what it is given.

python -m tools.benchmarks.compare.dlt_client '{"file": "…/dlt_source.py", "url": "http://…"}'
"""

import json
import logging
import runpy
import sys
import tempfile
from typing import Any

import dlt
from dlt.common.schema.typing import TTableSchema


def read(file: str, url: str) -> dict[str, Any]:
    """Return the items that the destination got, and the error with which the run ended."""
    items: list[Any] = []

    def keep(batch: list[Any], table: TTableSchema) -> None:
        items.extend(batch)

    # Names stay as the source has them, and lists stay in their items.
    destination = dlt.destination(keep, naming_convention="direct", max_table_nesting=0)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("compare", destination=destination(), pipelines_dir=folder)
        try:
            pipeline.run(runpy.run_path(file)["source"](url))
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the result)
            return {"items": items, "failed": True, "error": str(error)}
    return {"items": items, "failed": False, "error": ""}


if __name__ == "__main__":
    logging.disable()
    job = json.loads(sys.argv[1])
    print(json.dumps(read(job["file"], job["url"])))
