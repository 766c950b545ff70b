"""The words in which APIs speak of further pages: data that the witness reads and the docs show.

A word counts in every usual spelling: `has_more` stands for `hasMore`, `HasMore`, `has-more` and
`HAS_MORE` too. Each one has the APIs, or the conventions, that say it so. What a word says is read
from its value as well: `next` may be an address, a token, a page number or an object with a link.
"""

from collections.abc import Mapping

# True, yes or 1: there is more.
MORE_MARKERS: Mapping[str, str] = {
    "has_more": "Stripe, Notion, Lark, Dropbox, Zendesk",
    "has_more_items": "CMIS",
    "has_more_rows": "ManageEngine ServiceDesk",
    "has_next": "Wix",
    "has_next_page": "Relay: GitHub, Shopify, GitLab",
    "more": "etcd, PagerDuty",
    "more_available": "Exchange ActiveSync",
    "more_records": "Zoho, Dataverse",
    "is_truncated": "S3, IAM, Route 53",
    "exceeded_transfer_limit": "ArcGIS",
}

# False, no or 0: there is more.
LAST_MARKERS: Mapping[str, str] = {
    "is_last": "Jira",
    "is_last_page": "Bitbucket Server",
    "is_end": "Zhihu",
    "last": "Spring Data",
    "done": "Salesforce",
    "end_of_records": "GBIF",
}

# True: the list is not all of what was asked for, whatever is said of pages.
PARTIAL_MARKERS: Mapping[str, str] = {
    "incomplete_results": "GitHub search",
    "partial": "InfluxDB",
    "is_partial": "Elasticsearch async search",
    "result_truncated": "search services, as a usual word",
    "truncated": "GitHub trees",
    "timed_out": "Elasticsearch",
    "terminated_early": "Elasticsearch",
}

# An object whose `type` says so: `request_status: {"type": "incomplete"}`.
PARTIAL_STATUS: Mapping[str, str] = {"request_status": "Notion"}
PARTIAL_TYPES = frozenset({"incomplete", "partial"})

# The address of the next page, as a text, or as an object that has one.
NEXT_LINKS: Mapping[str, str] = {
    "next": "Django REST, HAL, JSON:API, Confluence, HubSpot, Meta",
    "next_href": "SoundCloud",
    "next_link": "Azure Resource Manager",
    "next_page": "Jira, Zendesk, Asana",
    "next_page_uri": "Twilio",
    "next_page_url": "Laravel",
    "next_records_url": "Salesforce",
    "next_uri": "Coinbase, Trino",
    "next_url": "Instagram, Polygon",
    "@odata.nextLink": "OData 4: Microsoft Graph, Dynamics",
    "odata.nextLink": "OData 3: SharePoint",
    "__next": "OData 2: SAP",
    "hydra:next": "Hydra: API Platform",
}

# A token, number or key with which the next page is asked for.
NEXT_TOKENS: Mapping[str, str] = {
    "after_cursor": "Zendesk",
    "continuation": "Reservoir",
    "continuation_token": "Sonatype Nexus, Azure DevOps",
    "end_cursor": "Relay: GitHub, Shopify, GitLab",
    "last_evaluated_key": "DynamoDB",
    "next_continuation_token": "S3",
    "next_cursor": "Slack, Notion, Weibo",
    "next_key": "Cosmos SDK",
    "next_key_marker": "S3 versions",
    "next_marker": "Box, Azure Blob, CloudFront",
    "next_offset": "Duo",
    "next_page_cursor": "Roblox",
    "next_page_key": "Dynatrace",
    "next_page_start": "Bitbucket Server",
    "next_page_token": "Google",
    "next_record_name": "Route 53",
    "next_start": "Pipedrive",
    "next_token": "AWS, Twitter",
    "pagination_token": "Cognito",
    "resumption_token": "OAI-PMH",
}

# The same words in Kubernetes' `metadata`, and MediaWiki's object beside the items.
CONTINUE: Mapping[str, str] = {"continue": "Kubernetes, MediaWiki"}

# What looks like a token, but is there on the last page too: it asks for later changes.
NEVER_TOKENS: Mapping[str, str] = {
    "next_sync_token": "Google Calendar",
    "next_batch": "Matrix",
    "next_stream_position": "Box events",
    "_scroll_id": "Elasticsearch",
    "delta_link": "Microsoft Graph",
    "bookmark": "CouchDB",
    "before": "Meta",
    "after": "Meta, Reddit",
    "next_run": "schedulers",
}

# The number of all items. `count` is missing on purpose: as often as not it counts the page. So
# are `total_size`, which may be bytes, and `total_rows`, which in CouchDB counts what a key hides.
TOTAL_NAMES: Mapping[str, str] = {
    "total": "Jira, Sonar, Rundeck, Buildbot, Elasticsearch",
    "total_count": "GitHub search, Cloudflare, Datadog",
    "total_items": "Google Books",
    "total_results": "SCIM, YouTube",
    "total_records": "Zoom",
    "total_elements": "Spring Data",
    "total_entries": "will_paginate",
    "total_hits": "Meilisearch",
    "total_number": "Weibo",
    "total_filtered_count": "Datadog",
    "records_total": "DataTables",
    "records_filtered": "DataTables",
    "num_found": "Solr",
    "nb_hits": "Algolia",
    "@odata.count": "OData 4",
    "odata.count": "OData 3",
    "__count": "OData 2: SAP",
    "hydra:totalItems": "Hydra: API Platform",
}
# An object that holds one: `"total": {"value": 10000, "relation": "gte"}`.
TOTAL_VALUE = "value"
# Beside these, a `total` is a sum of money.
MONEY_NEIGHBOURS = frozenset({"currency", "subtotal", "sub_total", "tax", "vat", "discount"})

PAGE_TOTALS: Mapping[str, str] = {
    "total_pages": "Spring Data, Zendesk, Intercom",
    "last_page": "Laravel",
    "num_pages": "Django",
    "nb_pages": "Algolia",
}

# The objects beside the items in which all of these are looked for.
CONTAINERS: Mapping[str, str] = {
    "meta": "JSON:API",
    "metadata": "Kubernetes",
    "_meta": "Eve",
    "_metadata": "Sendgrid",
    "pagination": "Fractal",
    "paging": "Meta, Sonar, Rundeck, HubSpot",
    "page": "Spring HATEOAS",
    "pages": "Intercom",
    "page_info": "Relay",
    "response_metadata": "Slack",
    "result_info": "Cloudflare",
    "hydra:view": "Hydra: API Platform",
    "cursor": "a usual word",
    "cursors": "Meta",
}
# Objects, or lists of links with a relation, in which only links are looked for.
LINK_CONTAINERS: Mapping[str, str] = {
    "links": "JSON:API, Zendesk",
    "_links": "HAL, Confluence",
    "link": "FHIR",
}
RELATION_NAMES = ("rel", "relation")
ADDRESS_NAMES = ("href", "url", "link", "uri")
# What an object called `next` may hold instead of an address.
TOKEN_NAMES = ("after", "cursor", "starting_after", "token", "page", "offset", "start", "number")
# Relations of pages that came before: where one is given, and no next one, there is no next page.
BACK_RELATIONS = frozenset({"prev", "previous"})
FIRST_RELATION, LAST_RELATION = "first", "last"
NEXT_RELATION = "next"

NEXT_LINK_HEADERS: Mapping[str, str] = {
    "next-page": "Kinto",
}
NEXT_TOKEN_HEADERS: Mapping[str, str] = {
    "x-next-page": "GitLab",
    "x-next-cursor": "a usual word",
    "x-next-token": "a usual word",
    "x-ms-continuationtoken": "Azure DevOps",
    "x-ms-continuation": "Cosmos DB",
    "sforce-locator": "Salesforce bulk",
}
TOTAL_HEADERS: Mapping[str, str] = {
    "x-total-count": "json-server, ServiceNow",
    "x-total": "GitLab",
    "x-wp-total": "WordPress",
    "x-pagination-total-count": "Yii",
    "total-records": "Kinto",
}
PAGE_TOTAL_HEADERS: Mapping[str, str] = {
    "x-total-pages": "GitLab",
    "x-wp-totalpages": "WordPress",
    "x-pagination-page-count": "Yii",
}
# `items 0-9/20`, as PostgREST and Heroku answer; of bytes it is something else.
RANGE_HEADER = "content-range"

# The one reading of texts as booleans.
TRUE_TEXTS = frozenset({"true", "yes", "1"})
FALSE_TEXTS = frozenset({"false", "no", "0"})
