"""Everything that can go wrong on the way from a setting to a batch of items.

    OceanCustomError
    ├── ConfigurationError        something the user wrote cannot work
    │   ├── SettingsError           a connection setting; stops the start
    │   └── SelectorError           a selector or path parameter; fails its resource only
    ├── EndpointError             an endpoint could not be read to its end
    │   ├── RequestError            no usable answer: DNS, TLS, refused, timed out, wait too long
    │   │   └── RefusedOriginError    a link or redirect left the API's origin
    │   ├── StatusError             the API answered with an error status
    │   ├── ResponseError           a success status, but the body is no usable answer
    │   ├── PaginationError         the pages contradict each other or never end
    │   │   └── TooDeepError          there is more than the API, or the mapping, lets be read
    │   ├── ExportError             an export job failed, or was not done in time
    │   └── AuthenticationError     no credentials could be fetched
    ├── LiveEventError            an event could not be applied; the next resync makes up for it
    └── ResourceError             a resource that failed, with all its endpoint errors grouped

Messages are for the person on call. They never hold a credential: URLs and bodies go through
`redaction.Redactor` before they get here, because exceptions and their tracebacks leave the
process unmasked.
"""

from collections.abc import Sequence

from api_messages import ApiResponse


class OceanCustomError(Exception):
    """Base of every error that this integration raises on purpose."""


class ConfigurationError(OceanCustomError):
    """Something in the settings or the mapping is wrong; retrying cannot help."""


class SettingsError(ConfigurationError):
    """One or more connection settings are missing or wrong.

    `problems` holds one line per wrong setting, each starting with the setting's name in the spec.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem}" for problem in self.problems)
        noun = "setting is" if len(self.problems) == 1 else "settings are"
        super().__init__(f"{len(self.problems)} connection {noun} wrong:\n{listed}")


class SelectorError(ConfigurationError):
    """A selector, path parameter or data_path of one resource cannot be used."""


class EndpointError(OceanCustomError):
    """An endpoint could not be read to its end.

    Inputs: `reason`, what went wrong without the address, equal for equal causes, so that failures
    of many endpoints can be grouped; `said`, the redacted start of the body; `endpoint`, the
    method and redacted URL; `advice`, the setting or selector to look at. `answer` is the response
    itself where there is one, for rules to look at; it may hold secrets and is never shown.
    """

    answer: ApiResponse | None = None

    def __init__(
        self, reason: str, *, said: str = "", endpoint: str = "", advice: str = ""
    ) -> None:
        self.reason = reason
        self.said = said
        self.endpoint = endpoint
        self.advice = advice
        super().__init__(reason)

    def __str__(self) -> str:
        place = f"{self.endpoint}: " if self.endpoint else ""
        said = f": {self.said}" if self.said else ""
        hint = f" ({self.advice})" if self.advice else ""
        return f"{place}{self.reason}{said}{hint}"


class RequestError(EndpointError):
    """The request got no usable answer at all."""


class RefusedOriginError(RequestError):
    """A link or redirect points to another origin than the API's."""


class StatusError(EndpointError):
    """The API answered with a status that is neither success nor redirect.

    `is_decided` tells that a rule of the user's was for it, so that no built-in rule is.
    """

    is_decided = False

    def __init__(
        self, status: int, reason: str, *, said: str = "", endpoint: str = "", advice: str = ""
    ) -> None:
        self.status = status
        super().__init__(reason, said=said, endpoint=endpoint, advice=advice)


class ResponseError(EndpointError):
    """The status says success, but the body cannot be the answer."""


class PaginationError(EndpointError):
    """Pages contradict each other, so that reading on could lose or repeat items."""


class TooDeepError(PaginationError):
    """There is more than can be read in one go; a narrower request may be answered."""


class ExportError(EndpointError):
    """An export job failed, was not done in time, or did not say what comes next."""


class AuthenticationError(EndpointError):
    """Credentials could not be fetched: refused, or not what the answer holds."""


class ResourceError(OceanCustomError):
    """A resource was not read completely; Ocean must not delete anything because of it."""


class LiveEventError(OceanCustomError):
    """A webhook event could not be applied; the next resync makes up for it."""
