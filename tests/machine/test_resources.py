# SPDX-License-Identifier: LGPL-2.1-or-later
"""Resource settings of a container's service: they are the scope's, change while it runs, and last. Whether the kernel keeps
them is for tests/vm to see: here it has no controllers."""

import pytest

# What to write, and what of it the scope has to have (the service has the same). Everything that systemd.resource-control(5) has.
SETTINGS = {
    "AllowedCPUs": "0", "AllowedMemoryNodes": "0", "BPFProgram": "egress:/sys/fs/bpf/out", "CPUQuota": "50%",
    "CPUQuotaPeriodSec": "50ms", "CPUWeight": "77", "CoredumpReceive": "yes", "DefaultMemoryLow": "1M", "DefaultMemoryMin": "1M",
    "DefaultStartupMemoryLow": "1M", "DeviceAllow": "/dev/fuse rw", "DevicePolicy": "closed", "DisableControllers": "cpuset",
    "IODeviceLatencyTargetSec": "/dev/null 50ms", "IODeviceWeight": "/dev/null 50", "IOReadBandwidthMax": "/dev/null 5M",
    "IOReadIOPSMax": "/dev/null 50", "IOWeight": "55", "IOWriteBandwidthMax": "/dev/null 6M", "IOWriteIOPSMax": "/dev/null 60",
    "IPAccounting": "yes", "IPAddressAllow": "127.0.0.0/8", "IPAddressDeny": "any", "IPEgressFilterPath": "/sys/fs/bpf/out",
    "IPIngressFilterPath": "/sys/fs/bpf/in", "ManagedOOMMemoryPressure": "kill", "ManagedOOMMemoryPressureDurationSec": "10s",
    "ManagedOOMMemoryPressureLimit": "50%", "ManagedOOMPreference": "avoid", "ManagedOOMSwap": "kill", "MemoryHigh": "500M",
    "MemoryLow": "2M", "MemoryMax": "600M", "MemoryMin": "1M", "MemorySwapMax": "10M", "MemoryZSwapMax": "5M",
    "MemoryZSwapWriteback": "no", "NFTSet": "cgroup:inet:none:none", "RestrictNetworkInterfaces": "lo", "SocketBindAllow": "tcp:80",
    "SocketBindDeny": "any", "StartupAllowedCPUs": "0", "StartupAllowedMemoryNodes": "0", "StartupCPUWeight": "88",
    "StartupIOWeight": "66", "StartupMemoryHigh": "400M", "StartupMemoryLow": "3M", "StartupMemoryMax": "700M",
    "StartupMemorySwapMax": "11M", "StartupMemoryZSwapMax": "6M", "TasksMax": "66",
}
# settings that are called otherwise as properties
PROPERTIES = {"CPUQuota": "CPUQuotaPerSecUSec"}


def property_of(setting):
    return PROPERTIES.get(setting) or (setting.removesuffix("Sec") + "USec" if setting.endswith("Sec") else setting)


@pytest.fixture
def limited(machine, bundles, declare):
    """limited(*lines): container@limited with these settings of its service runs."""
    bundles.make("limited", ["sleep", "1000"])

    def start(*lines):
        declare("/run/systemd/system/container@limited.service.d/limits.conf", "\n".join(["[Service]", *lines, ""]))
        machine.run("systemctl start container@limited")

    yield start
    machine.run("systemctl stop container@limited")


# A program for the control group that lets everything through, pinned where the settings look for it.
BPF = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
def bpf(command, attributes):
    attributes = ctypes.create_string_buffer(attributes.ljust(128, b'\\0'))
    result = libc.syscall(321 if __import__('platform').machine() == 'x86_64' else 280, command, attributes, 128)
    assert result >= 0, ctypes.get_errno()
    return result
code = ctypes.create_string_buffer(struct.pack('<BBhi', 0xb7, 0, 0, 1) + struct.pack('<BBhi', 0x95, 0, 0, 0))
name = ctypes.create_string_buffer(b'GPL')
CGROUP_SKB = 8
for path, attach in ((b'/sys/fs/bpf/in', 0), (b'/sys/fs/bpf/out', 1)):
    program = bpf(5, struct.pack('<IIQQIIQII16sII', CGROUP_SKB, 2, ctypes.addressof(code), ctypes.addressof(name), 0, 0, 0, 0, 0, b'',
                                 0, attach))
    where = ctypes.create_string_buffer(path)
    bpf(6, struct.pack('<QII', ctypes.addressof(where), program, 0))
"""


@pytest.fixture
def programs(machine):
    machine.run(["python3", "-c", BPF])
    yield
    machine.run("rm /sys/fs/bpf/in /sys/fs/bpf/out")


def values(machine, unit, kind):
    """The properties of a unit as systemd has them, settings that nobody has set included: name -> text."""
    get = "busctl get-property"
    path = machine.output(f"busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"
                          f" LoadUnit s {unit}").split()[1].strip('"')
    lines = [f"echo {name} $({get} org.freedesktop.systemd1 {path} org.freedesktop.systemd1.{kind} {name} 2>&1)"
             for name in map(property_of, SETTINGS)]
    found = dict(line.split(" ", 1) for line in machine.output("\n".join(lines)).splitlines())
    return {name: value for name, value in found.items() if not value.startswith("Failed")}


def test_every_setting_is_the_scope_s(machine, programs, limited):
    limited(*(f"{setting}={value}" for setting, value in SETTINGS.items()))
    default = values(machine, "systemd-journald.service", "Service")
    service = values(machine, "container@limited.service", "Service")
    scope = values(machine, "berth-limited.scope", "Scope")
    assert len(service) > 35
    # journald has one itself
    assert [name for name in service if service[name] == default[name] and name != "IPAddressDeny"] == []
    # beside that of the configuration, and not looser
    assert '"/dev/fuse" "rw"' in scope.pop("DeviceAllow")
    assert scope.pop("DevicePolicy") == 's "strict"'
    assert {name: service[name] for name in scope} == scope
    assert set(service) - set(scope) == {"DeviceAllow", "DevicePolicy"}


def test_slice(machine, limited):
    limited("Slice=tenant.slice")
    assert machine.show("berth-limited.scope", "Slice") == "tenant.slice"
    assert machine.show("berth-limited.scope", "ControlGroup") == "/tenant.slice/berth-limited.scope"


def test_changes_of_the_scope_last(machine, limited):
    """set-property and update change what runs, and a daemon-reload or daemon-reexec loses nothing of it."""
    limited("TasksMax=50", "MemoryMax=500M")
    pid = machine.output("berth state limited | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p'")
    machine.run("systemctl set-property --runtime berth-limited.scope TasksMax=60 CPUWeight=50")
    machine.run("berth update --memory 400M limited")
    expected = {"TasksMax": "60", "CPUWeight": "50", "MemoryMax": str(400 << 20)}
    assert machine.show("berth-limited.scope", *expected) == expected
    for verb in ("daemon-reload", "daemon-reexec"):
        machine.run(f"systemctl {verb}")
        assert machine.show("berth-limited.scope", *expected) == expected
    assert machine.output("berth state limited | sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p'") == pid
    machine.run("systemctl restart container@limited")
    assert machine.show("berth-limited.scope", "TasksMax", "MemoryMax") == {"TasksMax": "50", "MemoryMax": str(500 << 20)}


def test_changes_of_the_service_count_at_the_next_start(machine, limited):
    limited("TasksMax=50")
    machine.run("systemctl set-property --runtime container@limited TasksMax=70")
    assert machine.show("berth-limited.scope", "TasksMax") == "50"
    machine.run("systemctl restart container@limited")
    assert machine.show("berth-limited.scope", "TasksMax") == "70"
    machine.run("rm -r /run/systemd/system.control; systemctl daemon-reload")
