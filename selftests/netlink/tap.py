# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the functions test_* of a file, each in a network namespace of its own."""

import ctypes
import os
import sys
import traceback

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def new_broker():
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")


def equal(seen, expected, what=""):
    assert seen == expected, f"{what} expected {expected!r}, saw {seen!r}"


def child(function):
    """Runs @function in a process of its own: its result, or whether it failed."""
    pid = os.fork()
    if not pid:
        status = 255
        try:
            status = function() or 0
        except BaseException:
            traceback.print_exc(file=sys.stdout)
            sys.stdout.flush()
        os._exit(status)
    _, status = os.waitpid(pid, 0)
    return status if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def main(tests):
    failed = 0
    tests = [(name[5:], test) for name, test in tests.items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        sys.stdout.flush()
        try:
            new_broker()
            test()
            print(f"ok {number} - {name}")
        except Exception:
            failed += 1
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {name}")
    sys.exit(failed != 0)
