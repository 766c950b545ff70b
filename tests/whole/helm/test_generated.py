"""The generated files of the chart are up to date, and the schema is one."""

import json

import jsonschema
import pytest

from tests.whole.helm.charts import CHART, ROOT
from tools.scripts import chart_files, generate_docs


@pytest.mark.parametrize("page", ["chart-schema", "chart-secrets", "chart-readme"])
def test_generated_files_are_up_to_date(page: str) -> None:
    path, text, _ = generate_docs.PAGES[page](ROOT)
    difference = generate_docs.difference(path, text)
    assert not difference, f"run python -m tools.scripts.generate_docs {page}\n{difference}"


def test_the_schema_is_one_that_every_helm_reads() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


def test_the_readme_has_a_row_for_each_value_and_setting() -> None:
    text = chart_files.readme(ROOT)
    for name in ("workload.cron.suspend", "networkPolicy.extraEgress", "integration.shards"):
        assert text.count(f"| `{name}` |") == 1
    row = next(line for line in text.splitlines() if line.startswith("| `apiToken` |"))
    assert "| yes |" in row
    assert "OCEAN__INTEGRATION__CONFIG__API_TOKEN" in row
