#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What berth-generator makes of files, names and surroundings that nobody means well with. Each case puts something beside a
declaration that is good, and looks at what is said about it and that the good one has its unit all the same.

    hostile.py GENERATOR"""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

GOOD = b"[Container]\nRootfs=/srv\nExec=true\n[Install]\nWantedBy=multi-user.target\n"
LINE_MAX = 1 << 20


class Place:
    """A directory with declarations, and one for what is made of them."""

    def __init__(self, generator, top):
        self.generator, self.top = generator, pathlib.Path(top)
        self.etc, self.out = self.top / "etc", self.top / "out"
        self.etc.mkdir()
        self.out.mkdir()
        self.put("good.container", GOOD)

    def put(self, name, data):
        """A file; the name may be bytes."""
        path = os.path.join(os.fsencode(self.etc), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def command(self, out=None, program=None):
        return [program or self.generator, out or self.out]

    def run(self, *arguments, **environment):
        environment = {"BERTH_UNIT_PATH": str(self.etc), "LANG": "C.UTF-8"} | environment
        return subprocess.run([self.generator, *(arguments or [self.out])], capture_output=True, timeout=120, check=False,
                              env={k: v for k, v in environment.items() if v is not None})

    def made(self, out=None):
        """All that is there, by path."""
        out = out or self.out
        return {str(p.relative_to(out)): os.readlink(p) if p.is_symlink() else p.read_bytes()
                for p in sorted(out.rglob("*")) if p.is_symlink() or p.is_file()}

    def dropin(self, name):
        return self.made().get(f"container@{name}.service.d/50-berth.conf", b"")

    def told(self, text, status=1):
        """Runs; a line of what is said has to match, every line has to be a line of ours that can be printed, and the good
        declaration has its unit and link."""
        done = self.run()
        said = done.stderr.decode()
        assert done.returncode == status, (done.returncode, said)
        assert re.search(text, said, re.M), f"{text!r} is not in {said[:3000]!r}"
        for line in said.splitlines():
            assert line.startswith("berth-generator: "), repr(line)
            assert all(c.isprintable() for c in line), repr(line)
        assert b"explain" not in self.dropin("good") and b"SourcePath=" in self.dropin("good")
        assert "multi-user.target.wants/container@good.service" in self.made()
        return said

    def broken(self, name, text):
        """The same, and the unit of that name says at its start what is wrong."""
        said = self.told(text)
        assert b"berth-prepare explain %i" in self.dropin(name)
        return said


# ---- what is in a file ----


def nul_bytes(p):
    p.put("x.container", b"[Container]\nRootfs=/srv\n\0\0\nExec=true\n")
    p.broken("x", r"x\.container:3: NUL byte in the text$")


def only_nul_bytes(p):
    """As after a crash, with the size written and the data not."""
    p.put("x.container", b"\0" * 4096)
    p.broken("x", r"x\.container:1: NUL byte in the text$")


def not_utf8(p):
    p.put("x.container", b"[Container]\nRootfs=/srv/\xff\xfe\n")
    p.broken("x", r"x\.container:2: text is not valid UTF-8$")


def utf16(p):
    p.put("x.container", "\ufeff[Container]\nRootfs=/srv\n".encode("utf-16-le"))
    p.broken("x", r"x\.container:1: text is not valid UTF-8$")


def no_newline_at_the_end(p):
    p.put("x.container", GOOD.rstrip(b"\n"))
    p.told("", status=0)
    assert p.dropin("x").replace(b"x", b"good") == p.dropin("good").replace(b"x", b"good")


def carriage_returns_and_mark(p):
    p.put("x.container", b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"))
    p.told("", status=0)
    assert b"\r" not in b"".join(v for v in p.made().values() if isinstance(v, bytes))
    assert "multi-user.target.wants/container@x.service" in p.made()


def carriage_returns_alone(p):
    p.put("x.container", GOOD.replace(b"\n", b"\r"))
    p.broken("x", r"x\.container:1: control character 0x0d in the line$")


def escape_sequences(p):
    p.put("x.container", b"[Container]\nRootfs=/srv\nExec=\x1b[31mtrue\n\x07=1\n")
    p.broken("x", r"x\.container:3: control character 0x1b in the line$")


def backslash_at_the_end(p):
    p.put("x.container", GOOD + b"[Service]\nEnvironment=A=1 \\")
    p.told("", status=0)
    assert p.dropin("x").rstrip().endswith(b"Environment=A=1")


def long_line(p):
    """Of a megabyte: systemd's own limit."""
    p.put("x.container", GOOD + b"[Service]\nEnvironment=A=" + b"x" * (LINE_MAX - 20) + b"\n")
    p.put("y.container", GOOD + b"[Service]\nEnvironment=A=" + b"x" * LINE_MAX + b"\n")
    p.broken("y", rf"y\.container:7: line is longer than {LINE_MAX} bytes$")
    assert len(p.dropin("x")) > LINE_MAX - 20


def long_key(p):
    p.put("x.container", b"[Container]\n" + b"K" * 100000 + b"=1\n[" + b"S" * 100000 + b"]\n")
    said = p.broken("x", r"x\.container:2: unknown key 'KKK")
    assert len(said) < 1000


def cut_inside_of_a_letter(p):
    """What is cut short for a message stays text."""
    for shift in range(4):
        p.put(f"x{shift}.container", b"[Container]\n" + b"K" * shift + "\U0001f6a2".encode() * 100 + b"=1\n")
    p.broken("x0", r"x0\.container:2: unknown key ")


def many_lines(p):
    p.put("x.container", GOOD + b"[Service]\n" + b"".join(b"Environment=V%d=1\n" % i for i in range(100000)))
    p.told("", status=0)
    assert p.dropin("x").count(b"\nEnvironment=") == 100000


def many_values(p):
    p.put("x.container", b"[Container]\nRootfs=/srv\nExec=true\n" +
          b"".join(b"Environment=V%d=1\n" % (i % 1000) for i in range(20000)))
    p.told("", status=0)


def many_errors(p):
    """All of them are told."""
    p.put("x.container", b"[Container]\n" + b"".join(b"Key%d=1\n" % i for i in range(2000)))
    assert p.broken("x", r"x\.container:2001: unknown key 'Key1999'").count("\n") == 2000


def huge_file(p):
    with open(p.put("x.container", b""), "wb") as file:
        file.truncate(1 << 40)  # sparse
    p.broken("x", r"x\.container: File too large$")


# ---- what is no file ----


def fifo(p):
    os.mkfifo(p.etc / "x.container")
    p.broken("x", r"x\.container: not a regular file$")


def fifo_as_dropin(p):
    p.put("x.container", GOOD)
    (p.etc / "x.container.d").mkdir()
    os.mkfifo(p.etc / "x.container.d/a.conf")
    p.broken("x", r"x\.container\.d/a\.conf: not a regular file$")


def device(p):
    (p.etc / "x.container").symlink_to("/dev/zero")
    p.broken("x", r"x\.container: not a regular file$")


def terminal(p):
    (p.etc / "x.container").symlink_to("/dev/tty")
    p.broken("x", r"x\.container: (not a regular file|No such device or address)$")


def unix_socket(p):
    here = os.getcwd()
    os.chdir(p.etc)  # a name of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("x.container")
        os.chdir(here)
        p.broken("x", r"x\.container: No such device or address$")


def directory(p):
    """Is none of ours, as for systemd."""
    (p.etc / "x.container").mkdir()
    p.told("", status=0)
    assert not p.dropin("x")


def link_to_directory(p):
    (p.etc / "x.container").symlink_to("/")
    p.broken("x", r"x\.container: not a regular file$")


def dangling_link(p):
    (p.etc / "x.container").symlink_to("nowhere")
    p.broken("x", r"x\.container: No such file or directory$")


def link_loop(p):
    (p.etc / "x.container").symlink_to("y.container")
    (p.etc / "y.container").symlink_to("x.container")
    p.broken("x", r"x\.container: Too many levels of symbolic links$")


def dropin_directory_loop(p):
    p.put("x.container", GOOD)
    (p.etc / "x.container.d").symlink_to("x.container.d")
    p.told(r"x\.container\.d: drop-ins cannot be read: Too many levels of symbolic links$")
    assert b"SourcePath=" in p.dropin("x")


def dropin_directory_is_a_file(p):
    p.put("x.container", GOOD)
    p.put("x.container.d", b"")
    (p.etc / "good.container.d").symlink_to("x.container")
    p.told(r"good\.container\.d: drop-ins cannot be read: Not a directory$")


def unreadable(p):
    """For root nothing is."""
    os.chmod(p.put("x.container", GOOD), 0)
    os.chmod(p.put("good.container.d/a.conf", b""), 0)
    if os.geteuid() == 0:
        os.chmod(p.top, 0o755)
        os.chown(p.out, 65534, 65534)
        # the build may be where others cannot go
        generator = shutil.copy(p.generator, p.top)
        os.chmod(generator, 0o755)
        done = subprocess.run([generator, p.out], user=65534, group=65534, extra_groups=[], capture_output=True, text=True, check=False,
                              env={"BERTH_UNIT_PATH": str(p.etc)})
    else:
        done = p.run()
        done.stderr = done.stderr.decode()
    assert done.returncode == 1 and re.search(r"x\.container: Permission denied$", done.stderr, re.M), done.stderr


def directory_that_is_none(p):
    p.put("file", b"")
    done = p.run(BERTH_UNIT_PATH=f"{p.etc}/file:{p.etc}:/nonexistent:relative:")
    assert done.returncode == 1 and b"/file: Not a directory" in done.stderr
    assert b"SourcePath=" in p.dropin("good")


# ---- names ----


def odd_names(p):
    """Each is told in one line that can be printed."""
    odd = [b"new\nline", b"per%cent", b"sp ace", b"\xff\xfe", b"\x1b[31m", b"quo'te\"", b"back\\slash", b"st\xc3\xa4rke", b"a@b@c",
           b"@", b"@x", b"a:b", b"*", b"$(reboot)", b"\x01"]
    for name in odd:
        p.put(name + b".container", GOOD)
        p.put(name + b".container.d/a.conf", b"[Container]\n")
    said = p.told("cannot be the name of a container")
    assert said.count("cannot be the name of a container") == len(odd), said
    assert {name.partition("/")[0] for name in p.made()} == {"container@good.service.d", "multi-user.target.wants"} | {
        name.partition("/")[0] for name in p.made() if name.startswith("container@.service.d")}


def odd_names_of_dropins(p):
    p.put(b"x.container", GOOD)
    p.put(b"x.container.d/new\nline.conf", b"[Contaner]\n")
    p.put(b"x.container.d/\xff.conf", b"[Contaner]\n")
    said = p.broken("x", r"x\.container\.d/new\\nline\.conf:1: unknown section")
    assert r"x.container.d/\377.conf:1: unknown section" in said


def leading_dash(p):
    p.put("-x.container", GOOD)
    p.put("--help.container", GOOD)
    p.told("", status=0)
    assert p.dropin("-x") and p.dropin("--help")


def long_names(p):
    """As long as a file's name may be; the longest that can be a unit is one."""
    p.put("a" * 245 + ".container", GOOD)
    p.put("b" * 229 + ".container", GOOD + b"[Container]\nNetwork=none\nProxyPort=80:80\n[Socket]\nListenStream=1\n")
    p.put("c" * 230 + ".container", GOOD)
    p.put("d" * 100 + "@" + "e" * 140 + ".container", GOOD)
    said = p.told(r"/a+\.container: the name is too long for that of a unit$")
    assert said.count("too long") == 3
    assert p.dropin("b" * 229)
    assert f"container-proxy@{'b' * 229}.socket" in p.made()


def names_of_nothing(p):
    for name in (".container", "..container", ".hidden.container", "x.container~", "x.container.dpkg-old", "x.CONTAINER", "container"):
        p.put(name, b"[Nonsense]\n")
    p.told("", status=0)
    assert len(p.made()) == 2


def names_of_units(p):
    """[Install] writes nowhere else."""
    p.put("x.container", GOOD.replace(b"multi-user.target", b"../../../etc/x.target a/b.target .. x.target\\x00"))
    p.broken("x", r"x\.container:5: WantedBy=: '\.\./\.\./\.\./etc/x\.target' is not the name of a unit$")
    assert not (p.top / "etc/x.target.wants").exists()


# ---- more than one ----


def references_in_a_circle(p):
    p.put("a.container", GOOD + b"[Unit]\nAfter=b.container\nRequires=b.container\n[Container]\nNetwork=b.container\nVolume=v.volume:/v\n")
    p.put("b.container", GOOD + b"[Unit]\nAfter=a.container\nRequires=a.container\n[Container]\nNetwork=a.container\n")
    p.put("v.volume", b"[Volume]\nVolumeName=v.volume\n[Unit]\nRequires=a.container v.volume\n")
    p.told("", status=0)
    assert b"Requires=container@b.service" in p.dropin("a") and b"Requires=container@a.service" in p.dropin("b")


def one_name_in_many_directories(p):
    directories = [p.top / f"d{i}" for i in range(100)]
    for i, one in enumerate(directories):
        (one / "x.container.d").mkdir(parents=True)
        (one / "x.container").write_bytes(GOOD)
        (one / "x.container.d/a.conf").write_text(f"[Service]\nNice={i % 20}\n")
        (one / f"x.container.d/{i}.conf").write_text(f"[Service]\nEnvironment=FROM={i}\n")
    done = p.run(BERTH_UNIT_PATH=":".join(map(str, [p.etc, *directories])))
    assert done.returncode == 0, done.stderr
    assert f"SourcePath={p.top}/d0/x.container".encode() in p.dropin("x")
    assert p.dropin("x").count(b"Environment=FROM=") == 100 and p.dropin("x").count(b"Nice=") == 1


def order_of_the_directory(p):
    """The order in which files were made, which is that in which some file systems list them, does not matter."""
    names = [f"c{i}" for i in range(20)]
    results = set()
    for seed in range(4):
        shutil.rmtree(p.etc)
        shutil.rmtree(p.out)
        p.etc.mkdir()
        p.out.mkdir()
        random.Random(seed).shuffle(names)
        for name in names:
            p.put(f"{name}.container", GOOD if name < "c5" else b"[Containre]\n")
            for dropin in sorted(("a", "b", "c"), reverse=seed % 2):
                p.put(f"{name}.container.d/{dropin}.conf", b"[Service]\nEnvironment=X=%s\n" % dropin.encode())
            p.put(f"{name}@.container", GOOD)
            p.put(f"{name}@{seed % 1}.container.d/a.conf", b"")
        done = p.run()
        results.add((done.stderr, str(p.made())))
    assert len(results) == 1


# ---- surroundings ----


def arguments(p):
    """One directory or three; only the first is written to."""
    early, late = p.top / "early", p.top / "late"
    early.mkdir()
    late.mkdir()
    assert p.run(p.out).returncode == 0
    alone = p.made()
    shutil.rmtree(p.out)
    p.out.mkdir()
    assert p.run(p.out, early, late).returncode == 0
    assert p.made() == alone and not [*early.iterdir(), *late.iterdir()]
    for wrong in ([p.out, early], [p.out, early, late, late]):
        done = p.run(*wrong)
        assert done.returncode == 1 and done.stderr.startswith(b"Usage: ")
    done = p.run("")
    assert done.returncode == 1 and b"No such file or directory" in done.stderr


def no_environment(p):
    """What older versions of systemd give it."""
    done = subprocess.run([p.generator, p.out], env={}, capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 1)  # what is declared on this machine, if anything
    done = subprocess.run([p.generator, p.out], env={"BERTH_UNIT_PATH": str(p.etc)}, capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, cwd="/")
    assert done.returncode == 0 and not done.stderr


def no_streams(p):
    """No descriptor of the output is taken for stderr."""
    p.put("x.container", b"[Nonsense]\n")
    script = 'exec "$0" "$1" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", script, p.generator, p.out], env={"BERTH_UNIT_PATH": str(p.etc)}, timeout=60, check=False)
    assert done.returncode == 1
    for name, data in p.made().items():
        assert isinstance(data, str) or b"berth-generator: " not in data, name
    assert p.dropin("good") and p.dropin("x")


def output_cannot_be_written(p):
    """A file system that refuses everything, even for root."""
    done = p.run("/proc/self/task")
    assert done.returncode == 1
    assert re.search(rb"good\.container: cannot write container@good\.service\.d/50-berth\.conf: ", done.stderr), done.stderr


def output_is_a_file(p):
    done = p.run(p.put("file", b""))
    assert done.returncode == 1 and b"Not a directory" in done.stderr


def output_has_traps(p):
    """Links where our files are to be are replaced, not followed; what is in the way is told."""
    (p.out / "container@good.service.d").mkdir()
    target = p.top / "target"
    target.write_bytes(b"untouched")
    (p.out / "container@good.service.d/50-berth.conf").symlink_to(target)
    assert p.run().returncode == 0
    assert target.read_bytes() == b"untouched" and not (p.out / "container@good.service.d/50-berth.conf").is_symlink()
    shutil.rmtree(p.out)
    (p.out / "container@good.service.d/50-berth.conf").mkdir(parents=True)
    p.put("x.container", GOOD)
    done = p.run()
    assert done.returncode == 1 and b"good.container: cannot write container@good.service.d/50-berth.conf: Is a directory" in done.stderr
    assert p.dropin("x")


def full(p):
    """A file system without room: what is there is whole, and what is not there is told."""
    for i in range(40):
        p.put(f"c{i}.container", GOOD + b"[Service]\n" + b"Environment=X=%d\n" % i * 300)
    p.run()
    whole = p.made()
    script = 'mount -t tmpfs -o size=64k none "$1" && { "$0" "$1"; echo "status $?"; tar -C "$1" -cf "$2" .; }'
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, p.generator, p.out, p.top / "tar"],
                          env={"BERTH_UNIT_PATH": str(p.etc), "PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False)
    if "status" not in done.stdout:
        return "no user namespace with mounts can be made here"
    assert "status 1" in done.stdout and "No space left on device" in done.stderr, done.stderr
    out = p.top / "copy"
    out.mkdir()
    subprocess.run(["tar", "-C", out, "-xf", p.top / "tar"], check=True)
    made = p.made(out)
    assert made and len(made) < len(whole)
    for name, data in made.items():
        assert whole[name] == data, name
    told = set(re.findall(r"cannot write (\S+):", done.stderr))
    for name in whole:
        assert name in made or name in told or any(t.split("@")[1][:4] == name.split("@")[1][:4] for t in told if "@" in t), name
    return None


def killed(p):
    """In the midst: no file is half there, and the next run makes all of it."""
    for i in range(80):
        p.put(f"c{i}.container", GOOD + b"[Service]\n" + b"Environment=X=%d\n" % i * 50)
    p.run()
    whole = p.made()
    cut_short = 0
    for _ in range(6):
        shutil.rmtree(p.out)
        p.out.mkdir()
        process = subprocess.Popen([p.generator, p.out], env={"BERTH_UNIT_PATH": str(p.etc)}, stderr=subprocess.DEVNULL)
        seen = random.randrange(1, 60)
        while process.poll() is None and len(os.listdir(p.out)) < seen:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        made = {name: data for name, data in p.made().items() if "/.#berth-" not in f"/{name}"}
        cut_short += len(made) < len(whole)
        for name, data in made.items():
            assert whole[name] == data, name
    assert cut_short > 0
    assert p.run().returncode == 0
    assert {name: data for name, data in p.made().items() if "/.#berth-" not in f"/{name}"} == whole


def read_while_written(p):
    """A file that changes under our hands is an error, not a mixture."""
    path = p.put("x.container", GOOD)
    script = 'while :; do printf "" >"$0"; printf "[Container]\\nRootfs=/srv\\nExec=true\\n" >"$0"; done'
    writer = subprocess.Popen(["sh", "-c", script, path])
    try:
        for _ in range(30):
            done = p.run()
            text = p.dropin("x")
            assert done.returncode == 0 or b"x.container: " in done.stderr, done.stderr
            assert b"explain" in text or b"RequiresMountsFor=/srv\n" in text or not text
            shutil.rmtree(p.out)
            p.out.mkdir()
    finally:
        writer.kill()
        writer.wait()


CASES = [
    nul_bytes, only_nul_bytes, not_utf8, utf16, no_newline_at_the_end, carriage_returns_and_mark, carriage_returns_alone,
    escape_sequences, backslash_at_the_end, long_line, long_key, cut_inside_of_a_letter, many_lines, many_values, many_errors,
    huge_file,
    fifo, fifo_as_dropin, device, terminal, unix_socket, directory, link_to_directory, dangling_link, link_loop,
    dropin_directory_loop, dropin_directory_is_a_file, unreadable, directory_that_is_none,
    odd_names, odd_names_of_dropins, leading_dash, long_names, names_of_nothing, names_of_units,
    references_in_a_circle, one_name_in_many_directories, order_of_the_directory,
    arguments, no_environment, no_streams, output_cannot_be_written, output_is_a_file, output_has_traps, full, killed,
    read_while_written,
]


def main():
    generator = os.path.abspath(sys.argv[1])
    failed = 0
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory(prefix="berth-hostile-") as top:
            try:
                skipped = case(Place(generator, top))
            except AssertionError as error:
                failed += 1
                print(f"not ok {number} {case.__name__}")
                print("".join(f"# line {error.__traceback__.tb_next.tb_lineno}: {line}\n" for line in str(error).splitlines() or [""]), end="")
                continue
        print(f"ok {number} {case.__name__}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
