"""A browser without a window, driven over two pipes with Chromium's DevTools protocol."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "headless_shell",
)
VARIABLE = "POT_TEST_BROWSER"
"""Names a browser that is none of these."""

_SECONDS = 60.0
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--force-color-profile=srgb", "--remote-debugging-pipe",
)  # fmt: skip
# The protocol's pipes are file descriptors 3 and 4.
_START = (
    "import os, sys; own, other = map(int, sys.argv[1:3]); os.dup2(own, 3); os.dup2(other, 4);"
    "os.execv(sys.argv[3], sys.argv[3:])"
)


def browser() -> str | None:
    """Where a Chromium is, if one is here."""
    given = os.environ.get(VARIABLE)
    return given or next((found for found in map(shutil.which, NAMES) if found), None)


class Page:
    """One page of a browser; ``problems`` are the errors that it met, in words.

    Args:
        program: the browser.
        folder: where it keeps what it keeps.
        server: what it may ask for beside files: addresses that begin so.
    """

    def __init__(self, program: str, folder: Path, server: str | None = None) -> None:
        self._own = ("file:", "data:", *([server] if server else []))
        read, theirs_out = os.pipe()
        theirs_in, self._write = os.pipe()
        self._read, self._left = read, b""
        # Else one could be 3 or 4 itself.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
        command = [
            sys.executable,
            "-c",
            _START,
            *map(str, ends),
            program,
            *_FLAGS,
            f"--user-data-dir={folder}",
        ]
        self._process = subprocess.Popen(
            command, pass_fds=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for end in (theirs_in, theirs_out, *ends):
            os.close(end)
        self._count, self._session = 0, ""
        self.problems: list[str] = []
        self._loaded = False
        target = self.say("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.say("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for room in ("Page", "Runtime", "Log", "Network"):
            self.say(f"{room}.enable")

    def __enter__(self) -> Page:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Killed from outside it would leave processes behind that still write into its folder.
        if self._process.poll() is None:
            os.write(self._write, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def say(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and wait for what it gives."""
        self._count += 1
        number = self._count
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._heard()
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _heard(self) -> Mapping[str, Any]:
        until = time.monotonic() + _SECONDS
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._read], [], [], max(until - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            found = os.read(self._read, 1 << 20)
            assert found, "the browser is gone"
            self._left += found
        first, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        self._noticed(message)
        return message

    def _noticed(self, message: Mapping[str, Any]) -> None:
        kind, told = message.get("method"), message.get("params", {})
        if kind == "Page.loadEventFired":
            self._loaded = True
        elif kind == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(told["exceptionDetails"]))
        elif kind == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
            self.problems.append(json.dumps(told["args"]))
        elif kind == "Log.entryAdded":
            self.problems.append(json.dumps(told["entry"]))
        elif kind == "Network.requestWillBeSent" and not told["request"]["url"].startswith(self._own):
            self.problems.append(f"asked for {told['request']['url']}")

    def open(self, place: Path | str, width: int = 1200, height: int = 900) -> None:
        """Load a file, or an address of the server, and wait until it stands."""
        self._loaded = False
        self.resize(width, height)
        self.say("Page.navigate", url=place if isinstance(place, str) else place.as_uri())
        while not self._loaded:
            self._heard()

    def resize(self, width: int, height: int = 900) -> None:
        """Make the window so large."""
        self.say(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme: str) -> None:
        """Say that the user wants ``dark`` or ``light``."""
        self.say("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, expression: str) -> Any:
        """What a line of JavaScript gives."""
        found = self.say("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{element}.scrollIntoView({{block: 'center'}})")
        box = self.value(f"{element}.getBoundingClientRect().toJSON()")
        place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, *place, button="left", clickCount=1)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Anything that a mouse does."""
        self.say("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def press(self, key: str, text: str = "") -> None:
        """Press a key and let go of it."""
        codes = {"Enter": 13, "ArrowDown": 40, "ArrowRight": 39, "ArrowLeft": 37, "Tab": 9}
        more = {"windowsVirtualKeyCode": codes[key]} if key in codes else {}
        self.say(
            "Input.dispatchKeyEvent",
            type="keyDown",
            key=key,
            code=key,
            **more,
            **({"text": text} if text else {}),
        )
        self.say("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, **more)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self.say("Input.insertText", text=text)

    def picture(self, file: Path, height: float) -> None:
        """Save what is seen of the top of the page."""
        clip = {"x": 0, "y": 0, "width": self.value("innerWidth"), "height": height, "scale": 1}
        found = self.say("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(found["data"]))
