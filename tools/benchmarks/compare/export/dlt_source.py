import csv
import io
import time
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient


def source(base_url: str) -> Any:
    return dlt.resource(users(base_url), name="users")


def users(base_url: str) -> Iterator[Any]:
    client = RESTClient(base_url)
    job = checked(client.post("exports", json={"type": "users"})).json()
    deadline = time.monotonic() + 1800
    while job["state"] != "done":
        if job["state"] == "failed" or time.monotonic() > deadline:
            raise RuntimeError(job)
        time.sleep(1)
        job = checked(client.get(f"exports/{job['id']}")).json()
    file = checked(client.get(job["url"]))
    yield list(csv.DictReader(io.StringIO(file.content.decode("utf-8"), newline="")))


def checked(response: Any) -> Any:
    response.raise_for_status()
    return response
