"""`preview` and `init` on other formats than JSON: what they show, keep and write."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from cli.commands import Inputs, PreviewOptions, run_preview
from cli.contents import from_saved, to_save
from cli.surroundings import Surroundings
from errors import OceanCustomError
from probe.masking import Masker
from reading.session import Limits
from redaction import Redactor
from tests.cli.conftest import Screen
from tests.cli.init.test_init_shapes import init, synced
from tests.formats.encoding import as_zip
from tests.support.fake_api import FakeApi, Reply

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
    pytest.mark.usefixtures("steady_clock"),
]

CSV = "id;name\n1;Zoë\n2;Ann\n".encode("cp1252")
XML = b"<users><user id='1'><name>Zoe</name></user><user id='2'><name>Ann</name></user></users>"


def mapping(data_path: str = ".", more: str = "", identifier: str = ".id") -> None:
    text = f"""\
resources:
  - kind: /users
    selector:
      query: "true"
      data_path: {data_path}
      {more}
    port:
      entity:
        mappings: {{identifier: '{identifier}', title: .name, blueprint: '"user"'}}
"""
    Path("port-app-config.yml").write_text(text, "utf-8")


async def preview(around: Surroundings, flags: dict[str, str], **options: Any) -> Any:
    screen = Screen()
    limits = Limits(pages=5, endpoints=5, items=100)
    inputs = Inputs(flags, as_json=True)
    await run_preview(inputs, PreviewOptions(limits, **options), around, screen.terminal)
    return screen.json["resources"][0]


def shown(resource: Any) -> list[tuple[str, str]]:
    return [(entity["identifier"], entity["title"]) for entity in resource["entities"]]


FORMAT = "response_format: {type: csv, delimiter: ';', encoding: windows-1252}"


@pytest.mark.parametrize(
    "body", [CSV, gzip.compress(CSV), as_zip(CSV)], ids=["plain", "gzip", "zip"]
)
async def test_a_preview_of_a_csv_is_kept_and_replayed(
    body: bytes, api: FakeApi, around: Surroundings
) -> None:
    api.script(Reply(body=body, headers={"content-type": "application/octet-stream"}))
    mapping(more=FORMAT)
    file = Path("report.json")
    first = await preview(around, {"base_url": api.url}, save=file)
    assert shown(first) == [("1", "Zoë"), ("2", "Ann")]
    api.script(Reply(500))
    assert shown(await preview(around, {}, replay=file)) == shown(first)


async def test_a_preview_says_where_the_elements_of_an_xml_are(
    api: FakeApi, around: Surroundings
) -> None:
    api.script(Reply(body=XML, headers={"content-type": "text/xml"}))
    mapping(".users.person", identifier='."@id"')
    wrong = await preview(around, {"base_url": api.url})
    assert wrong["arrays"] == [{"dataPath": ".users.user", "length": 2}]
    mapping(".users.user", identifier='."@id"')
    right = await preview(around, {"base_url": api.url})
    assert shown(right) == [("1", "Zoe"), ("2", "Ann")]


async def test_a_preview_says_that_a_filter_left_nothing(
    api: FakeApi, around: Surroundings
) -> None:
    api.script(Reply(body={"list": [{"id": 1}, {"id": 2}], "other": [1]}))
    mapping(".list", "items_filter: .id > 2")
    found = (await preview(around, {"base_url": api.url}))["findings"]
    assert [(one["topic"], one["message"]) for one in found] == [
        ("no-items", "items_filter and emit leave nothing of 2 items")
    ]


@pytest.mark.parametrize(
    "body, media_type",
    [
        (b"id,name\n1,Zoe\n2,Ann\n", "text/csv"),
        (XML, "application/xml"),
        (
            gzip.compress(b'{"id": 1, "name": "Zoe"}\n{"id": 2, "name": "Ann"}\n'),
            "application/jsonl",
        ),
    ],
    ids=["csv", "xml", "jsonl"],
)
async def test_what_init_writes_reads_every_item(
    body: bytes, media_type: str, api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.script(Reply(body=body, headers={"content-type": media_type}))
    folder = tmp_path / "out"
    report = await init(around, f"{api.url}/users", folder=folder)
    assert report.ok
    assert (await synced(folder, around))["/users"] == ["1", "2"]


async def test_init_says_what_a_body_looks_like(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.script(Reply(body=b"id,name\n1,Zoe\n", headers={"content-type": "text/plain"}))
    try:
        report = await init(around, f"{api.url}/users", folder=tmp_path / "out")
        said = " ".join(f"{failure.error} {failure.advice}" for failure in report.failures)
    except OceanCustomError as error:
        said = str(error)
    assert "it looks like csv: then set response_format: csv" in said


@pytest.mark.parametrize(
    "content",
    [b'{"a": 1}', b"text", b"\xff\x00", gzip.compress(b"\xff text"), as_zip(b"a,b\n", b"[1]"), b""],
    ids=range(6),
)
def test_what_is_kept_is_the_same_again(content: bytes) -> None:
    masker = Masker(Redactor(["s3cret-s3cret"]))
    kept = to_save(content, masker)
    assert to_save(from_saved(kept), masker) == kept
    hidden = to_save(gzip.compress(b"id,key\n1,s3cret-s3cret\n"), masker)
    assert "s3cret" not in str(hidden)


def test_what_cannot_be_unpacked_is_not_kept() -> None:
    kept = to_save(gzip.compress(b"s3cret")[:-4], Masker(Redactor()))
    assert kept == {"text": "a packed body that is damaged or too large to keep"}
