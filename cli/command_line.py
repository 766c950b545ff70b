"""The command line: exit code 0 is fine, 1 problems found, 2 usage, 130 interrupted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cli.inputs import load_env_file
from cli.options import (
    FILE,
    SettingsCommand,
    env_file_option,
    input_options,
    json_option,
    settings_options,
    split_settings,
)

type _Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _limit(flag: str, default: int, explained: str, *, least: int = 1) -> _Decorator:
    """Return an option for how many of something there are at most."""
    return click.option(
        flag, type=click.IntRange(least), default=default, show_default=True, help=explained
    )


def _blueprints_option(explained: str) -> _Decorator:
    """Return the option for a file of blueprints."""
    told = f"{explained}; else with blueprints.json beside the mapping."
    return click.option("--blueprints", type=FILE, help=told)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Try Ocean Custom before you install it: no Port account, the same engine as a sync.

    Exit codes: 0 nothing is wrong, 1 problems were found, 2 the command cannot be used like this.
    """


@main.command(
    cls=SettingsCommand,
    epilog="""
    ocean-custom check --base-url https://api.example.com/v2
    ocean-custom check --env-file ocean.env --mapping port-app-config.yml
    ocean-custom check --from-port --json
    """,
)
@input_options
@_blueprints_option("Compare the mapping with these blueprints")
@click.option("--offline", is_flag=True, help="Look at settings and mapping only; send nothing.")
@settings_options
def check(**arguments: Any) -> None:
    """Say what is wrong with settings, mapping, connection and each resource."""
    _run("check", arguments)


@main.command(
    cls=SettingsCommand,
    epilog="""
    ocean-custom preview --base-url https://api.example.com/v2 --blueprints blueprints.json
    ocean-custom preview --items 20 --pages 2 --save report.json
    ocean-custom preview --replay report.json --mapping port-app-config.yml
    """,
)
@input_options
@_limit("--pages", 5, "Read at most so many pages of each endpoint.")
@_limit("--endpoints", 5, "Read at most so many nested endpoints of each resource.")
@_limit("--items", 100, "Map at most so many items of each resource.")
@_limit("--rows", 10, "Show so many entities of each resource.", least=0)
@_blueprints_option("Compare entities with these blueprints")
@click.option("--save", type=FILE, help="Write what came back, without secrets, to this file.")
@click.option("--replay", type=FILE, help="Answer from a file that --save wrote; send nothing.")
@settings_options
def preview(**arguments: Any) -> None:
    """Show requests, pagination and the entities that Port would get."""
    _run("preview", arguments)


@main.command(
    cls=SettingsCommand,
    epilog="""
    ocean-custom init https://api.example.com/v2/users https://api.example.com/v2/teams
    ocean-custom init 'https://api.example.com/v2/teams/{team_id}/members' --out my-api --yes
    ocean-custom init --openapi https://api.example.com/openapi.json --select /users
    """,
)
@click.argument("endpoints", nargs=-1, metavar="[URL]...")
@click.option(
    "--openapi", default="", metavar="FILE_OR_URL", help="Take the endpoints from this document."
)
@click.option(
    "--select",
    multiple=True,
    metavar="PATH",
    help="With --openapi: take this endpoint; may be given several times.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Write the files to this directory; else to the working directory.",
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing; take what is likeliest and say so.")
@env_file_option
@json_option
@settings_options
def init(**arguments: Any) -> None:
    """Make a mapping, blueprints and settings from an API's answers, and preview them.

    URL is the address of a list, such as https://api.example.com/v2/users; {placeholders} in it
    are filled from the list in front of them. What is there is kept: files are brought up to
    date, and what you edited stays.
    """
    if not arguments["endpoints"] and not arguments["openapi"]:
        raise click.UsageError("give the URL of a list, or --openapi")
    _run("init", arguments)


@main.command(
    cls=SettingsCommand,
    epilog="""
    ocean-custom studio https://api.example.com/v2/users
    ocean-custom studio --env-file ocean.env --out my-api
    ocean-custom studio --replay report.json
    """,
)
@click.argument("url", required=False, default="", metavar="[URL]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Read and write the files in this directory; else in the working directory.",
)
@click.option("--replay", type=FILE, help="Answer from a file that `preview --save` wrote.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Serve the page on this port of 127.0.0.1; else on a free one.",
)
@click.option(
    "--open",
    "opens",
    is_flag=True,
    help="Open the page in the browser. Other users of the machine may see its address then.",
)
@env_file_option
@settings_options
def studio(**arguments: Any) -> None:
    """See the API, point at the data, and watch the entities appear, on a local web page.

    It does what init, preview and check do. The page is for whoever has the address that is
    shown; credentials that are typed there stay in memory unless you have them written.
    """
    _run("studio", arguments)


def _run(command: str, arguments: dict[str, Any]) -> None:
    flags = split_settings(arguments)
    env_file = arguments.pop("env_file") or _own_env_file(arguments)
    try:
        places = load_env_file(env_file)
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{env_file or '.env'} cannot be read: {error}") from None
    # Here, because importing Ocean takes seconds, which --help and wrong options need not wait for.
    from cli.runner import run

    raise SystemExit(run(command, flags, places, arguments))


def _own_env_file(arguments: dict[str, Any]) -> Path | None:
    """Return the env file that an earlier `init` wrote to the same directory."""
    path = arguments["out"] / "ocean.env" if "out" in arguments else None
    return path if path and path.is_file() else None
