/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what is said to systemd-machined. That is reached over the system bus only, which nothing else here
 * needs: so it is connected to for one call and left again. */

#include "unit/machine.h"

#include <string.h>

#include "basic/log.h"
#include "unit/bus.h"

#define MACHINED_NAME    "org.freedesktop.machine1"
#define MACHINED_PATH    "/org/freedesktop/machine1"
#define MACHINED_MANAGER "org.freedesktop.machine1.Manager"
#define ERROR_EXISTS     "org.freedesktop.machine1.MachineExists"

#define NAME_MAX_LENGTH 64

bool machine_name_is_valid(const char *name) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
        size_t n = strlen(name);

        if (n == 0 || n > NAME_MAX_LENGTH || name[strspn(name, allowed)] != '\0')
                return false;
        return !strchr("-.", name[0]) && !strchr("-.", name[n - 1]) && !strstr(name, "..") &&
                        !strstr(name, ".-") && !strstr(name, "-.");
}

static int call_register(sd_bus *bus, const MachineOptions *o, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(
                        bus, &call, MACHINED_NAME, MACHINED_PATH, MACHINED_MANAGER, "RegisterMachine");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", o->name);
        if (r >= 0) /* no id: what the image says of itself is not to be relied on */
                r = sd_bus_message_append_array(call, SD_BUS_TYPE_BYTE, NULL, 0);
        if (r >= 0)
                r = sd_bus_message_append(call, "ssus", "berth", "container", (uint32_t) o->leader, o->root);
        return r < 0 ? r : sd_bus_call(bus, call, BUS_CALL_TIMEOUT_USEC, error, NULL);
}

/* Whether the machine of that name was a container in the scope that is ours now. */
static bool is_predecessor(sd_bus *bus, const MachineOptions *o) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *unit = NULL;
        const char *path;

        return sd_bus_call_method(
                               bus, MACHINED_NAME, MACHINED_PATH, MACHINED_MANAGER, "GetMachine", NULL,
                               &reply, "s", o->name) >= 0 &&
                        sd_bus_message_read(reply, "o", &path) >= 0 &&
                        sd_bus_get_property_string(
                                        bus, MACHINED_NAME, path, "org.freedesktop.machine1.Machine", "Unit",
                                        NULL, &unit) >= 0 &&
                        streq(unit, o->scope);
}

static int log_failure(const MachineOptions *o, int r, const sd_bus_error *error) {
        bool missing = sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                        sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit");

        if (sd_bus_error_has_name(error, ERROR_EXISTS))
                return log_error_errno(
                                -EEXIST,
                                "Failed to register container '%s' with systemd-machined: there is another "
                                "machine of that name",
                                o->name);
        return log_error_errno(
                        sd_bus_error_is_set(error) ? error_to_errno(error) : r,
                        "Failed to register container '%s' with systemd-machined: %s%s", o->name,
                        sd_bus_error_is_set(error) ? error_text(error) : g_strerror(-r),
                        missing ? " (is systemd-container installed?)" : "");
}

int machine_register(const MachineOptions *options) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0)
                return log_error_errno(
                                r,
                                "Failed to register container '%s' with systemd-machined: there is no "
                                "system "
                                "bus (D-Bus) here: %m",
                                options->name);
        r = call_register(bus, options, &error);
        if (r < 0 && sd_bus_error_has_name(&error, ERROR_EXISTS) && is_predecessor(bus, options)) {
                sd_bus_error_free(&error);
                (void) sd_bus_call_method(
                                bus, MACHINED_NAME, MACHINED_PATH, MACHINED_MANAGER, "UnregisterMachine",
                                NULL, NULL, "s", options->name);
                r = call_register(bus, options, &error);
        }
        return r < 0 ? log_failure(options, r, &error) : 0;
}
