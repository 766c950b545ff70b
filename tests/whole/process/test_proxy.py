"""A proxy that refuses some addresses itself: whose word that is, and what becomes of entities."""

import base64

import pytest

from tests.support.fake_api import Received, Reply
from tests.whole.process.sailing import Harbour, resource
from tests.whole.process.serving import serve_model

pytestmark = pytest.mark.process

# Nothing is there: only the proxy is asked, and answers in its place.
API = "http://api.internal.test"
REPLIES = {
    "/users": Reply(body={"items": [{"id": "ann"}, {"id": "bob"}]}),
    # As Squid, and as one that does not say who it is.
    "/told": Reply(403, b"Access denied.", {"X-Squid-Error": "ERR_ACCESS_DENIED 0"}),
    "/untold": Reply(403, b"Access denied."),
}
REFUSED = ("told", "untold")


def answer(request: Received) -> Reply:
    return REPLIES[request.path.removeprefix(API)]


@pytest.mark.contract("proxy.no-proxy")
def test_a_refusal_is_the_proxys_and_deletes_nothing(harbour: Harbour) -> None:
    """With a user name and a password as a mounted file gives them, with a line break behind."""
    names = {path: path[1:] for path in REPLIES}
    harbour.install(resource(path, name, data_path=".items") for path, name in names.items())
    for name in REFUSED:
        harbour.store(name, {"old": {"version": 1}})
    settings = {
        "baseUrl": API,
        "authType": "basic",
        "username": "jenkins\n",
        "password": "pa55-5ec2e7\n",
    }
    with serve_model(answer) as proxy:
        through = {"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.0/8"}
        ran = harbour.sail(settings, variables=through)
    assert ran.code == 1
    assert set(harbour.catalog("users")) == {"ann", "bob"}
    assert [set(harbour.catalog(name)) for name in REFUSED] == [{"old"}, {"old"}]
    wanted = base64.b64encode(b"jenkins:pa55-5ec2e7").decode()
    sent = {each.path: each.headers.get("authorization") for each in proxy.received}
    assert sent == {f"{API}{path}": f"Basic {wanted}" for path in REPLIES}
    assert "/told: the proxy answered 403" in ran.printed
    assert "/untold: the API, or the proxy before it, answered 403" in ran.printed
    assert "look at proxy, or at HTTP_PROXY and NO_PROXY" in ran.printed
    assert not [each for each in ("pa55-5ec2e7", wanted) if each in ran.log]
