"""A report as CSV files in a zip archive, as Microsoft Graph's export jobs leave it in a storage.

https://learn.microsoft.com/en-us/intune/intune-service/fundamentals/reports-export-graph-apis
"""

import io
import zipfile

import pytest
from fastapi import FastAPI
from fastapi.responses import Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

HEADER = "\ufeffDeviceId,DeviceName,OSVersion\r\n"
DEVICES = range(500)


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for part, devices in enumerate((DEVICES[:300], DEVICES[300:])):
            lines = "".join(f'd-{n},"Laptop, no. {n}",10.{n}\r\n' for n in devices)
            opened.writestr(f"DevicesWithInventory_{part}.csv", HEADER + lines)
    return file.getvalue()


def storage() -> FastAPI:
    api = FastAPI()

    @api.get("/reports/DevicesWithInventory_1.zip")
    def report() -> Response:
        return Response(archive(), media_type="application/octet-stream")

    return api


def test_devices(harbour: Harbour) -> None:
    devices = resource(
        "/reports/DevicesWithInventory_1.zip",
        "device",
        identifier=".DeviceId",
        version=".OSVersion | tonumber",
        emit="{DeviceId, OSVersion, __parent: .DeviceName}",
    )
    with serve(storage()) as server:
        harbour.install([devices])
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code == 0, outcome.errors()
    assert {key: value["parent"] for key, value in harbour.catalog("device").items()} == {
        f"d-{n}": f"Laptop, no. {n}" for n in DEVICES
    }
