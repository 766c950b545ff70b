"""docs/command-line.md shows the JSON of each command with all of its names."""

import json
import re
from pathlib import Path
from typing import Any

import httpx

from api_messages import ApiRequest
from cli.as_json import check_as_json, failure_as_json, init_as_json, preview_as_json
from cli.check import CheckReport
from cli.entities import Dropped
from cli.findings import Finding
from cli.init.files import Written
from cli.init.initialise import FailedEndpoint, InitReport
from cli.init.plan import Evidence, Guess, SetupPlan
from cli.inputs import ROOT, Problem
from cli.preview import PreviewReport, ResourcePreview
from probe.connection import Step
from probe.recording import RecordedExchange
from probe.resource_reading import PageRead, ResourceReading
from probe.verdicts import ResourceVerdict
from reading.session import Limits


def shown(command: str, *, is_failure: bool = False) -> Any:
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    blocks = map(json.loads, re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    return next(
        block
        for block in blocks
        if block["command"] == command and ("error" in block) is is_failure
    )


def names(value: Any, path: str = "") -> set[str]:
    """The paths of all names; lists by their first element."""
    if isinstance(value, dict):
        inner = (names(item, f"{path}.{key}") for key, item in value.items())
        return {f"{path}.{key}" for key in value}.union(*inner)
    return names(value[0], f"{path}[]") if isinstance(value, list) and value else set()


def preview_report() -> PreviewReport:
    request = ApiRequest("GET", httpx.URL("https://x"))
    exchange = RecordedExchange("GET", "https://x", 0.1, request)
    reading = ResourceReading(0, "/users", exchanges=[exchange], endings=["an end"])
    reading.pages = [PageRead("https://x", "", False, 1, 1, "ends", exchange)]
    resource = ResourcePreview(reading, findings=[Finding("null-field", "…")])
    resource.mapped.filtered = [Dropped(1, "id 1", "…")]
    return PreviewReport("https://x", "m", Limits(), [resource])


def test_check() -> None:
    report = CheckReport([Problem("…")], [], "m", "https://x")
    report.steps = [Step("dns", True, "…")]
    report.verdicts = [ResourceVerdict(0, "/users", False, 403, 0, "…")]
    assert names(check_as_json(report)) == names(shown("check"))


def test_preview() -> None:
    assert names(preview_as_json(preview_report())) == names(shown("preview"))


def test_init() -> None:
    settings = {"baseUrl": "https://x", "paginationType": "cursor"}
    plan = SetupPlan(settings, {}, [], evidence=[Evidence("…", True)], guesses=[Guess(*["…"] * 6)])
    report = InitReport(
        "https://x", plan, Written(["a"]), Path(), "docker", [FailedEndpoint("/closed", "…", "…")]
    )
    assert names(init_as_json(report)) == names(shown("init"))


def test_failures() -> None:
    failure = failure_as_json("preview", "…", [Problem("…")])
    assert names(failure) == names(shown("preview", is_failure=True))
