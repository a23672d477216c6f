/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what the start of a container found out: memory, nothing more. */

#include "config/to-json.h"

#include "basic/macro.h"

void container_user_done(ContainerUser *user) {
        g_free(user->groups);
        g_free(user->home);
        *user = (ContainerUser) { 0 };
}

void container_file_text_free(void *file) {
        ContainerFileText *f = file;

        g_free(f->name);
        g_free(f->text);
        g_free(f);
}

static void bind_free(void *bind) {
        ContainerBind *b = bind;

        g_free(b->source);
        g_free(b->destination);
        g_free(b);
}

void container_facts_done(ContainerFacts *facts) {
        container_user_done(&facts->user);
        g_free(facts->groups);
        g_strfreev(facts->environment);
        g_free(facts->seccomp);
        g_free(facts->kernel);
        g_free(facts->init);
        g_free(facts->network);
        if (facts->patches)
                g_ptr_array_unref(facts->patches);
        if (facts->sources)
                g_ptr_array_unref(facts->sources);
        if (facts->overlays)
                g_ptr_array_unref(facts->overlays);
        if (facts->volumes)
                g_ptr_array_unref(facts->volumes);
        if (facts->nodes)
                g_ptr_array_unref(facts->nodes);
        if (facts->files)
                g_ptr_array_unref(facts->files);
        if (facts->binds)
                g_ptr_array_unref(facts->binds);
        *facts = (ContainerFacts) { 0 };
}

void container_facts_add_file(ContainerFacts *facts, const char *name, const char *text) {
        ContainerFileText *f = g_new(ContainerFileText, 1);

        *f = (ContainerFileText) { .name = g_strdup(name), .text = g_strdup(text) };
        if (!facts->files)
                facts->files = g_ptr_array_new_with_free_func(container_file_text_free);
        g_ptr_array_add(facts->files, f);
}

void container_facts_add_bind(
                ContainerFacts *facts, const char *source, const char *destination, bool nofollow) {
        ContainerBind *b = g_new(ContainerBind, 1);

        *b = (ContainerBind) { .source = g_strdup(source),
                               .destination = g_strdup(destination),
                               .nofollow = nofollow };
        if (!facts->binds)
                facts->binds = g_ptr_array_new_with_free_func(bind_free);
        g_ptr_array_add(facts->binds, b);
}
