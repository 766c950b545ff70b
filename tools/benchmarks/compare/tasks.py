"""The fifteen tasks: what each API does, which items there are, and what counts as right."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.benchmarks.compare import apis
from tools.benchmarks.compare.apis import Item

FOLDER = Path(__file__).parent
FILES = {"ours": "ours.yml", "dlt": "dlt_source.py", "airbyte": "airbyte.yml"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run; `failed` is the run's own word about itself, not our judgement."""

    items: Sequence[Item]
    failed: bool
    error: str = ""


@dataclass(frozen=True)
class Fault:
    """A fault of the second run, which has to fail, and the items that must arrive all the same."""

    text: str
    items: Sequence[Item] = ()


@dataclass(frozen=True)
class Variant:
    """Another way to write a task for one tool, of which a reader may ask what it does."""

    tool: str
    file: str
    text: str


@dataclass(frozen=True)
class Task:
    """`names` has for each tool the names of fields that it cannot leave as the task has them."""

    name: str
    title: str
    text: str
    items: Sequence[Item]
    fault: Fault | None = None
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    variants: Sequence[Variant] = ()

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def ways(self) -> list[tuple[str, str]]:
        """Every tool with every file that is written for it."""
        return [*FILES.items(), *((variant.tool, variant.file) for variant in self.variants)]

    def verdict(self, tool: str, outcome: Outcome) -> str:
        """Return `right`, `fails`, or the difference of a run that reports success."""
        if outcome.failed:
            return "fails"
        lost, extra = self._difference(tool, outcome, self.items)
        if lost or extra:
            return f"reports success, {lost} of {len(self.items)} items missing, {extra} too many"
        return "right"

    def verdict_when_broken(self, tool: str, outcome: Outcome) -> str:
        """Return the same where something is broken: then failing is right."""
        if self.fault is None:
            return ""
        lost, _ = self._difference(tool, outcome, self.fault.items)
        if not outcome.failed:
            return "reports success"
        return f"fails, {lost} of {len(self.fault.items)} items missing" if lost else "right"

    def _difference(self, tool: str, outcome: Outcome, expected: Sequence[Item]) -> tuple[int, int]:
        names = self.names.get(tool, {})
        fields = self.items[0]
        found = Counter(
            tuple(item.get(names.get(name, name)) for name in fields) for item in outcome.items
        )
        wanted = Counter(tuple(item[name] for name in fields) for item in expected)
        return (wanted - found).total(), (found - wanted).total()


def _pulls() -> list[Item]:
    return [
        {**pull, "tier": org["tier"], "team": team}
        for org in apis.ORGS
        for repo, team in org["repos"]
        if (org["name"], repo) != apis.VANISHED
        for pull in apis.pulls_of(org["name"], repo)
    ]


def _members(*, without: str = "") -> list[dict[str, Any]]:
    return [each for team in apis.TEAMS if team != without for each in apis.members_of(team)]


TASKS = (
    Task(
        "chain",
        "A chain of three",
        "Organisations, their repositories, and the pull requests of these, in pages. A pull "
        "request needs its repository's team and its organisation's tier. One repository is "
        "deleted after it was listed: 404.",
        _pulls(),
        names={
            "ours": {"tier": "__tier", "team": "__team"},
            "dlt": {"tier": "_repos__orgs_tier", "team": "_repos_team"},
        },
    ),
    Task(
        "batches",
        "Batches of ids",
        "Measures of 23 projects; the API takes up to ten keys a request, and five requests a day.",
        [{"key": key, "coverage": 80} for key in apis.PROJECTS],
        variants=(Variant("dlt", "dlt_declarative.py", "without code, one request for each key"),),
    ),
    Task(
        "keyset",
        "Keyset pagination",
        "The cursor is the id of the last item; `has_more` says whether there is another page.",
        apis.CUSTOMERS,
    ),
    Task(
        "graphql",
        "GraphQL",
        "The cursor goes into the variables of the body.",
        apis.MEMBERS,
        Fault("the second page has `errors` beside its data, with status 200"),
        variants=(
            Variant("ours", "ours_json.yml", "with `body_format: json` in place of `graphql`"),
            Variant("dlt", "dlt_declarative.py", "without the hook"),
            Variant("airbyte", "airbyte_default.yml", "without `error_handler`"),
        ),
    ),
    Task(
        "export",
        "An export job",
        "A job is submitted and polled; its answer has the address of a CSV file with quotes and "
        "line breaks inside of fields.",
        apis.USERS,
        Fault("the job fails"),
    ),
    Task(
        "capped",
        "A page cap that nobody told",
        "`limit=100` is asked for, as the API's documentation allows, and the server gives 40. "
        "There is no total and no `has_more`.",
        apis.EVENTS,
        variants=(
            Variant("ours", "ours_short_page.yml", "with `stop: short_page`"),
            Variant("dlt", "dlt_declarative.py", "with its own `offset` paginator"),
            Variant(
                "airbyte", "airbyte_page_size.yml", "with `page_size: 100`, as the form suggests"
            ),
        ),
    ),
    Task(
        "xml",
        "XML",
        "A list with namespaces, ids in attributes and text in CDATA, in pages; the last one has a "
        "single element, and after it comes an empty list.",
        [{"@id": each["id"], "name": each["name"]} for each in apis.SERVICES],
        names={"airbyte": {"name": "c:name"}},
    ),
    Task(
        "lines",
        "Gzip with JSON lines",
        "One file of 500 lines, `application/gzip`.",
        apis.RECORDS,
        Fault("the file is cut in the middle"),
    ),
    Task(
        "oauth",
        "OAuth2 with a token that is revoked",
        "Client credentials. A token says that it lives for an hour, and after two requests it is "
        "answered with 401.",
        apis.THINGS,
        variants=(
            Variant("dlt", "dlt_declarative.py", "with its own `oauth2_client_credentials`"),
            Variant("airbyte", "airbyte_default.yml", "without `error_handler`"),
        ),
    ),
    Task(
        "parents",
        "A parent that fails",
        "Members of five teams, one request for each team.",
        _members(),
        Fault(
            "the team in the middle answers 403; the run has to fail, and to deliver the members "
            "of the other four",
            _members(without=apis.FORBIDDEN),
        ),
        variants=(
            Variant("ours", "ours_skip.yml", "with `on_error: skip` for 403"),
            Variant("dlt", "dlt_ignore.py", "with `ignore` for 403"),
            Variant("airbyte", "airbyte_ignore.yml", "with `IGNORE` for 403"),
        ),
    ),
    Task(
        "keystone",
        "A token in a header",
        "As Keystone of OpenStack: a login has a JSON body, and its token is in the header "
        "`X-Subject-Token` of the answer. After two requests a token is answered with 401.",
        apis.ACCOUNTS,
    ),
    Task(
        "scan",
        "A cursor that is an object",
        "As DynamoDB: `LastEvaluatedKey` of an answer goes into the body of the next request as "
        "`ExclusiveStartKey`. One page in the middle is empty.",
        apis.READINGS,
    ),
    Task(
        "folder",
        "Another endpoint for what follows",
        "As Dropbox: the first page is asked for with a folder, all others at another endpoint, "
        "with the cursor and nothing else in the body.",
        apis.FILES,
        Fault("the cursor is not valid any more, 409"),
    ),
    Task(
        "bundles",
        "A list of links",
        "As FHIR: the next address is the `url` in a list of links of which `relation` is `next`.",
        apis.PATIENTS,
        Fault("the second page is an `OperationOutcome`, with status 200"),
        variants=(
            Variant("dlt", "dlt_declarative.py", "without the hook"),
            Variant("airbyte", "airbyte_default.yml", "without `error_handler`"),
        ),
    ),
    Task(
        "digest",
        "HTTP Digest",
        "As MongoDB Atlas (RFC 7616, `qop=auth`). After three requests a nonce is stale, and no "
        "count is taken twice.",
        apis.CLUSTERS,
        variants=(Variant("dlt", "dlt_declarative.py", "with a `session` of `rest_api`"),),
    ),
)
