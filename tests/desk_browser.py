"""The desk on a socket and browsers at it, for tests in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from browser import OPTIONS
from desk_client import PASSWORD
from oplever.web import server
from oplever.web.application import application
from oplever.web.desk import Desk
from playwright.sync_api import Page, sync_playwright

Open = Callable[..., Page]


@contextmanager
def served() -> Iterator[Desk]:
    """The desk on a socket, in a thread of this process."""
    import uvicorn  # noqa: PLC0415 - beside its one use

    desk, bound = server.prepare("127.0.0.1", 0)
    running = uvicorn.Server(uvicorn.Config(application(desk), log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield desk
    finally:
        running.should_exit = True
        thread.join(30)
        bound.close()


@contextmanager
def browsers(complaints: list[str]) -> Iterator[Open]:
    """Opens pages, each in a browser of its own; what a browser complains about is kept."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=OPTIONS)

        def opened(language: str = "nl-NL", width: int = 1280, **options: object) -> Page:
            context = browser.new_context(viewport={"width": width, "height": 800}, locale=language, **options)  # type: ignore[arg-type]
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
        browser.close()


def log_in(page: Page, desk: Desk, name: str) -> Page:
    """By keyboard alone: the skip link, the other language, then the form."""
    page.goto(f"{desk.origin}/login")
    page.locator("input[name=name]").focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.origin}/")
    return page


def draw(page: Page) -> None:
    """A signature: a stroke with the pen."""
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + 20 + 15 * step, box["y"] + 40 + (step % 3) * 12)
    page.mouse.up()


def fits(page: Page) -> bool:
    """Nothing has to be pushed aside to be read."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
