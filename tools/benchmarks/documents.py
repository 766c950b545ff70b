"""`python -m tools.benchmarks.documents`: time and memory of `init` on a large generated document.

The document has 1,000 endpoints and about 13 MB, as those of the largest public APIs: schemas that
refer to each other, answers that spell out examples, nested paths. It is read as JSON and as YAML,
each in a process of its own.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

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


def write(file: Path) -> None:
    """Write the document as JSON or YAML, by the name of the file."""
    dumped = json.dumps if file.suffix == ".json" else _as_yaml
    file.write_text(dumped(document()), "utf-8")


def measure(file: Path) -> tuple[float, float]:
    """Return CPU seconds for `init` on a document, and the most megabytes of this process."""
    start = time.process_time()
    lists = look_through(load_document(str(file))[0])
    chosen = [one.path for one in lists.usable]
    surveyed = [describe_unasked(one, lists.listed, chosen) for one in lists.usable]
    plan = make_plan(surveyed, {"baseUrl": "https://api.test"}, Assuming())
    seconds = time.process_time() - start
    assert len(plan.blueprints) == ENDPOINTS
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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


def _as_yaml(value: Any) -> str:
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False))


def _apart[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function returns in a new process, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *args, **kwargs).result()


def _is_kept(name: str) -> bool:
    """Measure a document of this name, print, and return whether the limits were kept."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        _apart(write, file)
        size = file.stat().st_size / 2**20
        seconds, megabytes = _apart(measure, file)
    what = f"{name}: {ENDPOINTS} endpoints, {size:.1f} MB"
    print(f"{what}: {seconds:.1f} s, {megabytes:.0f} MB at the most")
    return seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES


def main() -> int:
    """Measure both forms, and return whether the limits were kept."""
    return 0 if all([_is_kept("openapi.json"), _is_kept("openapi.yaml")]) else 1


if __name__ == "__main__":
    sys.exit(main())
