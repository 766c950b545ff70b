"""On each example's items, the default engine and Ocean's own agree to the byte."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from port_ocean.core.handlers.entity_processor.jq_entity_processor import JQEntityProcessor
from port_ocean.core.ocean_types import CalculationResult

from framework.entity_processor import FusedEntityProcessor
from tests.project.examples.test_examples import MODELS, each_example, resync


def content(result: CalculationResult) -> str:
    found = result.entity_selector_diff
    entities = [[entity.dict() for entity in part] for part in (found.passed, found.failed)]
    return json.dumps([entities, result.misconfigured_entity_keys, list(map(repr, result.errors))])


# Ocean forks, which is what this engine is there to avoid, beside the thread that waits for jq.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@each_example
async def test_engines_agree(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    by_default = FusedEntityProcessor.parse_items
    pairs: list[tuple[str, str]] = []

    async def by_both(
        processor: FusedEntityProcessor, mapping: Any, items: list[Any], parse_all: bool = False
    ) -> CalculationResult:
        theirs = JQEntityProcessor(processor.context)
        expected = await theirs.parse_items(mapping, items, parse_all)
        found = await by_default(processor, mapping, items, parse_all)
        pairs.append((content(found), content(expected)))
        return found

    monkeypatch.setattr(FusedEntityProcessor, "parse_items", by_both)
    with monkeypatch.context() as patch:
        patch.setattr(FusedEntityProcessor, "_rows_alone", None)
        result = await resync(name, MODELS[name].serve(), monkeypatch)

    assert result.errors == []
    assert pairs
    for found, expected in pairs:
        assert found == expected
