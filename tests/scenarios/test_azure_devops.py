"""Pipelines of the projects of several Azure DevOps organisations, in each of two stages.

https://learn.microsoft.com/en-us/rest/api/azure/devops/core/projects/list
https://learn.microsoft.com/en-us/rest/api/azure/devops/build/definitions/list
"""

from collections import Counter

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.server import serve
from tests.process.sailing import Harbour, resource

pytestmark = pytest.mark.process

PROJECTS = {"contoso": ["Fabrikam Fiber", "Web"], "fabrikam": ["Web"]}
PATHS = ["Release", "Nightly"]


class AzureDevOps:
    """Projects of organisations, and build definitions by folder."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: Counter[str] = Counter()
        self.app.get("/{organization}/_apis/projects")(self.projects)
        self.app.get("/{organization}/{project}/_apis/build/definitions")(self.definitions)

    def projects(self, request: Request, organization: str) -> JSONResponse:
        self.asked[str(request.url)] += 1
        found = [{"id": name.lower(), "name": name} for name in PROJECTS[organization]]
        return JSONResponse({"count": len(found), "value": found})

    def definitions(self, request: Request, organization: str, project: str) -> JSONResponse:
        self.asked[str(request.url)] += 1
        if project not in PROJECTS[organization]:
            return JSONResponse({"message": f"no project {project}"}, 404)
        path = request.query_params["path"]
        return JSONResponse({"value": [{"id": f"{organization}-{project}-{path}"}]})


def test_organisations_by_projects_by_folders(harbour: Harbour) -> None:
    api = AzureDevOps()
    mapped = resource(
        "/{organization}/{project}/_apis/build/definitions",
        "definition",
        identifier='.id | gsub(" "; "_")',
        query_params={"path": "{folder}", "api-version": "7.1"},
        data_path=".value",
        path_parameters={
            "organization": {"variables": '.AZURE_ORGANIZATIONS | split(",")'},
            "project": {
                "endpoint": "/{organization}/_apis/projects",
                "query_params": {"api-version": "7.1"},
                "data_path": ".value",
                "field": ".name",
                "encode": "segment",
            },
            "folder": {"values": PATHS},
        },
    )
    mapped["port"]["entity"]["mappings"]["properties"]["parent"] = ".__project"
    harbour.install([mapped])
    with serve(api.app) as server:
        settings = {"baseUrl": server.url, "exposedVariables": ["AZURE_ORGANIZATIONS"]}
        variables = {"AZURE_ORGANIZATIONS": "contoso,fabrikam"}
        outcome = harbour.sail(settings, variables=variables)
    assert outcome.code == 0, outcome.errors()
    found = {name: entity["parent"] for name, entity in harbour.catalog("definition").items()}
    assert found == {
        f"{organization}-{project}-{path}".replace(" ", "_"): project
        for organization, projects in PROJECTS.items()
        for project in projects
        for path in PATHS
    }
    assert set(api.asked.values()) == {1}
    assert len(api.asked) == 2 + 6
