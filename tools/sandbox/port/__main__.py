"""`python -m tools.sandbox.port --port 8500`: the stand-in for Port, until it is interrupted."""

import argparse
import signal
import threading

from tools.sandbox.port.app import create_app
from tools.sandbox.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox.port", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    arguments = parser.parse_args()
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    with serve(create_app(), port=arguments.port) as server:
        print(f"Catalog:                {server.url}", flush=True)
        print(f"Settings for Ocean:     OCEAN__PORT__BASE_URL={server.url}", flush=True)
        print("                        any OCEAN__PORT__CLIENT_ID and CLIENT_SECRET", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
