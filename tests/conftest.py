"""What every test shares: isolation, a working folder, and a real Chromium where there is one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What makes a run repeatable and quiet in a test or a container.
BROWSER_FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)
NODE_SCRIPT = "import c from '@sparticuz/chromium'; console.log(await c.executablePath())"


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings of the person who runs it, or talks to the outside."""
    for name in list(os.environ):
        if name.startswith("SHOWNOTES_") and name not in (
            "SHOWNOTES_CHROMIUM",
            "SHOWNOTES_REQUIRE_BROWSER",
        ):
            monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / "prefect"
    monkeypatch.setenv("PREFECT_HOME", str(home))
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A working folder: `audio/ output/ shownotes.toml`."""
    root = tmp_path / "workspace"
    for name in ("audio", "output"):
        (root / name).mkdir(parents=True)
    (root / "shownotes.toml").write_text("", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = _find_browser(playwright)
        if path is None:
            message = (
                "NO CHROMIUM: browser tests were not run. Install one (apt-get install chromium), "
                "or name it in SHOWNOTES_CHROMIUM."
            )
            if os.environ.get("CI") or os.environ.get("SHOWNOTES_REQUIRE_BROWSER") == "1":
                pytest.fail(message)
            pytest.skip(message)
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if is_root else [])]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def _find_browser(playwright: Any) -> str | None:
    """SHOWNOTES_CHROMIUM, one on PATH, Playwright's own, the npm package's; else none."""
    for name in (os.environ.get("SHOWNOTES_CHROMIUM"), *BROWSERS):
        found = shutil.which(name) if name else None
        if found:
            return found
    own = playwright.chromium.executable_path
    if own and Path(own).is_file():
        return str(own)
    return _npm_browser()


def _npm_browser() -> str | None:
    """The Chromium that the npm package @sparticuz/chromium unpacks, if it is installed."""
    root = Path(__file__).parents[1]
    for folder in (root / ".cache" / "chromium", root):
        if shutil.which("node") and (folder / "node_modules" / "@sparticuz" / "chromium").is_dir():
            told = subprocess.run(
                ["node", "--input-type=module", "-e", NODE_SCRIPT],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            path = told.stdout.strip()
            if told.returncode == 0 and Path(path).is_file():
                return path
    return None


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The number of skips, last, so that nobody overlooks it."""
    terminalreporter.write_line(f"skips: {len(terminalreporter.stats.get('skipped', []))}")
