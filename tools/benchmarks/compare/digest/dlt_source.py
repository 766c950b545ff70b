from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
from requests.auth import HTTPDigestAuth


def source(base_url: str) -> Any:
    client = RESTClient(
        base_url,
        auth=HTTPDigestAuth("catalog", "s3cr3t"),
        paginator=PageNumberPaginator(base_page=1, total_path=None),
        data_selector="items",
    )
    return dlt.resource(client.paginate("clusters"), name="clusters")
