"""Draw the terminal screenshots of docs/command-line.md, as SVG, from real runs on the sample API.

python -m tools.scripts.screenshots            # writes docs/images/*.svg

The sample API runs on port 8600 for that time, so that its address is the same in each picture.
"""

import asyncio
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import chdir
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from cli.commands import InitOptions, Inputs, PreviewOptions, run_check, run_init, run_preview
from cli.display import Terminal
from cli.inputs import ROOT
from cli.surroundings import Surroundings, surroundings
from probe import recording
from reading.session import Limits
from tools.sandbox.sample.app import create_app
from tools.sandbox.sample.models import Package
from tools.sandbox.server import serve

IMAGES = ROOT / "docs" / "images"
PORT = 8600
TOKEN = "sample-token"
WIDTH = 108

type Run = Callable[[Surroundings, Terminal], Awaitable[int]]

_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause")
_MISSPELT = """\
resources:
  - kind: /packages
    selector:
      query: .installer == "uv"
      data_path: .items
    port:
      entity:
        mappings:
          identifier: .id
          title: .name
          blueprint: '"package"'
          properties:
            version: .version
            license: .licence
          relations:
            needs: .requires
  - kind: /licenses
    selector:
      query: "true"
      data_path: .licenses
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"license"'
"""


def packages() -> list[Package]:
    """Return packages that are the same on every machine."""
    return [
        Package(
            id=f"package-{number:02}",
            name=f"package-{number:02}",
            version=f"1.{number}.0",
            summary=f"The {number}. package of the sample.",
            license=_LICENSES[number % 3],
            license_id=_LICENSES[number % 3].lower().replace(".", "-"),
            homepage=f"https://example.com/package-{number:02}",
            requires_python=">=3.12",
            installer="uv" if number % 4 else "pip",
        )
        for number in range(1, 71)
    ]


def main() -> int:
    """Write all pictures; returns the exit status."""
    for name in [name for name in os.environ if name.startswith("OCEAN__")]:
        del os.environ[name]
    # Between any two looks at it 12 ms pass, so that pictures do not change.
    looks = itertools.count(1)
    recording.clock = lambda: next(looks) * 0.012
    IMAGES.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="sample-"))
    with serve(create_app(packages(), TOKEN), port=PORT) as server, chdir(folder):
        for name, command, run in _scenes(f"{server.url}/api/v1"):
            (IMAGES / f"{name}.svg").write_text(asyncio.run(_picture(command, run)), "utf-8")
            sys.stderr.write(f"wrote docs/images/{name}.svg\n")
    return 0


def _scenes(url: str) -> list[tuple[str, str, Run]]:
    flags = {"base_url": url, "auth_type": "bearer_token", "api_token": TOKEN}
    paged = {**flags, "pagination_type": "page", "max_concurrent_requests": "1"}
    broken = Path("broken.yml")
    broken.write_text(_MISSPELT, "utf-8")
    options = PreviewOptions(Limits(pages=5, endpoints=5, items=100), rows=5)
    urls = (f"{url}/packages", f"{url}/licenses")
    init = InitOptions(urls, Path(), yes=True)
    return [
        (
            "init",
            f"ocean-custom init {urls[0]} {urls[1]} --yes",
            lambda around, terminal: run_init(
                Inputs({**flags, "base_url": None}), init, around, terminal
            ),
        ),
        (
            "preview",
            "ocean-custom preview --mapping broken.yml",
            lambda around, terminal: run_preview(
                Inputs(paged, mapping=broken), options, around, terminal
            ),
        ),
        (
            "check",
            "ocean-custom check",
            lambda around, terminal: run_check(
                Inputs({**paged, "api_token": "expired-token"}), around, terminal, offline=False
            ),
        ),
    ]


async def _picture(command: str, run: Run) -> str:
    """Return the SVG of what a command prints."""
    out = Console(
        file=StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        legacy_windows=False,
    )
    terminal = Terminal(out, Console(file=StringIO()))
    out.print(f"[green]$[/green] [bold]{command}[/bold]")
    with surroundings() as around:
        await run(around, terminal)
    text: str = out.export_svg(title="ocean-custom", theme=MONOKAI, unique_id="terminal")
    # Pictures fetch nothing: where the font is not installed, another one does.
    return _FONT_FACE.sub("", text)


if __name__ == "__main__":
    sys.exit(main())
