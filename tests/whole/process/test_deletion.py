"""What is gone from the API goes from the catalog, in small catalogs as well."""

import pytest

from tests.whole.process.faults import ITEMS, FaultyApi
from tests.whole.process.sailing import Harbour, resource

pytestmark = pytest.mark.process

TOKEN = "tok-51c0de-deletion"
NAME = "a-healthy"


def test_one_item_is_deleted_though_all_others_changed(harbour: Harbour) -> None:
    with FaultyApi("none", [NAME], TOKEN).serve() as api:
        path = f"/alone/{NAME}/items"
        harbour.install([resource(NAME, NAME, endpoint=path, data_path=".items")])
        harbour.store(NAME, {f"{NAME}-{number}": {"version": 1} for number in range(ITEMS)})
        api.version = 2
        settings = {"baseUrl": api.url, "authType": "bearer_token", "apiToken": TOKEN}
        outcome = harbour.sail(settings)
    assert outcome.code == 0
    assert outcome.totals() == (0, ITEMS - 1, 1)
