"""The environment of the integration process, which is all that it sees of the outside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

IDENTIFIER = "ocean-custom-demo"
RESOURCES = "tools/sandbox/demo"
PAGE_SIZE = 25
"""Below what every resource but the licences has, so that pagination has something to do."""


@dataclass(frozen=True)
class Services:
    """The addresses of the two local services, and the token of the sample API."""

    port_url: str
    sample_url: str
    token: str


def child_environment(base: Mapping[str, str], services: Services, private: Path) -> dict[str, str]:
    """Return the environment of a one-shot run against the local services.

    Args:
        base: the environment to start from; its Ocean settings are left out.
        services: the services to talk to.
        private: a directory of this run alone, for everything temporary. Ocean's own defaults
            below `/tmp/ocean` are shared by all integrations of a host.
    """
    inherited = {
        name: value
        for name, value in base.items()
        if not name.upper().startswith(("OCEAN__", "APPLICATION__"))
    }
    return inherited | _ocean(services, private) | _connection(services) | _no_proxy(base)


def _ocean(services: Services, private: Path) -> dict[str, str]:
    return {
        # 0 lets the operating system choose, so that a taken port 8000 is no matter.
        "APPLICATION__PORT": "0",
        "OCEAN__PORT__BASE_URL": services.port_url,
        "OCEAN__PORT__CLIENT_ID": "sandbox-client-id",
        "OCEAN__PORT__CLIENT_SECRET": "sandbox-client-secret",
        "OCEAN__EVENT_LISTENER": json.dumps({"type": "ONCE"}),
        "OCEAN__INTEGRATION__IDENTIFIER": IDENTIFIER,
        "OCEAN__RESOURCES_PATH": RESOURCES,
        "OCEAN__INITIALIZE_PORT_RESOURCES": "true",
        "OCEAN__CACHING_STORAGE_MODE": "memory",
        "OCEAN__STREAMING__LOCATION": str(private / "streaming"),
        "TMPDIR": str(private),
    }


def _connection(services: Services) -> dict[str, str]:
    return {
        "OCEAN__INTEGRATION__CONFIG__BASE_URL": services.sample_url,
        "OCEAN__INTEGRATION__CONFIG__AUTH_TYPE": "bearer_token",
        "OCEAN__INTEGRATION__CONFIG__API_TOKEN": services.token,
        "OCEAN__INTEGRATION__CONFIG__PAGINATION_TYPE": "page",
        "OCEAN__INTEGRATION__CONFIG__PAGE_SIZE": str(PAGE_SIZE),
    }


def _no_proxy(base: Mapping[str, str]) -> dict[str, str]:
    """Return variables by which local services are asked directly, whatever the proxy."""
    configured = base.get("NO_PROXY") or base.get("no_proxy") or ""
    hosts = ",".join(filter(None, [configured, "127.0.0.1", "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}
