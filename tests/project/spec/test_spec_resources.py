"""The defaults that a first start writes into Port."""

from pathlib import Path

import pytest
import yaml
from port_ocean.core.defaults.common import get_port_integration_defaults
from port_ocean.core.handlers.port_app_config.models import PortAppConfig

ROOT = Path(__file__).resolve().parents[3]
MAPPING = ROOT / ".port" / "resources" / "port-app-config.yml"


def test_ocean_accepts_the_defaults_and_they_bring_nothing() -> None:
    defaults = get_port_integration_defaults(PortAppConfig, base_path=ROOT)
    assert defaults is not None
    assert defaults.blueprints == []
    assert defaults.port_app_config.resources == []


@pytest.fixture
def example() -> str:
    commented = MAPPING.read_text("utf-8").partition("#\n")[2]
    return "\n".join(line.removeprefix("# ") for line in commented.splitlines()[:-1])


def test_the_commented_example_is_a_mapping(example: str) -> None:
    (resource,) = PortAppConfig.parse_obj(yaml.safe_load(example)).resources
    assert resource.kind == "/api/v1/services"
    assert resource.port.entity.mappings.blueprint == '"service"'
