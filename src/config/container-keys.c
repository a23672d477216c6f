/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of keys: a group for each subject, alphabetical in it. How a value is written is the
 * business of the value-*.c of the subject. */

#include "config/container-keys.h"

#include "basic/macro.h"

static void reset_enum(void *field) {
        *(int *) field = 0;
}

static void reset_int_unset(void *field) {
        *(int *) field = -1;
}

static void reset_mask(void *field) {
        *(uint64_t *) field = 0;
}

static void reset_usec(void *field) {
        *(uint64_t *) field = 0;
}

static void reset_nothing(void *field) {
}

static void reset_string(void *field) {
        g_free(*(char **) field);
        *(char **) field = NULL;
}

static void reset_strv(void *field) {
        g_strfreev(*(char ***) field);
        *(char ***) field = NULL;
}

/* The list itself goes with the ContainerFile. */
static void reset_list(void *field) {
        g_ptr_array_set_size(*(GPtrArray **) field, 0);
}

static void remove_of_key(GPtrArray *volumes, const char *key) {
        for (unsigned i = volumes->len; i > 0; i--)
                if (streq(((const ContainerVolume *) volumes->pdata[i - 1])->key, key))
                        g_ptr_array_remove_index(volumes, i - 1);
}

static void reset_mounts(void *field) {
        remove_of_key(*(GPtrArray **) field, "Mount");
}

static void reset_tmpfs(void *field) {
        remove_of_key(*(GPtrArray **) field, "Tmpfs");
}

static void reset_volumes(void *field) {
        remove_of_key(*(GPtrArray **) field, "Volume");
}

/* Lists that exist only when something is in them. */
static void reset_array(void *field) {
        GPtrArray **list = field;

        if (*list)
                g_ptr_array_unref(*list);
        *list = NULL;
}

/* To say that there is none is something else than to say nothing. ContainerFile frees it. */
static void reset_entrypoint(void *field) {
        g_strfreev(*(char ***) field);
        *(char ***) field = g_new0(char *, 1);
}

static void reset_userns(void *field) {
        ContainerUserNamespace *userns = field;

        reset_array(&userns->uids);
        reset_array(&userns->gids);
        *userns = (ContainerUserNamespace) { 0 };
}

#define FIELD(name) offsetof(ContainerFile, name)

static const ContainerKey root_keys[] = {
        { "Container", "Bundle", value_path, reset_string, FIELD(bundle) },
        { "Container", "Ephemeral", value_bool, reset_int_unset, FIELD(ephemeral) },
        { "Container", "Image", value_image, reset_string, FIELD(image) },
        { "Container", "OCIPatch", value_patch, reset_array, FIELD(patches) },
        { "Container", "ReadOnly", value_bool, reset_int_unset, FIELD(read_only) },
        { "Container", "ReadOnlyTmpfs", value_bool, reset_int_unset, FIELD(read_only_tmpfs) },
        { "Container", "RootImage", value_path, reset_string, FIELD(root_image) },
        { "Container", "Rootfs", value_rootfs, reset_string, FIELD(rootfs) },
        { "Container", "Volatile", value_volatile, reset_enum, FIELD(volatile_mode) },
};

static const ContainerKey process_keys[] = {
        { "Container", "Entrypoint", value_entrypoint, reset_entrypoint, FIELD(entrypoint) },
        { "Container", "Environment", value_environment, reset_strv, FIELD(environment) },
        { "Container", "EnvironmentFile", value_file, reset_array, FIELD(environment_files) },
        { "Container", "EnvironmentHost", value_bool, reset_int_unset, FIELD(environment_host) },
        { "Container", "Exec", value_exec, reset_strv, FIELD(exec) },
        { "Container", "Group", value_group, reset_string, FIELD(group) },
        { "Container", "GroupAdd", value_group_add, reset_strv, FIELD(group_add) },
        { "Container", "HttpProxy", value_bool, reset_int_unset, FIELD(http_proxy) },
        { "Container", "RunInit", value_bool, reset_int_unset, FIELD(run_init) },
        { "Container", "Sysctl", value_sysctl, reset_strv, FIELD(sysctl) },
        { "Container", "Terminal", value_bool, reset_int_unset, FIELD(terminal) },
        { "Container", "Ulimit", value_ulimit, reset_array, FIELD(ulimits) },
        { "Container", "User", value_user, reset_user, FIELD(user) },
        { "Container", "WorkingDir", value_path, reset_string, FIELD(working_dir) },
};

static const ContainerKey identity_keys[] = {
        { "Container", "AddHost", value_add_host, reset_strv, FIELD(add_host) },
        { "Container", "ContainerName", value_container_name, reset_nothing, FIELD(id) },
        { "Container", "DNS", value_dns, reset_strv, FIELD(dns) },
        { "Container", "DNSOption", value_dns_option, reset_strv, FIELD(dns_option) },
        { "Container", "DNSSearch", value_dns_search, reset_strv, FIELD(dns_search) },
        { "Container", "HostName", value_host_name, reset_string, FIELD(host_name) },
        { "Container", "Machine", value_bool, reset_int_unset, FIELD(machine) },
        { "Container", "Network", value_network, reset_enum, FIELD(network) },
        { "Container", "Timezone", value_timezone, reset_string, FIELD(timezone) },
};

static const ContainerKey userns_keys[] = {
        { "Container", "GIDMap", value_id_map, reset_array, FIELD(gid_map) },
        { "Container", "RemapGid", value_remap_ids, reset_strv, FIELD(remap_gid) },
        { "Container", "RemapUid", value_remap_ids, reset_strv, FIELD(remap_uid) },
        { "Container", "RemapUidSize", value_string, reset_string, FIELD(remap_size) },
        { "Container", "RemapUsers", value_remap_users, reset_string, FIELD(remap_users) },
        { "Container", "SubGIDMap", value_string, reset_string, FIELD(sub_gid_map) },
        { "Container", "SubUIDMap", value_string, reset_string, FIELD(sub_uid_map) },
        { "Container", "UIDMap", value_id_map, reset_array, FIELD(uid_map) },
        { "Container", "UserNS", value_userns, reset_userns, FIELD(userns) },
};

static const ContainerKey security_keys[] = {
        { "Container", "AddCapability", value_capabilities, reset_mask, FIELD(add_capability) },
        { "Container", "AmbientCapability", value_capabilities, reset_mask, FIELD(ambient_capability) },
        { "Container", "AppArmor", value_apparmor, reset_string, FIELD(apparmor) },
        { "Container", "DropCapability", value_capabilities, reset_mask, FIELD(drop_capability) },
        { "Container", "Mask", value_mask, reset_strv, FIELD(mask) },
        { "Container", "NoNewPrivileges", value_bool, reset_int_unset, FIELD(no_new_privileges) },
        { "Container", "SeccompProfile", value_seccomp, reset_string, FIELD(seccomp_profile) },
        { "Container", "SecurityLabelDisable", value_bool, reset_int_unset, FIELD(label_disable) },
        { "Container", "SecurityLabelFileType", value_label, reset_string, FIELD(file_type) },
        { "Container", "SecurityLabelLevel", value_label_level, reset_string, FIELD(label_level) },
        { "Container", "SecurityLabelNested", value_bool, reset_int_unset, FIELD(label_nested) },
        { "Container", "SecurityLabelType", value_label, reset_string, FIELD(label_type) },
        { "Container", "Unmask", value_unmask, reset_strv, FIELD(unmask) },
};

/* Volume=, Mount= and Tmpfs= are one list, in which an empty assignment takes back what its own key added.
 */
static const ContainerKey file_keys[] = {
        { "Container", "AddDevice", value_device, reset_array, FIELD(devices) },
        { "Container", "Annotation", value_annotation, reset_strv, FIELD(annotations) },
        { "Container", "Label", value_annotation, reset_strv, FIELD(annotations) },
        { "Container", "Mount", value_mount, reset_mounts, FIELD(volumes) },
        { "Container", "ShmSize", value_shm_size, reset_string, FIELD(shm_size) },
        { "Container", "Tmpfs", value_tmpfs, reset_tmpfs, FIELD(volumes) },
        { "Container", "Volume", value_volume, reset_volumes, FIELD(volumes) },
};

/* What the supervisor does beside running the payload. */
static const ContainerKey life_keys[] = {
        { "Container", "Notify", value_notify, reset_enum, FIELD(notify) },
        { "Container", "NotifyAllow", value_notify_allow, reset_strv, FIELD(notify_allow) },
        { "Container", "ReloadCmd", value_exec, reset_strv, FIELD(reload_cmd) },
        { "Container", "ReloadSignal", value_signal, reset_enum, FIELD(reload_signal) },
        { "Container", "StopSignal", value_signal, reset_enum, FIELD(stop_signal) },
};

static const ContainerKey health_keys[] = {
        { "Container", "HealthCmd", value_health_cmd, reset_strv, FIELD(health.command) },
        { "Container", "HealthInterval", value_health_interval, reset_usec, FIELD(health.interval_usec) },
        { "Container", "HealthOnFailure", value_health_on_failure, reset_enum, FIELD(health.on_failure) },
        { "Container", "HealthRetries", value_health_retries, reset_enum, FIELD(health.retries) },
        { "Container", "HealthStartPeriod", value_time_span, reset_usec, FIELD(health.start_period_usec) },
        { "Container", "HealthTimeout", value_health_timeout, reset_usec, FIELD(health.timeout_usec) },
};

static const ContainerKey install_keys[] = {
        { "Install", "DefaultInstance", value_instance, reset_string, FIELD(default_instance) },
        { "Install", "RequiredBy", value_units, reset_strv, FIELD(required_by) },
        { "Install", "UpheldBy", value_units, reset_strv, FIELD(upheld_by) },
        { "Install", "WantedBy", value_units, reset_strv, FIELD(wanted_by) },
};

static const ContainerKey resctrl_keys[] = {
        { "Resctrl", "ClosID", value_string, reset_string, FIELD(clos_id) },
        { "Resctrl", "Schemata", value_line, reset_strv, FIELD(schemata) },
};

static const ContainerKey proxy_keys[] = {
        { "Container", "IdleStopSec", value_idle_stop, reset_string, FIELD(idle_stop) },
        { "Container", "ProxyPort", value_proxy_port, reset_list, FIELD(proxy_ports) },
};

/* systemd has the others. */
static const ContainerKey socket_keys[] = {
        { "Socket", "Accept", value_bool, reset_int_unset, FIELD(accept) },
};

/* The keys of a table are all of one section. */
#define TABLE(keys) { keys, ELEMENTSOF(keys) }

static const struct {
        const ContainerKey *keys;
        size_t n;
} tables[] = {
        TABLE(root_keys),    TABLE(process_keys), TABLE(identity_keys), TABLE(security_keys),
        TABLE(file_keys),    TABLE(life_keys),    TABLE(health_keys),   TABLE(install_keys),
        TABLE(resctrl_keys), TABLE(proxy_keys),   TABLE(socket_keys),   TABLE(userns_keys),
};

const ContainerKey *container_key_find(const char *section, const char *name) {
        for (size_t t = 0; t < ELEMENTSOF(tables); t++) {
                if (!streq(tables[t].keys->section, section))
                        continue;
                for (const ContainerKey *k = tables[t].keys; k < tables[t].keys + tables[t].n; k++)
                        if (*k->name == *name && streq(k->name, name))
                                return k;
        }
        return NULL;
}

bool container_key_adds(const ContainerKey *key) {
        if (key->parse == value_exec || key->parse == value_health_cmd) /* words of one command */
                return false;
        return key->reset == reset_mask || key->reset == reset_strv || key->reset == reset_list ||
                        key->reset == reset_mounts || key->reset == reset_tmpfs ||
                        key->reset == reset_volumes || key->reset == reset_array;
}

const ContainerKey *container_key_at(size_t i) {
        for (size_t t = 0; t < ELEMENTSOF(tables); t++) {
                if (i < tables[t].n)
                        return tables[t].keys + i;
                i -= tables[t].n;
        }
        return NULL;
}
