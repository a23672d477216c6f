# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd gives to a service besides sockets: credentials, directories, variables. The payload finds them where a
service would, and nothing else of the service's."""

import shlex

import pytest

from machine import from_now_on

ROOTFS = "/var/lib/berth/given/rootfs"
CREDENTIALS = "/run/credentials/container@given.service"


@pytest.fixture(autouse=True)
def rootfs(bundles):
    bundles.make("given")


@pytest.fixture
def given(machine, declare):
    """given(script, service, container=""): what the script says as the payload of container@given."""
    directories = "/var/lib/given /var/cache/given /var/log/given /etc/given"

    def start(script, service="", container=""):
        words = shlex.quote(f"{script}; echo end; exec sleep 1000").replace("%", "%%")
        declare("/etc/berth/given.container",
                f"[Container]\nRootfs={ROOTFS}\nExec=sh -c {words}\nStopSignal=SIGKILL\n{container}\n[Service]\n{service}\n")
        return restart()

    def restart():
        since = from_now_on()
        machine.run("systemctl restart container@given")
        journal = f"journalctl -u container@given -o cat {since}"
        machine.wait_until(f"{journal} | grep -x end")
        return machine.output(f"journalctl --sync; {journal}").splitlines()

    start.again = restart
    yield start
    machine.run("systemctl stop container@given")
    machine.run(f"rm -rf {directories}")


def variables(said):
    return dict(line.split("=", 1) for line in said if "=" in line)


# ---- credentials

SECRETS = "LoadCredential=file:/etc/given-secret\nSetCredential=text:from the unit"
READ = "cd $CREDENTIALS_DIRECTORY && pwd; for f in *; do echo $f $(stat -c '%a %u %g' $f) $(cat $f); done; stat -c '%a %u' ."


@pytest.fixture
def secret(machine):
    machine.write("/etc/given-secret", "from a file")
    yield
    machine.run("rm /etc/given-secret")


@pytest.mark.parametrize("uid, gid", [(0, 0), (1000, 1001)])
def test_credentials(machine, given, secret, uid, gid):
    """At the same path, for the payload's user alone, and read-only."""
    said = given(f"{READ}; touch new; rm text", SECRETS, f"User={uid}:{gid}")
    assert CREDENTIALS in said
    assert f"file 400 {uid} {gid} from a file" in said
    assert f"text 400 {uid} {gid} from the unit" in said
    assert f"500 {uid}" in said
    assert len([line for line in said if "Read-only file system" in line]) == 2


def test_credentials_are_in_no_other_place(machine, given, secret):
    """Neither in the container's configuration nor in its environment, on no disk, and gone with the container."""
    said = given("env; grep credentials /proc/self/mountinfo; ls /run/credentials", SECRETS)
    mount = [line.split() for line in said if " /run/credentials" in line]
    assert len(mount) == 1
    assert "ramfs" in mount[0]
    assert set("ro,nosuid,nodev,noexec".split(",")) <= set(mount[0][5].split(","))
    assert said.count("container@given.service") == 1, "and none of another unit"
    assert not [line for line in said if "from the unit" in line]
    assert machine.run(f"grep -r 'from the' /run/berth-unit/given", check=False).returncode == 1
    assert machine.run(f"grep {CREDENTIALS} /proc/1/mountinfo", check=False).returncode == 0
    machine.run("systemctl stop container@given")
    assert machine.run(f"grep {CREDENTIALS} /proc/*/mountinfo", check=False).returncode == 1
    assert machine.run(f"test -e {CREDENTIALS}", check=False).returncode == 1
    assert machine.run(f"test -e {ROOTFS}/run/credentials", check=False).returncode == 1


def test_credentials_of_a_restart_are_new(machine, given, secret):
    assert any("from a file" in line for line in given(READ, SECRETS))
    machine.write("/etc/given-secret", "changed")
    said = given.again()
    assert any(line.endswith(" changed") for line in said)
    assert not any("from a file" in line for line in said)


def test_encrypted_credentials(machine, given):
    machine.run("echo -n hidden | systemd-creds encrypt --with-key=host --name=word - /etc/given.cred")
    said = given(READ, "LoadCredentialEncrypted=word:/etc/given.cred")
    machine.run("rm /etc/given.cred")
    assert "word 400 0 0 hidden" in said


@pytest.mark.parametrize("link, target", [("/run", "/"), ("/run", "/etc"), ("/run/credentials", "/proc/self/root/etc"),
                                          ("/run/credentials", "../../../../etc")])
def test_an_image_does_not_redirect_credentials(machine, bundles, secret, declare, link, target):
    """Symbolic links of the image lead somewhere in the image."""
    bundle = bundles.make("linked", ["sh", "-c", "cat $CREDENTIALS_DIRECTORY/text; echo; echo end; exec sleep 1000"])
    declare("/run/systemd/system/container@linked.service.d/secret.conf", "[Service]\nSetCredential=text:word\n")
    machine.run(f"cd {bundle}/rootfs && rm -rf .{link} && mkdir -p .$(dirname {link}) && ln -s {target} .{link}")
    before = machine.output("find /etc /run /proc/self/root/etc -path '*container@linked*' -name text 2>/dev/null | sort")
    started = machine.run("systemctl start container@linked", check=False)
    if started.returncode == 0:
        machine.wait_until("journalctl -u container@linked -o cat | grep -x end")
        after = machine.output("find /etc /run -path '*container@linked*' -name text 2>/dev/null | sort")
        assert set(after.split()) <= {"/run/credentials/container@linked.service/text"}
        assert not before
    machine.run("systemctl stop container@linked; systemctl reset-failed container@linked", check=False)


# ---- directories

DIRECTORIES = "StateDirectory=given given/below\nCacheDirectory=given\nLogsDirectory=given\n" \
    "RuntimeDirectory=given\nConfigurationDirectory=given"
PATHS = {"STATE_DIRECTORY": "/var/lib/given:/var/lib/given/below", "CACHE_DIRECTORY": "/var/cache/given",
         "LOGS_DIRECTORY": "/var/log/given", "RUNTIME_DIRECTORY": "/run/given", "CONFIGURATION_DIRECTORY": "/etc/given"}
WRITE = "for d in $(echo $STATE_DIRECTORY $CACHE_DIRECTORY $LOGS_DIRECTORY $RUNTIME_DIRECTORY | tr : ' ');" \
    " do echo word >$d/file && stat -c 'made %n %u %g' $d/file; stat -c 'dir %n %u %g' $d; done"
WRITABLE = [path for name, paths in PATHS.items() if name != "CONFIGURATION_DIRECTORY" for path in paths.split(":")]


@pytest.mark.parametrize("user", ["0:0", "1000:1001"])
def test_directories(machine, given, user):
    """At the same paths, and the payload's user can write to them."""
    said = given(f"env; {WRITE}", DIRECTORIES, f"User={user}")
    assert PATHS.items() <= variables(said).items()
    for path in WRITABLE:
        assert f"made {path}/file {user.replace(':', ' ')}" in said
        assert f"dir {path} {user.replace(':', ' ')}" in said
        assert machine.output(f"cat {path}/file") == "word"


def test_directories_belong_to_root_of_a_user_namespace(machine, bundles, declare):
    def edit(config):
        config["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundles.make("mapped", ["sh", "-c", f"env; {WRITE}; cat $CREDENTIALS_DIRECTORY/text; echo; echo end; exec sleep 1000"], edit)
    machine.run("chown -R 100000:100000 /var/lib/berth/mapped/rootfs")
    declare("/run/systemd/system/container@mapped.service.d/given.conf", f"[Service]\n{DIRECTORIES}\nSetCredential=text:word\n")
    machine.run("systemctl start container@mapped")
    machine.wait_until("journalctl -u container@mapped -o cat | grep -x end")
    said = machine.journal("-u", "container@mapped").splitlines()
    for path in WRITABLE:
        assert f"made {path}/file 0 0" in said
    assert "word" in said
    machine.run("systemctl stop container@mapped; rm -r /var/lib/given /var/cache/given /var/log/given /etc/given")


def test_directories_keep_what_is_in_them(machine, given):
    """StateDirectory= stays and is the payload's again, RuntimeDirectory= goes unless it is preserved."""
    script = "for d in /var/lib/given /run/given; do echo $d had $(cat $d/x); echo one >>$d/x; done"
    said = given(script, DIRECTORIES, "User=1000:1000")
    assert "/var/lib/given had" in said
    said = given.again()
    assert "/var/lib/given had one" in said
    assert "/run/given had" in said
    machine.run("systemctl stop container@given")
    assert machine.run("test -e /run/given", check=False).returncode == 1


def test_a_runtime_directory_that_is_preserved(machine, given):
    script = "echo had $(cat $RUNTIME_DIRECTORY/x); echo one >>$RUNTIME_DIRECTORY/x"
    given(script, DIRECTORIES + "\nRuntimeDirectoryPreserve=yes", "User=1000:1000")
    said = given.again()
    assert "had one" in said
    machine.run("systemctl stop container@given; rm -r /run/given")


def test_a_runtime_directory_stays_the_payload_s_through_a_reload(machine, given):
    """systemd gives directories back to root with everything that it executes for the unit."""
    given("true", DIRECTORIES + "\nExecReload=true", "User=1000:1000")
    machine.run("systemctl reload container@given")
    machine.run("berth exec given touch /run/given/again")


def test_a_volume_wins(machine, given):
    machine.run("mkdir /run/other && echo other >/run/other/x")
    said = given("cat /var/lib/given/x", DIRECTORIES, "Volume=/run/other:/var/lib/given")
    assert "other" in said
    machine.run("systemctl stop container@given; rm -r /run/other")


# ---- other variables

def test_nothing_else_of_the_service_gets_in(machine, given):
    machine.write("/etc/given-env", "FROM_FILE=1\n")
    said = given("env", "Environment=FROM_SERVICE=1 LD_PRELOAD=/nothing\nEnvironmentFile=/etc/given-env\nPassEnvironment=PATH LANG\n"
                 "Environment=JOURNAL_STREAM_X=1", "Environment=MINE=1")
    found = set(variables(said))
    assert {"INVOCATION_ID", "NOTIFY_SOCKET", "MINE"} <= found
    assert found <= {"INVOCATION_ID", "NOTIFY_SOCKET", "MINE", "HOME", "PATH", "PWD", "SHLVL", "TERM", "FDSTORE",
                     "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE"}
    machine.run("systemctl stop container@given; rm /etc/given-env")


def test_who_failed(machine, bundles, declare):
    """MONITOR_...: a container that looks after another unit."""
    bundles.make("watcher", ["sh", "-c", "env; echo end; exec sleep 1000"])
    declare("/run/systemd/system/fails.service", "[Unit]\nOnFailure=container@watcher.service\n[Service]\nExecStart=sh -c 'exit 7'\n")
    machine.run("systemctl start fails", check=False)
    machine.wait_until("journalctl -u container@watcher -o cat | grep -x end")
    said = variables(machine.journal("-u", "container@watcher").splitlines())
    assert said["MONITOR_UNIT"] == "fails.service"
    assert said["MONITOR_SERVICE_RESULT"] == "exit-code"
    assert (said["MONITOR_EXIT_CODE"], said["MONITOR_EXIT_STATUS"]) == ("exited", "7")
    assert len(said["MONITOR_INVOCATION_ID"]) == 32
    machine.run("systemctl reset-failed fails")


def test_what_triggered_it(machine, bundles, declare):
    """TRIGGER_...: a path unit and a timer."""
    bundles.make("triggered", ["sh", "-c", "env; echo end; exec sleep 1000"])
    declare("/run/systemd/system/look.path", "[Path]\nPathExists=/run/look-here\nUnit=container@triggered.service\n")
    machine.run("systemctl start look.path; touch /run/look-here")
    machine.wait_until("journalctl -u container@triggered -o cat | grep -x end")
    said = variables(machine.journal("-u", "container@triggered").splitlines())
    assert (said["TRIGGER_UNIT"], said["TRIGGER_PATH"]) == ("look.path", "/run/look-here")
    machine.run("systemctl stop look.path; rm /run/look-here; systemctl stop container@triggered")

    declare("/run/systemd/system/look.timer", "[Timer]\nOnActiveSec=0\nUnit=container@triggered.service\n")
    machine.run("systemctl start look.timer")
    machine.wait_until("test $(journalctl -u container@triggered -o cat | grep -cx end) -eq 2")
    said = variables(machine.journal("-u", "container@triggered").splitlines())
    assert said["TRIGGER_UNIT"] == "look.timer"
    assert said["TRIGGER_TIMER_REALTIME_USEC"].isdigit()
    assert said["TRIGGER_TIMER_MONOTONIC_USEC"].isdigit()
    machine.run("systemctl stop look.timer container@triggered")


# ---- a user's systemd

def test_of_a_user(machine, user, bundle_template, declare):
    """A user's units have their directories in his home and his runtime directory."""
    home, runtime = user.home, user.runtime_dir
    user.run("mkdir -p .config/berth .local/share/berth/mine")
    machine.run(["cp", "-a", ROOTFS, f"{home}/mine-rootfs"])
    machine.run(["chown", "-R", f"{user.uid}:{user.uid}", f"{home}/mine-rootfs"])
    machine.write(f"{home}/.config/berth/mine.container", f"""\
[Container]
Rootfs={home}/mine-rootfs
Exec=sh -c "env; cat $CREDENTIALS_DIRECTORY/text; echo; echo word >$STATE_DIRECTORY/file; echo word >$RUNTIME_DIRECTORY/file; echo end; exec sleep 1000"
StopSignal=SIGKILL
[Service]
SetCredential=text:secret
StateDirectory=mine
RuntimeDirectory=mine
""")
    machine.run(f"chown -R {user.uid}:{user.uid} {home}/.config")
    user.run("systemctl --user daemon-reload; systemctl --user start container@mine")
    machine.wait_until(f"journalctl -o cat _UID={user.uid} CONTAINER_NAME=mine | grep -x end")
    said = machine.journal(f"_UID={user.uid}", "CONTAINER_NAME=mine").splitlines()
    assert "secret" in said
    found = variables(said)
    assert found["RUNTIME_DIRECTORY"] == f"{runtime}/mine"
    assert found["CREDENTIALS_DIRECTORY"].startswith(runtime)
    assert user.output(f"cat {found['STATE_DIRECTORY']}/file; cat {runtime}/mine/file").split() == ["word", "word"]
    user.run(f"systemctl --user stop container@mine; rm -r .config/berth {found['STATE_DIRECTORY']};"
             " systemctl --user daemon-reload")
    machine.run(f"rm -r {home}/mine-rootfs")
