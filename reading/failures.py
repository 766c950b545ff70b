"""Failures of reading a resource: kept, told together, or taken for a vanished parent."""

from dataclasses import dataclass, field

from loguru import logger

from errors import EndpointError, GoneError, OceanCustomError, ResourceError
from mapping.plan.endpoint import Endpoint
from statuses import TABLE, Situation

_GONE = TABLE[Situation.NESTED][0].named
# So many parents do not vanish all at once: then the path is wrong.
_SUSPICIOUSLY_GONE = 3
_EXAMPLES = 3


@dataclass(slots=True)
class Failures:
    """Errors of one resource, to be told together."""

    errors: list[OceanCustomError] = field(default_factory=list)

    def add(self, error: OceanCustomError, endpoint: Endpoint | None = None) -> None:
        """Keep an error for the end; the first ones are logged as they happen."""
        if isinstance(error, EndpointError) and endpoint:
            error = error.at(f"{endpoint.method} {endpoint.path}")
        self.errors.append(error)
        if len(self.errors) <= _EXAMPLES:
            logger.error(f"{error}")

    def summary(self) -> str:
        """Return one line for each way of failing, with a count and up to three examples."""
        groups: dict[tuple[str, str], list[EndpointError]] = {}
        lines: dict[str, None] = {}
        for error in self.errors:
            if isinstance(error, EndpointError):
                groups.setdefault((error.reason, error.advice), []).append(error)
            else:
                lines[f"  - {error}"] = None
        return "\n".join([*map(_describe_group, groups.values()), *lines])


@dataclass(slots=True)
class Vanished:
    """The nested endpoints of one template whose parent vanished since it was discovered."""

    endpoint: Endpoint
    count: int = 0

    def take(self, error: OceanCustomError) -> bool:
        """Count and log an error that only says that the parent is gone; tell whether it does."""
        if not isinstance(error, GoneError):
            return False
        self.count += 1
        logger.warning(f"{error.endpoint}: gone ({error.status}), counted as empty")
        return True

    def check(self, endpoints: int) -> None:
        """Refuse to believe that all of so many vanished.

        Raises:
            ResourceError: names the path to look at.
        """
        if self.count >= _SUSPICIOUSLY_GONE and self.count == endpoints:
            raise ResourceError(
                f"all {self.count} nested endpoints answered {_GONE}; "
                f"look at the path {self.endpoint.path}"
            )


def _describe_group(errors: list[EndpointError]) -> str:
    if len(errors) == 1:
        return f"  - {errors[0]}"
    places = "; ".join(error.endpoint for error in errors[:_EXAMPLES])
    more = f"; and {len(errors) - _EXAMPLES} more" if len(errors) > _EXAMPLES else ""
    return f"  - {len(errors)} times {errors[0].text}: {places}{more}"
