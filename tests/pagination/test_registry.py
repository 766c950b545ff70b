"""A pagination type is added in three places: its class with its options, its strategy, the spec.

A copy of the integration gets the type `letters`, whose pages are called `a`, `b`, `c`.
"""

import json
import shutil
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tools.sandbox.server import serve

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]

CLASS = '''

class LettersSettings(AskedSettings):
    """`letters`: `?letter=a`, then the next letter until the last one."""

    type = "letters"

    param: Param = "letter"
    size_param: SizeParam = "count"
    last_letter: str = option(
        "The letter of the last page. Example: `f`.", default="c", setting="last_letter"
    )

'''
STRATEGY = '''

class Letters(AskingStrategy[LettersSettings]):
    """Asks for one letter after the other."""

    _letter = "a"

    def first(self, request: ApiRequest) -> ApiRequest:
        return self._sized(self._at("a", request))

    def following(self, page: Page) -> ApiRequest | None:
        if self._letter == self._settings.last_letter:
            return None
        self._letter = chr(ord(self._letter) + 1)
        return self._at(self._letter, page.request)
'''
SETTING = {
    "name": "lastLetter",
    "type": "string",
    "required": False,
    "default": "c",
    "description": "The letter of the last page, for example `f`.",
    "dependencies": [
        {"on": "paginationType", "when": {"equals": "letters"}, "then": {"required": False}}
    ],
}
ASKED = ("pageSize", "paginationParam", "sizeParam", "totalPath")

# Each kind of the mapping with its block.
BLOCKS: dict[str, Any] = {
    "/as-the-connection": None,
    "/by-its-name": "letters",
    "/with-an-option": {"lastLetter": "b", "param": "page"},
    "/misplaced": {"type": "offset", "last_letter": "b"},
    "/too-short": {"last_letter": ""},
    "/of-another-type": {"cursor_path": "next"},
}

KNOWLEDGE = """
import json
from cli.init.blocks import block_of, needs_block
from mapping.resources import CustomResourceConfig
found = {"paginationType": "letters", "lastLetter": "e", "pageSize": "7"}
print(json.dumps({
    "form": CustomResourceConfig.schema()["definitions"]["PaginationConfig"]["properties"],
    "block": block_of(found),
    "needs_block": needs_block(found),
}))
"""

type Run = Callable[..., str]


def edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text("utf-8")
    path.write_text(change(before), "utf-8")
    assert path.read_text("utf-8") != before


def with_letters(spec: str) -> str:
    """Add the type, its own setting, and that it has those of every type that asks."""
    content = yaml.safe_load(spec)
    entries = {entry["name"]: entry for entry in content["configurations"]}
    entries["paginationType"]["enum"].append("letters")
    for name in ASKED:
        entries[name]["dependencies"][0]["when"]["in"].append("letters")
    content["configurations"].append(SETTING)
    content["interface"]["sections"][0]["configurationNames"].append(SETTING["name"])
    return str(yaml.safe_dump(content, sort_keys=False))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run Python in a copy of the integration that has one type more."""
    copy = tmp_path_factory.mktemp("copy") / "integration"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", ".*cache", ".hypothesis", ".tools", ".demo", "__pycache__", "docs"
        ),
    )
    before_helpers = "\n\ndef _all_options("
    edit(
        copy / "settings" / "pagination.py",
        lambda text: text.replace(before_helpers, CLASS + before_helpers[1:], 1),
    )
    edit(
        copy / "pagination" / "strategies.py",
        lambda text: text.replace("import (\n", "import (\n    LettersSettings,\n", 1) + STRATEGY,
    )
    edit(copy / ".port" / "spec.yaml", with_letters)

    def run(*arguments: str | Path, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=copy,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """Serve two items on the page of each letter, without end."""

    def page(request: Request) -> JSONResponse:
        asked = request.query_params
        letter = asked.get("letter") or asked["page"]
        return JSONResponse([{"id": f"{letter}{number}"} for number in range(2)])

    with serve(Starlette(routes=[Route(kind, page) for kind in BLOCKS])) as server:
        yield server.url


@pytest.fixture(scope="module")
def resources(run: Run, api: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Read the API with the type in the connection setting, and preview each kind."""
    mapping = {
        "resources": [
            {
                "kind": kind,
                "selector": {"query": "true"} | ({} if block is None else {"pagination": block}),
                "port": {"entity": {"mappings": {"identifier": ".id", "blueprint": '"thing"'}}},
            }
            for kind, block in BLOCKS.items()
        ]
    }
    path = tmp_path_factory.mktemp("mapping") / "port-app-config.yml"
    path.write_text(yaml.safe_dump(mapping), "utf-8")
    connection = ("--base-url", api, "--pagination-type", "letters", "--page-size", "2")
    shown = run("-m", "cli", "preview", *connection, "--mapping", path, "--json", fails=True)
    return {each["kind"]: each for each in json.loads(shown)["resources"]}


def identifiers(resource: dict[str, Any]) -> list[str]:
    return [entity["identifier"] for entity in resource["entities"]]


def items_to(letter: str) -> list[str]:
    letters = string.ascii_lowercase[: string.ascii_lowercase.index(letter) + 1]
    return [f"{each}{number}" for each in letters for number in range(2)]


@pytest.mark.parametrize("kind", ["/as-the-connection", "/by-its-name"])
def test_an_api_is_read_with_the_defaults_of_the_type(resources: dict[str, Any], kind: str) -> None:
    assert identifiers(resources[kind]) == items_to("c")
    assert resources[kind]["endings"] == ["no letters"]


def test_the_settings_and_defaults_of_the_type_are_sent(resources: dict[str, Any]) -> None:
    asked = [
        request["url"].partition("?")[2] for request in resources["/as-the-connection"]["requests"]
    ]
    assert asked == ["letter=a&count=2", "letter=b&count=2", "letter=c&count=2"]


def test_a_block_sets_its_options(resources: dict[str, Any]) -> None:
    assert identifiers(resources["/with-an-option"]) == items_to("b")
    assert "?page=a&count=2" in resources["/with-an-option"]["requests"][0]["url"]


@pytest.mark.parametrize(
    "kind, said",
    [
        (
            "/misplaced",
            "pagination.last_letter: has no effect with type offset; it is for letters",
        ),
        ("/too-short", "pagination.last_letter: ensure this value has at least 1 characters"),
        (
            "/of-another-type",
            "pagination.cursor_path: has no effect with type letters; it is for cursor",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    resources: dict[str, Any], kind: str, said: str
) -> None:
    assert said in resources[kind]["error"]


def test_the_connection_setting_is_checked(run: Run) -> None:
    parsed = run(
        "-c",
        "from settings.connection import ConnectionSettings as Settings\n"
        "base = {'base_url': 'https://api.test', 'last_letter': 'd'}\n"
        "print(repr(Settings.parse({**base, 'pagination_type': 'letters'}).pagination))\n"
        "try: Settings.parse({**base, 'pagination_type': 'lettres'})\n"
        "except Exception as error: print(error)",
    )
    assert "LettersSettings(page_size=100" in parsed
    assert "last_letter='d'" in parsed
    assert "'custom' or 'letters' (got 'lettres')" in parsed


def test_the_form_and_the_command_line_know_the_type(run: Run) -> None:
    known = json.loads(run("-c", KNOWLEDGE))
    assert known["form"]["type"]["enum"][-1] == "letters"
    assert known["form"]["lastLetter"] == {
        "title": "Last letter",
        "description": "The letter of the last page. Example: `f`.",
        "minLength": 1,
        "type": "string",
    }
    assert known["block"] == {
        "type": "letters",
        "param": "letter",
        "size_param": "count",
        "page_size": 7,
        "last_letter": "e",
    }
    assert not known["needs_block"]
    assert "none|offset|page|cursor|next_link|header_link|custom|letters" in run(
        "-m", "cli", "preview", "--help"
    )


def test_the_checks_of_the_spec_know_the_type(run: Run) -> None:
    checks = ("test_spec_form.py", "test_spec_settings.py")
    said = run(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *(Path("tests", "project", "spec", name) for name in checks),
    )
    assert "passed" in said
