"""The page in a real browser: Debian's Chromium, driven by Playwright. Without one these tests say so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.serve.served import SECONDS, Served, served
from tests.terminal import shared_jac

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEURON = "u^T σ(Wx + b)"
THREE = "z = W@x + b\nh = sigmoid(z)\ns = u.T@h"
TABS = ("Answer", "Steps", "Chain", "Graph", "Entries", "Check", "Code")
WAIT = SECONDS * 1000
AXE = os.environ.get("JAC_AXE")
"""The rules of https://github.com/dequelabs/axe-core, of which no copy is kept here."""


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def context(server: Served) -> Iterator[Any]:
    """A browser that has the key."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        found = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        found.set_default_timeout(WAIT)
        page = found.new_page()
        page.goto(server.address)
        assert page.url == server.home
        page.close()
        yield found
        browser.close()


@pytest.fixture
def page(context: Any, server: Served) -> Iterator[Any]:
    """An empty page; in the end nothing was complained of, and nothing was asked of another machine."""
    found = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    found.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    found.on("pageerror", lambda error: said.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    found.goto(server.home)
    yield found
    found.close()
    assert not said
    assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{server.port}"}


def until(page: Any, expression: str) -> None:
    """Wait for what a page comes to; its policy forbids the waiting that Playwright would do inside it."""
    end = monotonic() + SECONDS
    while not page.evaluate(expression):
        assert monotonic() < end, f"never came: {expression}"
        page.wait_for_timeout(20)


def seen(page: Any, tab: str) -> None:
    """Choose a tab and wait for what it shows."""
    page.click(f"#tab-{tab}")
    if tab not in ("Answer", "Check"):
        page.wait_for_selector(f"#panel-{tab}:not([aria-busy]) h2")


def typed(page: Any, text: str) -> None:
    page.fill("#text", text)
    until(page, "document.querySelector('#verdict .verdict')")


def test_the_neuron_is_answered_and_ticked(page: Any) -> None:
    typed(page, NEURON)
    assert "u.T@sigmoid(W@x + b)" in page.inner_text("#shown")
    codes = page.locator("#shown section.answer code").all_inner_texts()
    assert "(u*h*(1 - h))@x.T" in codes or "delta1@x.T" in codes
    assert "✓" in page.inner_text("#verdict")
    assert page.locator("#shown math").count() > 5


def test_a_wrong_shape_is_mended_by_a_chip(page: Any) -> None:
    typed(page, "W@x")
    page.fill("#size-W", "3, 4")
    page.press("#size-W", "Enter")
    until(page, "document.querySelector('#size-x').value === '4'")
    page.fill("#size-x", "5")
    page.press("#size-x", "Enter")
    page.wait_for_selector(".error")
    assert page.inner_text(".error")
    page.fill("#size-x", "4")
    page.press("#size-x", "Enter")
    page.wait_for_selector(".error", state="detached")
    until(page, "document.querySelector('#verdict .verdict')")


def test_an_error_has_its_caret_and_its_way_out(page: Any) -> None:
    page.fill("#text", "x.t@x")
    page.wait_for_selector(".error pre")
    assert "^" in page.inner_text(".error pre")
    page.click(".error button")
    until(page, "document.querySelector('#verdict .verdict')")
    assert page.input_value("#text") == "x.T@x"


def test_a_bookmark_and_the_back_button_work(page: Any, context: Any) -> None:
    typed(page, THREE)
    page.click("#by-b")
    until(page, "location.hash.includes('w=')")
    page.click("#tab-Chain")
    page.wait_for_selector("#panel-Chain .verdict")
    link = page.evaluate("location.href")
    page.reload()
    page.wait_for_selector("#panel-Chain .verdict")
    assert page.input_value("#text") == THREE
    assert page.get_attribute("#by-b", "aria-pressed") == "false"
    page.go_back()
    until(page, "document.querySelector('#tab-Answer').getAttribute('aria-selected') === 'true'")
    other = context.new_page()
    other.goto(link)
    other.wait_for_selector("#panel-Chain .verdict")
    other.close()


def test_a_wrong_claim_is_told_where_it_is_wrong(page: Any) -> None:
    typed(page, "norm(Y - X@W)**2")
    for name in ("X", "Y"):
        if page.get_attribute(f"#by-{name}", "aria-pressed") == "true":
            page.click(f"#by-{name}")
            until(page, f"document.querySelector('#by-{name}').getAttribute('aria-pressed') === 'false'")
    page.click("#tab-Check")
    page.fill("#claim", "2*X.T@(Y - X@W)")
    page.press("#claim", "Enter")
    page.wait_for_selector("#judged .verdict")
    assert "sign" in page.inner_text("#judged .verdict")
    page.fill("#claim", "-2*X.T@(Y - X@W)")
    page.press("#claim", "Enter")
    page.wait_for_selector("#judged .verdict.right")


def test_code_and_command_are_copied(page: Any) -> None:
    typed(page, "x.T@A@x")
    page.click("#copy-command")
    until(page, "document.querySelector('#copy-command').textContent === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "jac derive x.T@A@x"
    page.click("#tab-Code")
    page.wait_for_selector("#panel-Code .source")
    page.click("#panel-Code .copy >> nth=0")
    until(page, "document.querySelector('#panel-Code .copy').textContent === 'copied'")
    namespace: dict[str, Any] = {}
    exec(page.evaluate("navigator.clipboard.readText()"), namespace)
    assert namespace["value"](x=np.array([1.0, 2.0]), A=np.eye(2)) == 5.0


def test_values_are_edited_and_a_node_shows_its_edges(page: Any) -> None:
    typed(page, "(x + y)*max(y, z)")
    for name in "xyz":
        page.fill(f"#size-{name}", "scalar")
        page.press(f"#size-{name}", "Enter")
        until(page, f"location.hash.includes('s={name}')")
    until(page, "document.querySelector('#verdict .verdict')")
    page.click("#tab-Graph")
    page.wait_for_selector("#panel-Graph .verdict")
    for name, value in {"x": "1", "y": "2", "z": "0"}.items():
        page.fill(f"#at-{name}", value)
    page.click("#panel-Graph button[type=submit]")
    until(page, "document.querySelector('#panel-Graph').innerText.includes('2 + 3 = 5')")
    rows = page.locator("#panel-Graph .edges tbody tr")
    every = rows.count()
    page.locator("#panel-Graph [data-node]").last.click()
    assert 0 < page.locator("#panel-Graph .edges tbody tr:not(.out)").count() < every


def test_a_name_says_what_it_stands_for(page: Any) -> None:
    typed(page, THREE)
    page.hover("#shown section.answer [data-name='δ_z'] >> nth=0")
    assert "delta_z = u*h*(1 - h)" in page.inner_text("#tip")
    page.hover("#shown .reshape td >> nth=4")
    assert page.locator("#shown .reshape td.lit").count() == 2


@pytest.mark.skipif(AXE is None, reason="there is no axe-core: npm install axe-core, and JAC_AXE=…/axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_hold(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    typed(page, THREE)
    for tab in TABS:
        seen(page, tab)
        page.evaluate(Path(str(AXE)).read_text("utf-8"))
        found = page.evaluate("axe.run()")["violations"]
        assert not [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found], tab


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_every_tab_fits_its_width(page: Any, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    typed(page, THREE)
    for tab in TABS:
        seen(page, tab)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    colours = page.evaluate("getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color")
    background, ink = (sum(map(int, rgb)) for rgb in re.findall(r"rgb\((\d+), (\d+), (\d+)\)", colours))
    assert (background > ink) == (scheme == "light")


def test_the_keyboard_reaches_everything(page: Any) -> None:
    typed(page, "x.T@x")
    page.focus("#tab-Answer")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#panel-Steps .verdict")
    assert page.evaluate("document.activeElement.id") == "tab-Steps"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.id") == "tab-Code"
    page.focus("#text")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "by-x"


def test_a_page_and_its_answers_weigh_little(page: Any) -> None:
    typed(page, NEURON)
    weight = page.evaluate("performance.getEntriesByType('resource').reduce((all, e) => all + e.transferSize, 0)")
    assert weight < 200_000


@pytest.mark.parametrize("width", [375, 1280])
def test_an_exported_page_needs_no_script_and_no_network(context: Any, tmp_path: Path, width: int) -> None:
    """Every part stands below the one before, as wide as the page, and nothing is asked of anybody."""
    file = tmp_path / "answer.html"
    subprocess.run(
        [*shared_jac(), "export", *THREE.splitlines(), "--wrt", "W,b", "--to", "html", "-o", str(file)], check=True
    )
    browser = context.browser
    found = browser.new_page(java_script_enabled=False, viewport={"width": width, "height": 800})
    asked: list[str] = []
    found.on("request", lambda request: asked.append(request.url))
    found.goto(file.as_uri())
    assert found.evaluate("document.documentElement.scrollWidth") <= width
    assert found.evaluate("document.scripts.length") == 0
    heights = found.evaluate("[...document.querySelectorAll('[data-tab]')].map(each => each.offsetHeight)")
    assert len(heights) == 6
    assert min(heights) > 100
    assert found.evaluate(
        "[...document.querySelectorAll('math:not(.own math, .where dt math)')]"
        ".every(each => each.getBoundingClientRect().width > 0)"
    )
    assert found.evaluate("[...document.querySelectorAll('button')].every(each => each.offsetParent === null)")
    assert "checked" in found.inner_text("#panel-Answer .verdict.right")
    found.close()
    assert asked == [file.as_uri()]
