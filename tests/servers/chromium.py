"""Debian's Chromium, driven by Playwright: a page of any size, that only ever talks to this machine."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from playwright.async_api import Page, async_playwright

APT_COMMAND = "sudo apt-get update && sudo apt-get install -y chromium"
# It looks for updates, features and a proxy by itself; a test's browser asks nobody but the hub.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


class OpenPage(Protocol):
    """Opens one more page; each has its own cookies."""

    async def __call__(self, *, width: int = 1366, height: int = 768) -> Page: ...


def find_chromium() -> Path:
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError(f"Chromium is not installed:  {APT_COMMAND}")
    return Path(found)


@asynccontextmanager
async def browser(executable: Path) -> AsyncIterator[OpenPage]:
    """Yield the function that opens pages; a script error in any of them fails the test that opened it."""
    errors: list[str] = []
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # its sandbox refuses root
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=executable, args=flags)

        async def open_page(*, width: int = 1366, height: int = 768) -> Page:
            context = await running.new_context(
                viewport={"width": width, "height": height}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
            )
            page = await context.new_page()
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            return page

        try:
            yield open_page
        finally:
            await running.close()
    assert not errors, f"scripts failed in the page: {errors}"
