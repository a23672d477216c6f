# SPDX-License-Identifier: LGPL-2.1-or-later
"""Verbs on a container that runs: pause, resume, ps, update, events. As in test_oci.py, runc has to pass, too."""

import json

import pytest

from test_oci import ONLY_BERTH

pytestmark = pytest.mark.peer


# ---- pause and resume

def test_pause_and_resume(machine, bundles, runtime):
    count = "i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; done"
    done = runtime.detached("run", "counter", bundles.make("counter", ["sh", "-c", count]), "--detach")
    assert done.returncode == 0, done.stderr
    pid = runtime.state("counter")["pid"]
    ticks = f"cut -d' ' -f14,15 /proc/{pid}/stat"

    runtime("pause", "counter")
    assert runtime.status("counter") == "paused"
    assert f"paused {runtime.state('counter')['bundle']}".split() == machine.output(
        f"{runtime.name} --systemd-cgroup list | awk '$1 == \"counter\" {{ print $3, $4 }}'").split()
    before = machine.output(ticks)
    machine.run("sleep 0.3")
    assert machine.output(ticks) == before

    runtime("resume", "counter")
    assert runtime.status("counter") == "running"
    machine.wait_until(f'[ "$({ticks})" != "{before}" ]')


def test_a_created_container_can_be_paused(bundles, runtime):
    runtime.create("waiting", bundles.make("waiting", ["sleep", "1000"]))
    runtime("pause", "waiting")
    assert runtime.status("waiting") == "paused"
    runtime("resume", "waiting")
    assert runtime.status("waiting") == "created"


def test_pause_of_what_does_not_run(machine, sleeper, runtime):
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    done = runtime("pause", sleeper, check=False)
    assert done.returncode != 0
    assert "container not running" in done.stderr


def test_resume_of_what_is_not_paused(sleeper, runtime):
    done = runtime("resume", sleeper, check=False)
    assert done.returncode != 0
    assert "container not paused" in done.stderr


def test_exec_in_a_paused_container_is_refused(sleeper, runtime):
    runtime("pause", sleeper)
    done = runtime("exec", sleeper, "true", check=False)
    assert done.returncode != 0
    assert "paused" in done.stderr


def test_a_paused_container_can_be_killed(machine, sleeper, runtime):
    runtime("pause", sleeper)
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    runtime("delete", sleeper)


def test_a_paused_container_can_be_deleted(sleeper, runtime):
    runtime("pause", sleeper)
    runtime("delete", "--force", sleeper)
    assert runtime("state", sleeper, check=False).returncode != 0


# ---- ps

@pytest.fixture
def family(machine, bundles, runtime):
    """A container of three processes. The id of the container, the pid of its init."""
    bundle = bundles.make("family", ["sh", "-c", "sleep 1001 & sleep 1002 & wait"])
    done = runtime.detached("run", "family", bundle, "--detach")
    assert done.returncode == 0, done.stderr
    machine.wait_until(f"[ $({runtime.name} --systemd-cgroup ps -f json family | tr , '\\n' | wc -l) = 3 ]")
    return "family", runtime.state("family")["pid"]


def test_ps_as_json(machine, family, runtime):
    container, init = family
    done = runtime("ps", "--format", "json", container)
    pids = json.loads(done.stdout)
    assert init in pids
    assert done.stdout == json.dumps(pids, separators=(",", ":")) + "\n"
    for pid in pids:
        assert machine.output(f"cat /proc/{pid}/comm") in ("sh", "sleep")


def test_ps_as_table(family, runtime):
    container, init = family
    header, *rows = runtime("ps", container).stdout.splitlines()
    assert header.split()[:3] == ["UID", "PID", "PPID"]
    assert sorted(int(row.split()[1]) for row in rows) == json.loads(runtime("ps", "-f", "json", container).stdout)
    assert str(init) in [row.split()[1] for row in rows]


def test_ps_with_options(family, runtime):
    container, init = family
    header, *rows = runtime("ps", container, "-A", "-o", "comm,pid").stdout.splitlines()
    assert header.split() == ["COMMAND", "PID"]
    assert sorted(row.split()[0] for row in rows) == ["sh", "sleep", "sleep"]


@pytest.mark.parametrize("options", [["-A", "-o", "comm"], ["--no-such-option"]])
def test_ps_that_cannot_be_used(family, runtime, options):
    done = runtime("ps", family[0], *options, check=False)
    assert done.returncode != 0
    assert done.stderr


def test_ps_of_a_stopped_container(machine, sleeper, runtime):
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    assert not json.loads(runtime("ps", "-f", "json", sleeper).stdout)  # runc prints null


# ---- update
#
# runc writes the kernel's files, too, and undoes everything where they do not exist, as in this machine. Where nothing
# is changed it has to pass.

def scope_of(runtime, container):
    return f"{runtime.name}-{container}.scope"


# (options of update, properties of the scope afterwards)
UPDATES = [
    (["--memory", "512m"], {"MemoryMax": str(512 << 20)}),
    (["--memory", "1g", "--memory-swap", "3g"], {"MemoryMax": str(1 << 30), "MemorySwapMax": str(2 << 30)}),
    (["--memory-reservation", "64M"], {"MemoryLow": str(64 << 20)}),
    (["--memory", "-1"], {"MemoryMax": "infinity", "MemorySwapMax": "infinity"}),
    (["--cpu-share", "1024"], {"CPUWeight": "100"}),
    (["--cpu-share", "2"], {"CPUWeight": "1"}),
    (["--cpu-quota", "50000", "--cpu-period", "100000"], {"CPUQuotaPerSecUSec": "500ms"}),
    (["--cpuset-cpus", "0", "--cpuset-mems", "0"], {"AllowedCPUs": "0", "AllowedMemoryNodes": "0"}),
    (["--pids-limit", "77"], {"TasksMax": "77"}),
    (["--pids-limit", "-1"], {"TasksMax": "infinity"}),
    (["--blkio-weight", "10"], {"IOWeight": "10"}),
    (["--cpu-idle", "1"], {"CPUWeight": "idle"}),
    # only cgroup v1 had these
    (["--cpu-rt-period", "1000000", "--cpu-rt-runtime", "1000", "--pids-limit", "5"], {"TasksMax": "5"}),
    (["--kernel-memory", "1g", "--kernel-memory-tcp", "1g", "--pids-limit", "6"], {"TasksMax": "6"}),
    (["--memory=64M", "--pids-limit=7"], {"MemoryMax": str(64 << 20), "TasksMax": "7"}),
]


@ONLY_BERTH
@pytest.mark.parametrize("options, wanted", UPDATES, ids=[" ".join(row[0]) for row in UPDATES])
def test_update(machine, sleeper, runtime, options, wanted):
    runtime("update", *options, sleeper)
    scope = scope_of(runtime, sleeper)
    assert {name: machine.show(scope, name) for name in wanted} == wanted


RESOURCES = {"memory": {"limit": 256 << 20}, "pids": {"limit": 33}, "cpu": {"shares": 0, "quota": 0, "period": 0}}


@ONLY_BERTH
@pytest.mark.parametrize("source", ["-", "/tmp/resources.json"])
def test_update_from_json(machine, sleeper, runtime, source):
    machine.write("/tmp/resources.json", json.dumps(RESOURCES))
    runtime("update", "-r", source, sleeper, stdin=json.dumps(RESOURCES))
    machine.run("rm /tmp/resources.json")
    assert machine.show(scope_of(runtime, sleeper), "MemoryMax", "TasksMax") == {
        "MemoryMax": str(256 << 20), "TasksMax": "33"}


@ONLY_BERTH
def test_updates_add_up(machine, sleeper, runtime):
    scope = scope_of(runtime, sleeper)
    runtime("update", "--cpu-quota", "50000", "--cpu-period", "100000", sleeper)
    runtime("update", "--cpu-quota", "20000", sleeper)
    runtime("update", "--memory", "512m", sleeper)
    assert machine.show(scope, "CPUQuotaPerSecUSec", "MemoryMax") == {
        "CPUQuotaPerSecUSec": "200ms", "MemoryMax": str(512 << 20)}
    runtime("update", "--cpu-period", "200000", sleeper)
    assert machine.show(scope, "CPUQuotaPerSecUSec") == "100ms"


@ONLY_BERTH
def test_limits_that_update_does_not_name_stay(machine, sleeper, runtime):
    scope = scope_of(runtime, sleeper)
    runtime("update", "--memory", "512m", sleeper)
    machine.run(["systemctl", "set-property", "--runtime", scope, "MemoryMax=100M"])
    runtime("update", "--pids-limit", "50", sleeper)
    assert machine.show(scope, "MemoryMax", "TasksMax") == {"MemoryMax": str(100 << 20), "TasksMax": "50"}


@ONLY_BERTH
def test_a_new_memory_limit_keeps_the_amount_of_swap(machine, sleeper, runtime):
    scope = scope_of(runtime, sleeper)
    runtime("update", "--memory", "1g", "--memory-swap", "3g", sleeper)
    runtime("update", "--memory", "4g", sleeper)
    assert machine.show(scope, "MemoryMax", "MemorySwapMax") == {
        "MemoryMax": str(4 << 30), "MemorySwapMax": str(2 << 30)}


@ONLY_BERTH
def test_idle_and_back(machine, sleeper, runtime):
    scope = scope_of(runtime, sleeper)
    runtime("update", "--cpu-share", "512", sleeper)
    runtime("update", "--cpu-idle", "1", sleeper)
    assert machine.show(scope, "CPUWeight") == "idle"
    runtime("update", "--cpu-idle", "0", sleeper)
    assert machine.show(scope, "CPUWeight") == "[not set]"


@ONLY_BERTH
def test_update_replaces_the_entry_of_a_device(machine, sleeper, runtime):
    def rate(major, minor, value):
        return {"blockIO": {"throttleReadBpsDevice": [{"major": major, "minor": minor, "rate": value}]}}
    for resources in (rate(1, 0, 1000000), rate(1, 1, 2000000), rate(1, 0, 3000000)):
        runtime("update", "-r", "-", sleeper, stdin=json.dumps(resources))
    saved = json.loads(machine.output(f"cat /run/berth/{sleeper}/config.json"))
    assert saved["linux"]["resources"]["blockIO"]["throttleReadBpsDevice"] == [
        {"major": 1, "minor": 0, "rate": 3000000}, {"major": 1, "minor": 1, "rate": 2000000}]


@ONLY_BERTH
def test_update_leaves_the_device_rules(machine, sleeper, runtime):
    scope = scope_of(runtime, sleeper)
    before = machine.show(scope, "DevicePolicy", "DeviceAllow")
    runtime("update", "-r", "-", sleeper, stdin=json.dumps(
        {"pids": {"limit": 9}, "devices": [{"allow": True, "access": "rwm"}]}))
    assert machine.show(scope, "DevicePolicy", "DeviceAllow") == before


# (options, what the message says)
BAD_UPDATES = [
    (["--memory", "many"], "memory"),
    (["--cpu-quota", "1s"], "cpu-quota"),
    (["--pids-limit", "x"], "pids-limit"),
    (["--l3-cache-schema", "L3:0=f"], "Intel RDT/CAT: l3 cache schema is not enabled"),
    (["--mem-bw-schema", "MB:0=50"], "Intel RDT/MBA: memory bandwidth schema is not enabled"),
    (["-r", "/no/such/file"], "/no/such/file"),
]


@pytest.mark.parametrize("options, words", BAD_UPDATES, ids=[row[0][0] for row in BAD_UPDATES])
def test_a_wrong_update_changes_nothing(machine, sleeper, runtime, options, words):
    properties = scope_of(runtime, sleeper), "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax"
    before = machine.show(*properties)
    done = runtime("update", *options, sleeper, check=False)
    assert done.returncode != 0
    assert words in done.stderr
    assert machine.show(*properties) == before


@ONLY_BERTH
@pytest.mark.parametrize("resources, words", [
    ({"memory": {"limit": "x"}}, "/linux/resources/memory/limit"),
    ({"memory": {"limit": 1000, "swap": 10}, "pids": {"limit": 8}}, "/linux/resources/memory/swap"),
    ({"cpu": {"idle": 2}}, "/linux/resources/cpu/idle"),
    ({"pids": {"limit": 8}, "unified": {"no.such": "1"}}, "no.such"),
])
def test_a_failed_update_keeps_the_old_limits(machine, sleeper, runtime, resources, words):
    runtime("update", "--memory", "512m", "--pids-limit", "99", sleeper)
    file = f"/run/berth/{sleeper}/config.json"
    before = machine.output(f"cat {file}")
    done = runtime("update", "-r", "-", sleeper, stdin=json.dumps(resources), check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1, "one failure, one message"
    assert machine.show(scope_of(runtime, sleeper), "MemoryMax", "TasksMax") == {
        "MemoryMax": str(512 << 20), "TasksMax": "99"}
    assert machine.output(f"cat {file}") == before


@ONLY_BERTH
def test_update_of_what_only_cgroup_v1_has(machine, sleeper, runtime):
    resources = {"memory": {"kernel": 1000000, "swappiness": 3}, "cpu": {"realtimeRuntime": 5}, "pids": {"limit": 44}}
    runtime("update", "-r", "-", sleeper, stdin=json.dumps(resources))
    assert machine.show(scope_of(runtime, sleeper), "TasksMax") == "44"


@ONLY_BERTH
def test_exec_after_an_update(sleeper, runtime):
    runtime("update", "--pids-limit", "50", sleeper)
    assert runtime("exec", sleeper, "echo", "hello").stdout == "hello\n"


def test_update_of_a_stopped_container(machine, sleeper, runtime):
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    done = runtime("update", "--pids-limit", "5", sleeper, check=False)
    assert done.returncode != 0
    assert "not running" in done.stderr


# ---- events

def test_events_once(machine, sleeper, runtime):
    done = runtime("events", "--stats", sleeper)
    event = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert (event["type"], event["id"]) == ("stats", sleeper)
    data = event["data"]
    assert {"cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt"} <= set(data)
    assert set(data["cpu"]) >= {"usage", "throttling"}
    assert set(data["memory"]) >= {"usage", "swap", "kernel", "kernelTCP"}
    assert data["memory"]["usage"].keys() >= {"limit", "failcnt"}


@ONLY_BERTH  # runc reads nothing where there are no controllers
def test_events_tell_the_time_used(machine, bundles, runtime):
    done = runtime.detached("run", "busy", bundles.make("busy", ["sh", "-c", "while :; do :; done"]), "--detach")
    assert done.returncode == 0, done.stderr
    usage = [json.loads(runtime("events", "--stats", "busy").stdout)["data"]["cpu"]["usage"] for _ in range(2)]
    cgroup = machine.output(f"sed -n 's/^0:://p' /proc/{runtime.state('busy')['pid']}/cgroup")
    after = int(machine.output(f"sed -n 's/^usage_usec //p' /sys/fs/cgroup{cgroup}/cpu.stat")) * 1000
    assert 0 < usage[0]["total"] <= usage[1]["total"] <= after
    # the kernel scales what ticks counted, so user may be a little ahead of a total read with it: only the order of
    # readings of one counter is certain
    assert 0 < usage[0]["user"] + usage[0]["kernel"] <= usage[1]["user"] + usage[1]["kernel"]


@ONLY_BERTH  # runc gives up where there is no memory controller, as in this machine
def test_events_end_with_the_container(machine, sleeper, runtime):
    unit = "events-of-sleeper"
    machine.run(f"systemd-run --quiet --unit {unit} --property=RemainAfterExit=yes sh -c"
                f" 'exec {runtime.name} --systemd-cgroup events --interval 50ms {sleeper} >/tmp/events'")
    machine.wait_until("[ $(wc -l </tmp/events) -ge 2 ]")
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"systemctl show {unit} -p SubState | grep -x SubState=exited")
    events = [json.loads(line) for line in machine.output("cat /tmp/events").splitlines()]
    assert {event["type"] for event in events} == {"stats"}
    machine.run(f"rm /tmp/events; systemctl stop {unit}")


@pytest.mark.parametrize("options", [["--interval", "0s"], ["--interval", "soon"]])
def test_events_with_a_wrong_interval(sleeper, runtime, options):
    done = runtime("events", *options, sleeper, check=False)
    assert done.returncode != 0
    assert "interval" in done.stderr


def test_events_of_a_stopped_container(machine, sleeper, runtime):
    runtime("kill", sleeper, "KILL")
    machine.wait_until(f"{runtime.name} --systemd-cgroup state {sleeper} | grep stopped")
    done = runtime("events", "--stats", sleeper, check=False)
    assert done.returncode != 0
    assert "not running" in done.stderr
