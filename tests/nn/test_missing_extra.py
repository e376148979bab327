import subprocess
import sys

import pytest


@pytest.mark.parametrize("library", ["torch", "safetensors"])
def test_the_extra_that_is_missing_is_named(library):
    script = f"""
import sys
sys.modules[{library!r}] = None
from pellucid.errors import MissingExtraError
try:
    import pellucid.nn
except MissingExtraError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "pip install 'pellucid[torch]'" in result.stdout, result.stderr
