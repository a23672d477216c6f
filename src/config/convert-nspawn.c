/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the counterparts of systemd.nspawn(5)'s settings. */

#include "config/convert.h"

#include "basic/parse-util.h"
#include "config/conversion.h"

typedef struct Nspawn {
        Conversion out;
        bool boot, process_two;
        const UnitEntry *parameters;
} Nspawn;

/* What a setting becomes: the same value under another key, or nothing and why. */
static const struct {
        const char *section, *key;
        ConversionSection target;
        const char *target_key; /* NULL: none */
        const char *why;
} settings[] = {
        { "Exec", "AmbientCapability", CONVERSION_CONTAINER, "AddCapability", NULL },
        { "Exec", "CPUAffinity", CONVERSION_SERVICE, "CPUAffinity", NULL },
        { "Exec", "Capability", CONVERSION_CONTAINER, "AddCapability", NULL },
        { "Exec", "DropCapability", CONVERSION_CONTAINER, "DropCapability", NULL },
        { "Exec", "Environment", CONVERSION_CONTAINER, "Environment", NULL },
        { "Exec", "Ephemeral", CONVERSION_CONTAINER, "Ephemeral", NULL },
        { "Exec", "Hostname", CONVERSION_CONTAINER, "HostName", NULL },
        { "Exec", "KillSignal", CONVERSION_CONTAINER, "StopSignal", NULL },
        { "Exec", "LinkJournal", CONVERSION_CONTAINER, NULL, "output goes to the host's journal" },
        { "Exec", "MachineID", CONVERSION_CONTAINER, NULL, "write it into /etc/machine-id of the tree" },
        { "Exec", "NoNewPrivileges", CONVERSION_CONTAINER, "NoNewPrivileges", NULL },
        { "Exec", "OOMScoreAdjust", CONVERSION_CONTAINER, NULL, "set process.oomScoreAdj with OCIPatch=" },
        { "Exec", "Personality", CONVERSION_CONTAINER, NULL, "set linux.personality with OCIPatch=" },
        { "Exec", "PivotRoot", CONVERSION_CONTAINER, NULL,
          "name the directory inside of the tree with Rootfs=" },
        { "Exec", "ResolvConf", CONVERSION_CONTAINER, NULL, "use DNS=, or a Volume= for /etc/resolv.conf" },
        { "Exec", "SuppressSync", CONVERSION_CONTAINER, NULL, "there is no such thing here" },
        { "Exec", "SystemCallFilter", CONVERSION_CONTAINER, NULL, "use SeccompProfile=" },
        { "Exec", "User", CONVERSION_CONTAINER, "User", NULL },
        { "Exec", "WorkingDirectory", CONVERSION_CONTAINER, "WorkingDir", NULL },
        { "Files", "BindUser", CONVERSION_CONTAINER, NULL, "bind the home directory with Volume=" },
        { "Files", "Inaccessible", CONVERSION_CONTAINER, "Mask", NULL },
        { "Files", "Overlay", CONVERSION_CONTAINER, NULL, "mount it with OCIPatch=" },
        { "Files", "OverlayReadOnly", CONVERSION_CONTAINER, NULL, "mount it with OCIPatch=" },
        { "Files", "PrivateUsersOwnership", CONVERSION_CONTAINER, NULL, "see UserNS=" },
        { "Files", "ReadOnly", CONVERSION_CONTAINER, "ReadOnly", NULL },
        { "Files", "TemporaryFileSystem", CONVERSION_CONTAINER, "Tmpfs", NULL },
        { "Files", "Volatile", CONVERSION_CONTAINER, "Volatile", NULL },
};

static void note(Nspawn *n, const UnitEntry *e, const char *why) {
        g_autofree char *what = g_strdup_printf("%s=%s", e->key, e->value);

        conversion_note(&n->out, CONVERSION_CONTAINER, what, why);
}

/* nspawn replaces no specifiers. */
static void set(Nspawn *n, ConversionSection section, const char *key, const char *value) {
        g_auto(GStrv) parts = g_strsplit(value, "%", -1);
        g_autofree char *escaped = g_strjoinv("%%", parts);

        conversion_set(&n->out, section, key, escaped);
}

/* ---- settings with another value ---- */

static void convert_boot(Nspawn *n, const UnitEntry *e) {
        (void) parse_boolean(e->value, &n->boot);
}

static void convert_process_two(Nspawn *n, const UnitEntry *e) {
        (void) parse_boolean(e->value, &n->process_two);
}

static void convert_parameters(Nspawn *n, const UnitEntry *e) {
        n->parameters = e;
}

static void convert_notify_ready(Nspawn *n, const UnitEntry *e) {
        bool ready = false;

        (void) parse_boolean(e->value, &ready);
        conversion_set(&n->out, CONVERSION_CONTAINER, "Notify", ready ? "ready" : "started");
}

static void convert_private_users(Nspawn *n, const UnitEntry *e) {
        bool users = false;

        if (parse_boolean(e->value, &users) >= 0 && !users)
                return;
        note(n, e, "choose a range with UserNS=, UIDMap= and GIDMap=");
}

static void convert_limit(Nspawn *n, const UnitEntry *e) {
        conversion_set(&n->out, CONVERSION_SERVICE, e->key, e->value); /* inherited by the payload */
}

/* "SOURCE[:DESTINATION[:OPTIONS]]" */
static void convert_bind_as(Nspawn *n, const UnitEntry *e, const char *mode) {
        g_auto(GStrv) parts = g_strsplit(e->value, ":", 3);
        unsigned count = g_strv_length(parts);

        if (count == 0 || startswith(parts[0], "+") || startswith(parts[0], "-"))
                note(n, e, "write it as Volume=SOURCE:DESTINATION");
        else
                conversion_setf(&n->out, CONVERSION_CONTAINER, "Volume", "%s:%s%s%s%s", parts[0],
                                count > 1 ? parts[1] : parts[0], *mode || count > 2 ? ":" : "", mode,
                                count > 2 ? parts[2] : "");
}

static void convert_bind(Nspawn *n, const UnitEntry *e) {
        convert_bind_as(n, e, "");
}

static void convert_bind_read_only(Nspawn *n, const UnitEntry *e) {
        convert_bind_as(n, e,
                        g_strrstr(e->value, ":rbind") || g_strrstr(e->value, ":norbind") ? "ro," : "ro");
}

static void convert_timezone(Nspawn *n, const UnitEntry *e) {
        if (streq(e->value, "auto") || streq(e->value, "bind") || streq(e->value, "symlink") ||
            streq(e->value, "copy"))
                conversion_set(&n->out, CONVERSION_CONTAINER, "Timezone", "local");
        else
                note(n, e, "the tree's own /etc/localtime is used");
}

static void convert_private(Nspawn *n, const UnitEntry *e) {
        bool private = false;

        (void) parse_boolean(e->value, &private);
        conversion_set(&n->out, CONVERSION_CONTAINER, "Network", private ? "none" : "host");
}

/* "[tcp:]HOST[:CONTAINER]" */
static void convert_port(Nspawn *n, const UnitEntry *e) {
        const char *rest = startswith(e->value, "tcp:") ?: e->value;

        if (startswith(e->value, "udp:"))
                note(n, e, "only TCP ports can be forwarded");
        else if (strchr(rest, ':'))
                conversion_set(&n->out, CONVERSION_CONTAINER, "ProxyPort", rest);
        else
                conversion_setf(&n->out, CONVERSION_CONTAINER, "ProxyPort", "%s:%s", rest, rest);
}

static const struct {
        const char *section, *key;
        void (*convert)(Nspawn *n, const UnitEntry *e);
} changed[] = {
        { "Exec", "Boot", convert_boot },
        { "Exec", "NotifyReady", convert_notify_ready },
        { "Exec", "Parameters", convert_parameters },
        { "Exec", "PrivateUsers", convert_private_users },
        { "Exec", "ProcessTwo", convert_process_two },
        { "Exec", "Timezone", convert_timezone },
        { "Files", "Bind", convert_bind },
        { "Files", "BindReadOnly", convert_bind_read_only },
        { "Network", "Port", convert_port },
        { "Network", "Private", convert_private },
};

static void convert_entry(Nspawn *n, const UnitEntry *e) {
        if (!e->key)
                return;
        for (size_t i = 0; i < ELEMENTSOF(changed); i++)
                if (streq(changed[i].key, e->key) && streq(changed[i].section, e->section)) {
                        changed[i].convert(n, e);
                        return;
                }
        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                if (!streq(settings[i].key, e->key) || !streq(settings[i].section, e->section))
                        continue;
                if (settings[i].target_key)
                        set(n, settings[i].target, settings[i].target_key, e->value);
                else
                        note(n, e, settings[i].why);
                return;
        }
        if (streq(e->section, "Exec") && startswith(e->key, "Limit"))
                convert_limit(n, e);
        else if (streq(e->section, "Network"))
                note(n, e, "berth sets up no network");
        else
                note(n, e, "this setting is not known");
}

/* nspawn runs a shell unless it boots; a unit has no use for one. */
static void set_command(Nspawn *n) {
        const char *parameters = n->parameters ? n->parameters->value : "";

        if (n->boot) {
                g_autofree char *command =
                                g_strconcat("/sbin/init", *parameters ? " " : "", parameters, NULL);

                set(n, CONVERSION_CONTAINER, "Exec", command);
                conversion_set(&n->out, CONVERSION_CONTAINER, "StopSignal", "SIGRTMIN+3");
                return;
        }
        if (n->process_two)
                conversion_set(&n->out, CONVERSION_CONTAINER, "RunInit", "yes");
        if (*parameters)
                set(n, CONVERSION_CONTAINER, "Exec", parameters);
        else
                conversion_note(&n->out, CONVERSION_CONTAINER, "Exec=", "say what is to be run");
}

char *convert_nspawn(const UnitFile *file, const char *machine) {
        Nspawn n = { 0 };
        char *text;

        conversion_init(&n.out);
        conversion_setf(&n.out, CONVERSION_CONTAINER, "Rootfs", "/var/lib/machines/%s", machine);
        for (unsigned i = 0; i < file->entries->len; i++)
                convert_entry(&n, &g_array_index(file->entries, UnitEntry, i));
        set_command(&n);
        text = conversion_text(&n.out, file->path);
        conversion_done(&n.out);
        return text;
}
