"""A stand-in for Port's API that keeps a catalog in memory and shows it as web pages.

from tools.sandbox.port import PortState, create_app
from tools.sandbox.server import serve

state = PortState()
with serve(create_app(state)) as port:
    ...  # run Ocean with OCEAN__PORT__BASE_URL=port.url
assert not state.unknown_requests
"""

from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState

__all__ = ["PortState", "create_app"]
