/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys of declared containers: what they store, and the message for each way to get them wrong. */

#include <signal.h>
#include <string.h>
#include <syslog.h>

#include "basic/macro.h"
#include "config/container-file.h"
#include "config/effective.h"

static ContainerFile *parse(const char *const *texts, GPtrArray *messages) {
        GPtrArray *files = g_ptr_array_new();

        for (unsigned i = 0; texts[i]; i++) {
                _cleanup_free_ char *path = g_strdup_printf("f%u", i);

                g_ptr_array_add(files,
                                unit_file_parse(path, g_strdup(texts[i]), strlen(texts[i]), messages));
        }
        return container_file_new("web", files, messages);
}

static char *dump_messages(const GPtrArray *messages) {
        GString *out = g_string_new(NULL);

        for (unsigned i = 0; i < messages->len; i++) {
                _cleanup_free_ char *line = config_message_format(messages->pdata[i]);

                g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", line);
        }
        return g_string_free(out, FALSE);
}

static ContainerFile *parse_good(const char *const *texts) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        ContainerFile *c = parse(texts, messages);
        _cleanup_free_ char *dump = dump_messages(messages);

        g_assert_cmpstr(dump, ==, "");
        return c;
}

static void assert_strv(char **strv, const char *expected) {
        _cleanup_free_ char *joined = strv ? g_strjoinv("|", strv) : NULL;

        g_assert_cmpstr(joined, ==, expected);
}

static void test_all_keys(void) {
        static const char *const texts[] = {
                "[Unit]\nDescription=x\n"
                "[Container]\nRootfs=//srv/./web/\nExec=/bin/sh -c \"echo 100%% %i\"\n"
                "Environment=A=1 \"B=x y\"\nEnvironment=A=2\nVolume=/a:/b\nVolume=/c/:/d:ro,noexec\n"
                "User=www:33\nReadOnly=yes\nNotify=ready\nStopSignal=SIGINT\nNetwork=none\nWorkingDir=/"
                "w\nHostName=h\n"
                "X-Note=anything\n"
                "[Resctrl]\nSchemata=L3:0=f;1=f\nSchemata=MB:0=50\nClosID=gold\n"
                "[Socket]\nListenStream=80\n"
                "[Service]\nMemoryMax=1G\n"
                "[Install]\nWantedBy=a.target b.target\nRequiredBy=c.service\nUpheldBy=d.slice\n"
                "[X-Other]\nwhat=ever\n",
                NULL,
        };
        _cleanup_(container_file_freep) ContainerFile *c = parse_good(texts);
        const ContainerVolume *second;

        g_assert_cmpstr(c->name, ==, "web");
        g_assert_cmpstr(c->path, ==, "f0");
        g_assert_cmpstr(c->rootfs, ==, "/srv/web");
        g_assert_null(c->bundle);
        assert_strv(c->exec, "/bin/sh|-c|echo 100% web");
        assert_strv(c->environment, "A=2|B=x y");
        g_assert_cmpuint(c->volumes->len, ==, 2);
        second = c->volumes->pdata[1];
        g_assert_cmpstr(second->source, ==, "/c");
        g_assert_cmpstr(second->destination, ==, "/d");
        assert_strv(second->options, "ro|noexec");
        g_assert_cmpstr(c->user, ==, "www");
        g_assert_cmpstr(c->group, ==, "33");
        g_assert_cmpint(c->read_only, ==, 1);
        g_assert_cmpint(c->notify, ==, CONTAINER_NOTIFY_READY);
        g_assert_cmpint(c->stop_signal, ==, SIGINT);
        g_assert_cmpint(c->network, ==, CONTAINER_NETWORK_NONE);
        g_assert_cmpstr(c->working_dir, ==, "/w");
        g_assert_cmpstr(c->host_name, ==, "h");
        assert_strv(c->schemata, "L3:0=f;1=f|MB:0=50");
        g_assert_cmpstr(c->clos_id, ==, "gold");
        assert_strv(c->wanted_by, "a.target|b.target");
        assert_strv(c->required_by, "c.service");
        assert_strv(c->upheld_by, "d.slice");
        g_assert_true(c->has_socket);
}

static void test_defaults(void) {
        static const char *const texts[] = { "[Container]\nBundle=/b\n", NULL };
        _cleanup_(container_file_freep) ContainerFile *c = parse_good(texts);

        g_assert_cmpstr(c->bundle, ==, "/b");
        g_assert_null(c->rootfs);
        g_assert_null(c->exec);
        g_assert_null(c->user);
        g_assert_cmpint(c->read_only, ==, -1);
        g_assert_cmpint(c->notify, ==, CONTAINER_NOTIFY_UNSET);
        g_assert_cmpint(c->network, ==, CONTAINER_NETWORK_UNSET);
        g_assert_cmpint(c->stop_signal, ==, 0);
        g_assert_false(c->has_socket);
}

static void test_rootfs(void) {
        static const struct {
                const char *text, *path;
                bool overlay;
        } cases[] = {
                { "Rootfs=/r:O\n", "/r", true },        { "Rootfs=/r/:O\n", "/r", true },
                { "Rootfs=/a:b\n", "/a:b", false },     { "Rootfs=/a:b:O\n", "/a:b", true },
                { "Rootfs=/a:O/b\n", "/a:O/b", false }, { "Rootfs=/a:O\nRootfs=/b\n", "/b", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = g_strconcat("[Container]\nExec=x\n", cases[i].text, NULL);
                const char *const texts[] = { text, NULL };
                _cleanup_(container_file_freep) ContainerFile *c = parse_good(texts);

                g_assert_cmpstr(c->rootfs, ==, cases[i].path);
                g_assert_cmpint(c->rootfs_overlay, ==, cases[i].overlay);
        }
}

/* Drop-ins come after the file: they add to lists, replace values and reset both with an empty assignment.
 */
static void test_dropins(void) {
        static const char *const texts[] = {
                "[Container]\nRootfs=/r\nExec=a\nEnvironment=A=1 "
                "B=2\nVolume=/a:/a\nUser=7\nReadOnly=yes\nStopSignal=INT\n"
                "[Resctrl]\nSchemata=L3:0=f\n[Install]\nWantedBy=a.target\n",
                "[Container]\nExec=b "
                "c\nEnvironment=B=3\nVolume=\nVolume=/x:/x\nReadOnly=\nStopSignal=\nUser=\n",
                "[Container]\nEnvironment=\nEnvironment=C=4\n[Resctrl]\nSchemata=\n[Install]\nWantedBy=b."
                "target\n",
                NULL,
        };
        _cleanup_(container_file_freep) ContainerFile *c = parse_good(texts);

        assert_strv(c->exec, "b|c");
        assert_strv(c->environment, "C=4");
        g_assert_cmpuint(c->volumes->len, ==, 1);
        g_assert_cmpstr(((const ContainerVolume *) c->volumes->pdata[0])->source, ==, "/x");
        g_assert_cmpint(c->read_only, ==, -1);
        g_assert_cmpint(c->stop_signal, ==, 0);
        g_assert_null(c->user);
        g_assert_null(c->schemata);
        assert_strv(c->wanted_by, "a.target|b.target");
}

static void test_errors(void) {
#define OK "[Container]\nRootfs=/r\nExec=x\n"
        static const struct {
                const char *text, *messages;
        } cases[] = {
                { "",
                  "f0: neither Image=, Rootfs=, RootImage= nor Bundle= is given in section [Container]" },
                { "[Container]\nRootfs=/r\n",
                  "f0: Rootfs= needs Exec=: a directory does not say what to run" },
                { OK "Bundle=/b\n", "f0: Image=, Rootfs=, RootImage= and Bundle= exclude each other" },
                { OK "Group=g\n", "f0: Group= needs User=" },
                { OK "[Socket]\nBacklog=1\n", "f0: section [Socket] has no Listen...= setting" },
                { OK "[Resctrl]\nClosID=info\n", "f0: ClosID=info is a name that resctrl uses itself" },
                { OK "Evironment=A=b\n",
                  "f0:4: unknown key 'Evironment' in section [Container], did you mean 'Environment'?" },
                { OK "Frobnicate=1\n", "f0:4: unknown key 'Frobnicate' in section [Container]" },
                { OK "Schemata=L3:0=f\n",
                  "f0:4: key 'Schemata' is in section [Container], but belongs into [Resctrl]" },
                { OK "[Contaner]\nA=b\n", "f0:4: unknown section [Contaner], did you mean [Container]?" },
                { OK "[Quux]\n", "f0:4: unknown section [Quux]" },
                { OK "Image=x\n", "f0: Image=, Rootfs=, RootImage= and Bundle= exclude each other" },
                { "[Container]\nImage=X Y\n",
                  "f0:2: Image=X Y: expected oci:DIR[:NAME] or the name of an image, "
                  "[REGISTRY/]NAME[:TAG]" },
                { OK "[Service]\nExecStart=/x\n",
                  "f0:5: key 'ExecStart' is not possible in section [Service]: the unit runs "
                  "the container; use Exec= in [Container]" },
                { OK "[Service]\nExecStopPost=/x\nExecStopPost=\n",
                  "f0:6: an empty 'ExecStopPost=' would remove what the unit needs to run the container" },
                { "[Container]\nRootfs=r\nExec=x\n",
                  "f0:2: Rootfs=r: expected an absolute path without '..'" },
                { "[Container]\nRootfs=r:O\nExec=x\n",
                  "f0:2: Rootfs=r:O: expected an absolute path without '..'" },
                { "[Container]\nRootfs=/r:idmap=uids=0-1-2\nExec=x\n",
                  "f0:2: Rootfs=/r:idmap=uids=0-1-2: which ids are mapped is said by UserNS= or UIDMap=" },
                { OK "UserNS=maybe\n", "f0:4: UserNS=maybe: expected host, auto or keep-id" },
                { OK "UserNS=auto:size=0\n",
                  "f0:4: UserNS=: 'size=0': expected size=N, uidmapping=C:H:N or gidmapping=C:H:N" },
                { OK "UserNS=host:x\n", "f0:4: UserNS=: 'x': expected no options" },
                { OK "UIDMap=1:2:0\n", "f0:4: UIDMap=1:2:0: expected CONTAINER:HOST[:COUNT], all numbers" },
                { OK "UserNS=auto\nSubUIDMap=x\n",
                  "f0: UserNS= and UIDMap=, GIDMap=, SubUIDMap= or SubGIDMap= exclude each other" },
                { OK "UIDMap=0:1\nSubGIDMap=x\n",
                  "f0: UIDMap= or GIDMap= and SubUIDMap= or SubGIDMap= exclude each other" },
                { OK "RemapUsers=manual\nUIDMap=0:1\n",
                  "f0: RemapUsers= is an older way to say what UserNS=, UIDMap= and their kin do: use one "
                  "of "
                  "them" },
                { OK "RemapUsers=keep-id\nRemapUid=1 2\n",
                  "f0: RemapUid=2: expected one number with RemapUsers=keep-id" },
                { OK "Volatile=maybe\n", "f0:4: Volatile=maybe: expected yes, no, overlay or state" },
                { OK "ReadOnly=yes\nVolatile=state\n",
                  "f0: ReadOnly=yes and Volatile= exclude each other: the latter says what can be written "
                  "to" },
                { OK "Ephemeral=often\n", "f0:4: Ephemeral=often: expected yes or no" },
                { "[Container]\nRootfs=/a/../b\nExec=x\n",
                  "f0:2: Rootfs=/a/../b: expected an absolute path without '..'" },
                { OK "Exec=\"a\n", "f0:4: Exec=: the closing \" is missing in '\"a'" },
                { OK "Exec=''\n", "f0:4: Exec=: the first word is empty, expected a program" },
                { OK "Exec=%z\n",
                  "f0:4: Exec=: specifier '%z' is not known here; a percent sign is written '%%'" },
                { OK "OCIPatch=../x\n",
                  "f0:4: OCIPatch=../x: expected a JSON object or a path without '..'" },
                { OK "Network=ns:net\n", "f0:4: Network=ns:net: expected an absolute path behind ns:" },
                { OK "Network=container:a/b\n",
                  "f0:4: Network=container:a/b: expected the name of a container behind container:" },
                { OK "Exec=%\n",
                  "f0:4: Exec=: specifier '%' is not known here; a percent sign is written '%%'" },
                { OK "Environment=A\n", "f0:4: Environment=: expected NAME=value, found 'A'" },
                { OK "Environment=1A=b =c A-B=d 'A B=c'\n",
                  "f0:4: Environment=: '' cannot be the name of a variable\n"
                  "f0:4: Environment=: 'A B' cannot be the name of a variable" },
                { OK "EnvironmentFile=x\n", "f0:4: EnvironmentFile=x: expected a path without '..'" },
                { OK "Entrypoint=[\"a\",]\n",
                  "f0:4: Entrypoint=[\"a\",]: expected a JSON array of strings, the first of them a "
                  "program" },
                { OK "Entrypoint=[1]\n",
                  "f0:4: Entrypoint=[1]: expected a JSON array of strings, the first of them a program" },
                { OK "AddHost=a b:192.0.2.1\n", "f0:4: AddHost=: expected HOST:ADDRESS, found 'a'" },
                { OK "AddHost=a:host-gateway\n",
                  "f0:4: AddHost=: there is no gateway to the host; with Network=host it is 127.0.0.1" },
                { OK "AddHost=a:b\n", "f0:4: AddHost=: expected HOST:ADDRESS, found 'a:b'" },
                { OK "AddHost=a/b:192.0.2.1\n", "f0:4: AddHost=: 'a/b' is not a host name" },
                { OK "DNS=dns.example\n", "f0:4: DNS=: expected addresses or none, found 'dns.example'" },
                { OK "DNS=none 192.0.2.1\n", "f0:4: DNS=: none does not go together with addresses" },
                { OK "DNSSearch=a..b\n", "f0:4: DNSSearch=: expected domains, found 'a..b'" },
                { OK "HostName=a b\n",
                  "f0:4: HostName=a b: expected a host name: letters, digits, hyphens and dots, at most 64 "
                  "characters" },
                { OK "Timezone=../x\n",
                  "f0:4: Timezone=../x: expected local or the name of a time zone, such as Europe/Berlin" },
                { OK "AddCapability=SYS_TIMES\n",
                  "f0:4: AddCapability=: unknown capability 'SYS_TIMES', did you mean 'CAP_SYS_TIME'?" },
                { OK "AddCapability=chown\nDropCapability=CAP_CHOWN\n",
                  "f0: AddCapability= and DropCapability= name the same capability" },
                { OK "SeccompProfile=../x\n",
                  "f0:4: SeccompProfile=../x: expected a path without '..' or unconfined" },
                { OK "Mask=/a:b\n",
                  "f0:4: Mask=: expected absolute paths with colons in between, found 'b'" },
                { OK "SecurityLabelType=a:b\n",
                  "f0:4: SecurityLabelType=a:b: expected a type of SELinux, such as container_t" },
                { OK "SecurityLabelLevel=s0 s1\n",
                  "f0:4: SecurityLabelLevel=s0 s1: expected a level of SELinux, such as s0:c1,c2" },
                { OK "Restart=always\nAfter=x.service\nMemoryMax=1G\nListenStream=1\n",
                  "f0:4: key 'Restart' is in section [Container], but belongs into [Service]\n"
                  "f0:5: key 'After' is in section [Container], but belongs into [Unit]\n"
                  "f0:6: key 'MemoryMax' is in section [Container], but belongs into [Service]\n"
                  "f0:7: key 'ListenStream' is in section [Container], but belongs into [Socket]" },
                { OK
                  "[Service]\nVolume=/a:/b\nEnvironment=A=b\n[Unit]\nWantedBy=x.target\nSchemata=L3:0=f\n",
                  "f0:5: key 'Volume' is in section [Service], but belongs into [Container]\n"
                  "f0:8: key 'WantedBy' is in section [Unit], but belongs into [Install]\n"
                  "f0:9: key 'Schemata' is in section [Unit], but belongs into [Resctrl]" },
                { OK "[Service]\nPrivateNetwork=yes\n",
                  "f0:5: key 'PrivateNetwork' is not possible in section [Service]: it is about the "
                  "supervisor; use Network=none in [Container]" },
                { OK "GroupAdd=a 'b c'\n", "f0:4: GroupAdd=: expected a number or a name, found 'b c'" },
                { OK "Sysctl=net.core.somaxconn\n",
                  "f0:4: Sysctl=: expected NAME=value, found 'net.core.somaxconn'" },
                { OK "Ulimit=nofile\n", "f0:4: Ulimit=: expected NAME=SOFT[:HARD], found 'nofile'" },
                { OK "Ulimit=nofiles=1\n",
                  "f0:4: Ulimit=: unknown limit 'nofiles', did you mean 'nofile'?" },
                { OK "Ulimit=nofile=2:1\n",
                  "f0:4: Ulimit=: the soft limit of 'nofile=2:1' is above the hard one" },
                { OK "Ulimit=core=-1:1\n",
                  "f0:4: Ulimit=: the soft limit of 'core=-1:1' is above the hard one" },
                { OK "Volume=a\n", "f0:4: Volume=a: expected SOURCE:DESTINATION[:OPTIONS]" },
                { OK "Volume=../a:/b\n",
                  "f0:4: Volume=: '../a' is neither a path without '..' nor the name of a volume" },
                { OK "Volume=_a:/b\n",
                  "f0:4: Volume=: '_a' is neither a path without '..' nor the name of a volume" },
                { OK "Volume=.volume:/b\n",
                  "f0:4: Volume=: '.volume' is neither a path without '..' nor the name of a volume" },
                { OK "Volume=/a,b:/b:O\n",
                  "f0:4: Volume=: with option O, a source cannot have ':', ',' and '\\' in its path" },
                { OK "Volume=/a:/b:nocopy\n", "f0:4: Volume=: unknown option 'nocopy'" },
                { OK "Tmpfs=tmp\n", "f0:4: Tmpfs=: 'tmp' is not an absolute path without '..'" },
                { OK "Tmpfs=/tmp:sze=1m\n", "f0:4: Tmpfs=: unknown option 'sze=1m', did you mean 'size='?" },
                { OK "Mount=type=image,source=x,target=/y\n",
                  "f0:4: Mount=: type=image: expected bind, volume or tmpfs" },
                { OK "Mount=src=/x,dst=/y,ro=maybe\n",
                  "f0:4: Mount=: unknown option 'ro=maybe', did you mean 'ro'?" },
                { OK "Mount=type=bind,target=/y\n", "f0:4: Mount=: source= is missing" },
                { OK "Mount=type=tmpfs\n", "f0:4: Mount=: target= is missing" },
                { OK "Mount=type=tmpfs,src=/x,dst=/y\n", "f0:4: Mount=: a tmpfs has no source" },
                { OK "ShmSize=big\n", "f0:4: ShmSize=big: expected a size, such as 64m" },
                { OK "AddDevice=/dev/x:/dev/y:rx\n",
                  "f0:4: AddDevice=/dev/x:/dev/y:rx: expected [-]PATH[:PATH][:ACCESS], with access of r, w "
                  "and m" },
                { OK "Annotation=x\n", "f0:4: Annotation=: expected NAME=value, found 'x'" },
                { OK "Volume=/a:/b/../c\n",
                  "f0:4: Volume=: '/b/../c' is not an absolute path without '..'" },
                { OK "Volume=/a:/\n", "f0:4: Volume=: the destination cannot be '/'" },
                { OK "Volume=/a:/b:rp\n", "f0:4: Volume=: unknown option 'rp', did you mean 'ro'?" },
                { OK "Volume=/a:/b:Z\n",
                  "f0:4: Volume=: option 'Z' is ignored: SELinux labels are not changed" },
                { OK "User=a b\n", "f0:4: User=a b: expected a number or a name" },
                { OK "User=4294967295\n", "f0:4: User=4294967295: expected a number or a name" },
                { OK "User=-1\n", "f0:4: User=-1: expected a number or a name" },
                { OK "User=u:\n", "f0:4: User=u:: expected a number or a name" },
                { OK "ReadOnly=maybe\n", "f0:4: ReadOnly=maybe: expected yes or no" },
                { OK "NotifyAllow=restart-reset everything\n",
                  "f0:4: NotifyAllow=everything: expected restart-reset or watchdog-usec" },
                { OK "Notify=later\n", "f0:4: Notify=later: expected started, ready or healthy" },
                { OK "Network=bridge\n",
                  "f0:4: Network=bridge: expected host, none, ns:PATH or container:NAME" },
                { OK "StopSignal=SIGFOO\n",
                  "f0:4: StopSignal=SIGFOO: expected the name or number of a signal" },
                { OK "StopSignal=0\n", "f0:4: StopSignal=0: expected the name or number of a signal" },
                { OK "[Resctrl]\nClosID=../x\n",
                  "f0:5: ClosID=../x: expected a name without spaces and slashes" },
                { OK "[Install]\nWantedBy=../x.target ok.target\n",
                  "f0:5: WantedBy=: '../x.target' is not the name of a unit" },
                { OK "[Install]\nWantedBy=multi-user\n",
                  "f0:5: WantedBy=: 'multi-user' is not the name of a unit" },
                { OK "[Install]\nAlias=w.service\n",
                  "f0:5: key 'Alias' is not possible in section [Install]: instances of container@.service "
                  "have no second "
                  "names; link another NAME.container to this file" },
                /* all at once, in the order of the lines */
                { "[Container]\nUser=a b\nfoo\nNotify=x\n",
                  "f0:2: User=a b: expected a number or a name\n"
                  "f0:3: expected KEY=VALUE, a [Section] or a comment, found 'foo'\n"
                  "f0:4: Notify=x: expected started, ready or healthy" },
        };
#undef OK

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *texts[] = { cases[i].text, NULL };
                _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
                _cleanup_(container_file_freep) ContainerFile *c = parse(texts, messages);
                _cleanup_free_ char *dump = dump_messages(messages);

                g_assert_cmpstr(dump, ==, cases[i].messages);
                g_assert_cmpint(config_messages_have_errors(messages), ==, !strstr(dump, "is ignored"));
        }
}

/* A good value after a bad one does not make the file good, and a bad one does not remove what was there. */
static void test_bad_value_keeps_field(void) {
        static const char *const texts[] = {
                "[Container]\nRootfs=/r\nRootfs=x\nExec=a\nExec=\"\nNotify=ready\nNotify=?\n", NULL
        };
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(container_file_freep) ContainerFile *c = parse(texts, messages);

        g_assert_cmpuint(messages->len, ==, 3);
        g_assert_cmpstr(c->rootfs, ==, "/r");
        assert_strv(c->exec, "a");
        g_assert_cmpint(c->notify, ==, CONTAINER_NOTIFY_READY);
}

/* Every cut of a file is a file: nothing reads beyond it, and the lines that are named exist. */
static void test_every_prefix(void) {
        static const char text[] =
                        "\xef\xbb\xbf[Container]\r\nRootfs=/r\\\n # c\n/x\nExec='a b' \"\\x41\\u00e4\" %%\n"
                        "Environment=A=1 B\nVolume=/a:/b:ro,Z,q\nUser=a:b\n[Resctrl]\nSchemata=L3:0=f\n"
                        "[Socket]\nListenStream=1\n[Install]\nWantedBy=x.target \\\n y.target\n[Service\n";

        for (size_t n = 0; n < sizeof text; n++) {
                _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
                _cleanup_(container_file_freep) ContainerFile *c = NULL;
                GPtrArray *files = g_ptr_array_new();
                char *cut = g_malloc(n + 1);
                unsigned lines = 1;

                memcpy(cut, text, n);
                cut[n] = 0;
                for (size_t i = 0; i < n; i++)
                        lines += text[i] == '\n';
                g_ptr_array_add(files, unit_file_parse("f", cut, n, messages));
                c = container_file_new("web", files, messages);
                g_assert_nonnull(c);
                for (unsigned i = 0; i < messages->len; i++)
                        g_assert_cmpuint(((const ConfigMessage *) messages->pdata[i])->line, <=, lines);
        }
}

/* ---- files ---- */

static void test_effective(void) {
        static const char *const texts[] = {
                "[Container]\nRootfs=/a\nExec=one\nEnvironment=A=1\nEnvironment=B=2\n[Service]\nRestart=no\n"
                "[Container]\nUser=1\n",
                "[Service]\nExecReload=\nRestart=always\n[Container]\nExec=two three\nEnvironment=\n"
                "Environment=C=3\n",
                NULL,
        };
        _cleanup_(container_file_freep) ContainerFile *c = parse_good(texts), *again = NULL;
        _cleanup_free_ char *text = container_file_effective(c);

        g_assert_cmpstr(text, ==,
                        "[Container]\n"
                        "# f0:2\nRootfs=/a\n"
                        "# f0:9\nUser=1\n"
                        "# f1:5\nExec=two three\n"
                        "# f1:7\nEnvironment=C=3\n"
                        "\n"
                        "[Service]\n"
                        "# f0:7\nRestart=no\n"
                        "# f1:2\nExecReload=\nRestart=always\n");
        again = parse_good((const char *const[]) { text, NULL });
        g_assert_cmpstrv(again->exec, c->exec);
        g_assert_cmpstrv(again->environment, c->environment);
        g_assert_cmpstr(again->user, ==, c->user);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/container-file/all-keys", test_all_keys);
        g_test_add_func("/container-file/defaults", test_defaults);
        g_test_add_func("/container-file/rootfs", test_rootfs);
        g_test_add_func("/container-file/dropins", test_dropins);
        g_test_add_func("/container-file/errors", test_errors);
        g_test_add_func("/container-file/bad-value-keeps-field", test_bad_value_keeps_field);
        g_test_add_func("/container-file/every-prefix", test_every_prefix);
        g_test_add_func("/container-file/effective", test_effective);
        return g_test_run();
}
