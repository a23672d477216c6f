# SPDX-License-Identifier: LGPL-2.1-or-later
"""The validation suite of the Open Container Initiative (runtime-tools, "validation") with berth, crun and runc
in the same machine: what holds with one of the others has to hold with berth. The table of all is printed at the end."""

import pytest
from answers import NOTHING_WRONG, worse

# The slow ones first: everything else goes on beside them.
TESTS = """
    delete kill pidfile linux_rootfs_propagation linux_masked_paths linux_readonly_paths linux_ns_path
    config_updates_without_affect create default hooks hooks_stdin hostname kill_no_effect killsig linux_devices
    linux_mount_label linux_ns_itype linux_ns_nopath linux_ns_path_type linux_process_apparmor_profile linux_seccomp
    linux_sysctl linux_uid_mappings misc_props mounts poststart poststart_fail poststop poststop_fail prestart prestart_fail
    process process_capabilities process_capabilities_fail process_oom_score_adj process_rlimits process_rlimits_fail
    process_user root_readonly_true start state
""".split()

# These know only the files of cgroup v1: the suite has no reader for v2 ("cgroupv2 is not supported yet").
CGROUP_V1 = """
    delete_only_create_resources delete_resources linux_cgroups_blkio linux_cgroups_cpus linux_cgroups_devices
    linux_cgroups_hugetlb linux_cgroups_memory linux_cgroups_network linux_cgroups_pids linux_cgroups_relative_blkio
    linux_cgroups_relative_cpus linux_cgroups_relative_devices linux_cgroups_relative_hugetlb linux_cgroups_relative_memory
    linux_cgroups_relative_network linux_cgroups_relative_pids
""".split()

# What no runtime passes, and why.
BY_NOBODY = {
    "hooks": "the suite expects other lines than those its hooks write",
    "linux_process_apparmor_profile": "the kernel has no AppArmor, or not the profile 'acme_secure_profile'",
    "poststart_fail": "the specification has changed: a poststart hook that fails stops the container, as from runc",
    "prestart": "every runtime runs prestart hooks at create, the suite expects them at start",
    "process_capabilities": "it asks for capabilities that the machine has not (CAP_SYS_RESOURCE)",
    "process_capabilities_fail": "unknown capabilities are ignored with a warning, as from runc",
}

# Who is fast loses: what depends on how far the payload has come. A lost race is a skip, after some attempts.
RACES = {
    "killsig": "a race: the payload was sent the signal before it had set its trap",
    "pidfile": "a race: the payload ended on its own before it could be killed",
    "poststart": "a race: the hook wrote its line before the payload did",
}

# What berth refuses as runc does, though crun ignores it.
REFUSED = {"linux_mount_label": "without SELinux a mount label is refused, as by runc"}

# (test, assertion): why berth does otherwise, though another runtime passes
OTHERWISE = {
    ("poststart_fail", NOTHING_WRONG): BY_NOBODY["poststart_fail"],
    ("start", "`start` operation MUST generate an error if `process` was not set"):
        "the suite passes who starts such a container; berth, like runc, refuses to create it",
}


@pytest.mark.validation
@pytest.mark.parametrize("test", TESTS)
def test_validation(answers, test):
    """Every assertion that holds with one of the others holds with berth."""
    answer, broken = answers[test]["berth"], worse(answers[test])
    if test in RACES and answer.failed:
        pytest.skip(RACES[test])
    if test in REFUSED and answer.failed and answers[test]["runc"].failed:
        pytest.skip(REFUSED[test])
    decided = [name for name in broken if (test, name) in OTHERWISE]
    assert len(broken) == len(decided), "\n".join(f"{name}: {details}" for name, details in broken.items())
    if decided:
        pytest.skip(OTHERWISE[test, decided[0]])
    if not any(answer.holds() for answer in answers[test].values()):
        assert test in BY_NOBODY, f"no runtime passes, and nobody knows why: {answer.failed}"
        pytest.skip(BY_NOBODY[test])


@pytest.mark.parametrize("test", CGROUP_V1)
def test_not_on_cgroup_v2(test):
    pytest.skip("it reads the files of cgroup v1")


def test_nothing_is_missing(machine):
    assert sorted(machine.output("/opt/conformance/validate list").split()) == sorted([*TESTS, *CGROUP_V1])


def test_nothing_is_left(left):
    """When its containers are deleted, berth has left nothing behind, whatever the tests did."""
    assert not left
