"""Runs the fifteen tasks with all three tools, and writes what came of it into docs/compare.md.

python -m tools.benchmarks.compare                     all tasks; takes some minutes
python -m tools.benchmarks.compare --only chain,xml    some; the results of the others are kept
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loguru import logger

from tools.benchmarks.clients.ours import stand_in_for_ocean
from tools.benchmarks.compare import ours
from tools.benchmarks.compare.apis import application
from tools.benchmarks.compare.results import RESULTS, digest
from tools.benchmarks.compare.tasks import TASKS, Outcome, Task
from tools.benchmarks.environment import ROOT, child_environment, their_python, their_version
from tools.sandbox.server import serve
from tools.scripts import generate_docs

# Seconds; a run takes about ten, and a failed job of Airbyte's is tried three times.
_TIME_LIMIT = 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code is 0 whatever came of it."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.compare", description=__doc__)
    parser.add_argument("--only", default=",".join(task.name for task in TASKS))
    names = parser.parse_args(arguments).only.split(",")
    if unknown := set(names) - {task.name for task in TASKS}:
        parser.error(f"no such task: {', '.join(sorted(unknown))}")
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"tasks": {}}
    kept["versions"] = {name: their_version(name) for name in ("dlt", "airbyte-cdk")}
    found = {task.name: _results(task) for task in TASKS if task.name in names}
    results = kept["tasks"] | found
    kept["tasks"] = {task.name: results[task.name] for task in TASKS if task.name in results}
    RESULTS.write_text(f"{json.dumps(kept, indent=1)}\n", encoding="utf-8")
    return generate_docs.main(["compare"])


def _results(task: Task) -> dict[str, dict[str, str]]:
    found = {}
    for tool, file in task.ways:
        path = task.folder / file
        whole = _run(tool, task, path, broken=False)
        found[file] = {"digest": digest(task, path), "whole": task.verdict(tool, whole)}
        if task.fault:
            broken = _run(tool, task, path, broken=True)
            found[file]["broken"] = task.verdict_when_broken(tool, broken)
        print(f"{task.name}/{file}: {found[file]} {whole.error}", file=sys.stderr, flush=True)
    return found


def _run(tool: str, task: Task, file: Path, *, broken: bool) -> Outcome:
    with serve(application(broken=broken)) as server:
        url = f"{server.url}/{task.name}"
        if tool == "ours":
            return asyncio.run(ours.read(file.read_text(encoding="utf-8"), url))
        return Outcome(**_theirs(tool, {"file": str(file), "url": url}))


def _theirs(tool: str, job: dict[str, str]) -> dict[str, Any]:
    module = f"tools.benchmarks.compare.{tool}_client"
    done = subprocess.run(
        [str(their_python()), "-m", module, json.dumps(job)],
        cwd=ROOT,
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_TIME_LIMIT,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    logger.remove()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    with stand_in_for_ocean():
        sys.exit(main())
