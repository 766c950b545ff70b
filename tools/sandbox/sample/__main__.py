"""`python -m tools.sandbox.sample --port 8600`: the sample API, until it is interrupted."""

import argparse
from typing import get_args

from tools.sandbox.sample.app import DEFAULT_TOKEN, create_app
from tools.sandbox.sample.auth import IDENTITY, AuthStyle
from tools.sandbox.server import serve_until_stopped


def main() -> None:
    """Serve the packages of this environment, and say how to ask for them."""
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox.sample", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    parser.add_argument("--auth", choices=get_args(AuthStyle), default="bearer")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the secret to ask for")
    arguments = parser.parse_args()
    needed = _credentials(arguments.auth, arguments.token)
    serve_until_stopped(
        create_app(token=arguments.token, auth=arguments.auth),
        arguments.port,
        lambda url: [f"Sample API:  {url} (documentation: {url}/docs)", f"Needs:       {needed}"],
    )


def _credentials(style: AuthStyle, token: str) -> str:
    asked: dict[AuthStyle, str] = {
        "none": "nothing",
        "bearer": f"Authorization: Bearer {token}",
        "basic": f"user name {IDENTITY}, password {token}",
        "api_key": f"X-API-Key: {token}",
        "custom": f"POST /oauth/token with client_id {IDENTITY}, client_secret {token}",
    }
    return asked[style]


if __name__ == "__main__":
    main()
