"""Keeps the local catalog from one run to the next, as Port would."""

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from tools.sandbox.port.persistence import from_document, to_document
from tools.sandbox.port.state import PortState


class CatalogFile:
    """A catalog on disk, together with the fingerprint of the resources it was made with.

    Args:
        path: where the file is, or will be.
        resources: the mapping and the blueprints. Port takes them over at the first run only; here
            a catalog that was made with others is given up, so that a change to them shows.
    """

    def __init__(self, path: Path, resources: list[Path]) -> None:
        self.path = path
        digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in resources))
        self._fingerprint = digest.hexdigest()

    def load(self) -> tuple[PortState, str]:
        """Return the catalog of the last run, or an empty one, and a sentence that says which."""
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
            if document["resources"] != self._fingerprint:
                return PortState(), "The mapping or the blueprints changed: starting anew."
            return from_document(document["catalog"]), f"Going on with {self.path}."
        except FileNotFoundError:
            return PortState(), "This is the first run: the catalog is empty."
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return PortState(), f"{self.path} cannot be read as a catalog: starting anew."

    def save(self, state: PortState) -> None:
        """Replace the file in one step, so that an interrupted run leaves the old one."""
        document = {"resources": self._fingerprint, "catalog": to_document(state)}
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(document, indent=1), encoding="utf-8")
        draft.replace(self.path)
