"""What the model servers of the example APIs share: routes, credentials, a record."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import httpx

type Handler = Callable[..., httpx.Response]

_PARAMETER = re.compile(r"\\\{(\w+)\\\}")


class ModelServer:
    """Answers like one API, as documented: the wrong credentials get 401, an unknown path 404.

    `base_url` is the root that routes are relative to; `headers` are what each request must carry.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.responses: list[httpx.Response] = []
        self._base = httpx.URL(base_url)
        self._headers = headers or {}
        self._routes: list[tuple[str, re.Pattern[str], bool, Handler]] = []

    def route(
        self, path: str, *, method: str = "GET", public: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a path such as `/orgs/{org}/repos`.

        It takes the request and, by name, each parameter: one segment of the path, decoded.
        """
        pattern = _PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(self._base.path.rstrip("/") + path))

        def register(handler: Handler) -> Handler:
            self._routes.append((method, re.compile(pattern), public, handler))
            return handler

        return register

    def __call__(self, request: httpx.Request) -> httpx.Response:
        response = self._respond(request)
        self.requests.append(request)
        self.responses.append(response)
        return response

    def _respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        for method, pattern, public, handler in self._routes:
            match = pattern.fullmatch(path)
            if match and method == request.method and request.url.host == self._base.host:
                if not public and not self._is_allowed(request):
                    return httpx.Response(401, json={"message": "Bad credentials"})
                params = {name: unquote(value) for name, value in match.groupdict().items()}
                return handler(request, **params)
        return httpx.Response(404, json={"message": "Not Found"})

    def _is_allowed(self, request: httpx.Request) -> bool:
        return all(request.headers.get(name) == value for name, value in self._headers.items())


def number(request: httpx.Request, name: str, default: int) -> int:
    """A whole number from the query of a request."""
    return int(request.url.params.get(name, default))


def link_header(relations: Mapping[str, httpx.URL]) -> dict[str, str]:
    """A `Link` header (RFC 8288); none without relations."""
    links = ", ".join(f'<{url}>; rel="{name}"' for name, url in relations.items())
    return {"Link": links} if links else {}


def numbered_page(
    request: httpx.Request, items: Sequence[Any], *, default_size: int
) -> httpx.Response:
    """One page of a list, by `page` and `per_page`, with its neighbours in the `Link` header."""
    page, size = number(request, "page", 1), min(number(request, "per_page", default_size), 100)
    last = max(1, -(-len(items) // size))
    neighbours = {"prev": page - 1, "next": page + 1, "first": 1, "last": last}
    relations = {
        name: request.url.copy_set_param("page", target)
        for name, target in neighbours.items()
        if 1 <= target <= last and last > 1
    }
    return httpx.Response(
        200, json=list(items[(page - 1) * size : page * size]), headers=link_header(relations)
    )
