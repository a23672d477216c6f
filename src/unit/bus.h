/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of src/unit only: the connection behind a Manager, messages, and the errors of systemd as errnos.
 */

#include <glib.h>
#include <systemd/sd-bus.h>

#include "basic/cleanup.h"
#include "unit/manager.h"
#include "unit/property.h"

#define SYSTEMD_NAME    "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

/* How a scope is stopped: its service may have a stop job that is ordered before that and waits for us. */
#define SCOPE_STOP_MODE "ignore-dependencies"

#define ERROR_UNIT_EXISTS  "org.freedesktop.systemd1.UnitExists"
#define ERROR_NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"

/* How long a single method call may take. */
#define BUS_CALL_TIMEOUT_USEC (UINT64_C(30) * 1000 * 1000)

/* A connection to one systemd. */
struct Manager {
        sd_bus *bus;
        sd_event *event;
        bool user;
        bool private_socket;
        char *description; /* "the socket /run/systemd/private" */
};

/* A method call to the Manager object. Does not log. */
int manager_message(Manager *m, const char *method, sd_bus_message **ret);

/* Sends a call and waits for the answer, without running the event loop. what completes "Failed to ...".
 * Logs systemd's own words and returns the errno of error_to_errno(). */
int manager_call(Manager *m, sd_bus_message *call, const char *what, sd_bus_message **ret_reply);

/* Match on a signal of the Manager object. On systemd's own socket this costs no message. Does not log. */
int manager_match(
                Manager *m, sd_bus_slot **ret, const char *member, sd_bus_message_handler_t handler,
                void *userdata);

/* Goes on with the connection's opening as far as that is possible without waiting, so that the next message
 * may leave at once. Does not log. */
void manager_authenticate(Manager *m);

/* Object path of a unit. Caller frees. */
char *unit_object_path(const char *unit);

/* The negative errno that stands for a D-Bus error: -EEXIST (unit exists), -ENOENT (no such unit),
 * -ETIMEDOUT, -EACCES,
 * ... -EIO for what has no better one. */
int error_to_errno(const sd_bus_error *error);

/* What the error says, or the text of its errno when it says nothing. */
const char *error_text(const sd_bus_error *error);

/* Appends the list as a(sv). -EOPNOTSUPP: a value of a type D-Bus does not have. Does not log. */
int message_append_properties(sd_bus_message *m, const PropertyList *list);

/* Reads the next complete value, whatever its type is. Caller unrefs. Does not log. */
int message_read_value(sd_bus_message *m, GVariant **ret);

/* Whether the error says that systemd does not know one of the properties, which is optional and now out of
 * the list. unit is for the message, on debug level. */
bool drop_unknown_property(PropertyList *list, const char *unit, const sd_bus_error *error);
