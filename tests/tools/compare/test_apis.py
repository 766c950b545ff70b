"""The APIs of the comparison have the quirks of their tasks: who overlooks one is refused."""

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from tools.benchmarks.compare import apis
from tools.benchmarks.compare.apis import Item, application

_USER = {"name": "catalog", "password": "s3cr3t", "domain": {"id": "default"}}


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield client


async def login(api: httpx.AsyncClient, user: Item) -> httpx.Response:
    identity = {"methods": ["password"], "password": {"user": user}}
    return await api.post("/keystone/v3/auth/tokens", json={"auth": {"identity": identity}})


async def test_a_token_is_in_a_header_only_and_ends_after_two_requests(
    api: httpx.AsyncClient,
) -> None:
    answer = await login(api, _USER)
    token = answer.headers["x-subject-token"]
    assert token not in answer.text
    asked = [await api.get("/keystone/v3/users", headers={"X-Auth-Token": token}) for _ in range(3)]
    assert [answer.status_code for answer in asked] == [200, 200, 401]
    assert (await api.get("/keystone/v3/users")).status_code == 401
    assert (await login(api, _USER | {"password": "wrong"})).status_code == 401


async def test_a_key_is_taken_as_it_was_given_and_an_empty_page_has_one(
    api: httpx.AsyncClient,
) -> None:
    sizes, body = [], {"TableName": "readings"}
    while True:
        page = (await api.post("/scan/query", json=body)).json()
        sizes.append(len(page["Items"]))
        if "LastEvaluatedKey" not in page:
            break
        body["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert sizes == [4, 0, 4, 4, 2]
    as_text = body | {"ExclusiveStartKey": str(body["ExclusiveStartKey"])}
    assert (await api.post("/scan/query", json=as_text)).status_code == 400


async def test_what_follows_in_a_folder_takes_the_cursor_alone(api: httpx.AsyncClient) -> None:
    first = (await api.post("/folder/2/files/list_folder", json={"path": "/docs"})).json()
    following, cursor = "/folder/2/files/list_folder/continue", {"cursor": first["cursor"]}
    assert (await api.post(following, json=cursor)).json()["entries"] == apis.FILES[3:6]
    assert (await api.post(following, json={"path": "/docs", **cursor})).status_code == 400
    asked_again = await api.post("/folder/2/files/list_folder", json={"path": "/docs", **cursor})
    assert asked_again.status_code == 400


async def test_only_one_of_the_links_leads_on(api: httpx.AsyncClient) -> None:
    first = (await api.get("/bundles/Patient")).json()["link"]
    assert [link["relation"] for link in first] == ["self", "next"]
    last = (await api.get("/bundles/Patient?start=8")).json()["link"]
    assert [link["relation"] for link in last] == ["self"]


def answer_to(challenge: str, count: int, *, password: str = "s3cr3t", page: int = 1) -> str:
    nonce = challenge.partition('nonce="')[2].partition('"')[0]
    path, counted = f"/digest/clusters?page={page}", f"{count:08x}"
    who, what = md5(f"catalog:clusters:{password}"), md5(f"GET:{path}")
    response = md5(f"{who}:{nonce}:{counted}:c0:auth:{what}")
    return (
        f'Digest username="catalog", realm="clusters", nonce="{nonce}", uri="{path}", qop=auth, '
        f'nc={counted}, cnonce="c0", response="{response}"'
    )


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_a_nonce_is_good_for_three_requests_and_a_count_for_one(
    api: httpx.AsyncClient,
) -> None:
    async def ask(authorization: str) -> httpx.Response:
        return await api.get("/digest/clusters?page=1", headers={"Authorization": authorization})

    challenge = (await ask("")).headers["www-authenticate"]
    assert "stale" not in challenge
    assert (await ask(answer_to(challenge, 1))).json()["items"] == apis.CLUSTERS[:2]
    assert "stale=true" in (await ask(answer_to(challenge, 1))).headers["www-authenticate"]
    counts = [(await ask(answer_to(challenge, count))).status_code for count in (2, 3, 4)]
    assert counts == [200, 200, 401]
    other = (await ask("")).headers["www-authenticate"]
    assert (await ask(answer_to(other, 1, password="wrong"))).status_code == 401
    assert (await ask(answer_to(other, 1, page=2))).status_code == 401
