"""command.py - what the command lines of all scripts share

Exit codes (one list for the program and the scripts), errors of one line, columns, and the search
for a Python that has the packages a script needs.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Callable, List, NoReturn, Optional, Sequence

from results import ReadError

USAGE = 2
NOT_COMPARABLE = 3
NOTHING_MATCHED = 4
PACKAGE_MISSING = 5
CANNOT_WRITE = 6
INTERRUPTED = 130

SYSTEM_PYTHON = "/usr/bin/python3"
MARK = "BATON_SYSTEM_PYTHON"


class Parser(argparse.ArgumentParser):
    """An argument parser without abbreviations whose errors are one line, exit 2."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; --help lists what is valid\n")


def fail(code: int, message: str) -> NoReturn:
    """Print one line to stderr and exit with the code."""
    sys.stderr.write(f"{os.path.basename(sys.argv[0])}: {message}\n")
    sys.exit(code)


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> List[str]:
    """Lines of columns as wide as their widest cell; columns in `right` flush right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) if at in right else cell.ljust(width)
                      for at, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def newest(folder: Path) -> Optional[Path]:
    """The run in folder that was written to last, or None."""
    written = [(path.stat().st_mtime, path.parent) for path in folder.glob("*/samples.csv")]
    return max(written)[1] if written else None


def chosen(run: Optional[Path]) -> Path:
    """The run that was named, else the newest under results/; exits where there is none."""
    folder = run or newest(Path("results"))
    if folder is None:
        fail(NOTHING_MATCHED, "there is no run under results/ yet: make bench, or name one")
    return folder


def run(main: Callable[[], int]) -> NoReturn:
    """Exit with what main returns; turn the errors that users cause into one line and its code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    try:
        code = main()
        sys.stdout.flush()
    except ReadError as error:
        fail(USAGE, str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader (head, less) has gone; without this, Python complains again as it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        fail(CANNOT_WRITE, f"cannot write {error.filename or 'standard output'}: {error.strerror}")
    sys.exit(code)


def require(package: str) -> None:
    """Go on if the package can be imported; else start again, once, under the system's Python.

    Debian installs packages for /usr/bin/python3 only, while another python3 may be first on PATH.
    Where that does not help, exit 5 with the line to type.
    """
    try:
        importlib.import_module(package)
    except ImportError:
        other = sys.executable != SYSTEM_PYTHON and os.access(SYSTEM_PYTHON, os.X_OK)
        if other and MARK not in os.environ:
            os.environ[MARK] = "1"
            os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])
        fail(PACKAGE_MISSING, f"the Python package {package} is missing: run scripts/setup --plots")
