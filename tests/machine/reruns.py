# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks of pytest, for the conftest.py that imports them: what the machine said during a failed test is shown with it, also when
it was run again (--reruns) and passed."""

import pytest

_JOURNALS = {}


def keep_journal(node, text):
    _JOURNALS.setdefault(node.nodeid, text)
    print(f"---- journal of the machine ----\n{text}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.failed = True


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"run again: {report.nodeid}")
        terminalreporter.line(report.longreprtext)
        terminalreporter.line(_JOURNALS.pop(report.nodeid, ""))
