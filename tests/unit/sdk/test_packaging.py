"""What of a function's source is uploaded, and what is refused before."""

from __future__ import annotations

import base64
import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bellpair import InvalidFunction, TooLarge
from bellpair.packaging import PACKAGE_BYTES_MAX, Package, pack, split_target

Tree = Callable[[dict[str, str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    def make(files: dict[str, str]) -> Path:
        for name, source in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
        return tmp_path

    return make


def unzipped(package: Package) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_lone_module_is_packed_as_it_is(tree: Tree) -> None:
    package = pack(tree({"vqe.py": "def run(): ...\n"}) / "vqe.py")
    assert unzipped(package) == {"vqe.py": "def run(): ...\n"}
    assert (package.entry, package.files) == ("vqe", ("vqe.py",))


def test_the_named_entry_is_told(tree: Tree) -> None:
    assert pack(tree({"vqe.py": "def run(): ...\n"}) / "vqe.py", "run").entry == "vqe:run"


@pytest.mark.parametrize(
    "source",
    [
        "class run: ...",
        "async def run(): ...",
        "run = make()",
        "run: object = make()",
        "first, run = make()",
        "from beside import other as run",
        "try:\n    import fast as run\nexcept ImportError:\n    run = None",
        "if True:\n    def run(): ...",
    ],
)
def test_an_entry_may_be_bound_in_any_way(tree: Tree, source: str) -> None:
    assert pack(tree({"vqe.py": source}) / "vqe.py", "run").entry == "vqe:run"


def test_an_entry_that_is_missing_is_refused_with_what_there_is(tree: Tree) -> None:
    home = tree({"vqe.py": "def walk():\n    def run(): ...\nclass Talk: ...\n"})
    with pytest.raises(InvalidFunction, match=r"no 'run' at its top level.*walk, Talk"):
        pack(home / "vqe.py", "run")


def test_imports_are_followed_through_modules_and_packages(tree: Tree) -> None:
    home = tree(
        {
            "vqe.py": "import ansatz\nfrom chem.basis import x\nfrom chem import atoms, Z\n",
            "ansatz.py": "def late():\n    import chem.energies as e\n",
            "chem/__init__.py": "from .names import *\nZ = 1\n",
            "chem/names.py": "",
            "chem/basis.py": "from . import atoms\nfrom .deep.inner import x\n",
            "chem/atoms.py": "",
            "chem/energies.py": "import ansatz\n",
            "chem/deep/__init__.py": "",
            "chem/deep/inner.py": "from ..names import y\nx = 1\n",
            "chem/never.py": "",
            "never.py": "",
        }
    )
    assert pack(home / "vqe.py").files == (
        "ansatz.py", "chem/__init__.py", "chem/atoms.py", "chem/basis.py",
        "chem/deep/__init__.py", "chem/deep/inner.py", "chem/energies.py", "chem/names.py",
        "vqe.py",
    )  # fmt: skip


def test_a_directory_without_init_is_a_package_too(tree: Tree) -> None:
    home = tree({"vqe.py": "import chem.basis\n", "chem/basis.py": ""})
    assert pack(home / "vqe.py").files == ("chem/basis.py", "vqe.py")


def test_a_star_brings_the_modules_that_all_names(tree: Tree) -> None:
    home = tree(
        {
            "vqe.py": "from chem import *\n",
            "chem/__init__.py": "__all__ = ['basis']\n",
            "chem/basis.py": "",
            "chem/other.py": "",
        }
    )
    assert pack(home / "vqe.py").files == ("chem/__init__.py", "chem/basis.py", "vqe.py")


def test_what_python_or_the_platform_brings_stays_out(tree: Tree) -> None:
    source = "import json, os.path\nimport numpy as np\nfrom bellpair.functions import run_local\n"
    home = tree({"vqe.py": source, "bellpair/__init__.py": "", "bellpair/functions.py": ""})
    assert pack(home / "vqe.py").files == ("vqe.py",)


def test_a_module_in_a_package_keeps_its_relative_imports(tree: Tree) -> None:
    home = tree(
        {
            "lab/__init__.py": "",
            "lab/runs/__init__.py": "",
            "lab/runs/vqe.py": "from ..tools import x\nfrom . import shared\ndef run(): ...\n",
            "lab/runs/shared.py": "",
            "lab/tools.py": "x = 1\n",
        }
    )
    package = pack(home / "lab/runs/vqe.py", "run")
    assert package.entry == "lab.runs.vqe:run"
    assert package.files == (
        "lab/__init__.py", "lab/runs/__init__.py", "lab/runs/shared.py", "lab/runs/vqe.py",
        "lab/tools.py",
    )  # fmt: skip


def test_a_relative_path_is_as_good(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tree({"lab/__init__.py": "", "lab/vqe.py": "from .t import x\n", "lab/t.py": ""})
    monkeypatch.chdir(home / "lab")
    assert pack(Path("vqe.py")).files == ("lab/__init__.py", "lab/t.py", "lab/vqe.py")


def test_the_same_source_always_gives_the_same_bytes(tree: Tree) -> None:
    home = tree({"vqe.py": "import b, a\n", "a.py": "", "b.py": ""})
    first = pack(home / "vqe.py")
    os.utime(home / "a.py", (0, 10**9))
    (home / "vqe.py").chmod(0o755)
    (home / "vqe.pyc").write_bytes(b"compiled")
    assert pack(home / "vqe.py") == first


def test_a_syntax_error_has_its_place_also_in_what_is_imported(tree: Tree) -> None:
    home = tree({"vqe.py": "import broken\n", "broken.py": "x = 1\ndef run(:\n"})
    with pytest.raises(InvalidFunction) as caught:
        pack(home / "vqe.py")
    error = caught.value
    assert (error.file, error.line, error.column) == (str(home / "broken.py"), 2, 9)
    assert str(error).startswith(f"{home / 'broken.py'}, line 2, column 9: ")
    assert error.to_dict()["file"] == str(home / "broken.py")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\nfrom .missing import y\n", "no module lab.missing"),
        ("x = 1\nfrom ...far import y\n", "out of the package"),
    ],
)
def test_a_relative_import_that_leads_nowhere_is_refused_at_its_place(
    tree: Tree, source: str, said: str
) -> None:
    home = tree({"lab/__init__.py": "", "lab/vqe.py": source})
    with pytest.raises(InvalidFunction, match=said) as caught:
        pack(home / "lab/vqe.py")
    assert caught.value.line == 2


def test_a_relative_import_outside_of_a_package_is_refused(tree: Tree) -> None:
    home = tree({"vqe.py": "from .t import x\n", "t.py": ""})
    with pytest.raises(InvalidFunction, match=r"__init__\.py"):
        pack(home / "vqe.py")


@pytest.mark.parametrize("name", ["fast.cpython-311-x86_64-linux-gnu.so", "fast.pyc", "fast.pyd"])
def test_compiled_code_is_refused(tree: Tree, name: str) -> None:
    home = tree({"vqe.py": "import fast\n", name: ""})
    with pytest.raises(InvalidFunction, match="only Python source"):
        pack(home / "vqe.py")


def test_a_module_named_as_one_of_pythons_own_is_refused(tree: Tree) -> None:
    home = tree({"vqe.py": "import random\n", "random.py": ""})
    with pytest.raises(InvalidFunction, match="Rename it"):
        pack(home / "vqe.py")


@pytest.mark.parametrize("name", ["my-vqe.py", "2vqe.py", "class.py", "random.py"])
def test_a_file_that_no_import_can_name_is_refused(tree: Tree, name: str) -> None:
    with pytest.raises(InvalidFunction, match="Rename it"):
        pack(tree({name: ""}) / name)


def test_what_is_no_python_file_is_refused(tree: Tree) -> None:
    home = tree({"vqe.ipynb": "{}", "binary.py": "x = 1"})
    (home / "binary.py").write_bytes(b"\x00\xff")
    for name in ("vqe.ipynb", "missing.py", "binary.py", "."):
        with pytest.raises(InvalidFunction) as caught:
            pack(home / name)
        assert caught.value.remedy
        assert caught.value.code == "function-invalid"


def test_a_package_up_to_the_limit_is_made_and_a_larger_one_names_its_files(tree: Tree) -> None:
    noise = random.Random(7).randbytes
    home = tree({"vqe.py": "import data\n"})
    (home / "data.py").write_text(f"X = {base64.b64encode(noise(900_000)).decode()!r}\n")
    assert len(pack(home / "vqe.py").content) < PACKAGE_BYTES_MAX
    (home / "data.py").write_text(f"X = {base64.b64encode(noise(1_200_000)).decode()!r}\n")
    with pytest.raises(TooLarge, match=r"1,048,576 are allowed. Its largest files: data\.py"):
        pack(home / "vqe.py")


def test_a_target_is_a_file_and_perhaps_an_entry(tmp_path: Path) -> None:
    assert split_target("a/vqe.py") == (Path("a/vqe.py"), None)
    assert split_target("a/vqe.py:run") == (Path("a/vqe.py"), "run")
    assert split_target(r"C:\lab\vqe.py") == (Path(r"C:\lab\vqe.py"), None)
