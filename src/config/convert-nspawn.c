/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the counterparts of systemd.nspawn(5)'s settings. */

#include "config/convert.h"

#include "basic/parse-util.h"
#include "config/conversion.h"

typedef struct Nspawn {
        Conversion out;
        bool boot, process_two, private;
        const UnitEntry *parameters, *kill_signal;
} Nspawn;

/* What a setting becomes: the same value under another key, or nothing and why. */
static const struct {
        const char *section, *key;
        ConversionSection target;
        const char *target_key; /* NULL: none */
        const char *why;
} settings[] = {
        { "Exec", "AmbientCapability", CONVERSION_CONTAINER, "AmbientCapability", NULL },
        { "Exec", "CPUAffinity", CONVERSION_SERVICE, "CPUAffinity", NULL },
        { "Exec", "Capability", CONVERSION_CONTAINER, "AddCapability", NULL },
        { "Exec", "DropCapability", CONVERSION_CONTAINER, "DropCapability", NULL },
        { "Exec", "Environment", CONVERSION_CONTAINER, "Environment", NULL },
        { "Exec", "Ephemeral", CONVERSION_CONTAINER, "Ephemeral", NULL },
        { "Exec", "Hostname", CONVERSION_CONTAINER, "HostName", NULL },
        { "Exec", "LinkJournal", CONVERSION_CONTAINER, NULL, "output goes to the host's journal" },
        { "Exec", "MachineID", CONVERSION_CONTAINER, NULL, "write it into /etc/machine-id of the tree" },
        { "Exec", "NoNewPrivileges", CONVERSION_CONTAINER, "NoNewPrivileges", NULL },
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

static bool boolean_of(Nspawn *n, const UnitEntry *e) {
        bool value = false;

        if (parse_boolean(e->value, &value) < 0)
                note(n, e, "expected yes or no");
        return value;
}

static void convert_boot(Nspawn *n, const UnitEntry *e) {
        n->boot = boolean_of(n, e);
}

static void convert_process_two(Nspawn *n, const UnitEntry *e) {
        n->process_two = boolean_of(n, e);
}

static void convert_kill_signal(Nspawn *n, const UnitEntry *e) {
        n->kill_signal = e;
}

static void convert_oom_score(Nspawn *n, const UnitEntry *e) {
        int score;

        if (parse_int(e->value, &score) < 0)
                note(n, e, "expected a number");
        else
                conversion_setf(&n->out, CONVERSION_CONTAINER, "OCIPatch",
                                "{\"process\":{\"oomScoreAdj\":%d}}", score);
}

static void convert_parameters(Nspawn *n, const UnitEntry *e) {
        n->parameters = e;
}

static void convert_notify_ready(Nspawn *n, const UnitEntry *e) {
        conversion_set(&n->out, CONVERSION_CONTAINER, "Notify", boolean_of(n, e) ? "ready" : "started");
}

/* "FIRST[:COUNT]" is a map; the other words have their counterparts. */
static void convert_private_users(Nspawn *n, const UnitEntry *e) {
        g_auto(GStrv) parts = g_strsplit(e->value, ":", 2);
        uint32_t first, count = 65536;
        bool users;

        if (streq(e->value, "identity"))
                conversion_set(&n->out, CONVERSION_CONTAINER, "UserNS", "keep-id");
        else if (streq(e->value, "pick"))
                conversion_set(&n->out, CONVERSION_CONTAINER, "UserNS", "auto");
        else if (parts[0] && parse_uint32(parts[0], &first) >= 0 && first > 1 &&
                 (!parts[1] || parse_uint32(parts[1], &count) >= 0))
                conversion_setf(&n->out, CONVERSION_CONTAINER, "UIDMap", "0:%u:%u", first, count);
        else if (parse_boolean(e->value, &users) < 0)
                note(n, e, "choose a range with UserNS=, UIDMap= and GIDMap=");
        else if (users)
                conversion_set(&n->out, CONVERSION_CONTAINER, "UserNS", "auto");
}

static void convert_limit(Nspawn *n, const UnitEntry *e) {
        conversion_set(&n->out, CONVERSION_SERVICE, e->key, e->value); /* inherited by the payload */
}

static const struct {
        const char *word, *option; /* "": none is needed */
} bind_options[] = {
        { "idmap", "idmap" },
        { "noidmap", "" },
        { "norbind", "bind" },
        { "rbind", "rbind" },
};

/* Options of nspawn to ours, with a colon in front; NULL: one has no counterpart. */
static char *options_of(const char *text, bool read_only) {
        g_auto(GStrv) words = g_strsplit(text ?: "", ",", -1); /* none in "" */
        GString *out = g_string_new(read_only ? ":ro" : "");

        for (char **w = words; *w; w++) {
                const char *option = NULL;

                for (size_t i = 0; i < ELEMENTSOF(bind_options); i++)
                        if (streq(bind_options[i].word, *w))
                                option = bind_options[i].option;
                if (!option) {
                        g_string_free(out, TRUE);
                        return NULL;
                }
                if (*option)
                        g_string_append_printf(out, "%s%s", out->len > 0 ? "," : ":", option);
        }
        return g_string_free(out, FALSE);
}

/* "SOURCE[:DESTINATION[:OPTIONS]]" */
static void convert_bind_as(Nspawn *n, const UnitEntry *e, bool read_only) {
        g_auto(GStrv) parts = g_strsplit(e->value, ":", 3);
        unsigned count = g_strv_length(parts);
        g_autofree char *options = options_of(count > 2 ? parts[2] : NULL, read_only);

        if (count == 0 || startswith(parts[0], "+") || startswith(parts[0], "-") || !options)
                note(n, e, "write it as Volume=SOURCE:DESTINATION[:OPTIONS]");
        else
                conversion_setf(&n->out, CONVERSION_CONTAINER, "Volume", "%s:%s%s", parts[0],
                                count > 1 ? parts[1] : parts[0], options);
}

static void convert_bind(Nspawn *n, const UnitEntry *e) {
        convert_bind_as(n, e, false);
}

static void convert_bind_read_only(Nspawn *n, const UnitEntry *e) {
        convert_bind_as(n, e, true);
}

static void convert_timezone(Nspawn *n, const UnitEntry *e) {
        if (streq(e->value, "auto") || streq(e->value, "bind") || streq(e->value, "symlink") ||
            streq(e->value, "copy"))
                conversion_set(&n->out, CONVERSION_CONTAINER, "Timezone", "local");
        else
                note(n, e, "the tree's own /etc/localtime is used");
}

static void convert_private(Nspawn *n, const UnitEntry *e) {
        conversion_set(&n->out, CONVERSION_CONTAINER, "Network", boolean_of(n, e) ? "none" : "host");
}

/* "[tcp:]HOST[:CONTAINER]". In the host's network, a port cannot be forwarded to itself. */
static void convert_port(Nspawn *n, const UnitEntry *e) {
        const char *rest = startswith(e->value, "tcp:") ?: e->value, *colon = strchr(rest, ':');
        g_autofree char *outside = g_strndup(rest, colon ? (size_t) (colon - rest) : strlen(rest));

        if (startswith(e->value, "udp:"))
                note(n, e, "only TCP ports can be forwarded");
        else if (!n->private && (!colon || streq(outside, colon + 1)))
                note(n, e, "with the host's network, the default here, the port is reachable as it is");
        else if (colon)
                conversion_set(&n->out, CONVERSION_CONTAINER, "ProxyPort", rest);
        else
                conversion_setf(&n->out, CONVERSION_CONTAINER, "ProxyPort", "%s:%s", rest, rest);
}

static const struct {
        const char *section, *key;
        void (*convert)(Nspawn *n, const UnitEntry *e);
} changed[] = {
        { "Exec", "Boot", convert_boot },
        { "Exec", "KillSignal", convert_kill_signal },
        { "Exec", "NotifyReady", convert_notify_ready },
        { "Exec", "OOMScoreAdjust", convert_oom_score },
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
        const char *signal = n->kill_signal ? n->kill_signal->value : n->boot ? "SIGRTMIN+3" : NULL;
        const char *parameters = n->parameters ? n->parameters->value : "";

        if (signal)
                conversion_set(&n->out, CONVERSION_CONTAINER, "StopSignal", signal);
        if (n->boot) {
                g_autofree char *command =
                                g_strconcat("/sbin/init", *parameters ? " " : "", parameters, NULL);

                set(n, CONVERSION_CONTAINER, "Exec", command);
                return;
        }
        if (n->process_two)
                conversion_set(&n->out, CONVERSION_CONTAINER, "RunInit", "yes");
        if (*parameters)
                set(n, CONVERSION_CONTAINER, "Exec", parameters);
        else
                conversion_note(&n->out, CONVERSION_CONTAINER, "Exec=", "say what is to be run");
}

/* Ports may come before what is said of the network. */
static bool is_private(const UnitFile *file) {
        bool private = false;

        for (unsigned i = 0; i < file->entries->len; i++) {
                const UnitEntry *e = &g_array_index(file->entries, UnitEntry, i);

                if (e->key && streq(e->section, "Network") && streq(e->key, "Private"))
                        (void) parse_boolean(e->value, &private);
        }
        return private;
}

char *convert_nspawn(const UnitFile *file, const char *machine) {
        Nspawn n = { 0 };
        char *text;

        conversion_init(&n.out);
        conversion_setf(&n.out, CONVERSION_CONTAINER, "Rootfs", "/var/lib/machines/%s", machine);
        n.private = is_private(file);
        for (unsigned i = 0; i < file->entries->len; i++)
                convert_entry(&n, &g_array_index(file->entries, UnitEntry, i));
        set_command(&n);
        text = conversion_text(&n.out, file->path);
        conversion_done(&n.out);
        return text;
}
