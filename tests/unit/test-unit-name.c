/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Slice and scope of a container, from every form of linux.cgroupsPath. */

#include "basic/unit-name.h"

#include <errno.h>
#include <glib.h>

#include "basic/cleanup.h"

static const struct {
        const char *cgroups_path;
        bool user;
        const char *slice, *scope; /* NULL: refused */
} forms[] = {
        { NULL, false, "machine.slice", "berth-box.scope" },
        { "", false, "machine.slice", "berth-box.scope" },
        { NULL, true, "app.slice", "berth-box.scope" },
        { "kube.slice:cri:pod", false, "kube.slice", "cri-pod.scope" },
        { "kube.slice:cri:pod", true, "kube.slice", "cri-pod.scope" },
        { ":cri:pod", false, "system.slice", "cri-pod.scope" },
        { ":cri:pod", true, "app.slice", "cri-pod.scope" },
        { "::", false, "system.slice", "box.scope" },
        { "a.slice::pod", false, "a.slice", "pod.scope" },
        { "a.slice:cri:", false, "a.slice", "cri-box.scope" },
        { "a.slice:cri:b.slice", false, "a.slice", "b.slice" },
        { "a.slice:cri", false, NULL, NULL },
        { "a.slice:cri:pod:more", false, NULL, NULL },
        { "a.slice/b.slice:cri:pod", false, NULL, NULL },
};

static void test_container(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
                _cleanup_free_ char *slice = NULL, *scope = NULL;
                int r;

                g_test_message("%s", forms[i].cgroups_path ? forms[i].cgroups_path : "(none)");
                r = unit_names_for_container(forms[i].cgroups_path, "box", forms[i].user, &slice, &scope);
                g_assert_cmpint(r, ==, forms[i].slice ? 0 : -EINVAL);
                g_assert_cmpstr(slice, ==, forms[i].slice);
                g_assert_cmpstr(scope, ==, forms[i].scope);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit-name/container", test_container);
        return g_test_run();
}
