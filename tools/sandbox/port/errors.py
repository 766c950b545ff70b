"""Port's error answers.

PortError                        any refusal: HTTP status, error code, message, details
├── NotFound                404  no such blueprint, entity, integration, ...
├── InvalidRequest          422  the body, or an entity in it, does not fit
├── Conflict                409  the identifier is taken, or something still depends on it
├── Refused                 any  whatever the request says, as somebody told this server
└── Unauthorized            401  no token, or one that is not ours
"""

from collections.abc import Mapping
from typing import Any, Self


class PortError(Exception):
    status = 400
    code = "bad_request"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details

    def body(self) -> dict[str, Any]:
        """Return the JSON body: `{"ok": false, "error": code, "message": text, "details": {…}}`."""
        return {"ok": False, "error": self.code, "message": self.message, "details": self.details}


class NotFound(PortError):
    status = 404
    code = "not_found"

    @classmethod
    def of(cls, resource: str, identifier: str, **details: Any) -> Self:
        return cls(
            f'{resource} with identifier "{identifier}" was not found',
            resource=resource,
            withKey="identifier",
            withValue=identifier,
            **details,
        )


class InvalidRequest(PortError):
    status = 422
    code = "invalid_request"


class Conflict(PortError):
    status = 409
    code = "conflict"


class Refused(PortError):
    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, code="refused")
        self.status = status


class Unauthorized(PortError):
    status = 401
    code = "unauthorized"


def found[Record](records: Mapping[str, Record], resource: str, identifier: str) -> Record:
    """Return the record with this identifier, or `NotFound` for a resource such as `Blueprint`."""
    if identifier not in records:
        raise NotFound.of(resource, identifier)
    return records[identifier]


def required_text(body: Mapping[str, Any], name: str) -> str:
    """Return the text that a body must have under a name, or `InvalidRequest`."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"body must have required property '{name}'")
    return value
