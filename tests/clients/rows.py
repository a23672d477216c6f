# SPDX-License-Identifier: LGPL-2.1-or-later
"""A row of the tables of commands: what is typed, the status it ends with, and a regular expression that all it prints has to
contain."""

import re


def check_row(machine, row):
    command, status, expected = row
    done = machine.run(command, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert re.search(expected, said.replace("\r", ""), re.MULTILINE), said
