"""A continuation token in a response header, as Azure DevOps has it.

https://learn.microsoft.com/en-us/rest/api/azure/devops/core/projects/list
"""

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PROJECTS = [f"project-{number:02}" for number in range(31)]


def test_projects(harbour: Harbour) -> None:
    app = FastAPI()
    tokens: list[str] = []

    @app.get("/{organisation}/_apis/projects")
    def projects(organisation: str, continuationToken: str = "0") -> JSONResponse:  # noqa: N803 (the API names it so)
        tokens.append(continuationToken)
        start = int(continuationToken)
        # The server's own page size, whatever `$top` asks for.
        found = [{"id": f"{organisation}-{name}"} for name in PROJECTS[start : start + 10]]
        more = start + 10 < len(PROJECTS)
        headers = {"x-ms-continuationtoken": str(start + 10)} if more else {}
        return JSONResponse({"count": len(found), "value": found}, headers=headers)

    listed = resource(
        "/{organisation}/_apis/projects",
        "project",
        query_params={"api-version": "7.1"},
        data_path=".value",
        path_parameters={"organisation": {"variables": '.ORGANISATIONS | split(",")'}},
        pagination={
            "type": "cursor",
            "param": "continuationToken",
            "cursor_header": "x-ms-continuationtoken",
            "size_param": "$top",
        },
    )
    with serve(app) as server:
        harbour.install([listed])
        settings = {"baseUrl": server.url, "exposedVariables": '["ORGANISATIONS"]'}
        outcome = harbour.sail(settings, variables={"ORGANISATIONS": "fabrikam,contoso"})
    assert outcome.code == 0, outcome.errors()
    expected = {f"{name}-{project}" for name in ("fabrikam", "contoso") for project in PROJECTS}
    assert set(harbour.catalog("project")) == expected
    assert sorted(tokens) == sorted(2 * ["0", "10", "20", "30"])
