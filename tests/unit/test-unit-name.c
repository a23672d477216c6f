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

static const struct {
        const char *argument;
        const char *id, *declared; /* NULL: refused */
} arguments[] = {
        { "web", "web", "web" },
        { "a\\x2bb", "a+b", "a+b" },
        { "my-web", "my-web", "my-web" },
        { "container-web@0-127.0.0.1:80-127.0.0.1:4711", "web-0-127.0.0.1_80-127.0.0.1_4711", "web" },
        { "container-my-web@12-::1:80-::1:4711", "my-web-12-__1_80-__1_4711", "my-web" },
        { "container-a\\x2bb@2-137-0", "a+b-2-137-0", "a+b" },
        { "container-web@3-137_4711-1000", "web-3-137_4711-1000", "web" },
        { "", NULL, NULL },
        { "..", NULL, NULL },
        { "a/b", NULL, NULL },
        { "a\\x2fb", NULL, NULL },
        { "a\\x2", NULL, NULL },
        { "web@1", "web-1", "web@1" },
        { "a\\x2bb@1", "a+b-1", "a+b@1" },
        { "web@a:b", "web-a_b", "web@a:b" },
        { "web@-srv-a\\x20b", "web--srv-a_x20b", "web@-srv-a\\x20b" },
        { "web@", NULL, NULL },
        { "web@1@2", NULL, NULL },
        { "web@a/b", NULL, NULL },
        { "@1", NULL, NULL },
        { "container-@1", NULL, NULL },
        { "container-web@a/b", NULL, NULL },
        { "container-web@a@b", NULL, NULL },
};

static void test_argument(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++) {
                _cleanup_free_ char *id = NULL, *declared = NULL;
                int r;

                g_test_message("%s", arguments[i].argument);
                r = unit_argument_parse(arguments[i].argument, &id, &declared);
                g_assert_cmpint(r, ==, arguments[i].id ? 0 : -EINVAL);
                g_assert_cmpstr(id, ==, arguments[i].id);
                g_assert_cmpstr(declared, ==, arguments[i].declared);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/unit-name/container", test_container);
        g_test_add_func("/unit-name/argument", test_argument);
        return g_test_run();
}
