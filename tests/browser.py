"""A page in a real browser, for tests that look at what it shows and asks for."""

from __future__ import annotations

import atexit
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@functools.cache
def browser() -> Browser:
    """The browser of this process: a start takes as long as what most tests do with it."""
    playwright = sync_playwright().start()
    started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=OPTIONS)
    atexit.register(playwright.stop)
    atexit.register(started.close)
    return started


@contextmanager
def shown(path: Path, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, in a context that shares nothing, and the addresses that it asks for; at the end the browser has
    complained about nothing."""
    requests: list[str] = []
    messages: list[str] = []
    with browser().new_context(viewport={"width": 1280, "height": 1000}, **options) as context:
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(path.as_uri())
        yield page, requests
    assert messages == []
