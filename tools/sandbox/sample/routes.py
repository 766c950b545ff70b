"""The endpoints of the sample API; each resource shows one pagination family."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from tools.sandbox.sample.auth import TokenIssuer, read_grant
from tools.sandbox.sample.catalog import Catalog
from tools.sandbox.sample.models import (
    EntryPoint,
    Environment,
    Extra,
    Group,
    InstalledFile,
    Maintainer,
    Package,
    Requirement,
)
from tools.sandbox.sample.paging import (
    CursorPage,
    Number,
    ODataPage,
    Offset,
    Page,
    Size,
    Slice,
    cursor_page_of,
    link_header,
    odata_page_of,
    page_of,
    slice_of,
)

api = APIRouter()
tokens = APIRouter()


def _catalog(request: Request) -> Catalog:
    catalog: Catalog = request.app.state.catalog
    return catalog


Data = Annotated[Catalog, Depends(_catalog)]


def _package(name: str, catalog: Data) -> Package:
    package = catalog.package(name)
    if package is None:
        raise HTTPException(404, f"no package named {name!r} is installed")
    return package


Named = Annotated[Package, Depends(_package)]


@api.get("/api/v1/environment")
async def environment(catalog: Data) -> Environment:
    """Return the Python environment: one object, no list."""
    return catalog.environment


@api.get("/api/v1/packages")
async def packages(
    catalog: Data, page: Number = 1, size: Size = 50, license_id: str | None = None
) -> Page[Package]:
    """Installed packages, page by page; `license_id` keeps those under one licence."""
    chosen = [p for p in catalog.packages if license_id in (None, p.license_id)]
    return page_of(chosen, page, size)


@api.get("/api/v1/packages/{name}")
async def package(package: Named) -> Package:
    """Return one package."""
    return package


@api.get("/api/v1/packages/{name}/requirements")
async def requirements(
    package: Named,
    page: Number = 1,
    size: Size = 50,
    optional: bool | None = None,
    installed: bool | None = None,
) -> Page[Requirement]:
    """Return the requirements of packages, page by page.

    `optional` keeps what only extras ask for, or leaves it out; `installed` likewise keeps what
    is installed here, or the rest.
    """
    chosen = [
        requirement
        for requirement in package.requirements
        if optional in (None, requirement.optional) and installed in (None, requirement.installed)
    ]
    return page_of(chosen, page, size)


@api.get("/api/v1/packages/{name}/files")
async def files(package: Named, offset: Offset = 0, limit: Size = 50) -> Slice[InstalledFile]:
    """Return the files of a package, by offset."""
    return slice_of(package.files, offset, limit)


@api.get("/api/v1/maintainers")
async def maintainers(catalog: Data, page: Number = 1, size: Size = 50) -> Page[Maintainer]:
    """Return authors and maintainers, page by page."""
    return page_of(catalog.maintainers, page, size)


@api.get("/api/v1/licenses")
async def licenses(catalog: Data, page: Number = 1, size: Size = 50) -> Page[Group]:
    """Return licences, page by page."""
    return page_of(catalog.licenses, page, size)


@api.get("/api/v1/commands")
async def commands(catalog: Data, page: Number = 1, size: Size = 50) -> Page[EntryPoint]:
    """Return the commands that packages install, page by page."""
    return page_of(catalog.commands, page, size)


@api.get("/api/v1/topics")
async def topics(catalog: Data, offset: Offset = 0, limit: Size = 50) -> Slice[Group]:
    """Return trove classifiers, by offset."""
    return slice_of(catalog.topics, offset, limit)


@api.get("/api/v1/modules")
async def modules(catalog: Data, cursor: str | None = None, limit: Size = 50) -> CursorPage[Group]:
    """Return top-level import names, by cursor."""
    try:
        return cursor_page_of(catalog.modules, cursor, limit)
    except ValueError as error:
        raise HTTPException(400, str(error)) from error


@api.get("/odata/v1/Dependencies", response_model_exclude_unset=True)
async def dependencies(
    request: Request,
    catalog: Data,
    top: Annotated[int, Query(alias="$top", ge=1)] = 50,
    skip_token: Annotated[int, Query(alias="$skiptoken", ge=0)] = 0,
) -> ODataPage[Requirement]:
    """Return every requirement of every package, with OData next links."""
    return odata_page_of(catalog.requirements, request.url, skip_token, top)


@api.get("/api/v1/entry-points")
async def entry_points(
    request: Request, response: Response, catalog: Data, page: Number = 1, per_page: Size = 50
) -> list[EntryPoint]:
    """Entry points of every group: a top-level array whose `Link` header leads on."""
    found = page_of(catalog.entry_points, page, per_page)
    response.headers["Link"] = link_header(request.url, page, per_page, found.total)
    return list(found.items)


@api.get("/api/v1/extras")
async def extras(catalog: Data) -> list[Extra]:
    """Return optional features of packages: a top-level array, all at once."""
    return catalog.extras


@tokens.post("/oauth/token")
async def token(request: Request) -> JSONResponse:
    """Give a token that expires for client credentials, as JSON or as a form (RFC 6749, 4.4)."""
    issuer: TokenIssuer = request.app.state.issuer
    try:
        grant = await read_grant(request)
    except ValueError:
        return _grant_error(400, "invalid_request")
    if grant.get("grant_type") != "client_credentials":
        return _grant_error(400, "unsupported_grant_type")
    issued = issuer.issue(str(grant.get("client_id")), str(grant.get("client_secret")))
    if issued is None:
        return _grant_error(401, "invalid_client")
    answer: dict[str, Any] = {
        "access_token": issued,
        "token_type": "Bearer",
        "expires_in": int(issuer.lifetime),
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _grant_error(status: int, error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status)
