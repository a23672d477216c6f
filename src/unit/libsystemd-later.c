/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns when berth loads libsystemd: at its first use. Loading it takes longer than all that most verbs do
 * (state, kill, start, exec and others make no call), and create and run have cloned init by then, which
 * goes on meanwhile. The functions here have the names of the library's, so the linker takes them; each
 * finds its own there when it is called. Only berth is linked with this file: the other programs need the
 * library in any case. */

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-login.h>

#include "basic/log.h"

#define LIBRARY "libsystemd.so.0"

/* Packages see to it that the library is there: nothing could be done without it. */
static void *find(const char *name) {
        static void *library;
        void *function;

        if (!library)
                library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        function = library ? dlsym(library, name) : NULL;
        if (!function) {
                log_error("Failed to load %s: %s", LIBRARY, dlerror());
                exit(EXIT_FAILURE);
        }
        return function;
}

#define FORWARD(type, name, parameters, arguments) \
        type name parameters {                     \
                static typeof(name) *function;     \
                                                   \
                if (!function)                     \
                        function = find(#name);    \
                return function arguments;         \
        }

/* The library has another function for those who have a va_list. */
#define VARIADIC(name, other, parameters, arguments, last) \
        int name parameters {                              \
                static typeof(other) *function;            \
                va_list ap;                                \
                int r;                                     \
                                                           \
                if (!function)                             \
                        function = find(#other);           \
                va_start(ap, last);                        \
                r = function arguments;                    \
                va_end(ap);                                \
                return r;                                  \
        }

/* The number of parameters is the library's. */
/* NOLINTBEGIN(readability-function-size) */
/* clang-format off */
FORWARD(int, sd_booted, (void), ())
FORWARD(int, sd_bus_attach_event, (sd_bus *bus, sd_event *e, int priority), (bus, e, priority))
FORWARD(int, sd_bus_call, (sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *ret_error, sd_bus_message **reply), (bus, m, usec, ret_error, reply))
FORWARD(int, sd_bus_call_async, (sd_bus *bus, sd_bus_slot **slot, sd_bus_message *m, sd_bus_message_handler_t callback, void *userdata, uint64_t usec), (bus, slot, m, callback, userdata, usec))
VARIADIC(sd_bus_call_method, sd_bus_call_methodv, (sd_bus *bus, const char *destination, const char *path, const char *interface, const char *member, sd_bus_error *ret_error, sd_bus_message **reply, const char *types, ...), (bus, destination, path, interface, member, ret_error, reply, types, ap), types)
VARIADIC(sd_bus_call_method_async, sd_bus_call_method_asyncv, (sd_bus *bus, sd_bus_slot **slot, const char *destination, const char *path, const char *interface, const char *member, sd_bus_message_handler_t callback, void *userdata, const char *types, ...), (bus, slot, destination, path, interface, member, callback, userdata, types, ap), types)
FORWARD(sd_bus *, sd_bus_close_unref, (sd_bus *bus), (bus))
FORWARD(int, sd_bus_detach_event, (sd_bus *bus), (bus))
FORWARD(void, sd_bus_error_free, (sd_bus_error *e), (e))
FORWARD(int, sd_bus_error_get_errno, (const sd_bus_error *e), (e))
FORWARD(int, sd_bus_error_has_name, (const sd_bus_error *e, const char *name), (e, name))
FORWARD(int, sd_bus_error_is_set, (const sd_bus_error *e), (e))
FORWARD(sd_bus *, sd_bus_flush_close_unref, (sd_bus *bus), (bus))
FORWARD(int, sd_bus_get_property, (sd_bus *bus, const char *destination, const char *path, const char *interface, const char *member, sd_bus_error *ret_error, sd_bus_message **reply, const char *type), (bus, destination, path, interface, member, ret_error, reply, type))
FORWARD(int, sd_bus_get_property_string, (sd_bus *bus, const char *destination, const char *path, const char *interface, const char *member, sd_bus_error *ret_error, char **ret), (bus, destination, path, interface, member, ret_error, ret))
FORWARD(int, sd_bus_get_property_trivial, (sd_bus *bus, const char *destination, const char *path, const char *interface, const char *member, sd_bus_error *ret_error, char type, void *ret_ptr), (bus, destination, path, interface, member, ret_error, type, ret_ptr))
FORWARD(int, sd_bus_is_open, (sd_bus *bus), (bus))
FORWARD(int, sd_bus_is_ready, (sd_bus *bus), (bus))
FORWARD(int, sd_bus_match_signal, (sd_bus *bus, sd_bus_slot **ret, const char *sender, const char *path, const char *interface, const char *member, sd_bus_message_handler_t callback, void *userdata), (bus, ret, sender, path, interface, member, callback, userdata))
FORWARD(int, sd_bus_match_signal_async, (sd_bus *bus, sd_bus_slot **ret, const char *sender, const char *path, const char *interface, const char *member, sd_bus_message_handler_t match_callback, sd_bus_message_handler_t add_callback, void *userdata), (bus, ret, sender, path, interface, member, match_callback, add_callback, userdata))
VARIADIC(sd_bus_message_append, sd_bus_message_appendv, (sd_bus_message *m, const char *types, ...), (m, types, ap), types)
FORWARD(int, sd_bus_message_append_array, (sd_bus_message *m, char type, const void *ptr, size_t size), (m, type, ptr, size))
FORWARD(int, sd_bus_message_append_basic, (sd_bus_message *m, char type, const void *p), (m, type, p))
FORWARD(int, sd_bus_message_at_end, (sd_bus_message *m, int complete), (m, complete))
FORWARD(int, sd_bus_message_close_container, (sd_bus_message *m), (m))
FORWARD(int, sd_bus_message_enter_container, (sd_bus_message *m, char type, const char *contents), (m, type, contents))
FORWARD(int, sd_bus_message_exit_container, (sd_bus_message *m), (m))
FORWARD(const sd_bus_error *, sd_bus_message_get_error, (sd_bus_message *m), (m))
FORWARD(int, sd_bus_message_is_method_error, (sd_bus_message *m, const char *name), (m, name))
FORWARD(int, sd_bus_message_new_method_call, (sd_bus *bus, sd_bus_message **m, const char *destination, const char *path, const char *interface, const char *member), (bus, m, destination, path, interface, member))
FORWARD(int, sd_bus_message_open_container, (sd_bus_message *m, char type, const char *contents), (m, type, contents))
FORWARD(int, sd_bus_message_peek_type, (sd_bus_message *m, char *type, const char **contents), (m, type, contents))
VARIADIC(sd_bus_message_read, sd_bus_message_readv, (sd_bus_message *m, const char *types, ...), (m, types, ap), types)
FORWARD(int, sd_bus_message_read_basic, (sd_bus_message *m, char type, void *p), (m, type, p))
FORWARD(int, sd_bus_message_set_expect_reply, (sd_bus_message *m, int b), (m, b))
FORWARD(sd_bus_message *, sd_bus_message_unref, (sd_bus_message *m), (m))
FORWARD(int, sd_bus_new, (sd_bus **ret), (ret))
FORWARD(int, sd_bus_open_system, (sd_bus **ret), (ret))
FORWARD(int, sd_bus_open_user, (sd_bus **ret), (ret))
FORWARD(int, sd_bus_path_encode, (const char *prefix, const char *external_id, char **ret_path), (prefix, external_id, ret_path))
FORWARD(int, sd_bus_process, (sd_bus *bus, sd_bus_message **r), (bus, r))
FORWARD(int, sd_bus_send, (sd_bus *bus, sd_bus_message *m, uint64_t *cookie), (bus, m, cookie))
FORWARD(int, sd_bus_set_fd, (sd_bus *bus, int input_fd, int output_fd), (bus, input_fd, output_fd))
FORWARD(sd_bus_slot *, sd_bus_slot_unref, (sd_bus_slot *slot), (slot))
FORWARD(int, sd_bus_start, (sd_bus *bus), (bus))
FORWARD(sd_bus *, sd_bus_unref, (sd_bus *bus), (bus))
FORWARD(int, sd_bus_wait, (sd_bus *bus, uint64_t timeout_usec), (bus, timeout_usec))
FORWARD(int, sd_event_add_defer, (sd_event *e, sd_event_source **s, sd_event_handler_t callback, void *userdata), (e, s, callback, userdata))
FORWARD(int, sd_event_add_io, (sd_event *e, sd_event_source **s, int fd, uint32_t events, sd_event_io_handler_t callback, void *userdata), (e, s, fd, events, callback, userdata))
FORWARD(int, sd_event_add_signal, (sd_event *e, sd_event_source **s, int sig, sd_event_signal_handler_t callback, void *userdata), (e, s, sig, callback, userdata))
FORWARD(int, sd_event_add_time_relative, (sd_event *e, sd_event_source **s, clockid_t clock, uint64_t usec, uint64_t accuracy, sd_event_time_handler_t callback, void *userdata), (e, s, clock, usec, accuracy, callback, userdata))
FORWARD(int, sd_event_exit, (sd_event *e, int code), (e, code))
FORWARD(int, sd_event_loop, (sd_event *e), (e))
FORWARD(int, sd_event_new, (sd_event **e), (e))
FORWARD(sd_event *, sd_event_ref, (sd_event *e), (e))
FORWARD(int, sd_event_run, (sd_event *e, uint64_t usec), (e, usec))
FORWARD(sd_event_source *, sd_event_source_disable_unref, (sd_event_source *s), (s))
FORWARD(sd_event *, sd_event_source_get_event, (sd_event_source *s), (s))
FORWARD(int, sd_event_source_set_enabled, (sd_event_source *s, int enabled), (s, enabled))
FORWARD(int, sd_event_source_set_io_events, (sd_event_source *s, uint32_t events), (s, events))
FORWARD(int, sd_event_source_set_io_fd, (sd_event_source *s, int fd), (s, fd))
FORWARD(int, sd_event_source_set_priority, (sd_event_source *s, int64_t priority), (s, priority))
FORWARD(int, sd_event_source_set_ratelimit, (sd_event_source *s, uint64_t interval_usec, unsigned burst), (s, interval_usec, burst))
FORWARD(int, sd_event_source_set_ratelimit_expire_callback, (sd_event_source *s, sd_event_handler_t callback), (s, callback))
FORWARD(int, sd_event_source_set_time_relative, (sd_event_source *s, uint64_t usec), (s, usec))
FORWARD(sd_event *, sd_event_unref, (sd_event *e), (e))
FORWARD(int, sd_pid_get_unit, (pid_t pid, char **unit), (pid, unit))
FORWARD(int, sd_pid_get_user_unit, (pid_t pid, char **unit), (pid, unit))
/* clang-format on */
/* NOLINTEND(readability-function-size) */
