"""A person at the page: hands in scans, looks at films, reads answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

READY_MS = 60_000


def sent(request: Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    body = request.post_data_json
    assert isinstance(body, dict)
    return body


@dataclass(frozen=True, slots=True)
class Looking:
    """A page, and every fault that it showed.

    `faults`: errors of the console and of scripts, and what was asked of anybody but the server.
    `expected`: status codes that a test provokes, and which Chromium then reports on the console.
    """

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    @classmethod
    @contextmanager
    def at(cls, browser: Browser, address: str, **given: Any) -> "Iterator[Looking]":
        """Open the page; at the end there must have been no fault."""
        size = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
        context = browser.new_context(**{**size, **given})
        looking = cls(context.new_page(), address)
        looking._listen()
        try:
            looking.page.goto(f"{address}/")
            yield looking
        finally:
            context.close()
        assert looking.faults == []

    def _listen(self) -> None:
        def said(message: ConsoleMessage) -> None:
            told = [code for code in self.expected if f"status of {code}" in message.text]
            if message.type in ("error", "warning") and not told:
                self.faults.append(f"console: {message.text} {message.location}")

        def asked(request: Request) -> None:
            if not request.url.startswith((self.address, "blob:", "data:")):
                self.faults.append(f"asked elsewhere: {request.url}")

        self.page.on("console", said)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("request", asked)

    def hand_in(self, *paths: Path) -> None:
        """Choose these files, and wait for the answer."""
        with self.page.expect_response("**/api/v1/queries", timeout=READY_MS):
            self.page.locator(".drop input[type=file]").first.set_input_files(list(paths))
        self.answered()

    def answered(self) -> None:
        """Wait until an answer is there and the films are drawn."""
        expect(self.page.locator(".results")).to_have_attribute(
            "aria-busy", "false", timeout=READY_MS
        )
        expect(self.page.locator(".diagnosis, .problem").first).to_be_visible(timeout=READY_MS)

    @contextmanager
    def query(self) -> "Iterator[dict[str, Any]]":
        """What happens inside asks once more: its body, filled in when the block is left."""
        body: dict[str, Any] = {}
        with self.page.expect_response("**/api/v1/queries", timeout=READY_MS) as asked:
            yield body
        body.update(sent(asked.value.request))
        self.answered()

    def hits(self) -> Locator:
        """The tiles of the nearest cases."""
        return self.page.locator(".lane-hits .tile")

    def pane(self, name: str) -> Locator:
        """The pane "query" or "hit"."""
        return self.page.locator(f'[data-pane="{name}"]')

    def told(self, name: str) -> str:
        """What stands in the lower corner of a pane: slice, window, zoom."""
        return self.pane(name).locator(".corner-low").inner_text()

    def use(self, tool: str) -> None:
        """Press a tool of the bar."""
        self.page.locator(f'.tools [data-tool="{tool}"]').click()

    def use_step(self, name: str) -> None:
        """Press "undo" or "redo"."""
        self.page.locator(f'.refine-bar [data-tool="{name}"]').click()

    def drag(self, name: str, by: Sequence[int], button: str = "left") -> None:
        """Drag in a pane, from its middle."""
        box = self.pane(name).bounding_box()
        assert box is not None
        mouse = self.page.mouse
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down(button=button)  # type: ignore[arg-type]
        mouse.move(x + by[0] / 2, y + by[1] / 2)
        mouse.move(x + by[0], y + by[1])
        mouse.up(button=button)  # type: ignore[arg-type]
        self.drawn()

    def drawn(self) -> None:
        """Wait for the next two frames of the screen."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def seen(self) -> None:
        """Wait until both panes show a picture."""
        for name in ("query", "hit"):
            canvas = self.pane(name).locator("canvas")
            expect(canvas).to_have_attribute("data-drawn", "yes", timeout=READY_MS)
        self.drawn()

    def grey(self, name: str, x: float, y: float) -> list[int]:
        """RGBA of a pane's canvas at this share of its width and height."""
        return self.greys(name, [(x, y)])[0]

    def greys(self, name: str, places: Sequence[tuple[float, float]]) -> list[list[int]]:
        """The same at many places. Read from a copy: reading changes how a canvas is drawn."""
        found: list[list[int]] = (
            self.pane(name)
            .locator("canvas")
            .evaluate(
                """(canvas, places) => {
                  const copy = new OffscreenCanvas(canvas.width, canvas.height);
                  const context = copy.getContext("2d", { willReadFrequently: true });
                  context.drawImage(canvas, 0, 0);
                  return places.map(([x, y]) => [...context.getImageData(
                    Math.floor(copy.width * x), Math.floor(copy.height * y), 1, 1).data]);
                }""",
                [list(place) for place in places],
            )
        )
        return found

    def hash(self) -> str:
        """The fragment of the address."""
        found: str = self.page.evaluate("() => location.hash")
        return found
