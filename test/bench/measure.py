"""measure.py COMMAND ARG…: runs it, and writes what it used, with all it waited for, as JSON to file descriptor 3.

Node cannot tell what a child of its own used; wait4 can, to the microsecond.
"""

import json
import os
import sys
import time

os.set_inheritable(3, False)
start = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - start
with os.fdopen(3, "w") as out:
    json.dump(
        {
            "wallMs": wall * 1000,
            "userMs": usage.ru_utime * 1000,
            "systemMs": usage.ru_stime * 1000,
            # Kilobytes on Linux, bytes on macOS.
            "rssMb": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024),
            "code": os.waitstatus_to_exitcode(status),
        },
        out,
    )
