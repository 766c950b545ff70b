"""Models of APIs that are signed in to in ways of their own, each with the settings that do it.

Redfish         https://www.dmtf.org/sites/default/files/standards/documents/DSP0266_1.20.0.html
form login      https://jakarta.ee/specifications/servlet/6.0/
Personio        https://developer.personio.de/reference/auth
token exchange  https://datatracker.ietf.org/doc/html/rfc8693
Salesforce      https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_endpoints.htm
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.support.fake_api import Received, Reply
from tests.whole.process.serving import CLOSED

SIZE = 3
NAMES = [f"t{number}" for number in range(7)]
# The first session ends after so many requests.
USES = 2
PASSWORD = "p4ss&w0rd-of-the-reader"
USER = "reader"
_API = "/api/"
_UNKNOWN = Reply(401, {"message": "who are you?"})


@dataclass(frozen=True)
class Login:
    """A way to sign in.

    Inputs: `settings`; `sign_in`, the answer to a request that is none to the API; `carried`, the
    credential in a request that is; `error`, what stands in place of the second page of one list.
    With a `renewing` header, each answer brings the credential for the next request. A session
    without an `end` holds; with `has_tenant`, the API is on another host than the login.
    """

    settings: Mapping[str, Any]
    sign_in: Callable[["Portal", Received], Reply]
    carried: Callable[[Received], str | None]
    error: Any
    renewing: str = ""
    end: Reply | None = _UNKNOWN
    has_tenant: bool = False


class Portal:
    """An API that takes the last credential that it gave, and the login that gives them.

    `things` and `broken` are lists in pages; the second page of `broken` is an error.
    """

    def __init__(self, login: Login, directory: Path) -> None:
        self.login = login
        self.subject = directory / "subject-token"
        self.instance_url = ""
        self.issued: list[str] = []
        self.logins = 0
        # Requests in the first session.
        self._uses = 0

    def issue(self) -> str:
        """Return a new credential, with which all earlier ones end."""
        self.issued.append(f"cr3dential/{len(self.issued)}+a=")
        return self.issued[-1]

    def begin(self) -> str:
        """Return the credential of a new login."""
        self.logins += 1
        return self.issue()

    def __call__(self, request: Received) -> Reply:
        if not request.path.startswith(_API):
            return self.login.sign_in(self, request)
        if not self._is_known(request):
            assert self.login.end, "this session holds"
            return self.login.end
        renewing = self.login.renewing
        headers = {renewing: f"Bearer {self.issue()}"} if renewing else {}
        start = SIZE * (int(request.query["page"]) - 1)
        if request.path.endswith("/broken") and start == SIZE:
            error = self.login.error
            return error if isinstance(error, Reply) else Reply(body=error, headers=headers)
        found = [{"id": name, "version": 2} for name in NAMES[start : start + SIZE]]
        return Reply(body={"items": found, "total": len(NAMES)}, headers=headers)

    def _is_known(self, request: Received) -> bool:
        carried = self.login.carried(request)
        if carried is None or carried not in self.issued[-1:]:
            return False
        self._uses += self.logins == 1
        return self.login.end is None or self.logins > 1 or self._uses <= USES


def _bearer(request: Received) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else None


def _cookie(name: str) -> Callable[[Received], str | None]:
    def carried(request: Received) -> str | None:
        pairs = request.headers.get("cookie", "").split("; ")
        return dict(pair.partition("=")[::2] for pair in pairs).get(name)

    return carried


def _form(request: Received) -> dict[str, str]:
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


# --- How each of them signs in


def _redfish(portal: Portal, request: Received) -> Reply:
    assert request.path == "/redfish/v1/SessionService/Sessions"
    assert request.json() == {"UserName": USER, "Password": PASSWORD}
    named = {"X-Auth-Token": portal.begin(), "Location": "/redfish/v1/SessionService/Sessions/1"}
    return Reply(201, {"@odata.type": "#Session.v1_3_0.Session", "Id": "1"}, named)


def _servlet(portal: Portal, request: Received) -> Reply:
    assert request.path == "/j_security_check"
    assert _form(request) == {"j_username": USER, "j_password": PASSWORD}
    cookie = f"JSESSIONID={portal.begin()}; Path=/; HttpOnly"
    return Reply(302, b"", {"Location": "/welcome", "Set-Cookie": cookie})


_PAGE = b"""<!doctype html><title>Sign in</title><form method="post">
<input type="hidden" name="csrf" value="cs+rf/0&1"><input name="user"><input name="password">"""


def _csrf(portal: Portal, request: Received) -> Reply:
    assert request.path == "/login"
    if request.method == "GET":
        named = {"content-type": "text/html", "Set-Cookie": "pre=an0nymous; Path=/"}
        return Reply(200, _PAGE, named)
    assert _cookie("pre")(request) == "an0nymous"
    assert _form(request) == {"user": USER, "password": PASSWORD, "csrf": "cs+rf/0&1"}
    return Reply(302, b"", {"Location": "/", "Set-Cookie": f"sid={portal.begin()}; Path=/"})


def _text(portal: Portal, request: Received) -> Reply:
    assert (request.path, request.json()) == ("/token", {"secret": PASSWORD})
    return Reply(200, f"{portal.begin()}\n".encode(), {"content-type": "text/plain"})


def _encoded(portal: Portal, request: Received) -> Reply:
    assert (request.path, _form(request)) == ("/oauth/access_token", {"client_secret": PASSWORD})
    token = portal.begin().replace("/", "%2F").replace("+", "%2B").replace("=", "%3D")
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return Reply(200, f"access_token={token}&scope=&token_type=bearer".encode(), form)


def _personio(portal: Portal, request: Received) -> Reply:
    assert (request.path, request.json()) == ("/v1/auth", {"client_secret": PASSWORD})
    return Reply(body={"success": True, "data": {"token": portal.begin()}})


def _exchange(portal: Portal, request: Received) -> Reply:
    """Takes each token of the other issuer once, which renews its file then."""
    asked = _form(request)
    assert request.path == "/sts/token"
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert asked["audience"] == "the-api"
    assert asked["subject_token"] == f"subj3ct-{portal.logins}"
    token = portal.begin()
    portal.subject.write_text(f"subj3ct-{portal.logins}\n")
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
    return Reply(body={**answer, "issued_token_type": "urn:ietf:params:oauth:token-type:jwt"})


def _tenant(portal: Portal, request: Received) -> Reply:
    assert request.path == "/services/oauth2/token"
    assert _form(request) == {"grant_type": "password", "password": PASSWORD}
    return Reply(body={"access_token": portal.begin(), "instance_url": portal.instance_url})


def _custom(template: Mapping[str, Any] | None, request: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {"authType": "custom", "customAuthRequest": request}
    return {**settings, "customAuthRequestTemplate": template} if template else settings


def _by_bearer(path: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {{{{{path}}}}}"}}


_ENCODED_PASSWORD = PASSWORD.replace("&", "%26")

LOGINS: Mapping[str, Login] = {
    "redfish": Login(
        _custom(
            {"headers": {"X-Auth-Token": '{{.headers["x-auth-token"]}}'}},
            {
                "steps": [
                    {
                        "endpoint": "/redfish/v1/SessionService/Sessions",
                        "body": {"UserName": USER, "Password": PASSWORD},
                    }
                ]
            },
        ),
        _redfish,
        lambda request: request.headers.get("x-auth-token"),
        {"error": {"code": "Base.1.0.SessionLimitExceeded", "message": "too many sessions"}},
    ),
    "servlet": Login(
        _custom(
            None,
            {
                "steps": [
                    {
                        "endpoint": "/j_security_check",
                        "bodyForm": f"j_username={USER}&j_password={_ENCODED_PASSWORD}",
                        "successStatuses": [302],
                    }
                ]
            },
        ),
        _servlet,
        _cookie("JSESSIONID"),
        # It shows the page to sign in, in place of what was asked for.
        Reply(200, _PAGE, {"content-type": "text/html"}),
        end=None,
    ),
    "csrf": Login(
        _custom(
            None,
            {
                "steps": [
                    {"endpoint": "/login", "method": "GET"},
                    {
                        "endpoint": "/login",
                        "bodyForm": f"user={USER}&password={_ENCODED_PASSWORD}&csrf="
                        '{{.text | capture("name=.csrf. value=.(?<v>[^\\"]+)").v}}',
                        "successStatuses": [302],
                    },
                ]
            },
        ),
        _csrf,
        _cookie("sid"),
        Reply(302, b"", {"Location": "/login"}),
    ),
    "text": Login(
        _custom(
            _by_bearer(".text"), {"steps": [{"endpoint": "/token", "body": {"secret": PASSWORD}}]}
        ),
        _text,
        _bearer,
        {"ok": False, "error": "session_expired"},
    ),
    "encoded": Login(
        _custom(
            _by_bearer(".access_token"),
            {"endpoint": "/oauth/access_token", "bodyForm": f"client_secret={_ENCODED_PASSWORD}"},
        ),
        _encoded,
        _bearer,
        CLOSED,
    ),
    "personio": Login(
        {
            **_custom(
                _by_bearer(".data.token"),
                {"endpoint": "/v1/auth", "body": {"client_secret": PASSWORD}},
            ),
            "sessionHeaders": ["Authorization"],
            "maxConcurrentRequests": "1",
        },
        _personio,
        _bearer,
        {"success": False, "error": {"code": 0, "message": "the session expired"}},
        renewing="authorization",
    ),
    "exchange": Login(
        {
            "authType": "oauth2",
            "grantType": "token_exchange",
            "tokenUrl": "/sts/token",
            "audience": "the-api",
            "subjectTokenFile": "{directory}/subject-token",
        },
        _exchange,
        _bearer,
        {"error": "token_expired", "error_description": "the token has expired"},
    ),
    "tenant": Login(
        _custom(
            {
                **_by_bearer(".access_token"),
                "baseUrl": "{{.instance_url}}",
                "baseUrlHosts": ["127.0.0.1"],
            },
            {
                "endpoint": "/services/oauth2/token",
                "bodyForm": f"grant_type=password&password={_ENCODED_PASSWORD}",
            },
        ),
        _tenant,
        _bearer,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        has_tenant=True,
    ),
}
