"""The words in which APIs speak of further pages: data that the witness reads and the docs show.

A word counts in every usual spelling: `has_more` stands for `hasMore`, `HasMore`, `has-more` and
`HAS_MORE` too. Each one has the APIs, or the conventions, that say it so. What a word says is read
from its value as well: `next` may be an address, a token, a page number or an object with a link.
"""

from collections.abc import Mapping

# True, yes or 1: there is more.
MORE_MARKERS: Mapping[str, str] = {
    "has_more": "Stripe, Notion, Lark, Dropbox, Zendesk",
    "has_additional": "Quay",
    "has_more_items": "CMIS, Eventbrite",
    "has_more_data": "a usual word",
    "has_more_page": "Zoho Books",
    "has_more_pages": "Laravel",
    "has_more_records": "Qualys",
    "has_more_results": "a usual word",
    "has_more_rows": "ManageEngine ServiceDesk",
    "has_next": "Wix",
    "has_next_page": "Relay: GitHub, Shopify, GitLab",
    "more": "etcd, PagerDuty",
    "more_available": "Exchange ActiveSync",
    "more_items_in_collection": "Pipedrive",
    "more_records": "Zoho, Dataverse",
    "more_result": "Marketo",
    "more_results": "a usual word",
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
    "end_of_stream": "Zendesk incremental exports",
}

# True: the list is not all of what was asked for, whatever is said of pages.
PARTIAL_MARKERS: Mapping[str, str] = {
    "incomplete_results": "GitHub search",
    "incomplete_search": "Google Drive",
    "is_partial": "Elasticsearch async search",
    "partial_results": "Solr",
    "timed_out": "Elasticsearch",
    "terminated_early": "Elasticsearch",
}
# The same, but only of the last page: of others, it may say that more pages follow.
CUT_MARKERS: Mapping[str, str] = {
    "partial": "InfluxDB, Rancher",
    "result_truncated": "Azure Resource Graph",
    "truncated": "GitHub trees, AWS KMS",
}
# A list of places that did not answer; one without elements says nothing.
PARTIAL_LISTS: Mapping[str, str] = {
    "unreachable": "Google Cloud Run, Filestore, BigQuery jobs",
    "unreachables": "Google Compute Engine",
    "unreachable_locations": "Google Dataplex",
    "missing_zones": "Google Kubernetes Engine",
    "failed_locations": "Google Cloud Bigtable",
}
# An object with the number of parts of the search that failed.
PARTIAL_COUNTS: Mapping[str, Mapping[str, str]] = {
    "_shards": {"failed": "Elasticsearch"},
    "_clusters": dict.fromkeys(("skipped", "partial", "failed"), "Elasticsearch"),
}

# An object whose `type` says so: `request_status: {"type": "incomplete"}`.
PARTIAL_STATUS: Mapping[str, str] = {"request_status": "Notion"}
PARTIAL_TYPES = frozenset({"incomplete", "partial"})
# A word beside the items, in an object of this name, that says so.
PARTIAL_WORDS_IN: Mapping[str, Mapping[str, str]] = {"meta": {"status": "Datadog logs"}}
PARTIAL_WORDS = frozenset({"timeout", "partial"})

# The address of the next page, as a text, or as an object that has one.
NEXT_LINKS: Mapping[str, str] = {
    "next": "Django REST, HAL, JSON:API, Confluence, HubSpot, Meta",
    "next_href": "SoundCloud",
    "next_link": "Azure Resource Manager",
    "next_page": "Jira, Zendesk, Asana",
    "next_page_link": "a usual word",
    "next_page_uri": "Twilio",
    "next_page_url": "Laravel",
    "next_records_url": "Salesforce",
    "next_uri": "Coinbase, Trino",
    "next_url": "Instagram, Polygon",
    "@odata.nextLink": "OData 4: Microsoft Graph, Dynamics",
    "odata.nextLink": "OData 3: SharePoint",
    "__next": "OData 2: SAP",
    "hydra:next": "Hydra: API Platform",
    "Page.Next": "Octopus Deploy",
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
    "next_page_id": "a usual word",
    "next_page_key": "Dynatrace",
    "next_page_number": "a usual word",
    "next_page_start": "Bitbucket Server",
    "next_page_token": "Google",
    "next_record_name": "Route 53",
    "next_start": "Pipedrive",
    "next_token": "AWS, Twitter",
    "page_state": "DataStax Astra",
    "pagination_token": "Cognito",
    "paging_state": "Cassandra",
    "resumption_token": "OAI-PMH",
    "skip_token": "Azure",
    "$skipToken": "Azure Resource Graph",
}
# A text under these is the token for the next page, unless anything above denies that there is one.
# They do not deny: an empty one may be what was asked with, and a number is where a page begins.
BARE_TOKENS: Mapping[str, str] = {
    "cursor": "Square, monday.com, Twitch, Artifactory",
    "marker": "RDS, ElastiCache",
    "offset": "Airtable",
    "page_token": "Lark, BigQuery",
}
# The same where they stand in an object of this name.
TOKENS_IN: Mapping[str, Mapping[str, str]] = {
    "cursor": {"after": "Phabricator Conduit"},
    "page": {"after": "Datadog"},
    "paging": {"after": "a usual word"},
    "pagination": {"after": "CrowdStrike", "token": "a usual word"},
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
    "after": "Meta, in its cursors; as a time that was asked for",
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
    "total_record_count": "Jellyfin, Emby",
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

# Within an element, as in an order beside its lines, `total` may be money as well, and attributes
# of XML with these names may be anything: they count beside one of the neighbours.
VAGUE_ATTRIBUTES = frozenset({"total", "next", "last", "done", "offset", "cursor", "marker"})
BARE_TOTAL = "total"
PAGING_NEIGHBOURS = (
    *("start_at", "max_results", "offset", "limit", "page", "per_page", "page_size", "start"),
    *("count", "size"),
)

PAGE_TOTALS: Mapping[str, str] = {
    "total_pages": "Spring Data, Zendesk, Intercom",
    "last_page": "Laravel",
    "num_pages": "Django",
    "nb_pages": "Algolia",
    "total_page": "a usual word",
}
# The same, where the second word stands beside: a book has pages, too.
PAGE_TOTALS_BESIDE: Mapping[str, str] = {"pages": "page", "page_count": "page"}

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
    "response_header": "Solr",
    "result_info": "Cloudflare",
    "hydra:view": "Hydra: API Platform",
    "info": "Zoho",
    "list_info": "ManageEngine ServiceDesk",
    "additional_data": "Pipedrive",
    "_pagination": "a usual word",
    "page_meta": "a usual word",
    "pager": "a usual word",
    "paginator": "a usual word",
    "page_context": "Zoho Books",
    "paging_info": "a usual word",
    "pagination_info": "a usual word",
    "cursor": "Phabricator Conduit",
    "cursors": "Meta",
}
# Objects, or lists of links with a relation, in which only links are looked for.
LINK_CONTAINERS: Mapping[str, str] = {
    "links": "JSON:API, Zendesk",
    "_links": "HAL, Confluence",
    "urls": "Lacework, Discogs",
    "link": "FHIR, Atom",
    "atom:link": "RSS",
}
# What an object called `next` may hold instead of an address.
TOKEN_NAMES = ("after", "cursor", "starting_after", "token", "page", "offset", "start", "number")
# Relations of pages that came before: where one is given, and no next one, there is no next page.
BACK_RELATIONS = frozenset({"prev", "previous"})
FIRST_RELATION, LAST_RELATION = "first", "last"
NEXT_RELATION = "next"

# What says on a page that there is one before it; on the first one, that startPage is not.
FIRST_MARKERS: Mapping[str, str] = {
    "first": "Spring Data",
    "is_first": "a usual word",
    "is_first_page": "a usual word",
}
BACK_MARKERS: Mapping[str, str] = {
    "has_previous_page": "Relay",
    "has_previous": "Wix",
    "has_prev": "Flask-SQLAlchemy",
}
BACK_LINKS: Mapping[str, str] = {
    "previous": "Django REST",
    "prev": "HAL, JSON:API",
    "previous_page": "Zendesk",
    "prev_page_url": "Laravel",
    "previous_page_url": "a usual word",
    "hydra:previous": "Hydra: API Platform",
}

NEXT_LINK_HEADERS: Mapping[str, str] = {
    "next-page": "Kinto",
}
NEXT_TOKEN_HEADERS: Mapping[str, str] = {
    "x-next-page": "GitLab",
    "x-next-cursor": "a usual word",
    "x-next-token": "a usual word",
    "x-next-page-token": "a usual word",
    "next-range": "Heroku",
    "x-ms-continuationtoken": "Azure DevOps",
    "x-ms-continuation": "Cosmos DB",
    "x-nomad-nexttoken": "Nomad",
    "after-cursor": "OneLogin",
    "sforce-locator": "Salesforce bulk",
}
# True, yes or 1: there is more.
MORE_HEADERS: Mapping[str, str] = {
    "x-has-more": "a usual word",
    "x-has-next-page": "a usual word",
}
# JSON in which all of the words above count.
OBJECT_HEADERS: Mapping[str, str] = {
    "x-pagination": "ASP.NET services",
    "x-paging": "a usual word",
}
TOTAL_HEADERS: Mapping[str, str] = {
    "x-total-count": "json-server, ServiceNow",
    "x-total": "GitLab",
    "x-total-records": "a usual word",
    "x-total-results": "a usual word",
    "total-count": "a usual word",
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
