"""The catalog outlives a run of the demo."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.sandbox.demo.catalog_file import CatalogFile
from tools.sandbox.port.records import EntityRecord, Integration
from tools.sandbox.port.state import PortState
from tools.sandbox.port.syncs import FAILED

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def resources(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "mapping.yml", tmp_path / "blueprints.json"]
    for file in files:
        file.write_text(file.name)
    return files


@pytest.fixture
def catalog(tmp_path: Path, resources: list[Path]) -> CatalogFile:
    return CatalogFile(tmp_path / "catalog.json", resources)


@pytest.fixture
def state() -> PortState:
    made = PortState()
    made.blueprints["package"] = {"identifier": "package", "relations": {}}
    made.entities["package"] = {
        "httpx": EntityRecord(
            blueprint="package",
            identifier="httpx",
            datasource="port-ocean/custom/1.0.0/demo/exporter",
            created_at=MOMENT,
            created_by="demo",
            updated_at=MOMENT,
            updated_by="demo",
            title="HTTPX",
            properties={"version": "1.0", "keywords": ["http"], "size": 12.5, "none": None},
            relations={"dependencies": ["anyio"], "license": "mit"},
        )
    }
    made.integrations["demo"] = Integration(
        identifier="demo",
        created_at=MOMENT,
        updated_at=MOMENT,
        config={"resources": [{"kind": "/api/v1/packages"}]},
        attributes={"arePortResourcesInitialized": True},
    )
    sync = made.begin_sync("demo")
    sync.entity_created(("package", "httpx"))
    sync.entity_refused(("package", "bad"), "no identifier")
    made.end_sync("demo", FAILED)
    return made


def test_the_first_run_finds_an_empty_catalog(catalog: CatalogFile) -> None:
    loaded, note = catalog.load()

    assert not loaded.entities
    assert "first run" in note


def test_a_catalog_comes_back_as_it_was(catalog: CatalogFile, state: PortState) -> None:
    catalog.save(state)
    loaded, note = catalog.load()

    assert replace(loaded, signing_key=state.signing_key) == state
    assert "Going on" in note


def test_a_loaded_catalog_lets_no_old_token_in(catalog: CatalogFile, state: PortState) -> None:
    catalog.save(state)

    assert catalog.load()[0].signing_key != state.signing_key
    assert state.signing_key not in catalog.path.read_text()


def test_secrets_stay_off_the_disk(catalog: CatalogFile, state: PortState) -> None:
    state.secrets["token"] = {"secretValue": "hush"}
    catalog.save(state)

    assert "hush" not in catalog.path.read_text()


def test_other_resources_make_a_new_catalog(
    catalog: CatalogFile, state: PortState, resources: list[Path]
) -> None:
    catalog.save(state)
    resources[0].write_text("changed")
    loaded, note = CatalogFile(catalog.path, resources).load()

    assert not loaded.entities
    assert "changed" in note


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"resources": 1, "catalog": {}}', "\x00", '{"catalog": 3}']
)
def test_what_is_no_catalog_is_given_up(catalog: CatalogFile, content: str) -> None:
    catalog.path.write_text(content)
    loaded, note = catalog.load()

    assert not loaded.entities
    assert "anew" in note


@pytest.mark.parametrize("part", ["entities", "integrations", "syncs", "blueprints"])
def test_a_catalog_with_a_damaged_part_is_given_up(
    catalog: CatalogFile, state: PortState, part: str
) -> None:
    catalog.save(state)
    catalog.path.write_text(catalog.path.read_text().replace(f'"{part}"', '"other"'))

    assert not catalog.load()[0].entities


def test_an_interrupted_save_leaves_the_last_catalog(
    catalog: CatalogFile, state: PortState, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.save(state)
    before = catalog.path.read_bytes()
    state.pages["broken"] = {"not JSON": object()}

    with pytest.raises(TypeError):
        catalog.save(state)
    assert catalog.path.read_bytes() == before
