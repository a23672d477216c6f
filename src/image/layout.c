/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the way from a layout's index to an image's manifest and configuration. */

#include "image/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

#include "basic/digest.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "spec/json-dispatch.h"
#include "spec/json.h"

#define ANNOTATION_NAME "org.opencontainers.image.ref.name"
#define DEFAULT_NAME    "latest"

/* An index may list indexes; nobody needs more of them in each other. */
#define NESTING_MAX 4

/* ---- the documents ---- */

/* descriptor.md */
typedef struct Descriptor {
        char *media_type, *digest;
        uint64_t size;
        char *architecture, *os; /* of platform; NULL: not said */
        SpecPairs annotations;
} Descriptor;

/* index.json, an index, or a manifest: they have no member in common that means two things. */
typedef struct Document {
        Descriptor *manifests;
        size_t n_manifests;
        Descriptor config;
        Descriptor *layers;
        size_t n_layers;
        uint64_t schema_version;
} Document;

static const JsonField platform_fields[] = {
        { "architecture", JSON_TYPE_STRING, json_parse_string, offsetof(Descriptor, architecture) },
        { "os", JSON_TYPE_STRING, json_parse_string, offsetof(Descriptor, os) },
        {},
};

static const JsonField descriptor_fields[] = {
        { "annotations", JSON_TYPE_OBJECT, json_parse_pairs, offsetof(Descriptor, annotations) },
        { "digest", JSON_TYPE_STRING, json_parse_string, offsetof(Descriptor, digest), .mandatory = true },
        { "mediaType", JSON_TYPE_STRING, json_parse_string, offsetof(Descriptor, media_type) },
        { "platform", JSON_TYPE_OBJECT, json_parse_object, 0, .sub = platform_fields },
        { "size", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(Descriptor, size), .mandatory = true },
        {},
};

#define DESCRIPTORS(name, member)     \
        { name,                       \
          JSON_TYPE_ARRAY,            \
          json_parse_array,           \
          offsetof(Document, member), \
          .sub = descriptor_fields,   \
          .size = sizeof(Descriptor), \
          .count_offset = offsetof(Document, n_##member) }

static const JsonField document_fields[] = {
        { "config", JSON_TYPE_OBJECT, json_parse_object, offsetof(Document, config),
          .sub = descriptor_fields },
        DESCRIPTORS("layers", layers),
        DESCRIPTORS("manifests", manifests),
        { "schemaVersion", JSON_TYPE_INTEGER, json_parse_uint64, offsetof(Document, schema_version) },
        {},
};

static void descriptor_done(Descriptor *d) {
        g_free(d->media_type);
        g_free(d->digest);
        g_free(d->architecture);
        g_free(d->os);
        for (size_t i = 0; i < d->annotations.n; i++) {
                g_free(d->annotations.items[i].key);
                g_free(d->annotations.items[i].value);
        }
        g_free(d->annotations.items);
}

static void document_done(Document *d) {
        for (size_t i = 0; i < d->n_manifests; i++)
                descriptor_done(d->manifests + i);
        for (size_t i = 0; i < d->n_layers; i++)
                descriptor_done(d->layers + i);
        descriptor_done(&d->config);
        g_free(d->manifests);
        g_free(d->layers);
}

/* Both families of media types mean the same. */
static const struct {
        const char *media_type;
        ImageCompression compression;
} layer_types[] = {
        { "application/vnd.oci.image.layer.v1.tar", IMAGE_COMPRESSION_NONE },
        { "application/vnd.oci.image.layer.v1.tar+gzip", IMAGE_COMPRESSION_GZIP },
        { "application/vnd.oci.image.layer.v1.tar+zstd", IMAGE_COMPRESSION_ZSTD },
        { "application/vnd.docker.image.rootfs.diff.tar", IMAGE_COMPRESSION_NONE },
        { "application/vnd.docker.image.rootfs.diff.tar.gzip", IMAGE_COMPRESSION_GZIP },
};

/* ---- reading ---- */

typedef struct Reader {
        const char *layout;
        int dir_fd, blobs_fd;
} Reader;

static int parse_document(const char *name, const char *text, size_t size, Document *ret) {
        _cleanup_json_document_ JsonDocument *json = NULL;
        JsonContext context = { .file = name };
        int r;

        r = json_document_parse(name, text, size, &json);
        if (r < 0)
                return r;
        r = json_dispatch(&context, json_document_root(json), document_fields, ret);
        if (r < 0)
                return r;
        if (ret->schema_version != 2)
                return log_error_errno(-EINVAL, "%s#/schemaVersion: expected 2", name);
        return 0;
}

/* What a descriptor is about, whole. Caller frees both. */
static int read_blob(
                const Reader *reader, const Descriptor *d, char **ret_name, char **ret, size_t *ret_size) {
        _cleanup_free_ char *path = NULL, *name = NULL, *text = NULL;
        g_autoptr(GChecksum) sum = NULL;
        size_t size;
        int r;

        if (!digest_is_valid(d->digest))
                return log_error_errno(-EINVAL, "%s: '%s' is not a digest", reader->layout, d->digest);
        path = digest_path(d->digest);
        name = g_strdup_printf("%s/blobs/%s", reader->layout, path);
        r = read_file_at(reader->blobs_fd, path, &text, &size);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", name);
        sum = digest_begin(d->digest);
        g_checksum_update(sum, (const unsigned char *) text, (gssize) size);
        if (size != d->size || !digest_matches(sum, d->digest))
                return log_error_errno(-EBADMSG, "%s: its content is not what its name says", name);
        *ret_name = TAKE_PTR(name);
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

static int read_document(const Reader *reader, const Descriptor *d, char **ret_name, Document *ret) {
        _cleanup_free_ char *name = NULL, *text = NULL;
        size_t size;
        int r;

        r = read_blob(reader, d, &name, &text, &size);
        if (r < 0)
                return r;
        r = parse_document(name, text, size, ret);
        if (r >= 0)
                *ret_name = TAKE_PTR(name);
        return r;
}

static int read_index(const Reader *reader, char **ret_name, Document *ret) {
        _cleanup_free_ char *text = NULL, *name = g_strdup_printf("%s/index.json", reader->layout);
        size_t size;
        int r;

        r = read_file_at(reader->dir_fd, "index.json", &text, &size);
        if (r < 0)
                return log_error_errno(r, "Failed to read '%s': %m", name);
        r = parse_document(name, text, size, ret);
        if (r >= 0)
                *ret_name = TAKE_PTR(name);
        return r;
}

/* ---- choosing ---- */

/* As the image-spec (that is, Go) calls architectures. */
static const char *own_architecture(const struct utsname *u) {
        static const struct {
                const char *machine, *architecture;
        } names[] = {
                { "aarch64", "arm64" },   { "i686", "386" },        { "loongarch64", "loong64" },
                { "ppc64le", "ppc64le" }, { "riscv64", "riscv64" }, { "s390x", "s390x" },
                { "x86_64", "amd64" },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].machine, u->machine))
                        return names[i].architecture;
        return u->machine;
}

static const char *annotated_name(const Descriptor *d) {
        for (size_t i = 0; i < d->annotations.n; i++)
                if (streq(d->annotations.items[i].key, ANNOTATION_NAME))
                        return d->annotations.items[i].value;
        return NULL;
}

static bool is_for(const Descriptor *d, const char *architecture) {
        if (!d->architecture && !d->os)
                return true; /* the configuration will tell */
        return d->architecture && d->os && streq(d->os, "linux") && streq(d->architecture, architecture);
}

/* An image may be there once for each architecture under the same name. NULL: there is none. */
static const Descriptor *choose(const Document *d, const char *name, const char *architecture) {
        for (size_t i = 0; i < d->n_manifests; i++) {
                const char *own = annotated_name(d->manifests + i);

                if ((!name || (own && streq(own, name))) && is_for(d->manifests + i, architecture))
                        return d->manifests + i;
        }
        return NULL;
}

static const Descriptor *choose_named(
                const char *file, const Document *index, const char *name, const char *architecture) {
        const Descriptor *d = choose(index, name ?: DEFAULT_NAME, architecture);

        if (!d && !name && index->n_manifests == 1)
                d = choose(index, NULL, architecture);
        if (d)
                return d;
        if (name)
                log_error("%s: there is no image '%s' for linux/%s", file, name, architecture);
        else
                log_error("%s: there are %zu images, none is called '" DEFAULT_NAME "': name one", file,
                          index->n_manifests);
        return NULL;
}

/* ---- the image ---- */

static int take_layer(const char *file, size_t i, Descriptor *d, ImageLayer *ret) {
        if (!digest_is_valid(d->digest))
                return log_error_errno(
                                -EINVAL, "%s#/layers/%zu/digest: '%s' is not a digest", file, i, d->digest);
        for (size_t k = 0; k < ELEMENTSOF(layer_types); k++)
                if (d->media_type && streq(layer_types[k].media_type, d->media_type)) {
                        *ret = (ImageLayer) { .digest = TAKE_PTR(d->digest),
                                              .compression = layer_types[k].compression };
                        return 0;
                }
        return log_error_errno(
                        -EOPNOTSUPP, "%s#/layers/%zu/mediaType: '%s' cannot be unpacked here", file, i,
                        d->media_type ?: "");
}

static int take_manifest(const Reader *reader, const char *file, Document *manifest, Image *image) {
        _cleanup_free_ char *name = NULL, *text = NULL;
        size_t size;
        int r;

        if (!manifest->config.digest)
                return log_error_errno(-EINVAL, "%s#/config: expected an object, is missing", file);
        image->layers = g_new0(ImageLayer, manifest->n_layers);
        for (size_t i = 0; i < manifest->n_layers; i++) {
                r = take_layer(file, i, manifest->layers + i, image->layers + i);
                if (r < 0)
                        return r;
                image->n_layers++;
        }
        if (image->n_layers == 0)
                return log_error_errno(-EINVAL, "%s#/layers: an image without layers has no files", file);
        r = read_blob(reader, &manifest->config, &name, &text, &size);
        return r < 0 ? r : image_config_parse(name, text, size, &image->config);
}

/* Follows indexes down to a manifest. */
static int load(const Reader *reader, const Descriptor *d, const char *architecture, int depth,
                Image *image) {
        _cleanup_(document_done) Document document = { 0 };
        _cleanup_free_ char *name = NULL;
        const Descriptor *next;
        int r;

        r = read_document(reader, d, &name, &document);
        if (r < 0)
                return r;
        if (document.n_manifests > 0 && (document.n_layers > 0 || depth == NESTING_MAX))
                return log_error_errno(-EINVAL, "%s#/manifests: not expected here", name);
        if (document.n_manifests == 0) {
                image->digest = g_strdup(d->digest);
                return take_manifest(reader, name, &document, image);
        }
        next = choose(&document, NULL, architecture);
        if (!next)
                return log_error_errno(
                                -ENOENT, "%s#/manifests: there is no image for linux/%s", name,
                                architecture);
        return load(reader, next, architecture, depth + 1, image);
}

static int check_platform(const Image *image, const char *architecture) {
        const ImageConfig *c = image->config;

        if ((!c->os || streq(c->os, "linux")) && (!c->architecture || streq(c->architecture, architecture)))
                return 0;
        return log_error_errno(
                        -ENOENT, "%s: the image is for %s/%s, this machine is linux/%s", image->layout,
                        c->os ?: "linux", c->architecture ?: architecture, architecture);
}

static int open_layout(const char *layout, int *ret_dir_fd, int *ret_blobs_fd) {
        _cleanup_close_ int dir_fd = -EBADF, blobs_fd = -EBADF;

        dir_fd = open(layout, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd >= 0)
                blobs_fd = openat(dir_fd, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (blobs_fd < 0 && dir_fd >= 0 && errno == ENOENT)
                return log_error_errno(
                                -ENOENT, "'%s' is not an image layout: there is no directory 'blobs'",
                                layout);
        if (blobs_fd < 0)
                return log_error_errno(errno, "Failed to open the image layout '%s': %m", layout);
        *ret_dir_fd = TAKE_FD(dir_fd);
        *ret_blobs_fd = TAKE_FD(blobs_fd);
        return 0;
}

int image_open(const char *layout, const char *name, Image **ret) {
        _cleanup_(image_freep) Image *image = g_new0(Image, 1);
        _cleanup_(document_done) Document index = { 0 };
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_free_ char *file = NULL;
        Reader reader = { .layout = layout };
        const Descriptor *d;
        struct utsname u;
        int r;

        image->layout = g_strdup(layout);
        image->blobs_fd = -EBADF;
        (void) uname(&u);
        r = open_layout(layout, &dir_fd, &image->blobs_fd);
        if (r < 0)
                return r;
        reader.dir_fd = dir_fd;
        reader.blobs_fd = image->blobs_fd;
        r = read_index(&reader, &file, &index);
        if (r < 0)
                return r;
        d = choose_named(file, &index, name, own_architecture(&u));
        if (!d)
                return -ENOENT;
        r = load(&reader, d, own_architecture(&u), 0, image);
        if (r < 0)
                return r;
        r = check_platform(image, own_architecture(&u));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(image);
        return 0;
}

void image_free(Image *image) {
        for (size_t i = 0; i < image->n_layers; i++)
                g_free(image->layers[i].digest);
        g_free(image->layers);
        if (image->config)
                image_config_free(image->config);
        closep(&image->blobs_fd);
        g_free(image->digest);
        g_free(image->layout);
        g_free(image);
}
