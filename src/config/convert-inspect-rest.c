/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what of an engine's description of a container has no key in a declaration. Nothing is lost without a
 * word: a member that is in no table is told about, too. */

#include "config/convert-inspect-rest.h"

#include "basic/macro.h"

#define ELSEWHERE "*" /* converted in convert-inspect.c or below, or of no consequence */

#define NO_NETWORK    "berth sets up no network"
#define OWN_NAMESPACE "the container has one of its own; set linux.namespaces with OCIPatch= for another"

static const struct {
        const char *member;
        const char *same; /* values that say nothing, with "|" in between */
        const char *why;
} members[] = {
        { "Annotations", ELSEWHERE },
        { "ArgsEscaped", ELSEWHERE },
        { "AttachStderr", ELSEWHERE },
        { "AttachStdin", ELSEWHERE },
        { "AttachStdout", ELSEWHERE },
        { "AutoRemove", ELSEWHERE },
        { "Binds", ELSEWHERE },
        { "BlkioDeviceReadBps", "", "use IOReadBandwidthMax= in [Service]" },
        { "BlkioDeviceReadIOps", "", "use IOReadIOPSMax= in [Service]" },
        { "BlkioDeviceWriteBps", "", "use IOWriteBandwidthMax= in [Service]" },
        { "BlkioDeviceWriteIOps", "", "use IOWriteIOPSMax= in [Service]" },
        { "BlkioWeight", "", "use IOWeight= in [Service]" },
        { "BlkioWeightDevice", "", "use IODeviceWeight= in [Service]" },
        { "CapAdd", ELSEWHERE },
        { "CapDrop", ELSEWHERE },
        { "CgroupManager", ELSEWHERE },
        { "CgroupMode", "private", OWN_NAMESPACE },
        { "CgroupParent", "machine.slice|user.slice", "use Slice= in [Service]" },
        { "Cgroups", "default", "the payload always has a scope of its own" },
        { "CgroupnsMode", "private", OWN_NAMESPACE },
        { "Cmd", ELSEWHERE },
        { "ConsoleSize", ELSEWHERE },
        { "ContainerIDFile", ELSEWHERE },
        { "CpuPeriod", ELSEWHERE },
        { "CpuQuota", ELSEWHERE },
        { "CpuRealtimePeriod", "", "systemd gives no time of the realtime scheduler" },
        { "CpuRealtimeRuntime", "", "systemd gives no time of the realtime scheduler" },
        { "CpuShares", ELSEWHERE },
        { "CpusetCpus", ELSEWHERE },
        { "CpusetMems", ELSEWHERE },
        { "CreateCommand", ELSEWHERE },
        { "DeviceCgroupRules", "", "use DeviceAllow= in [Service], or AddDevice=" },
        { "DeviceRequests", "", "name the devices with AddDevice=" },
        { "Devices", ELSEWHERE },
        { "Dns", ELSEWHERE },
        { "DnsOptions", ELSEWHERE },
        { "DnsSearch", ELSEWHERE },
        { "Domainname", "", "write the whole name into HostName=" },
        { "Entrypoint", ELSEWHERE },
        { "Env", ELSEWHERE },
        { "ExposedPorts", ELSEWHERE },
        { "ExtraHosts", ELSEWHERE },
        { "GroupAdd", ELSEWHERE },
        { "HealthLogDestination", ELSEWHERE },
        { "HealthMaxLogCount", ELSEWHERE },
        { "HealthMaxLogSize", ELSEWHERE },
        { "Healthcheck", ELSEWHERE },
        { "HealthcheckMaxLogCount", ELSEWHERE },
        { "HealthcheckMaxLogSize", ELSEWHERE },
        { "HealthcheckOnFailureAction", ELSEWHERE },
        { "Hostname", ELSEWHERE },
        { "IDMappings", "", "see UserNS=, UIDMap= and GIDMap=" },
        { "Image", ELSEWHERE },
        { "Init", ELSEWHERE },
        { "IntelRdtClosID", "", "use ClosID= in [Resctrl]" },
        { "IpcMode", "private|shareable|none", OWN_NAMESPACE },
        { "KernelMemory", "", "the kernel has no such limit any more" },
        { "KernelMemoryTCP", "", "the kernel has no such limit any more" },
        { "Labels", ELSEWHERE },
        { "Links", "", "use Network=container:NAME, or the names of the host's network" },
        { "LogConfig", ELSEWHERE },
        { "MacAddress", "", NO_NETWORK },
        { "MaskedPaths", ELSEWHERE },
        { "Memory", ELSEWHERE },
        { "MemoryReservation", ELSEWHERE },
        { "MemorySwap", ELSEWHERE },
        { "MemorySwappiness", "-1", "cgroups have no such setting any more" },
        { "Mounts", ELSEWHERE },
        { "NanoCpus", ELSEWHERE },
        { "NetworkDisabled", "", "use Network=none" },
        { "NetworkMode", ELSEWHERE },
        { "OnBuild", ELSEWHERE },
        { "OomKillDisable", "", "use MemoryHigh= in [Service]: it slows down and kills nobody" },
        { "OomScoreAdj", ELSEWHERE },
        { "OpenStdin", "", "what the payload reads is said by StandardInput= in [Service]" },
        { "Passwd", ELSEWHERE },
        { "PidMode", "private", OWN_NAMESPACE },
        { "PidsLimit", ELSEWHERE },
        { "PortBindings", ELSEWHERE },
        { "Privileged", ELSEWHERE },
        { "PublishAllPorts", "", "forward each port with ProxyPort=" },
        { "ReadonlyPaths", ELSEWHERE },
        { "ReadonlyRootfs", ELSEWHERE },
        { "RestartPolicy", ELSEWHERE },
        { "Runtime", ELSEWHERE },
        { "Secrets", "", "use LoadCredential= in [Service]" },
        { "SecurityOpt", ELSEWHERE },
        { "Shell", ELSEWHERE },
        { "ShmSize", ELSEWHERE },
        { "StartupHealthCheck", "", "use HealthStartPeriod=, in which failures do not count" },
        { "StdinOnce", ELSEWHERE },
        { "StopSignal", ELSEWHERE },
        { "StopTimeout", ELSEWHERE },
        { "StorageOpt", "", "the root has no size of its own" },
        { "Sysctls", ELSEWHERE },
        { "SystemdMode", ELSEWHERE },
        { "Timeout", "", "use RuntimeMaxSec= in [Service]" },
        { "Timezone", ELSEWHERE },
        { "Tmpfs", ELSEWHERE },
        { "Tty", ELSEWHERE },
        { "UTSMode", "private", OWN_NAMESPACE },
        { "Ulimits", ELSEWHERE },
        { "Umask", "0022|0o022", "set process.user.umask with OCIPatch=" },
        { "User", ELSEWHERE },
        { "UsernsMode", "private|host", "see UserNS=, UIDMap= and GIDMap=" },
        { "VolumeDriver", "local", "volumes are directories" },
        { "Volumes", ELSEWHERE },
        { "VolumesFrom", "", "name each of its volumes with Volume=" },
        { "WorkingDir", ELSEWHERE },
        { "sdNotifyMode", "conmon|container|ignore", "use Notify=" },
};

static int64_t number_of(JsonValue object, const char *key) {
        JsonValue value;
        int64_t n;

        return json_value_member(object, key, &value) && json_value_int64(value, &n) >= 0 ? n : 0;
}

static const char *string_of(JsonValue object, const char *key) {
        JsonValue value;

        return json_value_member(object, key, &value) ? json_value_string(value) : NULL;
}

/* ---- settings of the unit ---- */

/* What they call swap is both together; -1 is as much as there is. */
static void convert_swap(Conversion *c, JsonValue host) {
        int64_t memory = number_of(host, "Memory"), both = number_of(host, "MemorySwap");

        if (memory > 0 && both >= memory)
                conversion_setf(c, CONVERSION_SERVICE, "MemorySwapMax", "%" G_GINT64_FORMAT, both - memory);
}

/* 2 to 262144 becomes 1 to 10000, as everybody does it who has to translate. */
static void convert_shares(Conversion *c, JsonValue host) {
        int64_t shares = CLAMP(number_of(host, "CpuShares"), 0, 262144);

        if (shares > 0)
                conversion_setf(c, CONVERSION_SERVICE, "CPUWeight", "%" G_GINT64_FORMAT,
                                1 + MAX(shares - 2, 0) * 9999 / 262142);
}

static void convert_log(Conversion *c, JsonValue host) {
        static const char *const same[] = {
                "", "db", "default", "journald", "json-file", "k8s-file", "local", "passthrough", NULL,
        };
        JsonValue log;
        const char *type;

        if (!json_value_member(host, "LogConfig", &log))
                return;
        type = string_of(log, "Type") ?: "";
        if (streq(type, "none"))
                conversion_set(c, CONVERSION_SERVICE, "StandardOutput", "null");
        else if (!g_strv_contains(same, type)) {
                g_autofree char *what = g_strdup_printf("LogConfig %s", type);

                conversion_note(c, CONVERSION_SERVICE, what,
                                "output goes to the journal, or where StandardOutput= says");
        }
}

static void convert_settings(Conversion *c, JsonValue host) {
        const char *nodes = string_of(host, "CpusetMems");

        convert_swap(c, host);
        convert_shares(c, host);
        if (!isempty(nodes))
                conversion_set(c, CONVERSION_SERVICE, "AllowedMemoryNodes", nodes);
        convert_log(c, host);
}

/* ---- keys that few use ---- */

#define SHM_SIZE_DEFAULT (64 * 1024 * 1024)

static void convert_keys(Conversion *c, JsonValue host) {
        int64_t shm = number_of(host, "ShmSize"), oom = number_of(host, "OomScoreAdj");

        if (shm > 0 && shm != SHM_SIZE_DEFAULT)
                conversion_setf(c, CONVERSION_CONTAINER, "ShmSize", "%" G_GINT64_FORMAT, shm);
        if (oom != 0)
                conversion_setf(c, CONVERSION_CONTAINER, "OCIPatch",
                                "{\"process\":{\"oomScoreAdj\":%" G_GINT64_FORMAT "}}", oom);
}

/* ---- what is left ---- */

/* Nothing was said. */
static bool is_empty(JsonValue value) {
        double number;

        switch (json_value_type(value)) {
        case JSON_TYPE_NULL:
                return true;
        case JSON_TYPE_BOOLEAN:
                return !json_value_boolean(value);
        case JSON_TYPE_STRING:
                return isempty(json_value_string(value));
        case JSON_TYPE_INTEGER:
        case JSON_TYPE_DOUBLE:
                return json_value_double(value, &number) >= 0 && number == 0;
        default:
                return json_value_size(value) == 0;
        }
}

static bool is_among(const char *words, const char *word) {
        g_auto(GStrv) list = g_strsplit(words, "|", -1);

        return g_strv_contains((const char *const *) list, word);
}

static void note_member(Conversion *c, const char *where, const char *member, JsonValue value) {
        const char *same = NULL, *why = "this member is not known", *string = json_value_string(value);
        g_autofree char *text = string ? g_strdup(string) : json_value_to_text(value, 0), *what = NULL;

        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (streq(members[i].member, member)) {
                        same = members[i].same;
                        why = members[i].why;
                }
        if (same && (streq(same, ELSEWHERE) || is_among(same, text)))
                return;
        what = g_strdup_printf("%s.%s: %s", where, member, text);
        conversion_note(c, CONVERSION_CONTAINER, what, why);
}

static void note_members(Conversion *c, const char *where, JsonValue object) {
        JsonValue value;
        const char *key;
        JsonIter iter;

        json_iter_init(&iter, object);
        while (json_iter_next(&iter, &key, &value))
                if (!is_empty(value))
                        note_member(c, where, key, value);
}

void convert_inspect_rest(Conversion *c, JsonValue container, JsonValue config, JsonValue host) {
        const char *pod = string_of(container, "Pod");

        convert_keys(c, host);
        convert_settings(c, host);
        note_members(c, "Config", config);
        note_members(c, "HostConfig", host);
        if (!isempty(pod))
                conversion_note(c, CONVERSION_CONTAINER, "Pod",
                                "there are no pods; PartOf= and Network=container:NAME in their place");
}
