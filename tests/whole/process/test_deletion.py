"""What is gone from the API goes from the catalog, in small catalogs as well."""

from dataclasses import replace

import pytest

from tests.whole.process.faults import ITEMS, FaultyApi
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.port.state import Refusal

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


STALE = {f"{NAME}-{number}": {"version": 1} for number in range(ITEMS)}


@pytest.mark.contract("evidence.refused.all", "evidence.refused.deletion", "evidence.withheld")
@pytest.mark.parametrize(
    "refusal, deleted, said",
    [
        # The blueprint that the mapping names is not there.
        (None, 0, "404: "),
        (Refusal("/entities/bulk", 500, 99), 0, "500: "),
        (Refusal("/entities/delete", 500, 99), 0, "Port did not delete 1 entities"),
    ],
)
def test_a_run_of_which_port_refuses_something_fails(
    harbour: Harbour, refusal: Refusal | None, deleted: int, said: str
) -> None:
    with FaultyApi("none", [NAME], TOKEN).serve() as api:
        path = f"/alone/{NAME}/items"
        harbour.install([resource(NAME, NAME, endpoint=path, data_path=".items")])
        harbour.store(NAME, STALE)
        if refusal:
            harbour.state.refusals.append(replace(refusal))
        else:
            harbour.install([resource(NAME, "misspelt", endpoint=path, data_path=".items")])
            del harbour.state.blueprints["misspelt"]
        api.version = 2
        settings = {"baseUrl": api.url, "authType": "bearer_token", "apiToken": TOKEN}
        outcome = harbour.sail(settings)
    assert outcome.code == 1
    assert outcome.sync is not None
    assert outcome.sync.status == "failed"
    assert outcome.totals()[2] == deleted
    assert len(harbour.catalog(NAME)) == ITEMS
    assert any("The resync has failed" in line and said in line for line in outcome.errors())
