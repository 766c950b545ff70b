"""A baseUrl that comes with the answer to a login, as of tenants that have a host each.

{"access_token": "…", "instance_url": "https://acme.my.example.com"}
"""

from dataclasses import dataclass

import httpx

from errors import AuthenticationError
from settings.connection import ConnectionSettings
from transport.origins import HostPatterns, origin


@dataclass(frozen=True, slots=True)
class Move:
    """A move of all that is below one address to another one."""

    old: httpx.URL
    new: httpx.URL

    def to_new(self, url: httpx.URL) -> httpx.URL:
        """Return where an address leads after the move; those of other hosts stay as they are.

        Sample: from `https://login.example.com/v1` to `https://acme.example.com/v1`,
        `https://login.example.com/v1/users?page=2` leads to `https://acme.example.com/v1/users?…`.
        """
        if origin(url) != origin(self.old):
            return url
        path = url.raw_path
        old, new = (each.raw_path.rstrip(b"/") for each in (self.old, self.new))
        below = path.removeprefix(old)
        is_below = path.startswith(old) and (not below or below[:1] in b"/?")
        moved = new + below if is_below else path
        return self.new.copy_with(raw_path=moved or b"/")


class BaseUrl:
    """The address that takes the place of baseUrl after a login, at hosts that settings name.

    `learnt` has the last one, also while the next login is under way.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        template = settings.custom_auth_request_template
        self._old = httpx.URL(settings.base_url)
        self._hosts = HostPatterns(template.base_url_hosts if template else ())
        self.learnt: tuple[httpx.URL, ...] = ()

    def moved(self, address: str | None) -> Move | None:
        """Return the move to an address that a login gave; None where it gave none.

        Raises:
            AuthenticationError: it is no address, or on a host that may get no credentials. It is
                not quoted, as nothing of the answer is.
        """
        if address is None:
            return None
        try:
            new = httpx.URL(address)
        except httpx.InvalidURL:
            new = httpx.URL()
        is_plain = new.scheme == "http" and self._old.scheme == "https"
        if not self._hosts.has(new) or is_plain or new.userinfo or new.query or new.fragment:
            raise AuthenticationError(
                "baseUrl of customAuthRequestTemplate gives no address below a host in "
                f"baseUrlHosts{', with https as baseUrl has' if is_plain else ''}",
                advice="credentials go to no other; look at baseUrl and baseUrlHosts there",
            )
        self.learnt = (new,)
        return Move(self._old, new)
