"""The documentation site: its pages, navigation, links and versions, and what its pages ask a network for."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import open_browser, open_page

ROOT = Path(__file__).parents[2]
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


def load_script() -> ModuleType:
    """docs/build_site.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "docs" / "build_site.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


site = load_script()


def write_repository(folder: Path, **pages: str) -> Path:
    """A small repository with a README.md, docs/README.md, a page, and files that pages link to."""
    for name, text in {
        "README.md": "# Home\n[a](docs/a.md#one-two) [file](exports.yaml) [folder](schemas/)\n",
        "docs/README.md": "# All\n\n## How to\n\n[a](a.md) [again](a.md#one-two)\n",
        "docs/a.md": "# A page\n\n## One two\n\n[home](../README.md) [file](../exports.yaml)\n",
        "exports.yaml": "version: 1\n",
        "schemas/x.json": "{}\n",
        **pages,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "docs" / "zensical.toml", folder / "docs")
    return folder


def test_every_page_of_the_repository_is_in_the_navigation() -> None:
    """docs/README.md lists each page of docs/ under its kind; navigation() exits if it does not."""
    titles = [next(iter(section)) for section in site.navigation(ROOT)]
    kinds = dict.fromkeys("How to" if title.startswith("How to ") else title for title in titles)

    assert [*kinds] == ["Overview", "All pages", "Tutorial", "How to", "Reference", "Explanation", "Project"]


def test_a_page_that_no_table_lists_is_named(tmp_path: Path) -> None:
    write_repository(tmp_path, **{"docs/how-to/new.md": "# New\n"})

    with pytest.raises(SystemExit, match=r"docs/README\.md does not list docs/how-to/new\.md"):
        site.navigation(tmp_path)


def test_a_link_to_a_file_of_the_repository_becomes_a_link_to_its_page(tmp_path: Path) -> None:
    source = tmp_path / "source"
    site.write_source(write_repository(tmp_path / "repository"), source)
    pages = {page.relative_to(source / "pages").as_posix() for page in (source / "pages").rglob("*.md")}

    assert pages == {
        "index.md",
        "all-pages.md",
        "a.md",
        "repository/exports.yaml.md",
        "repository/schemas.md",
        "repository/schemas/x.json.md",
    }
    assert "[a](a.md#one-two) [file](repository/exports.yaml.md)" in (source / "pages" / "index.md").read_text()
    assert "````yaml\nversion: 1\n````" in (source / "pages" / "repository" / "exports.yaml.md").read_text()
    assert 'nav = [{"Overview" = "index.md"}, ' in (source / "zensical.toml").read_text()
    assert '{"How to" = [{"A page" = "a.md"}]}' in (source / "zensical.toml").read_text()


def test_no_page_is_in_a_hidden_folder_and_no_two_are_one() -> None:
    names = [site.page_name(path) for path in site.site_paths(ROOT)]

    assert [name for name in names if "/." in name] == []
    assert len({*names}) == len(names)


def test_a_link_in_a_block_of_code_stays_as_it_is() -> None:
    text = "[a](b.md)\n```\n[a](b.md)\n```\n[a](b.md)\n"

    assert site.change_links(ROOT, "examples/x.md", text).count("[a](b.md)") == 3
    assert site.change_links(ROOT, "docs/x.md", text.replace("b.md", "../LICENSE")).count("../LICENSE") == 1


def test_the_versions_are_listed_newest_first(tmp_path: Path) -> None:
    for name in ("0.9", "0.10", "0.2", "assets"):
        (tmp_path / name).mkdir()

    site.write_versions(tmp_path)

    versions = json.loads((tmp_path / "versions.json").read_text(encoding="utf-8"))
    assert [(one["version"], one["aliases"]) for one in versions] == [("0.10", ["latest"]), ("0.9", []), ("0.2", [])]
    assert "url=0.10/" in (tmp_path / "index.html").read_text(encoding="utf-8")


class Loaded(HTMLParser):
    """What a browser loads with a page, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in LOADED and values.get("rel") not in ("canonical", "next", "prev", "alternate"):
            self.urls.append(values.get(LOADED[tag]) or "")
        if tag == "a":
            self.links.append(values.get("href") or "")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this repository, beside a version that was built before."""
    build = tmp_path_factory.mktemp("build")
    (build / "site" / "0.1").mkdir(parents=True)
    assert site.build_site(ROOT, build, "0.2") == 0
    return build / "site"


def pages(built: Path) -> Iterator[tuple[Path, Loaded]]:
    for page in sorted((built / "0.2").rglob("*.html")):
        yield page, Loaded(page.read_text(encoding="utf-8"))


@pytest.mark.ecosystem
def test_the_site_of_this_repository_builds_without_a_broken_link(built: Path) -> None:
    versions = json.loads((built / "versions.json").read_text(encoding="utf-8"))

    assert [one["version"] for one in versions] == ["0.2", "0.1"]
    assert "Verify that files arrived" in (built / "0.2" / "how-to" / "verify-delivery" / "index.html").read_text()
    assert (built / "0.2" / "repository" / "examples" / "ci" / "plan.yml" / "index.html").is_file()


@pytest.mark.ecosystem
def test_every_link_between_built_pages_leads_to_a_file(built: Path) -> None:
    """Zensical looks at links to pages; this also sees those that it takes as they are."""
    for page, loaded in pages(built):
        for link in (one for one in (*loaded.links, *loaded.urls) if not urlsplit(one).scheme):
            path = urlsplit(link).path
            target = (built / "0.2" / path.lstrip("/")) if path.startswith("/") else (page.parent / path)
            assert (target / "index.html").is_file() or target.is_file(), f"{page.relative_to(built)}: {link}"


@pytest.mark.ecosystem
def test_a_built_page_loads_nothing_from_another_host(built: Path) -> None:
    loaded = {url for _, page in pages(built) for url in page.urls}
    styles = "".join(style.read_text(encoding="utf-8") for style in built.rglob("*.css"))

    assert len(loaded) > 3
    assert [url for url in loaded if urlsplit(url).netloc] == []
    assert [url for url in re.findall(r"url\(\"?'?([^)]+)|@import ([^;]+)", styles) if "//" in "".join(url)[:8]] == []


@pytest.mark.ecosystem
def test_the_search_finds_words_of_the_pages_and_no_schema(built: Path) -> None:
    index = json.loads((built / "0.2" / "search.json").read_text(encoding="utf-8"))
    places = {item["location"].partition("#")[0] for item in index["items"]}

    assert {"cli/", "rules/", "how-to/verify-delivery/"} <= places
    assert [place for place in places if "schemas" in place] == []


@pytest.mark.parametrize("link", ["nowhere.md", "../nowhere.yaml"])
def test_a_link_to_a_file_that_does_not_exist_is_named(link: str, tmp_path: Path) -> None:
    write_repository(tmp_path, **{"docs/a.md": f"# A page\n\n[broken]({link})\n"})

    with pytest.raises(SystemExit, match=r"docs/a\.md links to (docs/)?nowhere\.\w+: no such file"):
        site.site_paths(tmp_path)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: the output of the tests stays readable."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """The address of a web server that serves a folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.ecosystem
def test_a_reader_searches_and_changes_the_version_without_a_request_to_another_host(built: Path) -> None:
    with serve_folder(built) as address, open_browser() as browser, open_page(browser, f"{address}/") as opened:
        page = opened.page
        page.wait_for_url("**/0.2/")
        page.locator(".md-version__current").first.wait_for()
        page.keyboard.press("/")
        page.keyboard.type("landing zone")
        page.get_by_text(re.compile(r"^[1-9]\d* results$")).wait_for()

        assert page.locator(".md-version__link").all_inner_texts() == ["0.2", "0.1"]
        assert [url for url in opened.asked if not url.startswith((address, "data:", "blob:"))] == []
        assert [line for line in opened.said if line.startswith("error")] == []


@pytest.mark.ecosystem
@pytest.mark.parametrize(("anchor", "code"), [("a-page", 0), ("nowhere", 1)])
def test_a_link_to_a_heading_that_does_not_exist_fails_the_build(anchor: str, code: int, tmp_path: Path) -> None:
    root = write_repository(tmp_path / "repository", **{"docs/a.md": f"# A page\n\n[link](#{anchor})\n\n## One two\n"})

    assert site.build_site(root, tmp_path / "build", "0.2") == code
    assert (tmp_path / "build" / "site").exists() is not bool(code)
