"""The health check of the image: the exit code says whether the integration is alive."""

import http.client
import os
import sys

SECONDS = 8


def is_alive() -> bool:
    """Ask Ocean's health endpoint, wherever port and path prefix put it."""
    port = int(os.environ.get("APPLICATION__PORT") or "8000")
    # Not urllib, which would send the question to the proxy of the environment.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", f"{_prefix()}/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _prefix() -> str:
    prefix = os.environ.get("OCEAN__PATH_PREFIX", "").strip("/")
    return f"/{prefix}" if prefix else ""


if __name__ == "__main__":
    sys.exit(not is_alive())
