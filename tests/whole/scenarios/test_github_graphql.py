"""GraphQL with cursors among its variables, as GitHub has it.

https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api
"""

from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

MEMBERS = [f"member-{number}" for number in range(23)]
QUERY = """
query ($org: String!, $first: Int!, $after: String) {
  organization(login: $org) {
    membersWithRole(first: $first, after: $after) { nodes { login } pageInfo { hasNextPage } }
  }
}
"""


class GitHub:
    """Members by a cursor; from `break_at` on it answers with data and errors at once."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[dict[str, Any]] = []
        self.break_at: int | None = None
        self.app.post("/graphql")(self.graphql)

    def graphql(
        self, query: Annotated[str, Body()], variables: Annotated[dict[str, Any], Body()]
    ) -> JSONResponse:
        assert query == QUERY
        self.asked.append(variables)
        start = int(variables.get("after") or 0)
        end = start + variables["first"]
        found: dict[str, Any] = {
            "nodes": [{"login": login} for login in MEMBERS[start:end]],
            "pageInfo": {"hasNextPage": end < len(MEMBERS), "endCursor": str(end)},
        }
        answer: dict[str, Any] = {"data": {"organization": {"membersWithRole": found}}}
        if self.break_at is not None and start >= self.break_at:
            found["nodes"] = found["nodes"][:1]
            answer["errors"] = [{"type": "SERVICE_UNAVAILABLE", "message": "a shard is away"}]
        return JSONResponse(answer)


def test_members(harbour: Harbour) -> None:
    api = GitHub()
    members = "data.organization.membersWithRole"
    listed = resource(
        "members",
        "member",
        endpoint="/graphql",
        method="POST",
        body_format="graphql",
        body={"query": QUERY, "variables": {"org": "${GITHUB_ORG}"}},
        data_path=f".{members}.nodes",
        pagination={
            "type": "cursor",
            "in": "body",
            "page_size": 10,
            "param": "variables.after",
            "size_param": "variables.first",
            "cursor_path": f"{members}.pageInfo.endCursor",
            "has_more_path": f"{members}.pageInfo.hasNextPage",
        },
    )
    listed["port"]["entity"]["mappings"]["identifier"] = ".login"
    with serve(api.app) as server:
        harbour.install([listed])
        settings = {"baseUrl": server.url, "exposedVariables": '["GITHUB_ORG"]'}
        variables = {"GITHUB_ORG": "hush-hush-org"}
        whole = harbour.sail(settings, variables=variables)
        api.break_at = 20
        broken = harbour.sail(settings, variables=variables)
    assert whole.code == 0, whole.errors()
    assert set(harbour.catalog("member")) == set(MEMBERS)
    assert api.asked[:3] == [
        {"org": "hush-hush-org", "first": 10},
        {"org": "hush-hush-org", "first": 10, "after": "10"},
        {"org": "hush-hush-org", "first": 10, "after": "20"},
    ]
    # What GraphQL leaves out beside its errors is not gone.
    assert broken.code == 1
    assert broken.totals()[2] == 0
    assert any("a shard is away" in line for line in broken.errors())
    assert "hush-hush-org" not in whole.log + broken.log
