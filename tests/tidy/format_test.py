#!/usr/bin/env python3
"""Every C++ file is laid out as .clang-format says.

Usage: format_test.py SOURCE_DIRECTORY CLANG_FORMAT
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402

FILES_AT_ONCE = 50


def main():
    root, clang_format = sys.argv[1:]
    paths = [p for p in tidy.files_of(root) if p.endswith(tidy.CODE)]
    if not paths:
        print("no C++ files found in", root)
        return 1
    differing = []
    for start in range(0, len(paths), FILES_AT_ONCE):
        done = subprocess.run([clang_format, "--dry-run", "--Werror", "-ferror-limit=1",
                               *paths[start:start + FILES_AT_ONCE]],
                              cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            differing += [line for line in done.stderr.splitlines() if "error:" in line] or [
                done.stderr or "clang-format failed"]
    if differing:
        print("\n".join(differing))
        print(f"{len(differing)} of {len(paths)} files differ; run: clang-format -i FILE…")
        return 1
    print(f"{len(paths)} files are laid out as .clang-format says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
