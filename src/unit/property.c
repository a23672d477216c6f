/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the property list and nothing else: what is in it comes from properties-from-spec.c,
 * property-annotation.c and service.c, and bus.c puts it into messages. No sd-bus here, no I/O, no logging.
 */

#include "unit/property.h"

static void property_free(gpointer p) {
        Property *property = p;

        g_free(property->name);
        g_variant_unref(property->value);
        g_free(property);
}

PropertyList *property_list_new(void) {
        PropertyList *list = g_new0(PropertyList, 1);

        list->items = g_ptr_array_new_with_free_func(property_free);
        return list;
}

void property_list_free(PropertyList *list) {
        if (!list)
                return;
        g_ptr_array_unref(list->items);
        g_free(list);
}

static Property *find(const PropertyList *list, const char *name) {
        for (guint i = 0; i < list->items->len; i++) {
                Property *property = g_ptr_array_index(list->items, i);

                if (streq(property->name, name))
                        return property;
        }
        return NULL;
}

static void set(PropertyList *list, const char *name, GVariant *value, bool optional) {
        Property *property = find(list, name);

        g_variant_ref_sink(value);
        if (property)
                g_variant_unref(property->value);
        else {
                property = g_new0(Property, 1);
                property->name = g_strdup(name);
                g_ptr_array_add(list->items, property);
        }
        property->value = value;
        property->optional = optional;
}

PropertyList *property_list_copy(const PropertyList *list) {
        PropertyList *copy = property_list_new();

        for (guint i = 0; i < list->items->len; i++) {
                const Property *property = g_ptr_array_index(list->items, i);

                set(copy, property->name, property->value, property->optional);
        }
        return copy;
}

void property_set(PropertyList *list, const char *name, GVariant *value) {
        set(list, name, value, false);
}

void property_set_optional(PropertyList *list, const char *name, GVariant *value) {
        set(list, name, value, true);
}

const Property *property_find(const PropertyList *list, const char *name) {
        return find(list, name);
}

bool property_remove(PropertyList *list, const char *name) {
        return g_ptr_array_remove(list->items, find(list, name));
}

void property_set_bool(PropertyList *list, const char *name, bool value) {
        property_set(list, name, g_variant_new_boolean(value));
}

void property_set_uint64(PropertyList *list, const char *name, uint64_t value) {
        property_set(list, name, g_variant_new_uint64(value));
}

void property_set_string(PropertyList *list, const char *name, const char *value) {
        property_set(list, name, g_variant_new_string(value));
}

void property_set_bytes(PropertyList *list, const char *name, const uint8_t *bytes, size_t n) {
        property_set(list, name, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, n, sizeof *bytes));
}

static GVariant *concatenate(GVariant *a, GVariant *b) {
        GVariantBuilder builder;
        GVariant *both[] = { a, b };

        g_variant_builder_init(&builder, g_variant_get_type(a));
        for (size_t i = 0; i < ELEMENTSOF(both); i++)
                for (gsize k = 0; k < g_variant_n_children(both[i]); k++) {
                        GVariant *child = g_variant_get_child_value(both[i], k);

                        g_variant_builder_add_value(&builder, child);
                        g_variant_unref(child);
                }
        return g_variant_builder_end(&builder);
}

static int policy_rank(GVariant *value) {
        const char *policy = g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)
                        ? g_variant_get_string(value, NULL)
                        : "";

        return streq(policy, "strict") ? 2 : streq(policy, "closed") ? 1 : 0;
}

void property_list_merge(PropertyList *dst, const PropertyList *src) {
        for (guint i = 0; i < src->items->len; i++) {
                const Property *property = g_ptr_array_index(src->items, i);
                Property *old = find(dst, property->name);

                if (old && streq(property->name, "DevicePolicy") &&
                    policy_rank(old->value) > policy_rank(property->value))
                        continue;
                if (old && streq(property->name, "DeviceAllow") &&
                    g_variant_type_equal(
                                    g_variant_get_type(old->value), g_variant_get_type(property->value)))
                        set(dst, property->name, concatenate(old->value, property->value),
                            property->optional);
                else
                        set(dst, property->name, property->value, property->optional);
        }
}

char *property_list_dump(const PropertyList *list) {
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < list->items->len; i++) {
                const Property *property = g_ptr_array_index(list->items, i);

                g_string_append_printf(text, "%s%s = ", property->name, property->optional ? "?" : "");
                g_variant_print_string(property->value, text, TRUE);
                g_string_append_c(text, '\n');
        }
        return g_string_free(text, FALSE);
}
