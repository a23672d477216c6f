#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs berth-generator on each case in a directory and compares all that it wrote, byte by byte, with the case's file
"expected"; then what it does in bad surroundings. A case has in/etc, in/run, in/usr (in this order of precedence) and may have a file "environment".

    generator.py PROGRAM CASES LIBEXECDIR SYSTEM-UNIT-DIR USER-UNIT-DIR [--update]

--update writes the expected files instead: look at the difference before you believe it."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

LAYERS = ("etc", "run", "usr")


def run(program, case, out):
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    layers = [str(case / "in" / name) for name in LAYERS if (case / "in" / name).is_dir()]
    environment["BERTH_UNIT_PATH"] = ":".join(layers)
    if (case / "environment").exists():
        for line in (case / "environment").read_text().splitlines():
            name, _, value = line.partition("=")
            environment[name] = value
    # A case with SYSTEMD_SCOPE=system would write into the kernel's log.
    assert environment.get("SYSTEMD_SCOPE") != "system"
    return subprocess.run(
        [program, out, out, out], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def tree(out):
    lines = []
    for path in sorted(pathlib.Path(out).rglob("*")):
        name = path.relative_to(out)
        if path.is_symlink():
            lines.append(f"=== {name} -> {os.readlink(path)}\n")
        elif path.is_file():
            lines.append(f"=== {name} {path.stat().st_mode & 0o777:o}\n{path.read_bytes().decode()}")
    return "".join(lines)


TEMPLATE = """[Service]
Type=notify
ExecStartPre=/bin/true
ExecStart=/bin/true
"""


TEMPLATES = ("container@.service", "container-proxy@.service")


def verify(out):
    """What systemd itself says about the units; nothing is what it should say."""
    units = [p.name.removesuffix(".d") for p in pathlib.Path(out).glob("container*") if p.name not in TEMPLATES]
    with tempfile.TemporaryDirectory(prefix="berth-verify-") as copy:
        for path in pathlib.Path(out).glob("container*"):
            if path.is_symlink() and os.path.isabs(os.readlink(path)):
                (pathlib.Path(copy) / path.name).write_text(TEMPLATE)  # what it points to is not installed
            elif path.is_symlink():
                os.symlink(os.readlink(path), pathlib.Path(copy) / path.name)
            elif path.is_dir():
                shutil.copytree(path, pathlib.Path(copy) / path.name)
            else:
                shutil.copy(path, copy)
        for name in TEMPLATES:
            (pathlib.Path(copy) / name).write_text(TEMPLATE)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *sorted(set(units))],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "SYSTEMD_UNIT_PATH": f"{copy}:"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return done.stderr + done.stdout if units else ""


def result_of(program, case, replacements):
    with tempfile.TemporaryDirectory(prefix="berth-generator-") as out:
        first = run(program, case, out)
        text = f"=== status {first.returncode}\n=== messages\n{first.stderr}{first.stdout}" + tree(out)
        again = run(program, case, out)
        if again.returncode != first.returncode or tree(out) not in text:
            return "the second run over the same directory gave something else\n"
        if first.returncode == 0 and shutil.which("systemd-analyze"):
            text += verify(out)
    for path, name in [(str(case / "in"), "@IN@")] + replacements:
        text = text.replace(path, name)
    return text


def no_arguments(program, case):
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 1 and done.stderr.startswith("Usage: ")


def no_output_directory(program, case):
    done = run(program, case, "/nonexistent/directory")
    return done.returncode == 1 and "/nonexistent/directory: No such file or directory" in done.stderr


def at_once(program, case):
    """Several at the same time, as concurrent reloads of systemd make them: the same as one."""
    with tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as shared:
        run(program, case, alone)
        environment = {"BERTH_UNIT_PATH": str(case / "in" / "etc")}
        several = [subprocess.Popen([program, shared], env=environment) for _ in range(8)]
        statuses = [one.wait(timeout=60) for one in several]
        return not any(statuses) and tree(shared) == tree(alone)


def small_files_only():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def no_space(program, case):
    """A file that cannot be written in full is an error, and not there."""
    with tempfile.TemporaryDirectory() as out:
        environment = {"BERTH_UNIT_PATH": str(case / "in" / "etc")}
        done = subprocess.run([program, out], env=environment, capture_output=True, text=True, timeout=60, check=False,
                              preexec_fn=small_files_only)
        files = [p for p in pathlib.Path(out).rglob("*") if p.is_file()]
        return done.returncode == 1 and "cannot write container@" in done.stderr and not files


def fifo(program, case):
    """A FIFO in the place of a declaration does not keep the boot waiting; the unit says what is wrong."""
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as out:
        os.mkfifo(pathlib.Path(directory) / "pipe.container")
        done = subprocess.run([program, out], env={"BERTH_UNIT_PATH": directory}, capture_output=True, text=True,
                              timeout=60, check=False)
        dropin = pathlib.Path(out) / "container@pipe.service.d" / "50-berth.conf"
        return "pipe.container: not a regular file" in done.stderr and "berth-prepare explain %i" in dropin.read_text()


BEHAVIOUR = (no_arguments, no_output_directory, at_once, no_space, fifo)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    program, cases, libexecdir, system_units, user_units = arguments
    replacements = [(libexecdir, "@LIBEXECDIR@"), (system_units, "@SYSTEMUNITDIR@"), (user_units, "@USERUNITDIR@")]
    directories = sorted(d for d in pathlib.Path(cases).iterdir() if d.is_dir())
    failed = 0

    assert directories, f"no cases in {cases}"
    print(f"1..{len(directories) + len(BEHAVIOUR)}")
    for number, case in enumerate(directories, 1):
        got = result_of(program, case, replacements)
        expected = case / "expected"
        if "--update" in sys.argv:
            expected.write_text(got)
        wanted = expected.read_text() if expected.exists() else ""
        good = got == wanted
        print(f"{'ok' if good else 'not ok'} {number} {case.name}")
        if not good:
            failed += 1
            with tempfile.NamedTemporaryFile("w", suffix=f"-{case.name}") as actual:
                actual.write(got)
                actual.flush()
                diff = subprocess.run(["diff", "-u", str(expected), actual.name], capture_output=True, text=True, check=False)
            for line in (diff.stdout + diff.stderr).splitlines():
                print(f"# {line}")
    for number, check in enumerate(BEHAVIOUR, len(directories) + 1):
        good = check(program, pathlib.Path(cases) / "full")
        print(f"{'ok' if good else 'not ok'} {number} {check.__name__}")
        failed += not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
