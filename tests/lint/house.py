#!/usr/bin/env python3
"""Keeps the house: walls (who may include what), the order of folders, lengths of files and functions, and that every header
has its guard. Run from anywhere: tests/lint/house.py [ROOT]. Prints one line a finding; exit 1 when there is one."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()

# A folder uses only what stands above it. Worker and coordinator are programs beside each other: neither uses the other.
ORDER = ["src/base", "src/text", "src/audio", "src/weights", "src/nn", "src/models", "src/voice", "src/render", "src/tune",
         "src/dataset", "src/job", "src/views", "src/wire", "src/net"]
PROGRAMS = ["worker", "coordinator"]

WALLS = {
    "zmq.h": ["src/net/"],
    "sqlite3.h": ["src/job/"],
    "mpi.h": ["worker/launch.c"],
    "cblas.h": ["src/nn/kernels/gemm", "tests/bench/", "src/nn/kernels/level_blas"],
    "sndfile.h": ["src/audio/"],
    "ebur128.h": ["src/audio/"],
    "soxr.h": ["src/audio/"],
    "espeak-ng/speak_lib.h": ["src/text/phonemes_espeak.c"],
    "yaml.h": ["src/base/yaml.c"],
    "immintrin.h": ["src/nn/"],
}
FILE_MAX_LINES = 600
FUNCTION_MAX_LINES = 100

findings = []


def find(path, line, text):
    findings.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def folder_of(rel):
    for folder in ORDER + PROGRAMS:
        if rel.startswith(folder + "/"):
            return folder
    return None


def include_target(name):
    """The folder an #include "..." points into, or None for one that is not ours."""
    for candidate in ("src/" + name, name):
        folder = folder_of(candidate)
        if folder and (ROOT / candidate).exists():
            return folder
    return None


def check_includes(path, rel, lines):
    here = folder_of(rel)
    for number, text in enumerate(lines, 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', text)
        if not m:
            continue
        for header, homes in WALLS.items():
            if m[2] == header and m[1] == "<" and not any(rel.startswith(h) for h in homes):
                find(path, number, f"<{header}> may be included only in {', '.join(homes)}")
        there = include_target(m[2]) if m[1] == '"' else None
        if not here or not there or here == there:
            continue
        if here in ORDER and (there in PROGRAMS or ORDER.index(there) > ORDER.index(here)):
            find(path, number, f"{here} uses {there}, which stands below it")
        if here in PROGRAMS and there in PROGRAMS:
            find(path, number, f"{here} uses the other program, {there}")


def check_lengths(path, rel, lines):
    if len(lines) > FILE_MAX_LINES:
        find(path, len(lines), f"{len(lines)} lines, more than {FILE_MAX_LINES}: perhaps two concepts")
    start = None
    for number, text in enumerate(lines, 1):
        if text == "{":
            start = number
        elif text == "}" and start:
            if number - start - 1 > FUNCTION_MAX_LINES:
                find(path, start, f"function of {number - start - 1} lines, more than {FUNCTION_MAX_LINES}")
            start = None


def check_guard(path, rel, lines):
    want = re.sub(r"[^A-Z0-9]", "_", rel.removeprefix("src/").upper())
    names = {("ORA_" + want), want}
    if not any(text.startswith("#ifndef ") and text.split()[1] in names for text in lines):
        find(path, 1, f"include guard is not {' or '.join(sorted(names))}")


def main():
    count = 0
    for folder in ORDER + PROGRAMS:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            rel = str(path.relative_to(ROOT))
            lines = path.read_text().split("\n")
            count += 1
            check_includes(path, rel, lines)
            check_lengths(path, rel, lines)
            if path.suffix == ".h" and not rel.endswith("_impl.h"):
                check_guard(path, rel, lines)
    print("\n".join(findings))
    print(f"{count} files, {len(findings)} findings")
    return 1 if findings or not count else 0


sys.exit(main())
