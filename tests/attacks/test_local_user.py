"""Other users of the machine that `ocean-custom` runs on."""

import json
import os
import stat
from pathlib import Path

import pytest

from cli.init.asking import Assuming
from cli.init.files import ENVIRONMENT, VALUES, Folder
from cli.init.initialise import Request, initialise
from cli.init.plan import SetupPlan
from cli.init.surveyed import Wanted
from cli.inputs import GivenSettings
from cli.private_texts import write_private
from cli.surroundings import Surroundings
from errors import ConfigurationError
from tests.support.fake_api import FakeApi, Reply

PLAN = SetupPlan({"baseUrl": "https://api.test", "authType": "bearer_token"}, {"resources": []}, [])
PRIVATE = (ENVIRONMENT, VALUES, ".ocean-custom.json")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.contract("init.private-files")
async def test_files_for_secrets_are_their_owners(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = lambda asked: Reply(200, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    request = Request(GivenSettings({}, {}), api.url, [Wanted("/things")], tmp_path / "o")
    before = os.umask(0o022)
    await initialise(request, around, Assuming())
    os.umask(before)
    assert {name: mode_of(tmp_path / "o" / name) for name in PRIVATE} == dict.fromkeys(
        PRIVATE, 0o600
    )
    assert mode_of(tmp_path / "o" / "port-app-config.yml") == 0o644
    assert mode_of(tmp_path / "o" / "docker-run.sh") == 0o755


@pytest.mark.parametrize("name", [ENVIRONMENT, VALUES])
@pytest.mark.parametrize("changed", [True, False])
def test_files_of_an_earlier_run_become_their_owners(
    tmp_path: Path, name: str, *, changed: bool
) -> None:
    Folder(tmp_path).write(PLAN, {})
    (tmp_path / name).chmod(0o644)
    more = {"timeout": "5"} if changed else {}
    Folder(tmp_path).write(SetupPlan({**PLAN.settings, **more}, PLAN.mapping, []), {})
    assert mode_of(tmp_path / name) == 0o600


@pytest.mark.parametrize("name", PRIVATE)
def test_a_link_in_a_folder_of_others_leads_nowhere(tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    folder = tmp_path / "o"
    folder.mkdir()
    (folder / name).symlink_to(target)
    with pytest.raises(ConfigurationError, match="it is a link"):
        Folder(folder).write(PLAN, {})
    assert not target.exists()


def test_a_pipe_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match="no plain file"):
        write_private(tmp_path / "pipe", "secret")
    os.close(reader)


def test_what_was_longer_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write_private(file, json.dumps({"a": "x" * 100}))
    write_private(file, "{}")
    assert file.read_text("utf-8") == "{}"
