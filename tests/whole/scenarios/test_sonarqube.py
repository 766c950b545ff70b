"""Quality measures of all SonarQube projects, several projects a request.

https://docs.sonarsource.com/sonarqube-server/extension-guide/web-api
"""

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PROJECTS = [f"org:project-{number}" for number in range(23)]
SIZE = 5


class SonarQube:
    """Lists projects in pages, and takes at most so many keys of projects at once."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[list[str]] = []
        self.app.get("/api/projects/search")(self.projects)
        self.app.get("/api/measures/search")(self.measures)

    def projects(self, p: int, ps: int) -> JSONResponse:
        shown = PROJECTS[ps * (p - 1) : ps * p]
        paging = {"pageIndex": p, "pageSize": ps, "total": len(PROJECTS)}
        return JSONResponse({"paging": paging, "components": [{"key": key} for key in shown]})

    def measures(self, projectKeys: str, metricKeys: str) -> JSONResponse:  # noqa: N803 (the API's)
        keys = projectKeys.split(",")
        self.asked.append(keys)
        if len(keys) > SIZE or len(self.asked) == 2:
            return JSONResponse({"errors": [{"msg": "too many, or not now"}]}, 503)
        return JSONResponse(
            {
                "measures": [
                    {"component": key, "metric": metric, "value": str(PROJECTS.index(key))}
                    for key in keys
                    for metric in metricKeys.split(",")
                ]
            }
        )


def test_measures_in_batches_of_projects(harbour: Harbour) -> None:
    api = SonarQube()
    harbour.install(
        [
            resource(
                "/api/measures/search",
                "measure",
                identifier='.component + "/" + .metric',
                version=".value | tonumber",
                query_params={"projectKeys": "{key}", "metricKeys": "coverage,bugs"},
                data_path=".measures",
                pagination="none",
                path_parameters={
                    "key": {
                        "endpoint": "/api/projects/search",
                        "pagination": {
                            "type": "page",
                            "param": "p",
                            "size_param": "ps",
                            "page_size": 10,
                            "total_path": "paging.total",
                        },
                        "data_path": ".components",
                        "field": ".key",
                        "batch": {"size": SIZE},
                    }
                },
            )
        ]
    )
    with serve(api.app) as server:
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code == 0, outcome.errors()
    found = {name: entity["version"] for name, entity in harbour.catalog("measure").items()}
    assert found == {
        f"{key}/{metric}": PROJECTS.index(key)
        for key in PROJECTS
        for metric in ("coverage", "bugs")
    }
    # Five requests for 23 projects, and one that was repeated.
    assert sorted(map(len, api.asked)) in ([3, 5, 5, 5, 5, 5], [3, 3, 5, 5, 5, 5])
