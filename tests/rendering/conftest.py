"""A real browser, driven through the W3C WebDriver protocol with nothing but the standard library."""

import base64
import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for a reference to an element
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Left": "\ue012",
    "Up": "\ue013",
    "Right": "\ue014",
    "Down": "\ue015",
}


class Browser:
    """One window of Chromium."""

    def __init__(self, driver: str, capabilities: dict[str, Any]) -> None:
        self._driver = driver
        answer = self._call("POST", "", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"/{answer['sessionId']}"

    def open(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function body returns; promises are awaited."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any) -> Any:
        """The first true value that a function body returns."""
        body = (
            "const [condition, inputs] = arguments, test = new Function(condition), end = Date.now() + 20000;"
            "return new Promise((done, fail) => { const look = () => {"
            "  const found = test(...inputs);"
            "  if (found) done(found); else if (Date.now() > end) fail(new Error('never true: ' + condition));"
            "  else requestAnimationFrame(look); }; look(); });"
        )
        return self.run(body, script, list(arguments))

    def click(self, selector: str) -> None:
        """A real click, which needs the element to be visible and uncovered."""
        self._call("POST", f"/element/{self._find(selector)}/click", {})

    def press(self, *keys: str) -> None:
        """Real key strokes, to whatever has the focus."""
        typed = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": key} for key in typed for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def chrome(self, command: str, parameters: dict[str, Any]) -> Any:
        """A command of the DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def quit(self) -> None:
        self._call("DELETE", "")

    def _find(self, selector: str) -> str:
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[_ELEMENT])

    _session = ""

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._driver}/session{self._session}{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None


@contextmanager
def _driver(program: str) -> Iterator[str]:
    process = subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if started := re.search(r"started successfully on port (\d+)", line):
                yield f"http://127.0.0.1:{started[1]}"
                return
        pytest.fail("chromedriver did not start")
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def browser(chromium: str, chromedriver: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("chromium")
    options = {"binary": chromium, "args": [*_ARGUMENTS, f"--user-data-dir={profile}"]}
    with _driver(chromedriver) as address:
        window = Browser(address, {"browserName": "chrome", "goog:chromeOptions": options})
        try:
            yield window
        finally:
            window.quit()
