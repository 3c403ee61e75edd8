"""One cold start: imports the app of an unpacked bundle, lets one of its functions answer once, and tells what it took.

Run as a file of its own, in a fresh process that sees the bundle, boto3 and nothing else: `start.py FUNCTION FOLDER…`,
with the event on standard input. Prints seconds and the number of modules, in JSON.
"""

import json
import sys
import time
from importlib import import_module


def main() -> None:
    began, event = time.perf_counter(), json.load(sys.stdin)
    function, *folders = sys.argv[1:]
    sys.path[:0] = folders
    app = import_module("app")

    imported, imported_cpu, modules = time.perf_counter(), time.process_time(), len(sys.modules)
    handler = getattr(app, function)
    answer = handler(event, None)
    done, done_cpu = time.perf_counter(), time.process_time()
    if isinstance(answer, dict) and (answer.get("statusCode", 200) >= 300 or answer.get("batchItemFailures")):
        sys.exit(f"{function}: {answer}")
    told = {
        "wall": done - began,
        "import_wall": imported - began,
        "cpu": done_cpu,
        "import_cpu": imported_cpu,
        "modules": modules,
    }
    print(json.dumps(told), file=sys.stderr)


if __name__ == "__main__":
    main()
