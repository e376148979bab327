import multiprocessing
import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def server():
    """Starts processes that have PyTorch loaded already: each is a fork of a fresh interpreter."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_training"])
    with pytest.MonkeyPatch.context() as patched:
        # The server is a fresh interpreter: it must find the helpers of the tests.
        patched.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
        patched.setenv("OMP_NUM_THREADS", "1")
        process = context.Process(target=int)
        process.start()
        process.join()
    return context
