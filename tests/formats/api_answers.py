"""How public APIs answer in place of a list: errors, and what only looks like one.

Each line is an API, the path of its list, and a body as its documentation shows it.
"""

from typing import Any, NamedTuple


class ApiAnswer(NamedTuple):
    """An answer of an API; `says` is the text of its error, None where it is none."""

    api: str
    data_path: str
    body: Any
    says: str | None = None


ERRORS = [
    ApiAnswer("Slack", ".members", {"ok": False, "error": "invalid_auth"}, "invalid_auth"),
    ApiAnswer(
        "Lark",
        ".data.items",
        {"code": 99991663, "msg": "token invalid", "error": {"log_id": "2026"}},
        "token invalid",
    ),
    ApiAnswer(
        "OKX",
        ".data",
        {"code": "50011", "msg": "Too Many Requests", "data": []},
        "Too Many Requests",
    ),
    ApiAnswer(
        "Weibo",
        ".statuses",
        {"error": "expired_token", "error_code": 21327, "request": "/2/statuses.json"},
        "expired_token",
    ),
    ApiAnswer(
        "Conduit",
        ".result.data",
        {"result": None, "error_code": "ERR-CONDUIT-CORE", "error_info": "Invalid session"},
        "Invalid session",
    ),
    ApiAnswer("JSend", ".data.posts", {"status": "fail", "data": {"title": "required"}}, ""),
    ApiAnswer("JSend", ".data", {"status": "error", "message": "no database"}, "no database"),
    ApiAnswer(
        "OData", ".value", {"error": {"code": "501", "message": "Unsupported"}}, "Unsupported"
    ),
    ApiAnswer(
        "FHIR",
        ".entry",
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "timeout", "diagnostics": "took too long"}],
        },
        "took too long",
    ),
    ApiAnswer(
        "Elasticsearch",
        ".responses[0].hits.hits",
        {"responses": [{"error": {"type": "x", "reason": "no such index"}, "status": 404}]},
        "no such index",
    ),
    ApiAnswer(
        "Prometheus",
        ".data.result",
        {"status": "error", "errorType": "bad_data", "error": "parse error"},
        "parse error",
    ),
    ApiAnswer(
        "InfluxDB",
        ".results[0].series",
        {"results": [{"statement_id": 0, "error": "database not found"}]},
        "database not found",
    ),
    ApiAnswer(
        "WeChat",
        ".data.openid",
        {"errcode": 40001, "errmsg": "invalid credential"},
        "invalid credential",
    ),
    ApiAnswer(
        "DingTalk",
        ".result.list",
        {"errcode": 88, "errmsg": "no permission", "result": {}},
        "no permission",
    ),
    ApiAnswer(
        "Alipay",
        ".alipay_query_response.list",
        {"alipay_query_response": {"code": "40004", "msg": "Business Failed"}, "sign": "x"},
        "Business Failed",
    ),
    ApiAnswer(
        "Taobao",
        ".items_response.items",
        {"error_response": {"code": 15, "msg": "Remote service error"}},
        "Remote service error",
    ),
    ApiAnswer(
        "Google Maps",
        ".results",
        {"error_message": "The provided key is wrong", "results": [], "status": "REQUEST_DENIED"},
        "The provided key is wrong",
    ),
    ApiAnswer(
        "Flickr",
        ".photos.photo",
        {"stat": "fail", "code": 100, "message": "Invalid API Key"},
        "Invalid API Key",
    ),
    ApiAnswer(
        "Telegram",
        ".result",
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
        "Unauthorized",
    ),
    ApiAnswer(
        "Cloudflare",
        ".result",
        {"success": False, "errors": [{"code": 9103, "message": "Unknown key"}], "result": None},
        "Unknown key",
    ),
    ApiAnswer(
        "OpenWeather", ".list", {"cod": "404", "message": "city not found"}, "city not found"
    ),
    ApiAnswer(
        "HubSpot",
        ".results",
        {"status": "error", "message": "The scope is missing", "correlationId": "a"},
        "The scope is missing",
    ),
    ApiAnswer(
        "Zoho",
        ".data",
        {
            "code": "INVALID_TOKEN",
            "details": {},
            "message": "invalid oauth token",
            "status": "error",
        },
        "invalid oauth token",
    ),
    ApiAnswer(
        "Rundeck",
        ".executions",
        {"error": True, "errorCode": "api.error.unauthorized", "message": "Not authorized"},
        "Not authorized",
    ),
    ApiAnswer(
        "SonarQube", ".issues", {"errors": [{"msg": "Insufficient rights"}]}, "Insufficient rights"
    ),
    ApiAnswer(
        "Okta",
        ".users",
        {"errorCode": "E0000011", "errorSummary": "Invalid token provided"},
        "Invalid token provided",
    ),
    ApiAnswer(
        "Keycloak",
        ".clients",
        {"error": "invalid_grant", "error_description": "Session not active"},
        "Session not active",
    ),
    ApiAnswer(
        "WordPress",
        ".posts",
        {"code": "rest_forbidden", "message": "Not allowed", "data": {"status": 401}},
        "Not allowed",
    ),
    ApiAnswer(
        "Confluence",
        ".results",
        {"statusCode": 403, "data": {"authorized": False}, "message": "No permission"},
        "No permission",
    ),
    ApiAnswer(
        "Jira",
        ".issues",
        {"errorMessages": ["The value is invalid"], "errors": {}},
        "The value is invalid",
    ),
    ApiAnswer(
        "Kea",
        ".[0].arguments.hosts",
        [{"result": 1, "text": "unable to forward command"}],
        "unable to forward command",
    ),
    ApiAnswer(
        "SOAP",
        ".Envelope.Body.getResponse.user",
        {"Envelope": {"Body": {"Fault": {"faultcode": "Client", "faultstring": "No session"}}}},
        "No session",
    ),
    ApiAnswer(
        "Amazon S3",
        ".ListBucketResult.Contents",
        {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}},
        "Access Denied",
    ),
    ApiAnswer(
        "Yahoo Finance",
        ".chart.result",
        {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data"}}},
        "No data",
    ),
    ApiAnswer(
        "problem details",
        ".items",
        {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "Not yours"},
        "Not yours",
    ),
    ApiAnswer("spelt otherwise", ".rows", {"IsSuccess": False, "Reason": "quota"}, "quota"),
    ApiAnswer("as text", ".rows", {"success": "false", "rows": []}, ""),
    ApiAnswer(
        "nested text",
        ".rows",
        {"success": False, "data": {"meta": {"message": "quota exceeded"}}},
        "quota exceeded",
    ),
    ApiAnswer("of 403", ".data", {"code": 403, "message": "forbidden", "data": []}, "forbidden"),
    ApiAnswer(
        "text that only mentions ok",
        ".data",
        {"code": 7, "msg": "token ok, but the limit is exceeded", "data": []},
        "token ok, but the limit is exceeded",
    ),
    ApiAnswer(
        "data.go.kr",
        ".response.body.items",
        {
            "response": {
                "header": {"resultCode": "22", "resultMsg": "REQUESTS EXCEEDED"},
                "body": {"items": []},
            }
        },
        "REQUESTS EXCEEDED",
    ),
    ApiAnswer(
        "CoinMarketCap",
        ".data",
        {"status": {"error_code": 1008, "error_message": "over the limit"}, "data": []},
        "over the limit",
    ),
    ApiAnswer(
        "Foursquare",
        ".response.venues",
        {"meta": {"code": 429, "errorDetail": "quota"}, "response": {"venues": []}},
        "quota",
    ),
    ApiAnswer(
        "Bybit",
        ".result.list",
        {"retCode": 10006, "retMsg": "Too many visits!", "result": {"list": []}},
        "Too many visits!",
    ),
    ApiAnswer("Java", ".rows", {"errorMsg": "Session expired", "rows": []}, "Session expired"),
    ApiAnswer("Node", ".rows", {"err": "not now", "rows": None}, "not now"),
    ApiAnswer("errmsg", ".rows", {"errmsg": "over the limit", "rows": []}, "over the limit"),
    ApiAnswer("a hint", ".rows", {"error": "ok to retry later", "rows": []}, "ok to retry later"),
    ApiAnswer(
        "a hint",
        ".rows",
        {"code": 401, "msg": "sign in; then all is ok", "rows": []},
        "sign in; then all is ok",
    ),
    ApiAnswer(
        "a status",
        ".data",
        {"status": 200, "errorMsg": "token expired", "data": None},
        "token expired",
    ),
    ApiAnswer("MongoDB", ".batch", {"ok": 0, "errmsg": "not allowed", "batch": []}, "not allowed"),
    ApiAnswer(
        "ServiceNow",
        ".result",
        {"status": "failure", "message": "Transaction cancelled", "result": []},
        "Transaction cancelled",
    ),
    ApiAnswer("a flag", ".rows", {"hasErrors": True, "rows": []}, ""),
    ApiAnswer("no success", ".data", {"code": 1, "msg": "操作不成功"}, "操作不成功"),
]

INNOCENT = [
    ApiAnswer(
        "data.go.kr",
        ".response.body.items",
        {
            "response": {
                "header": {"resultCode": "00", "resultMsg": "NORMAL SERVICE."},
                "body": {"items": []},
            }
        },
    ),
    ApiAnswer(
        "CoinMarketCap",
        ".data",
        {"status": {"error_code": 0, "error_message": None, "credit_count": 1}, "data": []},
    ),
    ApiAnswer(
        "Foursquare", ".response.venues", {"meta": {"code": 200}, "response": {"venues": []}}
    ),
    ApiAnswer("Tumblr", ".response", {"meta": {"status": 200, "msg": "OK"}, "response": []}),
    ApiAnswer(
        "a document",
        ".lines",
        {"header": {"code": "INV-7", "description": "An invoice"}, "lines": []},
    ),
    ApiAnswer("a flag", ".rows", {"hasErrors": False, "isError": False, "rows": []}),
    ApiAnswer("a build", ".artifacts", {"status": "failure", "number": 7, "artifacts": []}),
    ApiAnswer("Jenkins", ".artifacts", {"result": "FAILURE", "artifacts": []}),
    ApiAnswer(
        "airports", ".terminals", {"code": "LHR", "description": "Heathrow", "terminals": []}
    ),
    ApiAnswer("airports, omitted", ".terminals", {"code": "LHR", "description": "Heathrow"}),
    ApiAnswer("airports, named", ".terminals", {"code": 44, "name": "Heathrow", "terminals": []}),
    ApiAnswer("Google", ".files", {}),
    ApiAnswer("Google", ".files", {"kind": "drive#fileList", "incompleteSearch": False}),
    ApiAnswer(
        "Kubernetes",
        ".items",
        {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": None},
    ),
    ApiAnswer("Slack", ".members", {"ok": True, "members": [], "response_metadata": {}}),
    ApiAnswer("Lark", ".data.items", {"code": 0, "msg": "success", "data": {"has_more": False}}),
    ApiAnswer("TikTok", ".data.videos", {"data": {}, "error": {"code": "ok", "message": ""}}),
    ApiAnswer("Alipay", ".r.list", {"r": {"code": "10000", "msg": "Success", "list": []}}),
    ApiAnswer(
        "Conduit", ".result.data", {"result": {"data": []}, "error_code": None, "error_info": None}
    ),
    ApiAnswer("JSend", ".data.posts", {"status": "success", "data": {"posts": []}}),
    ApiAnswer("OData", ".value", {"@odata.context": "x", "value": []}),
    ApiAnswer("FHIR", ".entry", {"resourceType": "Bundle", "type": "searchset", "total": 0}),
    ApiAnswer("Prometheus", ".data.result", {"status": "success", "data": {"result": []}}),
    ApiAnswer("InfluxDB", ".results[0].series", {"results": [{"statement_id": 0}]}),
    ApiAnswer("WeChat", ".data", {"errcode": 0, "errmsg": "ok", "data": []}),
    ApiAnswer("Google Maps", ".results", {"results": [], "status": "ZERO_RESULTS"}),
    ApiAnswer(
        "Cloudflare", ".result", {"success": True, "errors": [], "messages": [], "result": []}
    ),
    ApiAnswer("OpenWeather", ".list", {"cod": "200", "message": 0, "cnt": 0, "list": []}),
    ApiAnswer("Etherscan", ".result", {"status": "0", "message": "No transactions", "result": []}),
    ApiAnswer(
        "Kea",
        ".[0].arguments.leases",
        [{"result": 3, "text": "0 IPv4 leases found.", "arguments": {"leases": []}}],
    ),
    ApiAnswer("Kea", ".[0].arguments.leases", [{"result": 0, "text": "0 leases found."}]),
    ApiAnswer("Yahoo Finance", ".chart.result", {"chart": {"result": [], "error": None}}),
    ApiAnswer("null", ".rows", {"rows": [], "error": None, "errors": None, "fault": None}),
    ApiAnswer("quiet", ".rows", {"rows": [], "error": "", "errors": [], "fault": {}}),
    ApiAnswer("zero", ".rows", {"rows": [], "error": 0, "errors": False, "exception": "0"}),
    ApiAnswer("worded", ".rows", {"rows": [], "error": "No error", "errors": {"user": []}}),
    ApiAnswer("counts", ".rows", {"rows": [], "success": 0, "failed": 0}),
    ApiAnswer("WeChat", ".rows", {"rows": [], "errcode": 0, "errmsg": "已完成"}),
    ApiAnswer("a text", ".rows", {"rows": [], "success": True, "errorMsg": "nothing found"}),
    ApiAnswer("a text", ".rows", {"rows": [], "errMsg": "query successful", "err": None}),
    ApiAnswer("nothing", ".rows", {"rows": [], "errorMsg": "No data found"}),
    ApiAnswer("nothing", ".rows", {"rows": [], "errorMsg": "N/A", "err": "-"}),
    ApiAnswer("a code of its own", ".rows", {"rows": [], "code": 7}),
    ApiAnswer("success in words", ".rows", {"rows": None, "code": 1, "msg": "query successful"}),
    ApiAnswer("success in words", ".rows", {"rows": [], "code": 1, "msg": "操作成功"}),
    ApiAnswer("no error in words", ".rows", {"rows": [], "code": 1, "msg": "no errors"}),
    ApiAnswer("zeros", ".rows", {"rows": [], "resultCode": "00000", "message": "done"}),
    ApiAnswer("a message", ".rows", {"rows": [], "message": "Nothing here yet"}),
    ApiAnswer("an enumeration", ".rows", {"rows": [], "status": 3, "message": "on hold"}),
    ApiAnswer("a failed job", ".tests", {"id": 1, "status": "failed", "tests": []}),
    ApiAnswer("an order", ".refunds", {"status": "pending", "reason": "late", "refunds": []}),
    ApiAnswer("a time", ".rows", {"rows": [], "next_run": "2026-01-01", "reason": None}),
]
