/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way between our values and D-Bus messages, and what systemd's errors mean. Sends nothing. */

#include "unit/bus.h"
#include "basic/log.h"

/* libsystemd knows only the errors of the D-Bus specification; these are systemd's own. */
static const struct {
        const char *name;
        int value;
} errors[] = {
        { ERROR_UNIT_EXISTS, EEXIST },
        { ERROR_NO_SUCH_UNIT, ENOENT },
        { "org.freedesktop.systemd1.BadUnitSetting", EINVAL },
        { "org.freedesktop.systemd1.LoadFailed", EIO },
        { "org.freedesktop.systemd1.NoSuchProcess", ESRCH },
        { "org.freedesktop.systemd1.OnlyByDependency", EPERM },
        { "org.freedesktop.systemd1.ShuttingDown", ESHUTDOWN },
        { "org.freedesktop.systemd1.TransactionIsDestructive", EDEADLK },
        { "org.freedesktop.systemd1.TransactionJobsConflicting", EDEADLK },
        { "org.freedesktop.systemd1.UnitMasked", ERFKILL },
        { SD_BUS_ERROR_NO_REPLY, ETIMEDOUT },
        { SD_BUS_ERROR_PROPERTY_READ_ONLY, EROFS },
        { SD_BUS_ERROR_UNKNOWN_OBJECT, ENOENT },
};

int error_to_errno(const sd_bus_error *error) {
        int value;

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (sd_bus_error_has_name(error, errors[i].name))
                        return -errors[i].value;
        value = sd_bus_error_get_errno(error);
        return value > 0 ? -value : -EIO;
}

const char *error_text(const sd_bus_error *error) {
        return !isempty(error->message) ? error->message : g_strerror(-error_to_errno(error));
}

/* Name of the property that the manager does not know according to the error; NULL for other errors. */
static char *unknown_property(const sd_bus_error *error) {
        const char *name, *end;

        if (!sd_bus_error_has_name(error, SD_BUS_ERROR_PROPERTY_READ_ONLY) || !error->message)
                return NULL;
        name = startswith(error->message, "Cannot set property ");
        end = name ? strstr(name, ", or unknown property") : NULL;
        return end ? g_strndup(name, end - name) : NULL;
}

bool drop_unknown_property(PropertyList *list, const char *unit, const sd_bus_error *error) {
        _cleanup_free_ char *name = unknown_property(error);
        const Property *property = name ? property_find(list, name) : NULL;

        if (!property || !property->optional)
                return false;
        log_debug("This systemd does not know %s=, going on with %s without it", name, unit);
        return property_remove(list, name);
}

char *unit_object_path(const char *unit) {
        _cleanup_free_ char *path = NULL;

        if (sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path) < 0)
                return NULL;
        return g_strdup(path);
}

static int append_value(sd_bus_message *m, GVariant *value);

/* Bytes in one piece; all else element by element. */
static int append_children(sd_bus_message *m, GVariant *value) {
        int r;

        for (gsize i = 0; i < g_variant_n_children(value); i++) {
                GVariant *child = g_variant_get_child_value(value, i);

                r = append_value(m, child);
                g_variant_unref(child);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int append_container(sd_bus_message *m, char type, GVariant *value) {
        const char *signature = g_variant_get_type_string(value);
        _cleanup_free_ char *contents = NULL;
        GVariant *child = NULL;
        int r;

        if (type == SD_BUS_TYPE_ARRAY)
                contents = g_strdup(signature + 1);
        else if (type == SD_BUS_TYPE_VARIANT) {
                child = g_variant_get_variant(value);
                contents = g_strdup(g_variant_get_type_string(child));
                g_variant_unref(child);
        } else
                contents = g_strndup(signature + 1, strlen(signature) - 2);
        r = sd_bus_message_open_container(m, type, contents);
        if (r < 0)
                return r;
        r = append_children(m, value);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_bytes(sd_bus_message *m, GVariant *value) {
        gsize n;
        const void *bytes = g_variant_get_fixed_array(value, &n, 1);

        return sd_bus_message_append_array(m, SD_BUS_TYPE_BYTE, bytes, n);
}

static int append_value(sd_bus_message *m, GVariant *value) {
        switch (g_variant_classify(value)) {
        case G_VARIANT_CLASS_BOOLEAN: {
                int b = g_variant_get_boolean(value);

                return sd_bus_message_append_basic(m, SD_BUS_TYPE_BOOLEAN, &b);
        }
        case G_VARIANT_CLASS_BYTE:
        case G_VARIANT_CLASS_INT16:
        case G_VARIANT_CLASS_UINT16:
        case G_VARIANT_CLASS_INT32:
        case G_VARIANT_CLASS_UINT32:
        case G_VARIANT_CLASS_INT64:
        case G_VARIANT_CLASS_UINT64:
        case G_VARIANT_CLASS_DOUBLE:
                /* the letters of both sides are the same, and so is the layout of a number */
                return sd_bus_message_append_basic(
                                m, g_variant_get_type_string(value)[0], g_variant_get_data(value));
        case G_VARIANT_CLASS_STRING:
        case G_VARIANT_CLASS_OBJECT_PATH:
        case G_VARIANT_CLASS_SIGNATURE:
                return sd_bus_message_append_basic(
                                m, g_variant_get_type_string(value)[0], g_variant_get_string(value, NULL));
        case G_VARIANT_CLASS_ARRAY:
                if (g_variant_is_of_type(value, G_VARIANT_TYPE_BYTESTRING))
                        return append_bytes(m, value);
                return append_container(m, SD_BUS_TYPE_ARRAY, value);
        case G_VARIANT_CLASS_TUPLE:
                return append_container(m, SD_BUS_TYPE_STRUCT, value);
        case G_VARIANT_CLASS_DICT_ENTRY:
                return append_container(m, SD_BUS_TYPE_DICT_ENTRY, value);
        case G_VARIANT_CLASS_VARIANT:
                return append_container(m, SD_BUS_TYPE_VARIANT, value);
        default:
                return -EOPNOTSUPP;
        }
}

static int append_property(sd_bus_message *m, const Property *property) {
        int r;

        r = sd_bus_message_open_container(m, SD_BUS_TYPE_STRUCT, "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, property->name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(
                        m, SD_BUS_TYPE_VARIANT, g_variant_get_type_string(property->value));
        if (r < 0)
                return r;
        r = append_value(m, property->value);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int message_append_properties(sd_bus_message *m, const PropertyList *list) {
        int r;

        r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "(sv)");
        if (r < 0)
                return r;
        for (guint i = 0; i < list->items->len; i++) {
                r = append_property(m, g_ptr_array_index(list->items, i));
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

/* Full type string of a container as GVariant spells it. */
static char *container_type(char type, const char *contents) {
        switch (type) {
        case SD_BUS_TYPE_ARRAY:
                return g_strdup_printf("a%s", contents);
        case SD_BUS_TYPE_STRUCT:
                return g_strdup_printf("(%s)", contents);
        case SD_BUS_TYPE_DICT_ENTRY:
                return g_strdup_printf("{%s}", contents);
        default:
                return g_strdup("v");
        }
}

static int read_container(sd_bus_message *m, char type, const char *contents, GVariant **ret) {
        _cleanup_free_ char *full = container_type(type, contents);
        GVariantBuilder builder;
        int r;

        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;
        g_variant_builder_init(&builder, G_VARIANT_TYPE(full));
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                GVariant *child;

                r = message_read_value(m, &child);
                if (r < 0)
                        break;
                g_variant_builder_add_value(&builder, child);
                g_variant_unref(child);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0) {
                g_variant_builder_clear(&builder);
                return r;
        }
        *ret = g_variant_ref_sink(g_variant_builder_end(&builder));
        return 0;
}

/* Numbers are copied as they lie in memory: their size follows from the type. */
static GVariant *new_number(char type, const void *value, size_t room) {
        const char signature[] = { type, 0 };
        size_t size = type == 'y' ? 1 : strchr("nq", type) ? 2 : strchr("iuh", type) ? 4 : 8;
        void *data = g_memdup2(value, room);

        return g_variant_new_from_data(G_VARIANT_TYPE(signature), data, size, TRUE, g_free, data);
}

static int read_basic(sd_bus_message *m, char type, GVariant **ret) {
        const char signature[] = { type, 0 };
        union {
                uint64_t number;
                int boolean;
                const char *string;
        } value = { 0 };
        GVariant *v;
        int r;

        r = sd_bus_message_read_basic(m, type, &value);
        if (r < 0)
                return r;
        if (type == SD_BUS_TYPE_BOOLEAN)
                v = g_variant_new_boolean(value.boolean);
        else if (strchr("sog", type))
                v = g_variant_new(signature, value.string);
        else
                v = new_number(type, &value, sizeof value);
        *ret = g_variant_ref_sink(v);
        return 0;
}

int message_read_value(sd_bus_message *m, GVariant **ret) {
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -ENODATA;
        return strchr("a(ev"
                      "r",
                      type)
                        ? read_container(m, type, contents, ret)
                        : read_basic(m, type, ret);
}
