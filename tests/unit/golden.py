#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What berth makes of declarations, one file for each case in tests/data/golden: the input, and behind it, byte by byte, the
output: status and messages of the generator, the units that it writes, and the changes to the configuration.

    golden.py GENERATOR DECLARED CASES SOURCES LIBEXECDIR SYSTEM-UNIT-DIR USER-UNIT-DIR

With BERTH_TEST_UPDATE in the environment, the output is written instead of compared: look at the difference before you believe
it. DECLARED is the unit test
test-declared, which prints configurations.

A case begins with comments. "# over: NAME" says that its output is told as the difference to what the case NAME gives for its
declaration NAME.container: what is the same is left out; "# A over: NAME" says so for A.container alone. "--- PATH" begins a file of the input, "--- PATH -> TARGET" is a link;
the first component of a path, etc, run or usr, is the directory of that precedence. In the input, "\\xHH" stands for a byte,
so that there can be those that no editor shows. "=== " begins a part of the output.

At the end it is looked whether every key of the tables, and every error text of src/config, has a case."""

import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

LAYERS = ("etc", "run", "usr")



def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())


class Case:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.input, separator, self.expected = path.read_text().partition("=== ")
        self.expected = separator + self.expected
        self.over = {m[1]: m[2] for m in re.finditer(r"^# (?:(\S+) )?over: (\S+)$", self.input, re.M)}
        parts = re.split(r"^--- (.+)\n", self.input, flags=re.M)[1:]
        self.files = dict(zip(parts[::2], parts[1::2]))
        assert self.files, f"{path}: no input"

    def write(self, directory):
        for name, text in self.files.items():
            name, _, target = name.partition(" -> ")
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if target:
                path.symlink_to(target)
            else:
                path.write_bytes(unescape(text))

    def declarations(self):
        """What is in the directories and may have a configuration, by name."""
        names = {pathlib.PurePath(f.partition(" -> ")[0]) for f in self.files}
        return sorted({n.name for n in names if re.fullmatch(r"\w+/[\w+][\w+.-]*\.(container|volume)", str(n))})


def run(argv, **environment):
    environment |= {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        environment |= {variable: os.environ[variable]} if variable in os.environ else {}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)


def units(out):
    found = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.is_symlink():
            found[f"{name} -> {os.readlink(path)}"] = ""
        elif path.is_file():
            found[f"{name} {path.stat().st_mode & 0o777:o}"] = path.read_text()
    return found


def parse_printed(text):
    """The configuration, and behind it lines KEY=VALUE of what goes other ways."""
    document, end = json.JSONDecoder().raw_decode(text)
    lines = dict(line.split("=", 1) for line in text[end:].splitlines() if line)
    return document | ({"(not in it)": lines} if lines else {})


class Result:
    """What came out of one case."""

    def __init__(self, case, programs, replacements):
        generator, declared = programs
        with tempfile.TemporaryDirectory(prefix="berth-golden-") as work:
            inputs, out = pathlib.Path(work) / "in", pathlib.Path(work) / "out"
            inputs.mkdir()
            out.mkdir()
            case.write(inputs)
            self.replacements = [(str(inputs), "")] + replacements
            path = ":".join(str(inputs / layer) for layer in LAYERS if (inputs / layer).is_dir())
            done = run([generator, out, out, out], BERTH_UNIT_PATH=path)
            self.status, self.messages = done.returncode, self.clean(done.stdout + done.stderr)
            self.units = {self.clean(name): self.clean(text) for name, text in units(out).items()}
            self.configurations = {}
            for name in case.declarations():
                done = run([declared, path, name], BERTH_UNIT_PATH=path)
                if name.endswith(".volume"):
                    self.configurations[name] = self.clean(done.stdout + done.stderr)
                    continue
                assert done.returncode in (0, 1), f"{case.name}: {name}: {done.stderr}"
                if done.returncode == 0:
                    self.configurations[name] = parse_printed(self.clean(done.stdout))

    def clean(self, text):
        for old, new in self.replacements:
            text = text.replace(old, new)
        return text

    def of(self, container):
        """Its units, as if it were called NAME."""
        mine = {}
        escaped = escape(container)
        for name, text in self.units.items():
            if re.search(rf"(?:^|/)container(?:-proxy)?[@-]{re.escape(escaped)}[.@]", name):
                mine[rename(name, escaped, "NAME")] = rename(rename(text, container, "NAME"), escaped, "NAME")
        return mine


def escape(name):
    """As it is in the names of units."""
    return re.sub(r"[^\w:.-]", lambda m: f"\\x{ord(m[0]):02x}", name, flags=re.A)


def rename(text, old, new):
    return re.sub(rf"(?<![\w.]){re.escape(old)}(?=[.@\n\"]|$)", lambda _: new, text)


def dump(value):
    return json.dumps(value, ensure_ascii=False)


def array_changes(path, before, after):
    old, new = [dump(v) for v in before], [dump(v) for v in after]
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (f"{path}/{i} - {old[i]}" for i in range(a, b))
            yield from (f"{path}/{i} + {new[i]}" for i in range(c, d))


def changes(path, before, after):
    """Lines that say how one value of JSON becomes the other; with the first, they tell the second in full."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(k for k in after if k not in before)]:
            name = f"{path}/{key}"
            if key not in after:
                yield f"{name} - {dump(before[key])}"
            elif key not in before and not isinstance(after[key], dict):
                yield f"{name} + {dump(after[key])}"
            elif key not in before:
                yield from changes(name, {}, after[key])
            else:
                yield from changes(name, before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list):
        yield from array_changes(path, before, after)
    elif before != after:
        yield f"{path}: {dump(before)} -> {dump(after)}"


def in_full(result):
    text = ""
    for name, configuration in result.configurations.items():
        body = configuration if isinstance(configuration, str) else json.dumps(configuration, indent=1) + "\n"
        text += f"=== {name}\n{body}"
    return text + "".join(f"=== {name}\n{body}" for name, body in result.units.items())


def line_changes(before, after):
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return "".join(f"{line}\n" for line in lines if line[0] in "+-")


def differences(case, result, results):
    text = ""
    rest = dict(result.units)
    for name, configuration in result.configurations.items():
        if isinstance(configuration, str):
            text += f"=== {name}\n{configuration}"
            continue
        container = name.removesuffix(".container")
        base_name = case.over.get(container, case.over[None])
        base = results[base_name]
        base_units = base.of(base_name)
        before = json.loads(rename(json.dumps(base.configurations[f"{base_name}.container"]), base_name, container))
        text += f"=== {name}\n" + "".join(f"{line}\n" for line in changes("", before, configuration))
        mine = result.of(container)
        for unit, body in mine.items():
            real = next(u for u in rest if rename(u, escape(container), "NAME") == unit)
            del rest[real]
            if unit not in base_units:
                text += f"=== {real}\n{rename(body, 'NAME', container)}"
            elif base_units[unit] != body:
                text += f"=== {real}, changes\n{rename(line_changes(base_units[unit], body), 'NAME', container)}"
        text += "".join(f"=== no {rename(unit, 'NAME', container)}\n" for unit in base_units if unit not in mine)
    return text + "".join(f"=== {name}\n{body}" for name, body in rest.items())


def output(case, result, results):
    text = f"=== status {result.status}\n{result.messages}"
    if case.over:
        return text + differences(case, result, results)
    return text + in_full(result)


# ---- what has to have a case ----


def strings(text):
    """The strings of C in it, those that stand side by side joined."""
    return re.sub(r'"\s*"', "", text)


def table(sources, name, pattern):
    found = re.findall(pattern, strings((sources / name).read_text()))
    assert found, f"{name}: its table has another form now, mend golden.py"
    return found


def keys(sources):
    """Each (section, key) that there is."""
    found = table(sources, "container-keys.c", r'\{ "(\w+)",\s+"(\w+)",\s+value_')
    found += table(sources, "container-refused.c", r'\{ "(\w+)",\s+"(\w+)",\s+"')
    found += table(sources, "container-misplaced.c", r'\{ "(\w+)",\s+"([\w*]+)" \}')
    names = table(sources, "volume-file.c", r'\{ "(\w+)",\s+(?:offsetof|"[a-z])')
    names += table(sources, "volume-file.c", r'streq\(e->key, "(\w+)"\)')
    return found + [("Volume", name) for name in names]


def assignments(case):
    """(section, key) of every line of its input."""
    for text in case.files.values():
        section = None
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif re.match(r"\w+\s*=", line):
                yield section, line.partition("=")[0].strip()


def is_covered(section, key, given, messages):
    """Keys that are accepted or refused are written in their section; those that belong into one, in another."""
    if (section, key) in given:
        return True
    pattern = key.replace("*", r"\w*")
    return bool(re.search(rf"key '{pattern}' is in section \[\w+\], but belongs into \[{section}\]", messages))


def uncovered_keys(sources, cases, messages):
    given = {assignment for case in cases for assignment in assignments(case)}
    return [f"[{s}] {k}=" for s, k in keys(sources) if not is_covered(s, k, given, messages)]


FORMAT = r"%(?:[-0-9.*]*(?:s|u|i|d|c|02x)|%)"


def as_pattern(text):
    text = re.sub(r"\\(.)", r"\1", text)
    parts = re.split(f"({FORMAT})", text)
    return "".join("%" if p == "%%" else r".*" if re.fullmatch(FORMAT, p) else re.escape(p) for p in parts)


def texts(sources):
    """Format strings of messages, and those of tables and functions that go into one."""
    for path in sorted(sources.glob("*.c")):
        if re.match("convert|to-json|adhoc|conversion|image-defaults", path.name):
            continue
        source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        source = re.sub(r'#define (\w+) (".*")', "", re.sub(r'" EXPECTED', lambda _: f'" {expected(source)}', source))
        source = strings(source)
        for call in re.finditer(r"(?:config_message|value_error|value_warning|reader_error)\((?:[^;]*?)\"((?:[^\"\\]|\\.)*)\"", source):
            if call[1] not in ("%s", "%s=%s: %s"):
                yield path.name, call[1]
        for error in re.finditer(r"ret_error =[^;]*;", source):
            yield from ((path.name, text) for text in re.findall(r'"((?:[^"\\]|\\.)+)"', error[0].replace("'\"'", "")))
        if path.name == "container-file.c":
            for rule in re.finditer(r'\{ [^{}"]*(?:"\w+"\)[^"{}]*)?,\s+"([^"]+ [^"]*)" \}', source):
                yield path.name, rule[1]


def expected(source):
    return re.search(r'#define EXPECTED (".*")', source)[1]


# What cannot be seen here, with what does see it.
NOT_HERE = {
    "unit-file.c: line is longer than %u bytes": "a megabyte; test-unit-file.c has one",
    "words.c: backslash at the end of the value": "in a file, it would continue the line",
}


def uncovered_texts(sources, messages):
    found = [text for text in texts(sources) if ": ".join(text) not in NOT_HERE]
    assert len(found) > 80, f"only {len(found)} messages found in {sources}: mend golden.py"
    return [f"{name}: {text}" for name, text in found if not re.search(as_pattern(text), messages)]


# ---- results ----


def show(number, name, problems):
    print(f"{'not ok' if problems else 'ok'} {number} {name}")
    for line in problems:
        print(f"# {line}")
    return bool(problems)


def check(case, got):
    if "BERTH_TEST_UPDATE" in os.environ:
        case.path.write_text(case.input + got)
        return []
    return [*difflib.unified_diff(case.expected.splitlines(), got.splitlines(), "expected", "got", lineterm="")]


def main():
    generator, declared, directory, sources, libexecdir, system_units, user_units = sys.argv[1:]
    replacements = [(libexecdir, "@LIBEXECDIR@"), (system_units, "@SYSTEMUNITDIR@"), (user_units, "@USERUNITDIR@")]
    cases = [Case(path) for path in sorted(pathlib.Path(directory).glob("*.golden"))]
    results = {case.name: Result(case, (generator, declared), replacements) for case in cases}
    failed = 0

    assert cases, f"no cases in {directory}"
    print(f"1..{len(cases) + 2}")
    for number, case in enumerate(cases, 1):
        got = output(case, results[case.name], results)
        failed += show(number, case.name, check(case, got))
    messages = "\n".join(r.messages + "".join(c for c in r.configurations.values() if isinstance(c, str)) for r in results.values())
    sources = pathlib.Path(sources)
    failed += show(len(cases) + 1, "every key has a case", uncovered_keys(sources, cases, messages))
    failed += show(len(cases) + 2, "every error text has a case", uncovered_texts(sources, messages))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
