"""Reads a task with Airbyte's declarative source, up to the record messages that it gives.

python -m tools.benchmarks.compare.airbyte_client '{"file": "…/airbyte.yml", "url": "http://…"}'
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import yaml
from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
    Type,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)


def manifest(file: str) -> dict[str, Any]:
    """Return the file, and what every manifest has around it; schemas take any field."""
    written = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    name = written["streams"][0]["name"]
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [name]},
        "spec": {
            "type": "Spec",
            "connection_specification": {
                "type": "object",
                "properties": {"base_url": {"type": "string"}},
            },
        },
        **written,
    }


def read(file: str, url: str) -> dict[str, Any]:
    """Return the records of the first stream, and the error with which the run ended."""
    source_config, config = manifest(file), {"base_url": url}
    stream = ConfiguredAirbyteStream(
        stream=AirbyteStream(
            name=source_config["streams"][0]["name"],
            json_schema={},
            supported_sync_modes=[SyncMode.full_refresh],
        ),
        sync_mode=SyncMode.full_refresh,
        destination_sync_mode=DestinationSyncMode.overwrite,
    )
    catalog = ConfiguredAirbyteCatalog(streams=[stream])
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config=config, state=[], source_config=source_config
    )
    items: list[Any] = []
    try:
        messages = source.read(logging.getLogger("airbyte"), config, catalog, [])
        # extend keeps what came before an error.
        items.extend(each.record.data for each in messages if each.type == Type.RECORD)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the result)
        return {"items": items, "failed": True, "error": str(error)}
    return {"items": items, "failed": False, "error": ""}


if __name__ == "__main__":
    logging.disable()
    job = json.loads(sys.argv[1])
    print(json.dumps(read(job["file"], job["url"])))
