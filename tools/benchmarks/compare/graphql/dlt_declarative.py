from typing import Any

from dlt.sources.rest_api import rest_api_resources

# Braces are doubled because dlt looks for placeholders in them.
QUERY = """
query ($after: String) {{
  members(after: $after) {{ nodes {{ id name }} pageInfo {{ hasNextPage endCursor }} }}
}}
"""


def source(base_url: str) -> Any:
    return rest_api_resources(
        {
            "client": {"base_url": base_url},
            "resources": [
                {
                    "name": "members",
                    "endpoint": {
                        "path": "graphql",
                        "method": "POST",
                        "json": {"query": QUERY, "variables": {}},
                        "data_selector": "data.members.nodes",
                        "paginator": {
                            "type": "cursor",
                            "cursor_path": "data.members.pageInfo.endCursor",
                            "cursor_body_path": "variables.after",
                            "has_more_path": "data.members.pageInfo.hasNextPage",
                        },
                    },
                }
            ],
        }
    )
