"""Style sheets and modules become one file each, or an error that names what is not understood."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imagestudio.web.joining import NotJoined, Read, joined_css, joined_js, js_parts
from imagestudio.web.static import CSS, EDITOR, JS

STATIC = Path(__file__).parents[2] / "static"


def reading(**files: str) -> Read:
    """Of files named without their folders and with _ for a slash: a_b for a/b.js."""
    return {name.replace("_", "/") + ".js": text for name, text in files.items()}.__getitem__


Run = Callable[..., list[str]]


@pytest.fixture
def said_by(tmp_path: Path) -> Run:
    """Write modules, run the first, and give the words that it said."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")

    def run(**files: str) -> list[str]:
        (tmp_path / "package.json").write_text('{"type": "module"}')
        for name, text in files.items():
            path = tmp_path / (name.replace("_", "/") + ".js")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        first = tmp_path / f"{next(iter(files))}.js"
        return subprocess.check_output([node, first], text=True).split()

    return run


def ours(path: str) -> str:
    return (STATIC / path).read_text()


def test_modules_run_once_each_and_behind_what_they_need(said_by: Run) -> None:
    read = reading(
        main='import { two } from "./lib/two.js";\nimport "./lib/one.js";\nconsole.log(two());\n',
        lib_one='console.log("one");\nexport const ONE = 1;\nconst secret = 1;\n',
        lib_two='import { ONE as first } from "./one.js";\nconst secret = 2;\n'
        "export function two() {\n  return first + secret;\n}\n",
    )

    assert said_by(main=joined_js("main.js", read)) == ["one", "3"]


def test_every_form_of_export_that_we_use_is_taken_along(said_by: Run) -> None:
    read = reading(
        main='import {\n  A,\n  b,\n  c,\n  d,\n  e,\n} from "./parts.js";\n'
        "console.log(A.name, b, typeof c, typeof d, e);\n",
        parts="export class A {}\nexport const b = 1;\nexport async function c() {}\n"
        "export function* d() {}\nconst e = 2;\nexport { e };\n",
    )

    said = said_by(main=joined_js("main.js", read))

    assert said == ["A", "1", "function", "function", "2"]


def test_a_second_file_shares_the_modules_of_the_first(said_by: Run) -> None:
    read = reading(
        main='import { count } from "./lib/state.js";\ncount();\n'
        'setTimeout(() => import("./more/big.js"));\n',
        lib_state="let number = 0;\nexport function count() {\n  console.log(++number);\n}\n",
        more_big='import { count } from "../lib/state.js";\nimport "./own.js";\ncount();\n',
        more_own='console.log("own");\n',
    )
    there = js_parts("main.js", read)
    second = joined_js("more/big.js", read, base="main.js", there=there)

    assert said_by(main=joined_js("main.js", read), more_big=second) == ["1", "own", "2"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("export default 1;\n", "export default 1"),
        ("export let a = 1;\n", "export let"),
        ('import a from "./b.js";\n', "import a from"),
        ('import * as a from "./b.js";\n', "import * as"),
        ('export * from "./b.js";\n', "export *"),
        ("log(import.meta.url);\n", "import.meta"),
    ],
)
def test_what_is_not_understood_is_named(text: str, named: str) -> None:
    with pytest.raises(NotJoined, match=f"main.js.*{named.replace('*', '.')}"):
        joined_js("main.js", reading(main=text, b=""))


def test_modules_that_need_each_other_are_named() -> None:
    read = reading(main='import "./a.js";\n', a='import "./b.js";\n', b='import "./a.js";\n')

    with pytest.raises(NotJoined, match=r"a\.js → .*b\.js|b\.js → .*a\.js"):
        joined_js("main.js", read)


def test_style_sheets_stand_in_their_layers_with_their_addresses_seen_from_the_entry() -> None:
    files = {
        "css/all.css": '@layer base, parts;\n@import url("fonts.css");\n'
        '@import url("parts/a.css") layer(parts);\n',
        "css/fonts.css": '@font-face { src: url("../fonts/a.woff2"); }\n',
        "css/parts/a.css": '.a { background: url("../../a.svg"), url("data:image/png,x"); }\n',
    }

    joined = joined_css("css/all.css", files.__getitem__)

    assert joined == (
        "@layer base, parts;\n"
        '@font-face { src: url("../fonts/a.woff2"); }\n\n'
        '@layer parts {\n.a { background: url("../a.svg"), url("data:image/png,x"); }\n}\n\n'
    )


@pytest.mark.parametrize(
    ("entry", "part"),
    [('@import "b.css";\n', ""), ('@import url("b.css");\n', '@import url("c.css");\n')],
)
def test_an_import_that_would_be_lost_is_an_error(entry: str, part: str) -> None:
    with pytest.raises(NotJoined):
        joined_css("a.css", {"a.css": entry, "b.css": part}.__getitem__)


def test_ours_are_all_understood_and_the_editor_brings_nothing_twice() -> None:
    there = js_parts(JS, ours)
    main, editor = joined_js(JS, ours), joined_js(EDITOR, ours, base=JS, there=there)

    assert "@import" not in joined_css(CSS, ours)
    assert "class StudioComposer" in main
    assert "class LayerEditor" not in main
    assert "class LayerEditor" in editor
    assert "export function announce" not in editor
    assert "function announce(" not in editor
