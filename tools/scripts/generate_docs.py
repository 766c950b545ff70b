"""Write the generated pages and chart files, or with --check tell whether they are up to date.

python -m tools.scripts.generate_docs                          # all of them
python -m tools.scripts.generate_docs configuration --check    # exits 1 with a diff when stale
python -m tools.scripts.generate_docs contract --check         # also when a promise lacks a test
"""

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.scripts import (
    chart_files,
    code_tables,
    compare_page,
    configuration_page,
    contract_page,
    spec,
    third_party,
)
from tools.scripts.contract_markers import CollectionError, collect

ROOT = Path(__file__).resolve().parents[2]
CHART = Path("helm") / "ocean-custom"


type Generated = tuple[Path, str, list[str]]
"""A file's path, its text, and the problems found on the way."""


def contract(root: Path) -> Generated:
    """Return the page of statements and the tests that prove them."""
    statements = contract_page.load(root / "tests" / "contract.yaml")
    tests = collect(root / "tests")
    text = contract_page.render(statements, tests)
    return root / "docs" / "contract-tests.md", text, contract_page.problems(statements, tests)


def _file(
    place: Path, render: Callable[[Path], str], problems: Callable[[], list[str]] = list
) -> Callable[[Path], Generated]:
    return lambda root: (root / place, render(root), problems())


PAGES: dict[str, Callable[[Path], Generated]] = {
    "chart-schema": _file(CHART / "values.schema.json", chart_files.schema),
    "chart-secrets": _file(CHART / "files" / "settings.json", chart_files.secrets),
    "chart-readme": _file(CHART / "README.md", chart_files.readme),
    "compare": _file(compare_page.PAGE, compare_page.render, compare_page.problems),
    "configuration": _file(configuration_page.PAGE, configuration_page.render),
    "contract": contract,
    "formats": _file(code_tables.FORMATS, code_tables.formats),
    "pagination": _file(code_tables.PAGINATION, code_tables.words),
    "safety": _file(code_tables.SAFETY, code_tables.safety),
    "spec": _file(spec.PATH, spec.render),
    "third-party": _file(third_party.PAGE, third_party.render),
}


def difference(path: Path, text: str) -> str:
    """Return the change of a file as a unified diff; empty when there is none."""
    before = path.read_text("utf-8") if path.exists() else ""
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"{path.name} (committed)",
            f"{path.name} (generated)",
        )
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    # Python 3.12.1 cannot combine nargs="*" with choices.
    if unknown := set(options.pages) - set(PAGES):
        parser.error(f"no such page: {', '.join(sorted(unknown))}")
    try:
        results = [PAGES[page](ROOT) for page in options.pages or PAGES]
    except CollectionError as error:
        sys.stderr.write(str(error))
        return 2
    return _check(results) if options.check else _write(results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate_docs", description="Generate pages and chart files."
    )
    parser.add_argument("pages", nargs="*", help=f"of {', '.join(PAGES)}; all of them unless given")
    parser.add_argument("--check", action="store_true", help="compare only, exit 1 when stale")
    return parser


def _check(results: Sequence[Generated]) -> int:
    differences = [difference(path, text) for path, text, _ in results]
    problems = [problem for _, _, found in results for problem in found]
    sys.stderr.writelines([*differences, *(f"{problem}\n" for problem in problems)])
    return 1 if any(differences) or problems else 0


def _write(results: Sequence[Generated]) -> int:
    for path, text, problems in results:
        path.write_text(text, "utf-8")
        sys.stderr.write(f"wrote {path.name}\n")
        sys.stderr.writelines(f"  {problem}\n" for problem in problems)
    return 0


if __name__ == "__main__":
    sys.exit(main())
