"""What a resource of the mapping asks for, and what becomes of a selector that is wrong."""

import pytest
from port_ocean.core.handlers.port_app_config.validators import validate_and_get_config_schema

from mapping import CustomPortAppConfig
from tests.pipeline.conftest import Sync
from tests.pipeline.support import numbered, resource

ITEMS = [{"id": 1, "state": "open"}, {"id": 2, "state": "closed"}]


@pytest.mark.contract("mapping.kind.any")
@pytest.mark.parametrize("kind", ["/items", "items", "dynamic", "/v1/a-b_c.json", "/a/b/c/"])
async def test_a_kind_is_the_path_that_is_called(sync: Sync, kind: str) -> None:
    path = f"/{kind.lstrip('/')}"
    outcome = await sync({}, [resource(kind)], {path: numbered(1)})
    assert outcome.succeeded().paths == [path]
    assert outcome.identifiers == ["0"]


@pytest.mark.contract("mapping.query.filter")
async def test_query_filters_raw_items(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items", query='.state == "open"')], {"/items": ITEMS})
    assert outcome.succeeded().identifiers == ["1"]


async def test_sharing_smoke(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items"), resource("/items")], {"/items": ITEMS})
    assert outcome.succeeded().identifiers == ["1", "2", "1", "2"]
    assert len(outcome.asked) == 1


def test_the_models_suit_the_mapping_form() -> None:
    schema = validate_and_get_config_schema(CustomPortAppConfig)
    assert schema["kinds"]
