"""Airbyte's declarative source, up to the record messages that it gives.

python -m tools.benchmarks.clients.airbyte '{"base": "…", "path": "…", "style": "cursor"}'
"""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

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

from tools.benchmarks.clients.measuring import measured

_ASKED_BY = {"cursor": "cursor", "plain": "page", "total": "page"}


def manifest(base: str, path: str, style: str, page_size: int) -> dict[str, Any]:
    """Return a source with one stream, `things`, without any transformation."""
    following = "response.get('next')" if style == "link" else "response.get('next_cursor')"
    strategy: dict[str, Any] = {
        "type": "CursorPagination",
        "cursor_value": f"{{{{ {following} }}}}",
        "stop_condition": f"{{{{ not {following} }}}}",
    }
    if style not in ("link", "cursor"):
        strategy = {"type": "PageIncrement", "start_from_page": 1, "page_size": page_size}
    option = {"type": "RequestPath"}
    if style != "link":
        asked = {"inject_into": "request_parameter", "field_name": _ASKED_BY[style]}
        option = {"type": "RequestOption", **asked}
    retriever = {
        "type": "SimpleRetriever",
        "requester": {"type": "HttpRequester", "url_base": base, "path": path},
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["items"]},
        },
        "paginator": {
            "type": "DefaultPaginator",
            "page_token_option": option,
            "pagination_strategy": strategy,
        },
    }
    stream = {
        "type": "DeclarativeStream",
        "name": "things",
        "primary_key": [],
        "retriever": retriever,
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"properties": {}}},
    }
    return complete({"streams": [stream]})


def complete(written: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Return a manifest with what every one has around its streams.

    `settings` are the types of its configuration: `base_url={"type": "string"}`.
    """
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [written["streams"][0]["name"]]},
        "spec": {
            "type": "Spec",
            "connection_specification": {"type": "object", "properties": settings},
        },
        **written,
    }


def records(source_config: dict[str, Any], config: dict[str, Any]) -> Iterator[Any]:
    """Yield the record messages of the first stream of a manifest."""
    stream = ConfiguredAirbyteStream(
        stream=AirbyteStream(
            name=source_config["streams"][0]["name"],
            json_schema={},
            supported_sync_modes=[SyncMode.full_refresh],
        ),
        sync_mode=SyncMode.full_refresh,
        destination_sync_mode=DestinationSyncMode.append,
    )
    catalog = ConfiguredAirbyteCatalog(streams=[stream])
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config=config, state=[], source_config=source_config
    )
    messages = source.read(logging.getLogger("airbyte"), config, catalog, [])
    return (message for message in messages if message.type == Type.RECORD)


def read(base: str, path: str, style: str) -> int:
    """Read all records; returns how many there were."""
    page_size = int(path.rsplit("/", 1)[1])
    return sum(1 for _ in records(manifest(base, path, style, page_size), {}))


def main(job: dict[str, Any]) -> None:
    """Read, and print the figures."""
    logging.disable()
    measured(read, job)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
