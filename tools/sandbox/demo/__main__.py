"""`python -m tools.sandbox.demo`: one sync of the sample API into a local catalog."""

import argparse
import signal
import sys
from types import FrameType

from tools.sandbox.demo.display import make_console
from tools.sandbox.demo.integration_process import DemoError
from tools.sandbox.demo.runner import LIMIT_SECONDS, Demo, Options

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration and return the exit code."""
    options = _options(arguments)
    console = make_console(is_terminal=sys.stdout.isatty())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return Demo(options, console).run()
    except DemoError as error:
        console.print(f"The demo cannot run: {error}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted: the integration was ended.")
        return INTERRUPTED


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox.demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="leave the catalog's page up until Ctrl-C"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=LIMIT_SECONDS,
        metavar="SECONDS",
        help="end the integration after this time (default: %(default).0f)",
    )
    given = parser.parse_args(arguments)
    return Options(keep=given.keep, limit=given.limit)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
