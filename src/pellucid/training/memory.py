"""Memory that is kept for the next step.

A step of a training allocates and frees the same large arrays as the step before it. The C library gives each back to
the system and asks for it anew, page by page. On Linux glibc can be told to keep them.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h; see mallopt(3)
_TOP_PAD = 64 << 20


def keep_freed_memory() -> bool:
    """Let this process keep what it frees; whether that is so now. It concerns all of the process, for good."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    settings = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1, _M_TOP_PAD: _TOP_PAD}
    done = [mallopt(setting, value) == 1 for setting, value in settings.items()]
    return all(done)
