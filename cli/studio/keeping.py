"""Files of the draft: what would change is shown first, and only that is written."""

import difflib
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cli.init.files import BLUEPRINTS, ENVIRONMENT, MAPPING, MEMORY, RUN, VALUES, Folder
from cli.init.plan import SetupPlan
from cli.inputs import secret_names, variable
from cli.mapping_file import read_text, to_plain
from cli.yaml_text import UnreadableYamlError, load_yaml
from errors import ConfigurationError

_FILES = (MAPPING, BLUEPRINTS, ENVIRONMENT, VALUES, RUN)
_NAMES = "|".join(sorted(secret_names()))
_VARIABLES = "|".join(sorted(map(variable, secret_names())))
_PORTS = "OCEAN__PORT__CLIENT_ID|OCEAN__PORT__CLIENT_SECRET"
# The lines of files that hold secrets, and what comes before these.
_SECRETS = {
    ENVIRONMENT: re.compile(rf"(?im)^(\s*(?:export +)?(?:{_VARIABLES}|{_PORTS})\s*=).+$"),
    VALUES: re.compile(rf"(?m)^(\s*(?:{_NAMES}|clientId|clientSecret):).*(?:\n +[^\s:]+)*$"),
}
_HIDDEN = " ••••••••"
# What is copied elsewhere, and how the page calls it.
_EXPORTS = {VALUES: "Helm values", RUN: "docker run", MAPPING: "mapping for Port"}


class Keeping:
    """The folder of a studio's files.

    What they held when the draft was made of them is remembered, so that a change by hand since
    then is kept, and told from one in the draft.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, Any] = {}

    def load(self) -> tuple[Mapping[str, Any] | None, list[Mapping[str, Any]]]:
        """Return the mapping and the blueprints that there are.

        Raises:
            ConfigurationError: one of the files cannot be read.
        """
        self._seen = {name: found for name in (MAPPING, BLUEPRINTS) if (found := self._plain(name))}
        mapping, blueprints = self._seen.get(MAPPING), self._seen.get(BLUEPRINTS)
        return mapping, list(blueprints or [])

    def changes(self, plan: SetupPlan, secrets: Mapping[str, str]) -> dict[str, Any]:
        """Return what writing would change, file by file, and texts to copy elsewhere.

        `state` stands for the files as they are now, and has to be given to write.

        Raises:
            ConfigurationError: a file cannot be read or brought up to date.
        """
        with tempfile.TemporaryDirectory(prefix="ocean-custom-studio-") as name:
            copy = Path(name)
            for file in (*_FILES, MEMORY):
                if (self._folder / file).is_file():
                    shutil.copyfile(self._folder / file, copy / file)
            Folder(copy, self._seen).write(plan, secrets)
            after = {file: read_text(copy / file) for file in _FILES}
        before = self._texts()
        return {
            "folder": str(self._folder.resolve()),
            "state": state_of(before),
            "files": [_change(name, before.get(name), after[name]) for name in _FILES],
            "exports": [
                {"name": name, "title": title, "text": after[name]}
                for name, title in _EXPORTS.items()
            ],
        }

    def write(self, plan: SetupPlan, secrets: Mapping[str, str], state: str) -> dict[str, Any]:
        """Write the files, if they are what they were when the changes were shown.

        Raises:
            ConfigurationError: they are not, or cannot be written.
        """
        if state != state_of(self._texts()):
            raise ConfigurationError(
                f"files in {self._folder} were changed meanwhile; look at the changes again"
            )
        written = Folder(self._folder, self._seen).write(plan, secrets)
        self.load()
        return {
            "created": written.created,
            "updated": written.updated,
            "unchanged": written.unchanged,
        }

    def _texts(self) -> dict[str, str]:
        paths = {name: self._folder / name for name in _FILES}
        return {name: read_text(path) for name, path in paths.items() if path.is_file()}

    def _plain(self, name: str) -> Any:
        path = self._folder / name
        if not path.is_file():
            return None
        try:
            text = read_text(path)
            return (
                json.loads(text)
                if name == BLUEPRINTS
                else to_plain(load_yaml(text, YAML(typ="rt")))
            )
        except (ValueError, UnreadableYamlError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from None


def state_of(texts: Mapping[str, str]) -> str:
    """Return a text that is equal for equal texts."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def _change(name: str, before: str | None, after: str) -> dict[str, Any]:
    """Return a file with the lines of its difference, each with the sign in front."""
    status = "new" if before is None else "same" if before == after else "changed"
    hidden = [_without_secrets(name, text) for text in (before or "", after)]
    return {"name": name, "status": status, "lines": difference(*hidden)}


def _without_secrets(name: str, text: str) -> str:
    """Return the text of a file without the secrets in it, whoever wrote them."""
    pattern = _SECRETS.get(name)
    return pattern.sub(lambda match: f"{match[1]}{_HIDDEN}", text) if pattern else text


def difference(before: str, after: str) -> list[str]:
    """Return the lines in which two texts differ, with some around them."""
    old, new = before.splitlines(), after.splitlines()
    return [*difflib.unified_diff(old, new, lineterm="", n=3)][2:]
