"""The catalog as web pages: overview, blueprint, entity, sync."""

import json
from pathlib import Path
from typing import Annotated, Any

import jinja2
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from tools.sandbox.port import presentation
from tools.sandbox.port.errors import PortError, found
from tools.sandbox.port.presentation import Chip, entity_url
from tools.sandbox.port.records import EntityRecord
from tools.sandbox.port.routes.common import State
from tools.sandbox.port.state import PortState
from tools.sandbox.port.store import incoming_relations
from tools.sandbox.port.tables import TableRequest, build_table, cells_of, columns_of

SYNCS_ON_OVERVIEW = 8
INCOMING_SHOWN = 60

router = APIRouter(include_in_schema=False)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = ("relative", "absolute", "duration", "number", "hue", "initials")
    environment.filters.update({name: getattr(presentation, name) for name in names})
    environment.globals.update(
        entity_url=presentation.entity_url, blueprint_url=presentation.blueprint_url
    )
    return environment


_templates = Jinja2Templates(env=_environment())


def wants_page(request: Request) -> bool:
    """Return whether a browser asks, rather than a client of the API."""
    is_api = request.url.path.startswith(("/v1/", "/sandbox/"))
    return not is_api and "text/html" in request.headers.get("accept", "")


def error_page(request: Request, error: PortError) -> Response:
    return _page(request, "error.html", status=error.status, error=error)


@router.get("/")
async def overview(request: Request, state: State) -> Response:
    return _page(
        request,
        "overview.html",
        cards=_cards(state),
        syncs=state.recent_syncs(SYNCS_ON_OVERVIEW),
        sync_count=len(state.syncs),
        entity_count=sum(len(records) for records in state.entities.values()),
        integrations=list(state.integrations.values()),
        unknown_requests=state.unknown_requests,
    )


@router.get("/blueprints/{identifier}")
async def blueprint_page(
    request: Request, state: State, identifier: str, wanted: Annotated[TableRequest, Depends()]
) -> Response:
    blueprint = state.blueprint(identifier)
    table = build_table(state, blueprint, wanted)
    return _page(request, "blueprint.html", blueprint=blueprint, table=table)


@router.get("/entities/{blueprint_id}/{identifier:path}")
async def entity_page(
    request: Request, state: State, blueprint_id: str, identifier: str
) -> Response:
    entity = state.entity(blueprint_id, identifier)
    blueprint = state.blueprint(blueprint_id)
    columns = columns_of(blueprint)
    fields = list(zip(columns, cells_of(state, entity, columns), strict=True))
    return _page(
        request,
        "entity.html",
        entity=entity,
        blueprint=blueprint,
        properties=[field for field in fields if field[0].kind != "relation"],
        relations=[field for field in fields if field[0].kind == "relation"],
        incoming=_incoming(state, entity),
        shown=INCOMING_SHOWN,
        document=json.dumps(entity.as_json(), indent=2, ensure_ascii=False),
    )


@router.get("/syncs")
async def syncs_page(request: Request, state: State) -> Response:
    return _page(request, "syncs.html", syncs=state.recent_syncs())


@router.get("/syncs/{number}")
async def sync_page(request: Request, state: State, number: int) -> Response:
    syncs = {str(sync.number): sync for sync in state.recent_syncs()}
    sync = found(syncs, "Sync", str(number))
    return _page(request, "sync.html", sync=sync, blueprints=state.blueprints)


@router.get("/favicon.ico")
async def favicon() -> Response:
    return RedirectResponse("/static/icon.svg")


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    return _templates.TemplateResponse(request, template, context, status_code=status)


def _cards(state: PortState) -> list[dict[str, Any]]:
    """Return blueprints, those with entities first, the system's own only where they have any."""
    cards = []
    for identifier, blueprint in state.blueprints.items():
        records = state.entities.get(identifier, {})
        if identifier.startswith("_") and not records:
            continue
        changed = max((item.updated_at for item in records.values()), default=None)
        cards.append({"blueprint": blueprint, "count": len(records), "changed": changed})
    return sorted(cards, key=lambda card: (-min(1, card["count"]), card["blueprint"]["title"]))


def _incoming(state: PortState, entity: EntityRecord) -> list[dict[str, Any]]:
    """Return entities that point to this one, by blueprint and relation."""
    groups: dict[tuple[str, str], list[Chip]] = {}
    for source, relation, _ in incoming_relations(state, entity.blueprint, entity.identifier):
        href = entity_url(source.blueprint, source.identifier)
        chip = Chip(source.label, href=href, hue=presentation.hue(source.blueprint))
        groups.setdefault((source.blueprint, relation), []).append(chip)
    return [
        {
            "blueprint": state.blueprints[blueprint],
            "relation": state.blueprints[blueprint]["relations"][relation].get("title") or relation,
            "chips": sorted(chips, key=lambda chip: chip.text.casefold()),
        }
        for (blueprint, relation), chips in groups.items()
    ]
