"""The files of an installation: written once, and brought up to date without losing edits."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from cli.init.merge import merge, remember
from cli.init.plan import SetupPlan
from cli.inputs import own_version, secret_names, variable
from cli.mapping_file import read_text, to_plain
from cli.private_texts import make_private, write_private
from cli.yaml_text import UnreadableYamlError, load_yaml
from errors import ConfigurationError
from settings.connection import ConnectionSettings

MAPPING = "port-app-config.yml"
BLUEPRINTS = "blueprints.json"
ENVIRONMENT = "ocean.env"
VALUES = "values.yaml"
RUN = "docker-run.sh"
NOTES = "from-document.md"
MEMORY = ".ocean-custom.json"
# What users put their secrets in.
_PRIVATE = frozenset({ENVIRONMENT, VALUES})
_NOTHING_SEEN: Mapping[str, Any] = {}
_REGISTRY = "<your-registry>"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# The image that `make image` builds.
_IMAGE = f"port-ocean-custom:{own_version()}"
# What a shell script, a host name and a resource of Kubernetes all take as it is.
_NOT_IN_NAMES = re.compile(r"[^a-z0-9-]+")
_ASSIGNMENT = re.compile(r"^([A-Z][A-Z0-9_]*)(=.*)?$")


@dataclass(slots=True)
class Written:
    """The fate of the files: names by what happened to them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


class Folder:
    """A directory with the files of one installation.

    What was generated last is remembered beside them, so that edits can be told from it. Inputs:
    `seen`, the content of files, by name, from which what is written was made: then that is all
    that these files should have, but for what was changed in them since.
    """

    def __init__(self, path: Path, seen: Mapping[str, Any] = _NOTHING_SEEN) -> None:
        self.path = path
        self._seen = seen
        self._memory = self._read_memory()
        self.written = Written()

    def write(self, plan: SetupPlan, secrets: Mapping[str, str], notes: str = "") -> Written:
        """Write or update all files.

        Inputs: `secrets`, placeholders for secret settings that the user has to fill in, by the
        name in the spec; an empty one has to come from the environment; `notes`, what a document
        lists and what of it is left out.

        Raises:
            ConfigurationError: a file cannot be read or written, or is not what it should be.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._write_yaml(MAPPING, plan.mapping)
            self._write_json(BLUEPRINTS, plan.blueprints)
            self._write_environment(plan.settings, secrets)
            self._write_yaml(VALUES, _values(plan.settings, secrets))
            self._write_if_new(RUN, docker_run(plan.settings, secrets))
            (self.path / RUN).chmod(0o755)
            if notes:
                self._write_anew(NOTES, notes)
            write_private(self.path / MEMORY, f"{json.dumps(self._memory, indent=1)}\n")
        except OSError as error:
            raise ConfigurationError(
                f"{error.filename or self.path} cannot be written: {error.strerror}"
            ) from None
        return self.written

    def _write_yaml(self, name: str, ours: dict[str, Any]) -> None:
        yaml = _yaml()

        def dump(merged: Any) -> str:
            stream = StringIO()
            yaml.dump(merged, stream)
            return stream.getvalue()

        self._update(name, self._content(name, lambda text: load_yaml(text, yaml)), ours, dump)

    def _write_json(self, name: str, ours: list[dict[str, Any]]) -> None:
        def dump(merged: Any) -> str:
            return f"{json.dumps(merged, indent=2, ensure_ascii=False)}\n"

        self._update(name, self._content(name, json.loads), ours, dump)

    def _write_environment(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        host = settings.get("baseUrl", "the API")
        head = (
            f"# Settings for {host}. Secrets are not in here: a name without a value is taken\n"
            "# from the environment of the command that reads this file.\n"
        )
        text = self._content(ENVIRONMENT, str)

        def dump(merged: Any) -> str:
            return _replace_assignments(head if text is None else text, merged)

        theirs = None if text is None else assignments(text)
        self._update(ENVIRONMENT, theirs, environment_of(settings, secrets), dump)

    def _content(self, name: str, load: Callable[[str], Any]) -> Any:
        """Return the content of a file, as `load` reads it; None where there is none."""
        path = self.path / name
        try:
            return load(read_text(path)) if path.exists() else None
        except (ValueError, UnreadableYamlError) as error:
            raise ConfigurationError(f"{path} cannot be updated: {error}") from None

    def _update(self, name: str, theirs: Any, ours: Any, dump: Callable[[Any], str]) -> None:
        """Write what is generated, merged with `theirs`, which is None where there is nothing."""
        before = to_plain(theirs)
        base = self._seen.get(name, self._memory.get(name))
        is_whole = name in self._seen
        merged = ours if theirs is None else merge(base, theirs, ours, is_whole=is_whole)
        if to_plain(merged) == before:
            self.written.unchanged.append(name)
            if name in _PRIVATE:
                make_private(self.path / name)
        else:
            self._write(name, dump(merged))
        generated = None if is_whole else self._memory.get(name)
        self._memory[name] = remember(generated, ours)

    def _write_if_new(self, name: str, text: str) -> None:
        path = self.path / name
        theirs = path.read_text("utf-8") if path.exists() else ""
        if path.exists() and (theirs == text or theirs != self._memory.get(name, text)):
            self.written.unchanged.append(name)
            return
        self._write(name, text)
        self._memory[name] = text
        path.chmod(0o755)

    def _write_anew(self, name: str, text: str) -> None:
        """Write what is nobody's to edit."""
        path = self.path / name
        if path.exists() and path.read_text("utf-8") == text:
            self.written.unchanged.append(name)
        else:
            self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        (self.written.updated if path.exists() else self.written.created).append(name)
        if name in _PRIVATE:
            write_private(path, text)
        else:
            path.write_text(text, "utf-8")

    def _read_memory(self) -> dict[str, Any]:
        path = self.path / MEMORY
        if not path.exists():
            return {}
        try:
            content = json.loads(read_text(path))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ConfigurationError(f"{path} is damaged; remove it to go on without it")
        return content


def environment_of(
    settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> dict[str, str | None]:
    """Return variables of an env file; None for a secret, which has a name and no value."""
    hidden = secret_names()
    plain = {variable(name): _text(value) for name, value in settings.items() if name not in hidden}
    needed = needed_secrets(settings, secrets)
    wanted = {variable(name): secrets.get(name) or None for name in needed}
    return {**plain, **wanted}


def needed_secrets(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> list[str]:
    """Return the secret settings that an installation needs, by their names in the spec."""
    of_type = credentials_of(str(settings.get("authType")))
    return list(dict.fromkeys([*of_type, *secrets]))


def credentials_of(auth_type: str) -> tuple[str, ...]:
    """Return the secret settings of an authType, by their names in the spec."""
    auth = ConnectionSettings.of_auth_types().get(auth_type)
    return auth.secret_names() if auth else ()


def docker_run(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
    """Return a script that runs the integration once with these files, from wherever it is started.

    It says which variables have to be set, and takes another image from IMAGE.
    """
    needs = variables_to_set(settings, secrets)
    host = urlsplit(str(settings.get("baseUrl", ""))).hostname
    # A container has a localhost of its own.
    network = ["--network host"] if host in _LOCAL else []
    lines = [
        "docker run --rm",
        *network,
        '-v "$PWD:/setup:ro"',
        f"--env-file {ENVIRONMENT}",
        "-e OCEAN__PORT__CLIENT_ID",
        "-e OCEAN__PORT__CLIENT_SECRET",
        f'-e OCEAN__INTEGRATION__IDENTIFIER="{installation_name(settings)}"',
        "-e OCEAN__RESOURCES_PATH=/setup",
        '-e OCEAN__EVENT_LISTENER=\'{"type": "ONCE"}\'',
        f'"${{IMAGE:-{_IMAGE}}}"',
    ]
    asked = "".join(f': "${{{name}?has to be set}}"\n' for name in needs)
    command = " \\\n  ".join(lines)
    return (
        f"#!/bin/sh\n# One sync. Set these first: {', '.join(needs)}.\n"
        f'set -e\n{asked}cd "$(dirname "$0")"\n{command}\n'
    )


def variables_to_set(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> list[str]:
    """Return the variables that a run needs and that are in no file."""
    needed = needed_secrets(settings, secrets)
    exported = [variable(name) for name in needed if not secrets.get(name)]
    return ["OCEAN__PORT__CLIENT_ID", "OCEAN__PORT__CLIENT_SECRET", *exported]


def installation_name(settings: Mapping[str, Any]) -> str:
    """Return a name for the installation, from the host of baseUrl."""
    host = urlsplit(str(settings.get("baseUrl", ""))).hostname or ""
    parts = [part for part in host.split(".") if part not in ("www", "api", "com", "org", "io")]
    return _NOT_IN_NAMES.sub("-", "-".join(parts).lower()).strip("-") or "my-api"


def assignments(text: str) -> dict[str, str | None]:
    """Return the variables of an env file, as docker reads it."""
    found: dict[str, str | None] = {}
    for line in text.splitlines():
        if match := _ASSIGNMENT.match(line.strip()):
            found[match[1]] = match[2][1:] if match[2] else None
    return found


def _replace_assignments(text: str, values: Mapping[str, str | None]) -> str:
    left = dict(values)
    lines = []
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line.strip())
        if match and match[1] in left:
            lines.append(_assignment(match[1], left.pop(match[1])))
        else:
            lines.append(line)
    return "\n".join([*lines, *(_assignment(name, value) for name, value in left.items())]) + "\n"


def _assignment(name: str, value: str | None) -> str:
    return name if value is None else f"{name}={value}"


def _values(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return values of the charts, this project's and Port's."""
    hidden = secret_names()
    config = {name: value for name, value in settings.items() if name not in hidden}
    integration: dict[str, Any] = {
        "identifier": installation_name(settings),
        "type": "custom",
        "eventListener": {"type": "POLLING"},
        "config": config,
    }
    filled = {
        name: secrets[name] for name in needed_secrets(settings, secrets) if secrets.get(name)
    }
    if filled:
        integration["secrets"] = filled
    return {"imageRegistry": _REGISTRY, "scheduledResyncInterval": 60, "integration": integration}


def _text(value: Any) -> str:
    """Return a setting on one line, as in an env file; PEM and JSON take spaces for breaks."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value.splitlines()) if isinstance(value, str) else json.dumps(value)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml
