import gzip
import json
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient


def source(base_url: str) -> Any:
    return dlt.resource(records(base_url), name="records")


def records(base_url: str) -> Iterator[Any]:
    response = RESTClient(base_url).get("dump", stream=True)
    response.raise_for_status()
    with gzip.open(response.raw) as lines:
        for line in lines:
            yield json.loads(line)
