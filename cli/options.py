"""Options that several commands share, and a help page that keeps the settings apart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pydantic.alias_generators import to_snake

from cli.inputs import spec_settings

FILE = click.Path(dir_okay=False, path_type=Path)


class SettingOption(click.Option):
    """An option that stands for a connection setting."""


class SettingsCommand(click.Command):
    """A command whose help lists connection settings in a section of their own."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        # Whatever asks first, because click keeps what it made of the first context's names.
        return ["-h", "--help"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        settings: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                (settings if isinstance(parameter, SettingOption) else own).append(record)
        with formatter.section("Options"):
            formatter.write_dl(own)
        if settings:
            with formatter.section("Connection settings (else from the environment or env file)"):
                formatter.write_dl(settings)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            formatter.write_paragraph()
            with formatter.section("Examples"):
                for line in self.epilog.strip().splitlines():
                    formatter.write(f"{' ' * formatter.current_indent}{line.strip()}\n")


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each setting of the spec; values arrive by snake_case names."""
    for setting in reversed(spec_settings()):
        name = to_snake(setting["name"])
        option = click.option(
            f"--{name.replace('_', '-')}",
            f"setting_{name}",
            cls=SettingOption,
            metavar=_metavar(setting),
            help=_explained(setting),
        )
        command = option(command)
    return command


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the sources of settings and mapping, and `--json`."""
    for option in (json_option, env_file_option, _from_port_option, _mapping_option):
        command = option(command)
    return command


_mapping_option = click.option(
    "--mapping",
    type=FILE,
    help="The mapping; else port-app-config.yml in OCEAN__RESOURCES_PATH or the working directory.",
)
_from_port_option = click.option(
    "--from-port",
    is_flag=True,
    help="Take the mapping and the blueprints from "
    "Port, with OCEAN__PORT__CLIENT_ID, OCEAN__PORT__CLIENT_SECRET and "
    "OCEAN__INTEGRATION__IDENTIFIER.",
)
env_file_option = click.option(
    "--env-file",
    type=FILE,
    help="Variables, one NAME=value a line; else .env and ocean.env, where they are.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


def split_settings(arguments: dict[str, Any]) -> dict[str, Any]:
    """Take the settings out of a command's arguments, by their snake_case names."""
    prefix = "setting_"
    names = [name for name in arguments if name.startswith(prefix)]
    return {name.removeprefix(prefix): arguments.pop(name) for name in names}


def _explained(setting: Any) -> str:
    """Return the spec's description of a setting, without its example."""
    text = str(setting["description"]).partition(", for example")[0].rstrip(".")
    return f"{text}; better in the environment" if setting.get("sensitive") else text


def _metavar(setting: Any) -> str:
    if setting.get("enum"):
        return "|".join(setting["enum"])
    kinds = {"url": "URL", "boolean": "true|false", "object": "JSON", "array": "JSON"}
    return kinds.get(setting["type"], "TEXT")
