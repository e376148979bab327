import subprocess
import sys

import pytest

SCRIPT = """
import resource
import numpy as np
{before}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def fill():
    np.ones(4_000_000)
fill()
begun = faults()
for _ in range(20):
    fill()
print(faults() - begun)
"""


def page_faults(before):
    """Of twenty arrays of 32 MB, each freed before the next is made, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(before=before)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_freed_arrays_are_used_again():
    keep = "from pellucid.training.memory import keep_freed_memory\nkept = keep_freed_memory()"
    probe = "import sys; from pellucid.training.memory import keep_freed_memory as k; sys.exit(not k())"
    if subprocess.run([sys.executable, "-c", probe]).returncode:
        pytest.skip("the C library of this system cannot be told to keep memory")
    assert page_faults(keep) * 10 < page_faults("")
