"""Nothing is left over in the pages: what a script offers is taken, what a style dresses is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = {path: path.read_text() for path in (ROOT / "static" / "js").rglob("*.js")}
STYLES = {path: path.read_text() for path in (ROOT / "static" / "css").glob("*.css")}
SAYING = [path for where in ("templates/**/*.html", "inbox/**/*.py") for path in ROOT.glob(where)]
PAGES = "\n".join([*SCRIPTS.values(), *(path.read_text() for path in SAYING)])
EXPORT = re.compile(r"export (?:async )?(?:function|const|let|class) (\w+)")
MADE_OF_TWO = ("is-", "shade-")  # `is-{{ priority }}`: the other half is a value
OF_A_LIBRARY = "__________cytoscape_container"


def takers(path: Path, name: str) -> list[Path]:
    """The other modules that say the file's name and the name."""
    words = (re.escape(path.name), rf"\b{name}\b")
    return [one for one, text in SCRIPTS.items() if one != path and all(re.search(word, text) for word in words)]


def dressed(style: str) -> set[str]:
    """The classes in a style's selectors."""
    selectors = re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    return {name for one in selectors for name in re.findall(r"\.(-?[a-zA-Z_][\w-]*)", one)}


def test_what_a_script_offers_is_taken() -> None:
    offered = [(path, name) for path, text in SCRIPTS.items() for name in EXPORT.findall(text)]
    assert len(offered) > 100
    assert [f"{path.name}: {name}" for path, name in offered if not takers(path, name)] == []


def test_what_a_style_dresses_is_there() -> None:
    known = set(re.findall(r"[\w-]+", PAGES)) | {OF_A_LIBRARY}
    found = [(path.name, name) for path, text in STYLES.items() for name in dressed(text)]
    assert len(found) > 500
    assert [one for one in found if one[1] not in known and not one[1].startswith(MADE_OF_TWO)] == []
