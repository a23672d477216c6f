/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from the name of a unit to a checked configuration. Changes nothing. */

#include "runtime/prepare-config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "basic/declared-name.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/message-id.h"
#include "basic/signal-util.h"
#include "config/adhoc.h"
#include "config/container-file.h"
#include "config/to-json.h"
#include "notify/message.h"
#include "runtime/machine.h"
#include "runtime/prepare-facts.h"
#include "runtime/prepare-life.h"
#include "runtime/service-env.h"
#include "sandbox/root-idmap.h"
#include "spec/json.h"

/* Of a message to systemd that is read, there is room for 4096 bytes. */
#define STATUS_MAX 3072U

#define ANNOTATION_STOP_SIGNAL "org.opencontainers.image.stopSignal"
#define ANNOTATION_NOTIFY      "berth.notify"

void prepared_config_done(PreparedConfig *config) {
        g_free(config->text);
        if (config->spec)
                spec_free(config->spec);
        if (config->files)
                g_ptr_array_unref(config->files);
        if (config->volumes)
                g_ptr_array_unref(config->volumes);
        unit_params_done(&config->params);
        prepared_image_done(&config->image);
        prepared_changes_done(&config->changes);
        prepared_userns_done(&config->userns);
        prepared_disk_done(&config->disk);
}

/* Where the configuration starts from. */
typedef struct Base {
        char *name; /* for messages */
        char *text;
        size_t size;
        char *bundle; /* directory of the bundle; the unit's own for a rootfs */
} Base;

static void base_done(Base *base) {
        g_free(base->name);
        g_free(base->text);
        g_free(base->bundle);
}

static char **search_path(void) {
        return config_search_path(geteuid() != 0);
}

/* Where bundles without a declaration lie. NULL: nowhere. */
static char *bundle_directory(const char *id) {
        const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

        if (geteuid() == 0)
                return g_strdup_printf("/var/lib/berth/%s", id);
        if (!isempty(data) && *data == '/')
                return g_strdup_printf("%s/berth/%s", data, id);
        return isempty(home) ? NULL : g_strdup_printf("%s/.local/share/berth/%s", home, id);
}

/* The last error has the explanation of them all. */
static void log_messages(const GPtrArray *messages) {
        unsigned n_errors = 0, n = 0;

        for (unsigned i = 0; i < messages->len; i++)
                n_errors += ((const ConfigMessage *) messages->pdata[i])->level <= LOG_ERR;
        for (unsigned i = 0; i < messages->len; i++) {
                const ConfigMessage *m = messages->pdata[i];
                _cleanup_free_ char *line = config_message_format(m);

                if (m->level <= LOG_ERR)
                        log_error_id(++n == n_errors ? MESSAGE_DECLARATION_INVALID : NULL, "%s", line);
                else
                        log_warning("%s", line);
        }
}

/* systemd listens to those it has started: us, or the supervisor, in whose name root may speak. */
static void tell_systemd(const char *message) {
        (void) sd_pid_notify(getppid() == 1 ? 0 : getppid(), /* unset_environment= */ 0, message);
}

/* The errors are the status of the unit, too, which stays when it has failed: whoever may not read the
 * journal sees them with "systemctl status". */
static void tell_status(const GPtrArray *messages) {
        _cleanup_string_ GString *status = g_string_new("STATUS=");

        for (unsigned i = 0; i < messages->len; i++) {
                const ConfigMessage *m = messages->pdata[i];
                _cleanup_free_ char *line = m->level <= LOG_ERR ? config_message_format(m) : NULL;

                if (line && status->len + strlen(line) > STATUS_MAX) {
                        g_string_append(status, "; and more");
                        break;
                }
                if (line)
                        g_string_append_printf(
                                        status, "%s%s", status->len > STRLEN("STATUS=") ? "; " : "", line);
        }
        tell_systemd(status->str);
}

/* A unit may carry its declaration itself. */
static ContainerFile *inline_declaration(const char *id, const char *text, GPtrArray *messages) {
        GPtrArray *files = g_ptr_array_new();
        ContainerFile *container;
        UnitFile *file = unit_file_parse("command line", g_strdup(text), strlen(text), messages);

        for (unsigned i = 0; i < file->entries->len; i++)
                g_array_index(file->entries, UnitEntry, i).line = 0; /* nobody has seen these lines */
        g_ptr_array_add(files, file);
        container = container_file_new(id, files, messages);
        for (unsigned i = 0; i < messages->len; i++) {
                ConfigMessage *m = messages->pdata[i];
                char *said = adhoc_message(m->text);

                g_free(m->text);
                m->text = said;
        }
        return container;
}

/* Returns 1 with the declaration, 0 when there is none. */
static int load_declaration(const char *id, GPtrArray *messages, ContainerFile **ret) {
        _cleanup_(config_found_freep) ConfigFound *found = NULL;
        _cleanup_strv_ char **path = search_path();
        const char *text = getenv(ADHOC_VARIABLE);
        int r;

        if (text) {
                *ret = inline_declaration(id, text, messages);
                return 1;
        }
        r = config_find((const char *const *) path, id, &found);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Failed to look for '%s.container': %m", id);
        r = container_file_load(found, messages, ret);
        if (r == -ESHUTDOWN) {
                _cleanup_free_ char *status = g_strdup_printf("STATUS=Masked by %s", found->path);

                log_error("Container '%s' is masked by '%s'", id, found->path);
                tell_systemd(status);
        }
        return r < 0 ? r : 1;
}

/* The same, without errors. */
static int find_declaration(const char *id, ContainerFile **ret) {
        _cleanup_ptr_array_ GPtrArray *messages = config_messages_new();
        _cleanup_(container_file_freep) ContainerFile *container = NULL;
        int r;

        r = load_declaration(id, messages, &container);
        if (r <= 0)
                return r;
        log_messages(messages);
        if (config_messages_have_errors(messages)) {
                tell_status(messages);
                return -EINVAL;
        }
        *ret = TAKE_PTR(container);
        return 1;
}

static int read_bundle(const char *bundle, Base *ret) {
        _cleanup_free_ char *name = g_strdup_printf("%s/config.json", bundle), *text = NULL;
        size_t size;
        int r;

        r = read_file_at(AT_FDCWD, name, &text, &size);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", name);
        *ret = (Base) {
                .name = TAKE_PTR(name), .text = TAKE_PTR(text), .size = size, .bundle = g_strdup(bundle)
        };
        return 0;
}

static void make_template(const ContainerFile *c, const char *unit_dir, Base *ret) {
        char *text = spec_template(geteuid() != 0, geteuid(), getegid());

        *ret = (Base) {
                .name = g_strdup(c->path),
                .text = text,
                .size = strlen(text),
                .bundle = g_strdup(unit_dir),
        };
}

static int no_such_container(const char *id, const char *bundle) {
        _cleanup_strv_ char **path = search_path();
        const char *instance = declared_instance(id);

        log_error_id(MESSAGE_NO_SUCH_CONTAINER,
                     "No container '%s': neither %s/%.*s.container nor %s/config.json exists", id,
                     *path ?: "", instance ? (int) (instance - id) : (int) strlen(id), id,
                     bundle ?: "~/.local/share/berth");
        return -ENOENT;
}

/* c: NULL without a declaration. */
static int find_base(const char *id, const ContainerFile *c, const char *unit_dir, Base *ret) {
        _cleanup_free_ char *bundle = NULL, *config = NULL;

        if (c && c->rootfs) {
                make_template(c, unit_dir, ret);
                return 0;
        }
        if (c)
                return read_bundle(c->bundle, ret);
        bundle = bundle_directory(id);
        config = bundle ? g_strdup_printf("%s/config.json", bundle) : NULL;
        if (!config || (access(config, F_OK) < 0 && errno == ENOENT))
                return no_such_container(id, bundle);
        return read_bundle(bundle, ret);
}

/* Path of the root of a document in which it is absolute already. */
static int document_root_path(JsonDocument *document, const char *name, const char **ret) {
        JsonValue root, path;
        const char *s;

        if (!json_value_member(json_document_root(document), "root", &root) ||
            !json_value_member(root, "path", &path))
                return log_error_errno(-EINVAL, "%s#/root/path: expected a string, is missing", name);
        s = json_value_string(path);
        if (!s)
                return log_error_errno(-EINVAL, "%s#/root/path: expected a string", name);
        *ret = s;
        return 0;
}

/* Opens what will be the root. Returns a descriptor. */
static int open_root(const ContainerFile *c, const char *path, const PreparedConfig *config) {
        const PreparedImage *image = &config->image;
        int fd;

        if (config->disk.image.path)
                return prepare_disk_tree(&config->disk, c);
        if (!image->image) {
                fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                return fd < 0 ? log_error_errno(negative_errno(), "%s: root directory '%s': %m", c->path,
                                                path)
                              : fd;
        }
        fd = prepare_image_tree(image);
        if (fd == -ENOENT && !getenv(ADHOC_VARIABLE)) /* who runs it at once will see */
                log_warning("%s: Image=%s is not unpacked yet: what is in it was not looked at", c->path,
                            c->image);
        return fd;
}

static int apply_declaration(
                JsonDocument *document, const Base *base, const ContainerFile *c, const char *unit_dir,
                PreparedConfig *config) {
        _cleanup_(container_facts_done) ContainerFacts facts = { 0 };
        const char *path = c->rootfs;
        _cleanup_close_ int root_fd = -EBADF;
        PreparedRoot root;
        int r;

        if (c->rootfs)
                r = config_json_rootfs(document, c);
        else
                r = document_root_path(document, base->name, &path);
        if (r < 0)
                return r;
        root_fd = open_root(c, path, config);
        if (root_fd < 0)
                return root_fd;
        root = (PreparedRoot) {
                .name = c->image ?: c->root_image ?: path,
                .path = path,
                .fd = root_fd,
                .userns = &config->userns,
                .trial = config->trial,
        };
        r = prepare_changes(c, unit_dir, config->image.lower, &root, &config->changes);
        if (r >= 0)
                r = prepare_facts(c, &root, unit_dir, &facts);
        if (r < 0)
                return r;
        r = prepare_userns_json(&config->userns, c, document);
        if (r >= 0)
                r = config_json_apply(document, base->name, c, &facts);
        if (r >= 0)
                r = prepare_image_json(&config->image, c, document);
        if (r >= 0)
                r = prepare_disk_json(&config->disk, c, document);
        if (r >= 0)
                r = prepare_changes_json(&config->changes, c, document);
        if (r < 0)
                return r;
        config->files = TAKE_PTR(facts.files);
        config->volumes = TAKE_PTR(facts.volumes);
        return 0;
}

static int add_service_directories(JsonDocument *document, const char *name) {
        GArray *directories = service_directories();
        int r;

        r = config_json_directories(document, name, directories);
        g_array_unref(directories);
        return r;
}

static int build_text(
                const Base *base, const ContainerFile *c, const char *unit_dir, PreparedConfig *config) {
        _cleanup_free_ char *notify = g_strdup_printf("%s/notify", unit_dir);
        _cleanup_json_document_ JsonDocument *document = NULL;
        int r;

        r = json_document_parse(base->name, base->text, base->size, &document);
        if (r < 0)
                return r;
        r = config_json_absolute(document, base->name, base->bundle);
        if (r < 0)
                return r;
        if (c) {
                r = apply_declaration(document, base, c, unit_dir, config);
                if (r < 0)
                        return r;
        }
        r = config_json_unit(document, base->name, notify, c && c->terminal > 0);
        if (r >= 0)
                r = add_service_directories(document, base->name);
        if (r < 0)
                return r;
        config->text = json_value_to_text(json_document_root(document), 2);
        return 0;
}

static int check_root(const char *name, const Spec *spec) {
        struct stat st;

        if (stat(spec->root_path, &st) < 0)
                return log_error_errno(
                                negative_errno(), "%s: root directory '%s': %m", name, spec->root_path);
        if (!S_ISDIR(st.st_mode))
                return log_error_errno(-ENOTDIR, "%s: root directory '%s': %m", name, spec->root_path);
        return 0;
}

/* The declaration goes before annotations, which come with the image. */
static int stop_signal(const Base *base, const ContainerFile *c, const Spec *spec, int *ret) {
        const char *annotation = spec_annotation(spec, ANNOTATION_STOP_SIGNAL);

        *ret = c && c->stop_signal > 0 ? c->stop_signal : SIGTERM;
        if (!annotation || (c && c->stop_signal > 0))
                return 0;
        *ret = signal_from_string(annotation);
        if (*ret <= 0)
                return log_error_errno(
                                -EINVAL,
                                "%s#/annotations/" ANNOTATION_STOP_SIGNAL
                                ": '%s' is not the name of a signal",
                                base->name, annotation);
        return 0;
}

static int notify_mode(const Base *base, const ContainerFile *c, const Spec *spec, NotifyMode *ret) {
        static const NotifyMode modes[_CONTAINER_NOTIFY_MAX] = {
                [CONTAINER_NOTIFY_STARTED] = NOTIFY_MODE_STARTED,
                [CONTAINER_NOTIFY_READY] = NOTIFY_MODE_READY,
                [CONTAINER_NOTIFY_HEALTHY] = NOTIFY_MODE_HEALTHY,
        };
        const char *annotation = spec_annotation(spec, ANNOTATION_NOTIFY);
        int mode = NOTIFY_MODE_STARTED;

        if (c && c->notify != CONTAINER_NOTIFY_UNSET)
                mode = modes[c->notify];
        else if (annotation)
                mode = notify_mode_from_string(annotation);
        if (mode < 0)
                return log_error_errno(
                                -EINVAL,
                                "%s#/annotations/" ANNOTATION_NOTIFY
                                ": '%s': expected started, ready or healthy",
                                base->name, annotation);
        if (mode == NOTIFY_MODE_HEALTHY && !(c && container_health_is_checked(&c->health)))
                return log_error_errno(
                                -EINVAL,
                                "%s#/annotations/" ANNOTATION_NOTIFY
                                ": 'healthy' needs a declaration with HealthCmd=",
                                base->name);
        *ret = mode;
        return 0;
}

/* What a configuration is made of, and where. */
typedef struct Source {
        ContainerFile *container; /* NULL without a declaration */
        const char *unit_dir;
        bool unpack; /* an image that has not been used before; else the container is not to be started */
} Source;

/* What the declaration says before the image does. */
static int find_root(ContainerFile *container, const Source *source, PreparedConfig *config) {
        /* That of a connection's container is not the declaration's. */
        _cleanup_free_ char *id = g_path_get_basename(source->unit_dir);
        int r = prepare_userns(container, id, &config->userns);

        if (r >= 0)
                r = prepare_disk(container, source->unit_dir, &config->disk);
        return r < 0 ? r : prepare_image(container, source->unit_dir, source->unpack, &config->image);
}

static int build(const char *id, const Source *source, PreparedConfig *ret) {
        _cleanup_(prepared_config_done)
                        PreparedConfig config = { .params = UNIT_PARAMS_NULL, .trial = !source->unpack };
        _cleanup_(base_done) Base base = { 0 };
        ContainerFile *container = source->container;
        _cleanup_free_ char *container_id = NULL;
        const char *unit_dir = source->unit_dir;
        int r;

        r = container ? find_root(container, source, &config) : 0;
        if (r < 0)
                return r;
        r = find_base(id, container, unit_dir, &base);
        if (r < 0)
                return r;
        r = build_text(&base, container, unit_dir, &config);
        if (r < 0)
                return r;
        r = spec_parse(base.name, config.text, strlen(config.text), base.bundle, &config.spec);
        if (r < 0)
                return r;
        r = config.image.image || config.disk.image.path ? 0 : check_root(base.name, config.spec);
        if (r >= 0)
                r = root_idmap_check(config.spec, base.name);
        if (r < 0)
                return r;
        container_id = declared_id(id);
        r = machine_wanted(config.spec, container_id);
        if (r < 0)
                return r;
        config.params.machine = r > 0;
        r = stop_signal(&base, container, config.spec, &config.params.stop_signal);
        if (r < 0)
                return r;
        r = notify_mode(&base, container, config.spec, &config.params.notify);
        if (r < 0)
                return r;
        for (char **w = container ? container->notify_allow : NULL; w && *w; w++)
                config.params.notify_allow |= (unsigned) notify_allow_from_string(*w);
        if (container)
                prepare_life(container, &config.params);
        if (container && container->network == CONTAINER_NETWORK_CONTAINER)
                config.params.network_of = declared_id(container->network_target);
        config.params.bundle = TAKE_PTR(base.bundle);
        config.accept = container && container->accept > 0;
        config.params.terminal = config.spec->process.terminal;
        *ret = TAKE(config, (PreparedConfig) { 0 });
        return 0;
}

int prepare_config(const char *id, const char *unit_dir, PreparedConfig *ret) {
        _cleanup_(container_file_freep) ContainerFile *container = NULL;
        int r;

        r = find_declaration(id, &container);
        if (r < 0)
                return r;
        return build(id, &(Source) { .container = container, .unit_dir = unit_dir, .unpack = true }, ret);
}

int prepare_config_declared(ContainerFile *container, const char *unit_dir, PreparedConfig *ret) {
        return build(container->id, &(Source) { .container = container, .unit_dir = unit_dir }, ret);
}

int prepare_explain(const char *id) {
        _cleanup_(container_file_freep) ContainerFile *container = NULL;
        int r = find_declaration(id, &container);

        if (r < 0)
                return r;
        log_error("The declaration of container '%s' was wrong when systemd read it, and is not any more: "
                  "run 'systemctl daemon-reload'",
                  id);
        return -ESTALE;
}
