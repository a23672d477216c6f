# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.seccomp in config.json: what a payload is answered. Agents (SCMP_ACT_NOTIFY) are in test_receivers.py."""

import base64
import struct

import pytest

from edits import both, put
from runtimes import not_with

pytestmark = pytest.mark.peer

ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"]
MKDIR = ["mkdir", "mkdirat"]
TRY = "mkdir /tmp/new 2>&1 | sed 's/.*: //'; test -d /tmp/new && echo made"


def profile(*rules, action=ALLOW, **more):
    return put("linux", "seccomp", {"defaultAction": action, "architectures": ARCHITECTURES, "syscalls": list(rules), **more})


def rule(action=ERRNO, names=MKDIR, **more):
    return {"names": names, "action": action, **more}


def arg(op, value, two=None, index=1):
    return {"index": index, "op": f"SCMP_CMP_{op}", "value": value, **({} if two is None else {"valueTwo": two})}


# (case, profile, what a mkdir of mode 0777 gives)
CASES = [
    ("errno", profile(rule()), "Operation not permitted"),
    ("another errno", profile(rule(errnoRet=28)), "No space left on device"),
    ("unknown names", profile(rule(names=["no_such_call", *MKDIR])), "Operation not permitted"),
    ("allow", profile(rule(ALLOW)), "made"),
    ("log", profile(rule("SCMP_ACT_LOG")), "made"),
    ("trace", profile(rule("SCMP_ACT_TRACE")), "Function not implemented"),
    ("same rule twice", profile(rule(), rule()), "Operation not permitted"),
    ("no architectures", put("linux", "seccomp", {"defaultAction": ALLOW, "syscalls": [rule()]}), "Operation not permitted"),
    ("one for two conditions", profile(rule(names=["mkdir"], args=[arg("EQ", 1), arg("EQ", 0o777)])), "Operation not permitted"),
]


@pytest.mark.parametrize("edit, answer", [row[1:] for row in CASES], ids=[row[0].replace(" ", "-") for row in CASES])
def test_answers(bundles, runtime, edit, answer):
    done = runtime.run("filtered", bundles.make("filtered", ["sh", "-c", TRY], edit), check=False)
    assert done.stdout.strip() == answer


# (operator, value, second value, whether it matches 0777)
OPERATORS = [
    ("EQ", 0o777, None, True), ("EQ", 0o700, None, False), ("NE", 0o700, None, True), ("NE", 0o777, None, False),
    ("LT", 0o1000, None, True), ("LT", 0o777, None, False), ("LE", 0o777, None, True), ("LE", 0o776, None, False),
    ("GT", 0o776, None, True), ("GT", 0o777, None, False), ("GE", 0o777, None, True), ("GE", 0o1000, None, False),
    ("MASKED_EQ", 0o700, 0o700, True), ("MASKED_EQ", 0o077, 0o077, True), ("MASKED_EQ", 0o077, 0o011, False),
]


@pytest.mark.parametrize("op, value, two, matches", OPERATORS)
def test_operators(bundles, runtime, op, value, two, matches):
    edit = profile(rule(names=["mkdir"], args=[arg(op, value, two)]))
    script = "mkdir /tmp/new 2>/dev/null && echo made || echo refused"
    done = runtime.run("filtered", bundles.make("filtered", ["sh", "-c", script], edit))
    assert done.stdout.strip() == ("refused" if matches else "made")


@pytest.mark.parametrize("action", ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"])
def test_killed(bundles, runtime, action):
    """By SIGSYS, 31."""
    script = "busybox mkdir /tmp/new; echo $?"
    done = runtime.run("filtered", bundles.make("filtered", ["sh", "-c", script], profile(rule(action))), check=False)
    assert done.stdout.strip() == str(128 + 31)


@pytest.mark.parametrize("privileges", [True, False])
@pytest.mark.parametrize("uid", [0, 5])
def test_with_and_without_new_privileges(bundles, runtime, privileges, uid):
    edit = both(profile(rule(errnoRet=28)), put("process", "noNewPrivileges", not privileges), put("process", "user", {"uid": uid, "gid": 0}))
    script = f"{TRY}; sed -n 's/^Seccomp:\\t//p; s/^NoNewPrivs:\\t//p' /proc/self/status"
    bundle = bundles.make("filtered", ["sh", "-c", script], edit)
    (bundles.directory("filtered") / "rootfs/tmp").chmod(0o1777)
    assert runtime.run("filtered", bundle).stdout.splitlines() == ["No space left on device", "0" if privileges else "1", "2"]


@not_with("runc", reason="the version of Debian 13 knows none")
@pytest.mark.parametrize("flags", [
    [], ["SECCOMP_FILTER_FLAG_LOG"], ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"], ["SECCOMP_FILTER_FLAG_TSYNC"],
    ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]], ids=str)
def test_flags(bundles, runtime, flags):
    done = runtime.run("filtered", bundles.make("filtered", ["sh", "-c", TRY], profile(rule(), flags=flags)), check=False)
    assert done.stdout.strip() == "Operation not permitted"


@not_with("runc", reason="an annotation of crun's")
def test_names_that_have_to_be_known(bundles, runtime):
    edit = both(profile(rule(names=["no_such_call"])), put("annotations", {"run.oci.seccomp_fail_unknown_syscall": "1"}))
    done = runtime.run("filtered", bundles.make("filtered", ["true"], edit), check=False)
    assert done.returncode != 0
    assert "no_such_call" in done.stderr


def program(*instructions):
    """Instructions of classic BPF (code, jump if true, jump if false, constant) as base64."""
    return base64.b64encode(b"".join(struct.pack("<HBBI", *one) for one in instructions)).decode()


@not_with("runc", reason="an annotation of crun's")
def test_a_program_in_place_of_a_profile(bundles, runtime):
    """It answers mkdir and mkdirat of x86-64 with errno 28 and allows everything else."""
    text = program((0x20, 0, 0, 0), (0x15, 2, 0, 83), (0x15, 1, 0, 258), (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050000 | 28))
    edit = put("annotations", {"run.oci.seccomp_bpf_data": text})
    done = runtime.run("filtered", bundles.make("filtered", ["sh", "-c", TRY], edit), check=False)
    assert done.stdout.strip() == "No space left on device"

    bundles.remove()
    edit = put("annotations", {"run.oci.seccomp_bpf_data": "bm90IGEgcHJvZ3JhbQ=="})
    done = runtime.run("filtered", bundles.make("filtered", ["true"], edit), check=False)
    assert done.returncode != 0
