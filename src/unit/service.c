/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the table of settings that follow a container from its service into its scope. Changes nothing. */

#include "unit/service.h"
#include "basic/log.h"
#include "unit/bus.h"

/* What a setting is when nobody has set it, as GVariant text. */
typedef struct ServiceProperty {
        const char *name;
        const char *default_value;
} ServiceProperty;

#define INFINITY_TEXT "uint64 18446744073709551615"

static const ServiceProperty service_properties[] = {
        { "AllowedCPUs", "@ay []" },
        { "AllowedMemoryNodes", "@ay []" },
        { "BPFProgram", "@a(ss) []" },
        { "CPUQuotaPerSecUSec", INFINITY_TEXT },
        { "CPUQuotaPeriodUSec", INFINITY_TEXT },
        { "CPUWeight", INFINITY_TEXT },
        { "CoredumpReceive", "false" },
        { "DefaultMemoryLow", "uint64 0" },
        { "DefaultMemoryMin", "uint64 0" },
        { "DefaultStartupMemoryLow", "uint64 0" },
        { "DeviceAllow", "@a(ss) []" },
        { "DevicePolicy", "'auto'" },
        { "DisableControllers", "@as []" },
        { "IODeviceLatencyTargetUSec", "@a(st) []" },
        { "IODeviceWeight", "@a(st) []" },
        { "IOReadBandwidthMax", "@a(st) []" },
        { "IOReadIOPSMax", "@a(st) []" },
        { "IOWeight", INFINITY_TEXT },
        { "IOWriteBandwidthMax", "@a(st) []" },
        { "IOWriteIOPSMax", "@a(st) []" },
        { "IPAccounting", "false" },
        { "IPAddressAllow", "@a(iayu) []" },
        { "IPAddressDeny", "@a(iayu) []" },
        { "IPEgressFilterPath", "@as []" },
        { "IPIngressFilterPath", "@as []" },
        { "ManagedOOMMemoryPressure", "'auto'" },
        { "ManagedOOMMemoryPressureDurationUSec", INFINITY_TEXT },
        { "ManagedOOMMemoryPressureLimit", "uint32 0" },
        { "ManagedOOMPreference", "'none'" },
        { "ManagedOOMSwap", "'auto'" },
        { "MemoryHigh", INFINITY_TEXT },
        { "MemoryLow", "uint64 0" },
        { "MemoryMax", INFINITY_TEXT },
        { "MemoryMin", "uint64 0" },
        { "MemorySwapMax", INFINITY_TEXT },
        { "MemoryZSwapMax", INFINITY_TEXT },
        { "MemoryZSwapWriteback", "true" },
        { "NFTSet", "@a(iiss) []" },
        { "RestrictNetworkInterfaces", "(false, @as [])" },
        { "SocketBindAllow", "@a(iiqq) []" },
        { "SocketBindDeny", "@a(iiqq) []" },
        { "StartupAllowedCPUs", "@ay []" },
        { "StartupAllowedMemoryNodes", "@ay []" },
        { "StartupCPUWeight", INFINITY_TEXT },
        { "StartupIOWeight", INFINITY_TEXT },
        { "StartupMemoryHigh", INFINITY_TEXT },
        { "StartupMemoryLow", "uint64 0" },
        { "StartupMemoryMax", INFINITY_TEXT },
        { "StartupMemorySwapMax", INFINITY_TEXT },
        { "StartupMemoryZSwapMax", INFINITY_TEXT },
};

static bool is_default(const ServiceProperty *property, GVariant *value) {
        GVariant *default_value = g_variant_parse(NULL, property->default_value, NULL, NULL, NULL);
        bool equal = default_value && g_variant_equal(default_value, value);

        if (default_value)
                g_variant_unref(default_value);
        return equal;
}

static void take_property(PropertyList *list, const char *name, GVariant *value) {
        for (size_t i = 0; i < ELEMENTSOF(service_properties); i++)
                if (streq(service_properties[i].name, name)) {
                        if (!is_default(service_properties + i, value))
                                property_set(list, name, value);
                        return;
                }
        /* Of the others, the supervisor takes care. A scope without it is an older systemd's. */
        if (streq(name, "OOMPolicy") && streq(g_variant_get_string(value, NULL), "kill"))
                property_set_optional(list, name, value);
        /* These depend on the machine, and are compared later. */
        if (streq(name, "TasksMax") || streq(name, "Slice"))
                property_set(list, name, value);
}

static void take_log_setting(ServiceLog *log, const char *name, GVariant *value) {
        if (streq(name, "SyslogIdentifier")) {
                g_free(log->identifier);
                log->identifier = g_variant_dup_string(value, NULL);
        } else if (streq(name, "SyslogPriority"))
                log->priority = g_variant_get_int32(value);
        else if (streq(name, "SyslogLevelPrefix"))
                log->level_prefix = g_variant_get_boolean(value);
}

static int read_properties(sd_bus_message *reply, PropertyList *list, ServiceLog *log) {
        int r;

        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
                GVariant *value, *inner;
                const char *name;

                r = sd_bus_message_read_basic(reply, SD_BUS_TYPE_STRING, &name);
                if (r < 0)
                        return r;
                r = message_read_value(reply, &value);
                if (r < 0)
                        return r;
                inner = g_variant_get_variant(value);
                take_property(list, name, inner);
                take_log_setting(log, name, inner);
                g_variant_unref(inner);
                g_variant_unref(value);
                r = sd_bus_message_exit_container(reply);
        }
        return r;
}

static int get_all(Manager *m, const char *service, PropertyList *list, ServiceLog *log) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_free_ char *path = unit_object_path(service);
        _cleanup_free_ char *what = g_strdup_printf("read the settings of %s", service);
        int r;

        r = sd_bus_message_new_method_call(m->bus, &call, SYSTEMD_NAME, path, DBUS_PROPERTIES, "GetAll");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", SYSTEMD_NAME ".Service");
        if (r < 0)
                return log_error_errno(r, "Failed to %s: %m", what);
        r = manager_call(m, call, what, &reply);
        if (r < 0)
                return r;
        r = read_properties(reply, list, log);
        if (r < 0)
                return log_error_errno(r, "Failed to %s: %m", what);
        return 0;
}

/* TasksMax= has a default that is a share of what the machine can do. */
static int default_tasks_max(Manager *m, uint64_t *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_get_property_trivial(
                            m->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "DefaultTasksMax", &error,
                            't', ret) < 0)
                return log_error_errno(
                                error_to_errno(&error), "Failed to read DefaultTasksMax= from systemd: %s",
                                error_text(&error));
        return 0;
}

/* Services are in system.slice (a user's in app.slice), instances of a template in a slice of the template's
 * own below it. A unit that does not exist is in none. */
static bool is_default_slice(const char *slice, bool user, bool instance) {
        if (isempty(slice) || streq(slice, user ? "app.slice" : "system.slice"))
                return true;
        return instance && startswith(slice, user ? "app-" : "system-");
}

static void drop_default_slice(Manager *m, PropertyList *list, const char *service) {
        const Property *slice = property_find(list, "Slice");
        bool instance = strchr(service, '@');

        if (slice && is_default_slice(g_variant_get_string(slice->value, NULL), m->user, instance))
                (void) property_remove(list, "Slice");
}

int service_resource_properties(Manager *m, const char *service, PropertyList **ret, ServiceLog *ret_log) {
        _cleanup_(property_list_freep) PropertyList *list = property_list_new();
        const Property *tasks_max;
        uint64_t default_value;
        int r;

        r = get_all(m, service, list, ret_log);
        if (r < 0)
                return r;
        r = default_tasks_max(m, &default_value);
        if (r < 0)
                return r;
        tasks_max = property_find(list, "TasksMax");
        if (tasks_max && g_variant_get_uint64(tasks_max->value) == default_value)
                (void) property_remove(list, "TasksMax");
        drop_default_slice(m, list, service);
        *ret = TAKE_PTR(list);
        return 0;
}

int service_stop_timeout(Manager *m, const char *service, uint64_t *ret_usec) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = unit_object_path(service);

        if (sd_bus_get_property_trivial(
                            m->bus, SYSTEMD_NAME, path, SYSTEMD_NAME ".Service", "TimeoutStopUSec", &error,
                            't', ret_usec) < 0)
                return log_error_errno(
                                error_to_errno(&error),
                                "Failed to read TimeoutStopSec= of %s from systemd: %s", service,
                                error_text(&error));
        return 0;
}
