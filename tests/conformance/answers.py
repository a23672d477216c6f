# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a runtime answered to a test of the validation suite, and the table of all answers."""

import collections
import dataclasses
import json
import re

RUNTIMES = ("berth", "crun", "runc")

ASSERTION = re.compile(r"(not )?ok \d+ (?:- )?(.*)")

# Many tests assert nothing, but say what is wrong if something is: silence is an assertion, too.
NOTHING_WRONG = "the test ends well and complains about nothing"


@dataclasses.dataclass
class Answer:
    """The assertions of one run. The same one made again has another name: "text (2)"."""

    passed: dict = dataclasses.field(default_factory=dict)   # an ordered set
    failed: dict = dataclasses.field(default_factory=dict)   # name: details
    skipped: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, directory, runtime, test):
        files = {kind: (directory / f"{runtime}.{test}.{kind}").read_text(errors="replace") for kind in ("out", "err", "status")}
        answer = cls()
        complaints = answer._parse(files["out"].splitlines())
        status = int(files["status"])
        if status != 0 or complaints:
            said = [*complaints, *([f"status {status}"] if status else []), files["err"].strip()[-2000:]]
            answer.failed[NOTHING_WRONG] = "\n".join(filter(None, said))
        else:
            answer.passed[NOTHING_WRONG] = None
        return answer

    def _parse(self, lines):
        """Fills the assertions; returns the errors that belong to none of them."""
        seen, complaints, last = collections.Counter(), [], None
        for line in lines:
            match = ASSERTION.match(line)
            if match:
                last = self._add(match, seen)
            elif line == "  ...":
                last = None
            elif line.startswith("  {") and last in self.failed:
                self.failed[last] = line.strip()
            elif line.startswith("  {") and last is None and '"error"' in line:
                complaints.append(json.loads(line)["error"].split("\nRefer to")[0])
        return complaints

    def _add(self, match, seen):
        text = match[2]
        seen[text] += 1
        name = text if seen[text] == 1 else f"{text} ({seen[text]})"
        if text.startswith(("# SKIP", "# TODO")):
            self.skipped[name] = None
        elif match[1]:
            self.failed[name] = ""
        else:
            self.passed[name] = None
        return name

    def count(self):
        """Assertions that hold and that do not; the silence counts only where there is nothing else."""
        own = [name for name in (*self.passed, *self.failed) if name != NOTHING_WRONG] or [NOTHING_WRONG]
        return sum(name in self.passed for name in own), sum(name in self.failed for name in own)

    def holds(self):
        """Whether anything holds, and nothing that the test complains about without an assertion was wrong."""
        return self.count()[0] > 0 and NOTHING_WRONG not in self.failed

    def shown(self):
        held, broken = self.count()
        return f"{held}/{held + broken}"


def worse(by_runtime):
    """{assertion: details}: what does not hold with the first runtime, but does with another one."""
    ours, *others = (by_runtime[runtime] for runtime in RUNTIMES)
    wanted = {name: None for answer in others for name in answer.passed}
    return {name: ours.failed.get(name, "not reached") for name in wanted
            if name not in ours.passed and name not in ours.skipped}


def make_table(answers):
    """Lines: of every test, how many of its assertions held with which runtime, and those that hold with none."""
    if not answers:
        return
    yield f"{'assertions that hold':32}" + "".join(f"{runtime:>10}" for runtime in RUNTIMES)
    for test, by_runtime in answers.items():
        yield f"{test:32}" + "".join(f"{by_runtime[runtime].shown():>10}" for runtime in RUNTIMES)
        for name in set.intersection(*(set(answer.failed) for answer in by_runtime.values())):
            yield f"    with none: {name}"
