# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs say of themselves: commands and options, as their help has them."""

import os
import re
import subprocess

# "  -b, --bundle DIR     what it is": the switch or the option with its placeholder, as it stands there
OPTION = re.compile(r"^  (?:-\w, |    )--[a-z0-9-]+(?:[ =][^ ]\S*)?(?= )")


def help_of(program, *words):
    done = subprocess.run([program, *words, "--help"], check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C", "LANGUAGE": ""})
    return done.stdout.splitlines()


def help_options(lines):
    return {m[0].strip() for m in map(OPTION.match, lines) if m}


def usage(lines):
    return lines[lines.index("Usage:") + 1].strip()


def commands(berth, declared):
    """Command -> the lines of its help; some are another program's, and berth's help has them all."""
    text = help_of(berth)
    helps = {}
    for heading, program in {"Commands:": berth, "Commands for declarations and images:": declared}.items():
        first = text.index(heading) + 1
        verbs = [line.split()[0] for line in text[first:text.index("", first)]]
        helps.update({verb: help_of(program, verb) for verb in verbs})
    return helps
