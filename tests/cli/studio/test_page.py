"""The page in a browser: from an unknown API to files whose sync brings every entity."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.cli.studio.conftest import Open, needs_browser
from tests.cli.studio.unknown_api import TOKEN, UnknownApi
from tests.support.fake_api import Reply
from tests.whole.process.conftest import open_harbour

pytestmark = [pytest.mark.process, needs_browser]

type Visit = Callable[..., Any]

STEPS = ("Connect", "Endpoints", "Response", "Pagination", "Entities", "Keep")


async def go(page: Page, step: str) -> None:
    await page.get_by_label("Steps").get_by_role("button", name=step).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(step)


async def connect(page: Page, unknown: UnknownApi, token: str = TOKEN) -> None:
    await page.get_by_label("baseUrl").fill(unknown.url)
    await page.get_by_label("authType").select_option("bearer_token")
    await page.get_by_label("apiToken").fill(token)
    await page.get_by_role("main").get_by_role("button", name=re.compile("^Connect")).click()
    await page.locator(".way li:not(.busy)").first.wait_for()


async def look(page: Page, path: str) -> Any:
    """Look at an endpoint; returns its card."""
    await page.get_by_label("Path or URL of a list").fill(path)
    await page.get_by_role("button", name="Look", exact=True).click()
    card = page.locator(".card").filter(has=page.get_by_text(path, exact=True)).last
    await card.wait_for()
    return card


@pytest.mark.contract("studio.page")
async def test_from_an_unknown_api_to_every_entity(
    open_studio: Open, visit: Visit, unknown: UnknownApi, tmp_path: Path
) -> None:
    started = time.monotonic()
    opened = await open_studio()
    page = await visit(opened)
    # The key is nowhere to be seen.
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#connect", page.url)
    await connect(page, unknown)
    await page.get_by_role("button", name="Go on to endpoints").click()
    for path in ("/teams", "/projects", "/teams/{team}/members"):
        card = await look(page, path)
        await expect(card.get_by_text("proven")).to_be_visible()
    await go(page, "Response")
    await expect(page.get_by_role("tree")).to_contain_text("items")
    await go(page, "Pagination")
    await expect(page.get_by_text("proven: all was read")).to_be_visible()
    await go(page, "Entities")
    await page.get_by_role("tab", name="/projects").click()
    title = page.get_by_label("JQ of title", exact=True)
    await title.fill('"The " + .title')
    await expect(page.locator(".entities")).to_contain_text("The Project 14")
    await go(page, "Keep")
    await expect(page.get_by_label("Changes of port-app-config.yml")).to_contain_text("/projects")
    await page.get_by_role("button", name="Write 5 files").click()
    await expect(page.get_by_text("Written:")).to_be_visible()
    assert time.monotonic() - started < 180
    await asyncio.to_thread(_sync_brings_all, opened.folder, unknown, tmp_path)


def _sync_brings_all(folder: Path, unknown: UnknownApi, tmp_path: Path) -> None:
    """Run the integration with the files that were written, against a Port of our own."""
    harbour_folder = tmp_path / "harbour"
    harbour_folder.mkdir()
    mapping = yaml.safe_load((folder / "port-app-config.yml").read_text())
    lines = (folder / "ocean.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    given["OCEAN__INTEGRATION__CONFIG__API_TOKEN"] = TOKEN
    with open_harbour(harbour_folder) as harbour:
        for blueprint in json.loads((folder / "blueprints.json").read_text()):
            harbour.state.blueprints[blueprint["identifier"]] = blueprint
        harbour.install(mapping["resources"])
        outcome = harbour.sail({}, variables=given)
        assert (outcome.code, outcome.errors()) == (0, [])
        for name, wanted in unknown.identifiers.items():
            assert set(harbour.catalog(name)) == wanted
        assert harbour.catalog("project")


async def test_a_wrong_token_and_a_wrong_path_say_what_helps(
    open_studio: Open, visit: Visit, unknown: UnknownApi
) -> None:
    page = await visit(await open_studio())
    await connect(page, unknown, "wrong")
    await expect(page.locator(".way .bad")).to_contain_text("an expired or revoked secret")
    await expect(page.get_by_label("Steps")).to_contain_text("Authentication fails")
    await connect(page, unknown)
    await expect(page.locator(".way .bad")).to_have_count(0)
    await go(page, "Endpoints")
    card = await look(page, "/nowhere")
    await expect(card).to_contain_text("404")
    await expect(card).to_contain_text("look for a prefix that is missing or doubled")


async def test_more_and_errors_are_marked_where_they_stand(
    open_studio: Open, visit: Visit, unknown: UnknownApi
) -> None:
    rows = [{"id": n, "name": f"n{n}"} for n in range(3)]
    unknown.extra["/more"] = Reply(body={"meta": {"has_more": True}, "items": rows})
    unknown.extra["/error"] = Reply(body={"ok": False, "reason": "quota exceeded", "items": []})
    unknown.extra["/soon"] = Reply(202, {"status": "pending"})
    page = await visit(await open_studio())
    await connect(page, unknown)
    await go(page, "Endpoints")
    for path, mark, said in (
        ("/more", "more", "says that there is more"),
        ("/error", "error", "quota exceeded"),
        ("/soon", "pending", "is not ready"),
    ):
        card = await look(page, path)
        await card.get_by_role("button", name="Response").click()
        await expect(page.locator(f".tree .marked .chip.{mark}")).to_contain_text(said)
        await go(page, "Endpoints")
    card = page.locator(".card").filter(has_text="/more")
    await card.get_by_role("button", name="Pages").click()
    await expect(page.get_by_text("kept: nothing would be deleted").first).to_be_visible()


async def test_fields_are_chosen_with_a_click(
    open_studio: Open, visit: Visit, unknown: UnknownApi
) -> None:
    page = await visit(await open_studio())
    await connect(page, unknown)
    await go(page, "Endpoints")
    await look(page, "/teams/{owner}/members")
    await look(page, "/projects")
    await go(page, "Response")
    await page.locator("[role=treeitem]").filter(has_text=re.compile("^▸?team")).first.focus()
    # By keyboard: open the object, go to its field, and to what it may be.
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("[role=treeitem][aria-level='6']")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.get_by_role("button", name="Gives {owner} of /teams/{owner}/members").click()
    card = page.locator(".card").filter(has=page.get_by_text("/teams/{owner}/members", exact=True))
    await expect(card).to_contain_text(".team.key")
    await go(page, "Response")
    await page.get_by_label("Endpoint").select_option("/projects")
    await page.locator("[role=treeitem]").filter(has_text="next_cursor").last.click()
    await page.get_by_role("button", name="Cursor of the next page").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Pagination")
    await page.locator("label").filter(has_text=re.compile("^page$")).click()
    await expect(page.get_by_text("A sync would delete nothing of it")).to_be_visible()


HOSTILE = {
    "</script><script>document.title='owned'</script>": "<img src=x onerror=alert('owned')>",
    "id": "javascript:document.title='owned'",
    "name": "<svg onload=document.title='owned'>" * 3,
    "bidi": "\u202e\u2066evil\u0000\u001b[2J\ud83d\ude00 \u200b",
    "huge": "x" * 400_000,
    "__proto__": {"polluted": True},
    "constructor": "x",
    "deep": None,
}


@pytest.mark.contract("studio.hostile")
async def test_hostile_answers_change_nothing(
    open_studio: Open, visit: Visit, unknown: UnknownApi
) -> None:
    deep: Any = "bottom"
    for _ in range(900):
        deep = [deep]
    items = [{**HOSTILE, "id": f"{HOSTILE['id']}{n}", "deep": deep} for n in range(3)]
    unknown.refuses_queries = True
    unknown.extra["/hostile"] = Reply(body={"<b>items</b>": items, "next": "javascript:alert(1)"})
    page = await visit(await open_studio())
    await connect(page, unknown)
    await go(page, "Endpoints")
    card = await look(page, "/hostile")
    await card.get_by_role("button", name="Response").click()
    await page.locator("[role=treeitem]").filter(has_text="bidi").last.focus()
    tree = page.get_by_role("tree")
    await expect(tree).to_contain_text("\\u202e\\u2066evil\\u0000\\u001b[2J😀 \\u200b")
    await expect(tree).to_contain_text("<svg onload=")
    await expect(tree).to_contain_text("400,000 characters")
    for step in STEPS[3:]:
        await go(page, step)
    await page.wait_for_load_state("networkidle")
    assert await page.title() != "owned"
    assert await page.evaluate("({}).polluted") is None
    markup = "main :is(img, script, iframe, object, embed, [onerror], [onload], a[href])"
    assert await page.locator(markup).count() == 0
    assert "\u202e" not in await page.locator("main").inner_text()


@pytest.mark.contract("studio.hostile")
async def test_a_large_answer_does_not_freeze_the_page(
    open_studio: Open, visit: Visit, unknown: UnknownApi
) -> None:
    """20 MB: the page never stands still for as long as a person notices."""
    row = {f"field {n}": "some text " * 50 for n in range(20)}
    rows = [{"id": n, **row} for n in range(2_000)]
    unknown.extra["/large"] = Reply(body=json.dumps({"items": rows}).encode())
    unknown.refuses_queries = True
    page = await visit(await open_studio())
    await connect(page, unknown)
    await page.evaluate(
        """() => { window.longest = 0; let last = performance.now(); setInterval(() => {
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
        }, 20); }"""
    )
    await go(page, "Endpoints")
    card = await look(page, "/large")
    await card.get_by_role("button", name="Response").click()
    await expect(page.get_by_role("tree")).to_contain_text("2,000 elements")
    await page.get_by_role("button", name="100 more of 2,000").click()
    await expect(page.get_by_role("tree")).to_contain_text("[150]")
    await go(page, "Entities")
    await expect(page.locator(".entities tbody tr")).to_have_count(30)
    longest = await page.evaluate("window.longest")
    assert longest < 1000
    # A page that stands still is seen.
    await page.evaluate(
        "{ const end = performance.now() + 1500; while (performance.now() < end); }"
    )
    await page.wait_for_timeout(100)
    assert await page.evaluate("window.longest") > 1400
    print(f"stood still for at most {longest:.0f} ms")


@pytest.mark.contract("studio.page")
@pytest.mark.parametrize("scheme, width", [("light", 1280), ("dark", 390)])
async def test_nobody_is_kept_out(
    open_studio: Open, visit: Visit, unknown: UnknownApi, scheme: str, width: int
) -> None:
    """Each step, looked at by axe-core; nothing is wider than the window."""
    size = {"width": width, "height": 844}
    page = await visit(await open_studio(), viewport=size, color_scheme=scheme)
    await connect(page, unknown)
    await go(page, "Endpoints")
    for path in ("/projects", "/teams/{team}/members", "/nowhere"):
        await look(page, path)
    for step in STEPS:
        await go(page, step)
        await page.wait_for_load_state("networkidle")
        found = await Axe().run(page)
        told = [
            f"{each['id']}: {[node['html'] for node in each['nodes']][:3]}"
            for each in found.response["violations"]
        ]
        assert told == [], step
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, step


async def test_without_its_key_the_page_is_closed(
    open_studio: Open, visit: Visit, unknown: UnknownApi
) -> None:
    """The cookie alone, as any port of this host gets it, opens no data."""
    opened = await open_studio()
    page = await visit(opened)
    await connect(page, unknown)
    other = await page.context.new_page()
    await other.goto(opened.url)
    await expect(other.get_by_role("alert")).to_contain_text("not open to the studio")
    status = await other.evaluate(
        "fetch('/api/state', {method: 'POST', body: '{}'}).then((answer) => answer.status)"
    )
    assert status == 403
    # In its own tab, it is still open after a reload.
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Connect")
    assert TOKEN not in await page.content()
