"""A catalog as a JSON document, so that a later run of the stand-in goes on where this one ended.

Left out is what only a running process needs or what does not belong on a disk: unknown requests,
log lines, organization secrets, incremental cursors, the signing key.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from tools.sandbox.port.records import EntityRecord, Integration
from tools.sandbox.port.state import PortState
from tools.sandbox.port.syncs import Sync

PLAIN = ("blueprints", "actions", "pages", "scorecards")

_entities = TypeAdapter(dict[str, dict[str, EntityRecord]])
_integration = TypeAdapter(Integration)
_sync = TypeAdapter(Sync)


def to_document(state: PortState) -> dict[str, Any]:
    """Return a document of JSON values, of which `from_document` makes an equal catalog."""
    return {
        **{name: getattr(state, name) for name in PLAIN},
        "entities": _entities.dump_python(state.entities, mode="json"),
        "integrations": [
            _integration.dump_python(integration, mode="json", exclude={"cursors"})
            for integration in state.integrations.values()
        ],
        "syncs": [_sync_document(sync) for sync in state.syncs],
    }


def from_document(document: Mapping[str, Any]) -> PortState:
    """Return the catalog that a document describes.

    Raises:
        KeyError: a part of the document is missing.
        pydantic.ValidationError: a part has another form than `to_document` writes.
    """
    integrations = [_integration.validate_python(each) for each in document["integrations"]]
    return PortState(
        **{name: document[name] for name in PLAIN},
        entities=_entities.validate_python(document["entities"]),
        integrations={integration.identifier: integration for integration in integrations},
        syncs=[_sync_from(each) for each in document["syncs"]],
    )


def _sync_document(sync: Sync) -> dict[str, Any]:
    errors = [[*key, message] for key, message in sync.errors.items()]
    return {**_sync.dump_python(sync, mode="json", exclude={"errors"}), "errors": errors}


def _sync_from(document: Mapping[str, Any]) -> Sync:
    errors = {(blueprint, entity): message for blueprint, entity, message in document["errors"]}
    rest = {name: value for name, value in document.items() if name != "errors"}
    return replace(_sync.validate_python(rest), errors=errors)
