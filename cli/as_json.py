"""The output of `--json`, as docs/command-line.md tells; names change with `version` only."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from cli.check import CheckReport
from cli.entities import Dropped
from cli.findings import Finding
from cli.init.initialise import InitReport
from cli.inputs import Problem
from cli.preview import PreviewReport, ResourcePreview
from escapes import in_json
from probe.recording import RecordedExchange
from probe.resource_reading import PageRead

VERSION = 1


def check_as_json(report: CheckReport) -> dict[str, Any]:
    """Return the output of `check --json`."""
    return {
        **_head("check", ok=report.ok),
        "baseUrl": report.base_url or None,
        "settings": {
            "problems": [_problem(item) for item in report.settings_problems],
            "warnings": [_problem(item) for item in report.settings_warnings],
        },
        "mapping": {
            "source": report.mapping_name or None,
            "problems": [_problem(item) for item in report.mapping_problems],
            "warnings": [_problem(item) for item in report.mapping_warnings],
        },
        "connection": [
            {"step": step.name, "ok": step.ok, "detail": step.detail, "advice": step.advice}
            for step in report.steps
        ],
        "resources": [
            {**asdict(item), "error": item.error or None, "advice": item.advice or None}
            for item in report.verdicts
        ],
        "skipped": report.skipped or None,
    }


def preview_as_json(report: PreviewReport) -> dict[str, Any]:
    """Return the output of `preview --json`."""
    return {
        **_head("preview", ok=report.ok),
        "baseUrl": report.base_url,
        "mapping": report.mapping_name or None,
        "limits": asdict(report.limits),
        "resources": [_resource(item) for item in report.resources],
        "findings": [_finding(item) for item in report.findings],
    }


def init_as_json(report: InitReport) -> dict[str, Any]:
    """Return the output of `init --json`."""
    return {
        **_head("init", ok=report.ok),
        "baseUrl": report.base_url,
        "folder": str(report.folder),
        "files": asdict(report.written),
        "settings": report.plan.settings,
        "evidence": [
            {"message": one.message, "proven": one.is_proven} for one in report.plan.evidence
        ],
        "guesses": [asdict(one) for one in report.plan.guesses],
        "warnings": report.plan.warnings,
        "assumptions": report.assumptions,
        "failures": [
            {"endpoint": one.path, "error": one.error, "advice": one.advice or None}
            for one in report.failures
        ],
        "dockerRun": report.docker_run,
        "preview": preview_as_json(report.preview) if report.preview else None,
    }


def failure_as_json(command: str, error: str, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the output of any command that could not do its work."""
    return {
        **_head(command, ok=False),
        "error": error,
        "problems": [_problem(problem) for problem in problems],
    }


def write_json(value: Any, mask: Callable[[str], str], indent: int | None = 2) -> str:
    """Return the text that is printed, without secrets; without an indent, on one line."""
    masked = _masked(value, mask)
    return in_json(json.dumps(masked, indent=indent, ensure_ascii=False, default=str))


def _head(command: str, *, ok: bool) -> dict[str, Any]:
    return {"version": VERSION, "command": command, "ok": ok}


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(item, mask) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, mask) for item in value]
    return mask(value) if isinstance(value, str) else value


def _resource(item: ResourcePreview) -> dict[str, Any]:
    reading, mapped = item.reading, item.mapped
    pages = {id(page.exchange): page for page in reading.pages if page.exchange}
    return {
        "index": reading.index,
        "kind": reading.kind,
        "error": reading.error or None,
        "requests": [
            _request(one, pages.get(id(one)), is_export=reading.is_step(one))
            for one in reading.exchanges
        ],
        "endings": reading.endings,
        "outcome": reading.standing,
        "complete": not reading.is_partial and not reading.error,
        "items": len(reading.items),
        "arrays": [
            {"dataPath": array.data_path, "length": len(array.elements)} for array in item.arrays
        ],
        "entities": [entity.dict(exclude_unset=True) for entity in mapped.entities],
        "droppedByQuery": [_dropped(one) for one in mapped.filtered],
        "refused": [_dropped(one) for one in mapped.refused],
        "findings": [_finding(one) for one in item.findings],
        "warnings": reading.notes,
    }


def _request(
    exchange: RecordedExchange, page: PageRead | None, *, is_export: bool
) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "page": page.place or None if page else None,
        "status": exchange.status,
        "ms": exchange.milliseconds,
        "bytes": len(exchange.content),
        "error": str(exchange.error) if exchange.error else None,
        "isDiscovery": page.is_discovery if page else None,
        "isExport": is_export,
        "received": page.received if page else None,
        "items": page.items if page else None,
        "pagination": page.decision if page else None,
    }


def _dropped(item: Dropped) -> dict[str, Any]:
    return {"item": item.number, "label": item.label, "why": item.why}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "topic": finding.topic,
        "error": finding.is_error,
        "field": finding.field or None,
        "message": finding.message,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"message": problem.message, "place": problem.place or None}
