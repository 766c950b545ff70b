"""`python -m tools.benchmarks.documents`: time and memory of `init` on a large generated document.

The document has 1,000 endpoints and about 13 MB, as those of the largest public APIs: schemas that
refer to each other, answers that spell out examples, nested paths.
"""

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.init.asking import Assuming
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import look_through
from cli.init.openapi.unasked import describe_unasked
from cli.init.plan import make_plan

ENDPOINTS = 1000
# What the largest documents may take.
MOST_SECONDS = 10.0
MOST_MEGABYTES = 300.0
_SCHEMAS = 400
_FIELDS = 40
_EXAMPLE = "An example as documents have them, with links such as https://api.test/things/1. " * 6


def document(endpoints: int = ENDPOINTS) -> dict[str, Any]:
    """Return a document with so many endpoints, half of them below lists of others."""
    schemas = {f"Thing{n}": _schema(n) for n in range(_SCHEMAS)}
    paths: dict[str, Any] = {}
    for n in range(endpoints // 2):
        paths[f"/things{n}"] = {"get": _operation(n), "post": {"responses": {}}}
        paths[f"/things{n}/{{thing{n}_id}}/parts"] = {"get": _operation(n + 1)}
    server = [{"url": "https://api.test"}]
    components = {"schemas": schemas}
    return {
        "openapi": "3.0.3",
        "info": {},
        "servers": server,
        "paths": paths,
        "components": components,
    }


def measure() -> tuple[float, float, float]:
    """Return seconds, megabytes at the most, and megabytes of the document."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(json.dumps(document()), "utf-8")
        size = file.stat().st_size / 2**20
        start = time.process_time()
        lists = look_through(load_document(str(file))[0])
        chosen = [one.path for one in lists.usable]
        surveyed = [describe_unasked(one, lists.listed, chosen) for one in lists.usable]
        plan = make_plan(surveyed, {"baseUrl": "https://api.test"}, Assuming())
        seconds = time.process_time() - start
    assert len(plan.blueprints) == ENDPOINTS
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size


def _schema(number: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": {"type": "integer"}, "name": {"type": "string"}}
    fields |= {f"field{n}": {"type": "string", "description": _EXAMPLE} for n in range(_FIELDS)}
    for near in (1, 7, 31):
        other = {"$ref": f"#/components/schemas/Thing{(number + near) % _SCHEMAS}"}
        fields[f"other{near}"] = other
        fields[f"others{near}"] = {"type": "array", "items": other}
    return {"type": "object", "properties": fields}


def _operation(number: int) -> dict[str, Any]:
    item = {"$ref": f"#/components/schemas/Thing{number % _SCHEMAS}"}
    schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    media = {"schema": schema, "examples": {"usual": {"value": [_EXAMPLE] * 8}}}
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    responses = {"200": {"content": {"application/json": media}}}
    return {"tags": [f"tag{number % 30}"], "parameters": [page], "responses": responses}


def main() -> int:
    """Measure, print, and return whether the limits were kept."""
    seconds, megabytes, size = measure()
    print(f"{ENDPOINTS} endpoints, {size:.1f} MB: {seconds:.1f} s, {megabytes:.0f} MB at the most")
    return 0 if seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
