"""An API key in the query, as The Movie Database has it.

https://developer.themoviedb.org/docs/authentication-application
https://developer.themoviedb.org/reference/movie-popular-list
"""

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

KEY = "k3y-of-the-scenario+/="
MOVIES, PAGE = 45, 20


class MovieDatabase:
    """Popular movies; the second page fails once and says with which address."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[str] = []
        self.app.get("/3/movie/popular")(self.popular)

    def popular(self, request: Request, api_key: str = "", page: int = 1) -> JSONResponse:
        self.asked.append(str(request.url))
        if api_key != KEY:
            said = f"Invalid API key: {api_key}"
            return JSONResponse({"success": False, "status_code": 7, "status_message": said}, 401)
        if len(self.asked) == 2:
            return JSONResponse({"status_message": f"Timeout at {request.url}"}, 504)
        numbers = range(MOVIES)[(page - 1) * PAGE : page * PAGE]
        answer = {
            "page": page,
            "results": [{"id": number, "title": f"Movie {number}"} for number in numbers],
            "total_pages": 3,
            "total_results": MOVIES,
        }
        return JSONResponse(answer)


@pytest.mark.contract("auth.api-key.location", "secrets.errors", "secrets.log-headers")
def test_popular_movies(harbour: Harbour) -> None:
    database = MovieDatabase()
    mapping = resource(
        "/movie/popular",
        "movie",
        identifier=".id | tostring",
        data_path=".results",
        query_params={"language": "en-US"},
    )
    with serve(database.app) as server:
        harbour.install([mapping])
        settings: dict[str, object] = {
            "baseUrl": f"{server.url}/3",
            "authType": "api_key",
            "apiKey": KEY,
            "apiKeyLocation": "query",
            "apiKeyHeader": "api_key",
            "paginationType": "page",
        }
        done = harbour.sail(settings)
    assert done.code == 0, done.errors()
    assert set(harbour.catalog("movie")) == {str(number) for number in range(MOVIES)}
    assert len(database.asked) == 4
    for secret in (KEY, "k3y-of-the-scenario"):
        assert secret not in done.log
