"""What a 401 asks for."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from auth.challenges import schemes_in, wanted_by
from errors import StatusError
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply


@pytest.mark.parametrize(
    "header, schemes",
    [
        ("Bearer", ["Bearer"]),
        ('Basic realm="x"', ["Basic"]),
        ('Basic realm="dev, Bearer of x", Bearer error="invalid_token"', ["Basic", "Bearer"]),
        ("Negotiate, NTLM", ["Negotiate", "NTLM"]),
        ("Negotiate YII==, Basic", ["Negotiate", "Basic"]),
        ('Digest realm="a", qop="auth, auth-int", nonce="n=", algorithm = MD5', ["Digest"]),
        ('Bearer realm="a\\" , Basic", scope = "x"', ["Bearer"]),
        ("AWS4-HMAC-SHA256", ["AWS4-HMAC-SHA256"]),
        ("Basic, basic, Basic", ["Basic", "basic"]),
        ("Newauth a=b,c=d, Basic x=y", ["Newauth", "Basic"]),
        *((said, []) for said in ("", " ", ",", "=", "realm=x", '"Bearer"', "9a", "é", "<html>")),
    ],
)
def test_the_schemes_of_a_challenge(header: str, schemes: list[str]) -> None:
    assert schemes_in(header) == schemes


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert len(wanted_by(header)) < 200


@pytest.mark.contract("auth.challenge")
@pytest.mark.parametrize(
    "status, header, said",
    [
        (401, 'Basic realm="x"', "look at authType and its credentials; the API asks for Basic)"),
        (401, "Basic, Bearer", "the API asks for Basic or Bearer)"),
        (401, "", "(look at authType and its credentials)"),
        (401, 'realm="x"', "(look at authType and its credentials)"),
        (403, "Basic", "(the credentials lack permission for this endpoint)"),
    ],
)
async def test_a_401_names_what_the_api_asks_for(
    api: FakeApi, connect: ClientFactory, status: int, header: str, said: str
) -> None:
    api.script(Reply(status, headers={"WWW-Authenticate": header} if header else {}))
    with pytest.raises(StatusError) as caught:
        await connect().send(ApiRequest("GET", httpx.URL(f"{api.url}/x")))
    assert said in str(caught.value)
