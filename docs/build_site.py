"""
Builds the documentation site: `make site`.

The pages of docs/ and every file of the repository that a page links to become pages in build/site-source, with their
links changed to that layout. Zensical builds them into build/site/VERSION. Other versions in build/site stay as they
are; versions.json lists all of them for the theme. The navigation is that of docs/README.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from exportctl import __version__

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<=\]\()(?!https?://|mailto:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")
FENCE = re.compile(r"(?ms)^(`{3,}).*?^\1`*$")
AS_IT_IS = {".html", ".png", ".svg"}
NOT_SEARCHED = "---\nsearch:\n  exclude: true\n---\n"
REDIRECT = (  # a page without an icon makes a browser ask for one that is not there
    '<!doctype html>\n<title>exportctl</title>\n<link rel="icon" href="data:,">\n'
    '<meta http-equiv="refresh" content="0; url={}/">\n'
)


def linked_paths(root: Path, page: str, text: str) -> Iterator[str]:
    """Yield the paths in the repository that a page links to; a folder with a README.md is that file."""
    for match in LINK.finditer(FENCE.sub("", text)):
        path = os.path.normpath(PurePosixPath(page).parent / match.group(1))
        yield f"{path}/README.md" if (root / path / "README.md").is_file() else path


def page_text(root: Path, path: str) -> str:
    """Return a Markdown file as it is, a folder as a list of its files, and another file as a block of code."""
    file = root / path
    if file.suffix == ".md":
        return file.read_text(encoding="utf-8")
    if file.is_dir():
        names = sorted(one.name for one in file.iterdir() if not one.name.startswith((".", "_")))
        return f"{NOT_SEARCHED}# {path}\n\n" + "".join(f"* [{name}]({file.name}/{name})\n" for name in names)
    return f"{NOT_SEARCHED}# {path}\n\n````{file.suffix[1:]}\n{file.read_text(encoding='utf-8')}````\n"


def site_paths(root: Path) -> list[str]:
    """
    Return what the site shows: README.md, docs/, and every file that these link to, directly or not.

    Raises:
        SystemExit: a page links to a file that does not exist.
    """
    found = ["README.md", *sorted(page.relative_to(root).as_posix() for page in (root / "docs").rglob("*.md"))]
    for path in found:  # it grows
        if PurePosixPath(path).suffix in AS_IT_IS:
            continue
        linked = dict.fromkeys(linked_paths(root, path, page_text(root, path)))
        if missing := [one for one in linked if not (root / one).exists()]:
            sys.exit(f"{path} links to {', '.join(missing)}: no such file")
        found += [one for one in linked if one not in found]
    return found


def page_name(path: str) -> str:
    """Return where a path of the repository stands in the source of the site; Zensical passes over hidden folders."""
    if path in ("README.md", "docs/README.md"):
        return "index.md" if path == "README.md" else "all-pages.md"
    name = path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}".replace("/.", "/")
    if PurePosixPath(path).suffix in AS_IT_IS | {".md"}:
        return name.replace("/README.md", "/index.md")
    return f"{name}.md"


def change_links(root: Path, path: str, text: str) -> str:
    """Return the text of a page with its links to files of the repository as links to pages of the site."""
    folder = PurePosixPath(page_name(path)).parent

    def to_page(match: re.Match[str]) -> str:
        (target,) = linked_paths(root, path, f"]({match.group(1)})")
        return os.path.relpath(page_name(target), folder) + (match.group(2) or "")

    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(to_page, text[end : fence.start()]), fence.group()]
        end = fence.end()
    return "".join((*parts, LINK.sub(to_page, text[end:])))


def navigation(root: Path) -> list[dict[str, object]]:
    """
    Return the sections of docs/README.md with the pages that each links to, by their first heading.

    Raises:
        SystemExit: docs/README.md does not list a page of docs/.
    """
    text = page_text(root, "docs/README.md")
    sections: list[dict[str, object]] = [{"Overview": "index.md"}, {"All pages": "all-pages.md"}]
    listed = {"docs/README.md"}
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        paths = [path for path in dict.fromkeys(linked_paths(root, "docs/README.md", body)) if path.endswith(".md")]
        listed |= set(paths)
        sections.append({title: [{first_heading(root, path): page_name(path)} for path in paths]})
    pages = {path for path in site_paths(root) if path.startswith("docs/") and path.endswith(".md")}
    if left := sorted(pages - listed):
        sys.exit(f"docs/README.md does not list {', '.join(left)}: add each to the table of its kind")
    return sections


def first_heading(root: Path, path: str) -> str:
    """Return the title of a page."""
    return page_text(root, path).partition("# ")[2].partition("\n")[0]


def write_source(root: Path, source: Path) -> None:
    """Write the pages and the config that Zensical reads."""
    shutil.rmtree(source, ignore_errors=True)
    for path in site_paths(root):
        target = source / "pages" / page_name(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix in AS_IT_IS:
            shutil.copy(root / path, target)
        else:
            target.write_text(change_links(root, path, page_text(root, path)), encoding="utf-8")
    sections = ", ".join(_toml(section) for section in navigation(root))
    config = (root / "docs" / "zensical.toml").read_text(encoding="utf-8")
    config = config.replace("[project]\n", f"[project]\nnav = [{sections}]\n", 1)
    (source / "zensical.toml").write_text(config, encoding="utf-8")


def _toml(value: object) -> str:
    """Return texts, and lists and tables of one line, as TOML; a text of JSON is one of TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    return f"[{', '.join(map(_toml, value))}]" if isinstance(value, list) else json.dumps(value)


def write_versions(site: Path) -> None:
    """Write versions.json for the theme, the newest version first, and a page that leads to it."""
    names = [folder.name for folder in site.iterdir() if re.fullmatch(r"\d+\.\d+", folder.name)]
    names.sort(key=lambda name: [int(part) for part in name.split(".")], reverse=True)
    versions = [{"version": name, "title": name, "aliases": ["latest"] if name == names[0] else []} for name in names]
    (site / "versions.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")
    (site / "index.html").write_text(REDIRECT.format(names[0]), encoding="utf-8")


def build_site(root: Path, build: Path, version: str) -> int:
    """Build one version of the site into build/site and return Zensical's exit code: 1 where a link leads nowhere."""
    source, target = build / "site-source", build / "site" / version
    write_source(root, source)
    zensical = (sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(source / "zensical.toml"))
    done = subprocess.run(zensical, check=False)
    if done.returncode == 0:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source / "site", target)
        write_versions(build / "site")
    return done.returncode


if __name__ == "__main__":
    sys.exit(build_site(ROOT, ROOT / "build", ".".join(__version__.split(".")[:2])))
