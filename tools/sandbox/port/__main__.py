"""`python -m tools.sandbox.port --port 8500`: the stand-in for Port, until it is interrupted."""

import argparse

from tools.sandbox.port.app import create_app
from tools.sandbox.server import serve_until_stopped


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox.port", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    serve_until_stopped(create_app(), parser.parse_args().port, _greeting)


def _greeting(url: str) -> list[str]:
    return [
        f"Catalog:                {url}",
        f"Settings for Ocean:     OCEAN__PORT__BASE_URL={url}",
        "                        any OCEAN__PORT__CLIENT_ID and CLIENT_SECRET",
    ]


if __name__ == "__main__":
    main()
