"""The integration process of the demo gets what it needs, and nothing of the caller's Ocean."""

import json
from pathlib import Path

from tools.sandbox.demo.child_environment import RESOURCES, Services, child_environment

SERVICES = Services("http://127.0.0.1:1", "http://127.0.0.1:2", "the-token")
PRIVATE = Path("/private/run")


def test_ocean_settings_of_the_caller_are_left_out() -> None:
    base = {
        "PATH": "/bin",
        "OCEAN__PORT__BASE_URL": "https://port.example.org",
        "OCEAN__INTEGRATION__CONFIG__API_KEY": "key",
        "ocean__lower": "case",
        "APPLICATION__LOG_LEVEL": "DEBUG",
    }

    environment = child_environment(base, SERVICES, PRIVATE)

    assert environment["PATH"] == "/bin"
    assert environment["OCEAN__PORT__BASE_URL"] == SERVICES.port_url
    assert environment.keys().isdisjoint(
        {"OCEAN__INTEGRATION__CONFIG__API_KEY", "ocean__lower", "APPLICATION__LOG_LEVEL"}
    )


def test_it_is_one_run_against_the_local_services() -> None:
    environment = child_environment({}, SERVICES, PRIVATE)

    assert json.loads(environment["OCEAN__EVENT_LISTENER"]) == {"type": "ONCE"}
    assert environment["OCEAN__INTEGRATION__CONFIG__BASE_URL"] == SERVICES.sample_url
    assert environment["OCEAN__INTEGRATION__CONFIG__API_TOKEN"] == SERVICES.token
    assert environment["OCEAN__RESOURCES_PATH"] == RESOURCES


def test_nothing_temporary_is_shared_with_other_integrations() -> None:
    environment = child_environment({"TMPDIR": "/elsewhere"}, SERVICES, PRIVATE)

    assert environment["TMPDIR"] == str(PRIVATE)
    assert Path(environment["OCEAN__STREAMING__LOCATION"]).is_relative_to(PRIVATE)
    assert environment["OCEAN__CACHING_STORAGE_MODE"] == "memory"
    assert environment["APPLICATION__PORT"] == "0"


def test_a_proxy_is_not_asked_for_local_services() -> None:
    base = {"HTTPS_PROXY": "http://proxy.example.org", "no_proxy": "example.org"}

    environment = child_environment(base, SERVICES, PRIVATE)

    assert environment["HTTPS_PROXY"] == "http://proxy.example.org"
    assert environment["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert environment["no_proxy"] == environment["NO_PROXY"]
