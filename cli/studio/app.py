"""The studio's web application: its page, and the questions that the page asks.

What takes time is answered line by line: `{"step": …}` and `{"asked": …}` as it goes on, and last
`{"done": …}` or `{"failed": {"title": …, "problems": […]}}`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.responses import Response

from cli.inputs import own_version
from cli.studio.gate import Gate, Keys
from cli.studio.jobs import Job, Tell
from cli.studio.studio import Studio
from cli.studio.tree import NoSuchPlaceError
from errors import ConfigurationError, OceanCustomError, SettingsError

_HERE = Path(__file__).parent
_LINES = "application/x-ndjson"

type Steps = list[str | int]
type Handler = Callable[[Any], Coroutine[Any, Any, Response]]


class Nothing(BaseModel):
    """A question without anything."""


class Connect(BaseModel):
    """Settings by their names in the spec."""

    settings: dict[str, Any]


class Document(BaseModel):
    """A file or address of an OpenAPI document."""

    source: str


class LookAt(BaseModel):
    """An endpoint; `choices` may hold `place`, and `joins` by placeholder."""

    address: str
    choices: dict[str, Any] = Field(default_factory=dict)


class Kind(BaseModel):
    """An endpoint that is known."""

    kind: str
    number: int | None = None
    keys: list[str] = Field(default_factory=list)


class Place(BaseModel):
    """A place in an answer of an endpoint, or in an item of the preview."""

    kind: str = ""
    index: int | None = None
    number: int = 0
    path: Steps = Field(default_factory=list)
    start: int = Field(0, ge=0)


class Edit(BaseModel):
    """A part of the draft, and its new value; null removes it."""

    path: Steps
    value: Any = None


class Edits(BaseModel):
    """Changes of the draft that belong together."""

    edits: list[Edit]


class Paging(BaseModel):
    """A `pagination` block for a resource."""

    kind: str = ""
    index: int | None = None
    pagination: Any = None


class Expression(BaseModel):
    """JQ to be evaluated on the first items of a resource, each on its own."""

    index: int
    expressions: list[str]


class Keep(BaseModel):
    """A request to write files; `state` is that of the files when their changes were shown."""

    secrets: bool = False
    state: str = ""


def create_app(studio: Studio, keys: Keys, port: int) -> Gate:
    """Return the application behind its gate."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(_page())
    app.include_router(_api(studio))
    app.mount("/static", StaticFiles(directory=_HERE / "static"))

    @app.exception_handler(RequestValidationError)
    async def failed(_: Request, error: RequestValidationError) -> Response:
        return _json(studio, {"failed": problem_of(error)}, 400)

    return Gate(app, keys, port)


def problem_of(error: Exception) -> dict[str, Any]:
    """Return what the page says of an error; one that nobody expected may hold anything."""
    match error:
        case SettingsError():
            return {"title": "The settings cannot be used", "problems": [*error.problems]}
        case ConfigurationError() | NoSuchPlaceError():
            first, *others = str(error).splitlines()
            return {"title": first, "problems": [line.strip() for line in others]}
        case OceanCustomError():
            return {"title": str(error), "problems": []}
        case RequestValidationError():
            return {"title": "The page asked for something that there is not", "problems": []}
    title = f"unexpected {type(error).__name__}; this is a fault of ocean-custom, please report it"
    return {"title": title, "problems": []}


def _page() -> APIRouter:
    router = APIRouter()
    loader = jinja2.FileSystemLoader(_HERE / "templates")
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("studio.html")
    page = template.render(version=own_version())

    @router.get("/")
    async def show() -> HTMLResponse:
        return HTMLResponse(page)

    return router


# What is answered at once: the body of the question, and what answers it.
QUICK: Mapping[str, tuple[type[BaseModel], Callable[[Studio, Any], Any]]] = {
    "state": (Nothing, lambda studio, body: studio.state()),
    "form": (Nothing, lambda studio, body: studio.form()),
    "remove": (Kind, lambda studio, body: studio.remove(body.kind)),
    "identify": (Kind, lambda studio, body: studio.identify(body.kind, body.keys)),
    "endpoint": (Kind, lambda studio, body: studio.endpoint(body.kind, body.number)),
    "tree": (Place, lambda studio, body: _tree(studio, body)),
    "edit": (Edits, lambda studio, body: studio.edit(body.model_dump()["edits"])),
    "paginate": (
        Paging,
        lambda studio, body: studio.paginate(body.kind, body.index, body.pagination),
    ),
    "changes": (Keep, lambda studio, body: studio.changes(with_secrets=body.secrets)),
    "keep": (Keep, lambda studio, body: studio.keep(body.state, with_secrets=body.secrets)),
}
# What is answered line by line.
SLOW: Mapping[str, tuple[type[BaseModel], Callable[[Studio, Any, Tell], Awaitable[Any]]]] = {
    "connect": (Connect, lambda studio, body, tell: studio.connect(body.settings, tell)),
    "document": (Document, lambda studio, body, tell: studio.read_document(body.source, tell)),
    "look": (LookAt, lambda studio, body, tell: studio.look(body.address, body.choices, tell)),
    "preview": (Nothing, lambda studio, body, tell: studio.preview()),
    "try": (Paging, lambda studio, body, tell: studio.attempt(body.index or 0, body.pagination)),
    "compare": (Nothing, lambda studio, body, tell: studio.compare_with_port()),
    "take": (Nothing, lambda studio, body, tell: studio.take_from_port()),
    "put": (Keep, lambda studio, body, tell: studio.put_into_port(body.state)),
    "evaluate": (
        Expression,
        lambda studio, body, tell: studio.evaluate(body.index, body.expressions),
    ),
}


def _api(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api")
    for name, (model, ask) in QUICK.items():
        router.add_api_route(f"/{name}", _at_once(studio, model, ask), methods=["POST"])
    for name, (model, work) in SLOW.items():
        router.add_api_route(f"/{name}", _by_lines(studio, model, work), methods=["POST"])
    return router


def _at_once(studio: Studio, model: type[BaseModel], ask: Callable[[Studio, Any], Any]) -> Handler:
    async def handle(body: Any) -> Response:
        try:
            found = ask(studio, body)
            return _json(studio, await found if isinstance(found, Awaitable) else found)
        except Exception as error:  # noqa: BLE001 (whatever it is, the page is told)
            return _json(studio, {"failed": problem_of(error)}, 400)

    handle.__annotations__["body"] = model
    return handle


def _by_lines(
    studio: Studio, model: type[BaseModel], work: Callable[[Studio, Any, Tell], Awaitable[Any]]
) -> Handler:
    async def handle(body: Any) -> Response:
        return _lines(studio, lambda tell: work(studio, body, tell))

    handle.__annotations__["body"] = model
    return handle


def _tree(studio: Studio, place: Place) -> Any:
    if place.index is not None:
        return studio.item_tree(place.index, place.number, place.path, place.start)
    return studio.tree(place.kind, place.number, place.path, place.start)


def _json(studio: Studio, value: Any, status: int = 200) -> Response:
    return Response(studio.write(value), status, media_type="application/json")


def _lines(studio: Studio, job: Job) -> Response:
    async def told() -> AsyncGenerator[str]:
        try:
            async with aclosing(studio.jobs.run(job)) as lines:
                async for line in lines:
                    yield f"{studio.write(line)}\n"
        except Exception as error:  # noqa: BLE001 (whatever it is, the page is told)
            yield f"{studio.write({'failed': problem_of(error)})}\n"

    return StreamingResponse(told(), media_type=_LINES)
