"""What `--help` prints; it needs no Ocean, so that it comes at once."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from pydantic.alias_generators import to_snake

from cli.command_line import main
from cli.inputs import ROOT, spec_settings
from tests.cli.conftest import check_golden


@pytest.mark.parametrize("command", ["", "check", "preview", "init", "studio"])
def test_help(command: str) -> None:
    arguments = [command, "--help"] if command else ["--help"]
    done = CliRunner(env={"COLUMNS": "100"}).invoke(main, arguments, prog_name="ocean-custom")
    assert done.exit_code == 0
    own, settings, rest = done.output.partition("Connection settings")
    # Settings are the spec's business; they are all there.
    listed = re.findall(r"^  --([a-z-]+)", settings + rest.partition("Examples:")[0], re.MULTILINE)
    named = [setting["name"] for setting in spec_settings()] if command else []
    assert listed == [to_snake(name).replace("_", "-") for name in named]
    check_golden(f"help-{command or 'ocean-custom'}.txt", own + rest.partition("Examples:")[2])


def test_help_does_not_wait_for_ocean() -> None:
    code = "import sys, cli.command_line; print('port_ocean' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
