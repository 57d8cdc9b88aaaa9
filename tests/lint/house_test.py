#!/usr/bin/env python3
"""Proves that house.py can fail: a small tree with one violation of each kind must give exactly these findings."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

TREE = {
    "src/base/up.c": '#include "job/run.h"\n',
    "src/job/run.h": "#ifndef ORA_JOB_RUN_H\n#define ORA_JOB_RUN_H\n#endif\n",
    "src/job/wrong.h": "#ifndef WRONG\n#endif\n",
    "src/text/wall.c": "#include <sqlite3.h>\n",
    "src/text/long.c": "int f(void)\n{\n" + "    ;\n" * 101 + "}\n",
    "src/nn/file.c": "int x;\n" * 601,
    "worker/other.c": '#include "coordinator/x.h"\n',
    "coordinator/x.h": "#ifndef COORDINATOR_X_H\n#endif\n",
    "coordinator/fine.c": '#include "job/run.h"\n',
}
WANT = [
    "src/base/up.c:1: src/base uses src/job, which stands below it",
    "src/job/wrong.h:1: include guard is not JOB_WRONG_H or ORA_JOB_WRONG_H",
    "src/nn/file.c:602: 602 lines, more than 600: perhaps two concepts",
    "src/text/long.c:2: function of 101 lines, more than 100",
    "src/text/wall.c:1: <sqlite3.h> may be included only in src/job/",
    "worker/other.c:1: worker uses the other program, coordinator",
]

with tempfile.TemporaryDirectory() as tmp:
    for name, text in TREE.items():
        path = pathlib.Path(tmp, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run = subprocess.run([sys.executable, HERE / "house.py", tmp], capture_output=True, text=True, check=False)
    got = sorted(run.stdout.strip().split("\n")[:-1])
if run.returncode != 1 or got != WANT:
    print("wanted:", *WANT, "got:", *got, sep="\n")
    sys.exit(1)
