"""Shape checking at run time, and programs that some tests need."""

import os
import shutil

# One thread for each of the processes that share the tests: small matrices gain nothing from more.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import jaxtyping  # before pellucid, which then annotates its shapes
import pytest
from hypothesis import settings

# Every annotated function of pellucid is checked against its types and shapes while tests run.
jaxtyping.install_import_hook("pellucid", "beartype.beartype")

settings.register_profile("pellucid", deadline=None, derandomize=True)
settings.load_profile("pellucid")


def program(*names: str, package: str) -> str:
    """The path of a program; without it the test is skipped, but not where CI installs it."""
    for name in names:
        if path := shutil.which(name):
            return path
    reason = f"{names[0]} is not installed (Debian package {package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def soffice() -> str:
    return program("soffice", "libreoffice", package="libreoffice-calc-nogui")


@pytest.fixture(scope="session")
def pdflatex() -> str:
    return program("pdflatex", package="texlive-latex-extra")


@pytest.fixture(scope="session")
def pdftotext() -> str:
    return program("pdftotext", package="poppler-utils")


@pytest.fixture(scope="session")
def chromium() -> str:
    return program("chromium", "chromium-browser", "google-chrome", package="chromium")


@pytest.fixture(scope="session")
def chromedriver() -> str:
    return program("chromedriver", package="chromium-driver")
