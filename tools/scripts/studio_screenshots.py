"""Draw the screenshots of the studio, as PNG, from a real run on the sample API.

python -m tools.scripts.studio_screenshots            # writes docs/images/studio-*.png

It needs a Chromium or Chrome on this machine.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright

from cli.inputs import GivenSettings
from cli.studio.serve import serve as serve_studio
from cli.studio.start import Start
from cli.surroundings import surroundings
from tools.sandbox.sample.app import create_app
from tools.sandbox.server import serve
from tools.scripts.screenshots import IMAGES, PORT, TOKEN, packages

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WINDOW = ViewportSize(width=1280, height=860)


def main() -> int:
    """Write all pictures; returns the exit status."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        sys.stderr.write("there is no Chromium or Chrome; CHROMIUM names one\n")
        return 1
    for name in [name for name in os.environ if name.startswith("OCEAN__")]:
        del os.environ[name]
    with serve(create_app(packages(), TOKEN), port=PORT) as api, surroundings() as around:
        values = {"auth_type": "bearer_token", "api_token": TOKEN}
        folder = Path(tempfile.mkdtemp(prefix="studio-"))
        start = Start(GivenSettings(values, {}), folder, f"{api.url}/api/v1/packages")

        async def run() -> None:
            opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            server = asyncio.create_task(serve_studio(start, around, 0, opened.set_result))
            try:
                await _pictures(await opened, browser)
            finally:
                server.cancel()
                with suppress(asyncio.CancelledError):
                    await server

        asyncio.run(run())
    return 0


async def _pictures(address: str, browser: str) -> None:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox", "--no-proxy-server"]
        )
        page = await launched.new_page(viewport=_WINDOW, device_scale_factor=1)
        await page.goto(address)
        await page.get_by_role("main").get_by_role("button", name="Connect").click()
        await page.get_by_role("button", name="Go on to endpoints").click()
        await page.locator(".card").first.wait_for()
        await page.get_by_label("Path or URL of a list").fill("/licenses")
        await page.get_by_role("button", name="Look", exact=True).click()
        await page.locator(".card").nth(1).wait_for()
        await _go(page, "Response")
        await page.get_by_label("Endpoint").select_option("/packages")
        await page.locator(".tree .key").get_by_text("license_id", exact=True).first.click()
        await _draw(page, "response")
        await _go(page, "Entities")
        await page.locator("tr.pick").nth(1).click()
        await page.get_by_text("Item 2").wait_for()
        await page.locator(".facts").evaluate("(one) => one.scrollIntoView()")
        await _draw(page, "entities")
        await launched.close()


async def _go(page: Page, step: str) -> None:
    await page.get_by_label("Steps").get_by_role("button", name=step).click()


async def _draw(page: Page, name: str) -> None:
    await page.wait_for_load_state("networkidle")
    path = IMAGES / f"studio-{name}.png"
    await page.screenshot(path=path, animations="disabled")
    sys.stderr.write(f"wrote {path.relative_to(IMAGES.parents[1])}\n")


if __name__ == "__main__":
    sys.exit(main())
