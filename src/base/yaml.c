/*
 * YAML: libyaml's event stream becomes a small tree that remembers lines. Anchors, aliases and tags are
 * refused: files that people write here need none, and without them a small file cannot grow into a large
 * one.
 */
#include "base/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 16 };

struct builder {
    yaml_parser_t parser;
    struct ora_yaml *doc;
    struct ora_err *err;
};

static void node_free(struct ora_yaml_node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++)
        node_free(n->item[i]);
    free(n->item);
    free(n->key);
    free(n->text);
    free(n);
}

void ora_yaml_free(struct ora_yaml **doc)
{
    if (!*doc)
        return;
    node_free((*doc)->root);
    free((*doc)->name);
    free(*doc);
    *doc = NULL;
}

static int next_event(struct builder *b, yaml_event_t *e)
{
    if (yaml_parser_parse(&b->parser, e))
        return 0;
    return ora_err_set(b->err, ORA_E_BAD_USAGE, "%s:%zu: broken YAML: %s%s%s", b->doc->name,
                       b->parser.problem_mark.line + 1, b->parser.problem ? b->parser.problem : "unreadable",
                       b->parser.context ? " " : "", b->parser.context ? b->parser.context : "");
}

static struct ora_yaml_node *node_new(struct builder *b, enum ora_yaml_kind kind, const yaml_event_t *e)
{
    struct ora_yaml_node *n = ora_xcalloc(1, sizeof *n);
    n->kind = kind;
    n->doc = b->doc;
    n->line = (int)e->start_mark.line + 1;
    return n;
}

static void node_append(struct ora_yaml_node *parent, struct ora_yaml_node *child)
{
    parent->item = ora_xrealloc(parent->item, (parent->count + 1) * sizeof *parent->item);
    parent->item[parent->count++] = child;
}

static int build(struct builder *b, const yaml_event_t *e, int depth, struct ora_yaml_node **out);

static int build_list(struct builder *b, struct ora_yaml_node *n, int depth)
{
    for (;;) {
        yaml_event_t e;
        int rc = next_event(b, &e);
        if (rc < 0)
            return rc;
        bool end = e.type == YAML_SEQUENCE_END_EVENT;
        struct ora_yaml_node *child = NULL;
        if (!end)
            rc = build(b, &e, depth + 1, &child);
        yaml_event_delete(&e);
        if (end || rc < 0)
            return rc;
        node_append(n, child);
    }
}

static int build_map(struct builder *b, struct ora_yaml_node *n, int depth)
{
    for (;;) {
        yaml_event_t k, v;
        int rc = next_event(b, &k);
        if (rc < 0)
            return rc;
        if (k.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&k);
            return 0;
        }
        int line = (int)k.start_mark.line + 1;
        if (k.type != YAML_SCALAR_EVENT) {
            yaml_event_delete(&k);
            return ora_err_set(b->err, ORA_E_BAD_USAGE, "%s:%d: a key must be a word", b->doc->name, line);
        }
        char *key = ora_xstrndup((const char *)k.data.scalar.value, k.data.scalar.length);
        yaml_event_delete(&k);
        if (ora_yaml_get(n, key)) {
            rc = ora_err_set(b->err, ORA_E_BAD_USAGE, "%s:%d: field '%s' is given twice", b->doc->name, line,
                             key);
            free(key);
            return rc;
        }
        struct ora_yaml_node *child = NULL;
        rc = next_event(b, &v);
        if (rc == 0) {
            rc = build(b, &v, depth + 1, &child);
            yaml_event_delete(&v);
        }
        if (rc < 0) {
            free(key);
            return rc;
        }
        child->key = key;
        child->line = line;
        node_append(n, child);
    }
}

static int build(struct builder *b, const yaml_event_t *e, int depth, struct ora_yaml_node **out)
{
    struct ora_yaml_node *n;
    int rc = 0, line = (int)e->start_mark.line + 1;
    if (depth > MAX_DEPTH)
        return ora_err_set(b->err, ORA_E_BAD_USAGE, "%s:%d: nested deeper than %d", b->doc->name, line,
                           MAX_DEPTH);
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        if (e->data.scalar.anchor)
            break;
        n = node_new(b, ORA_YAML_SCALAR, e);
        n->text = ora_xstrndup((const char *)e->data.scalar.value, e->data.scalar.length);
        n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        *out = n;
        return 0;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
                                                 : e->data.mapping_start.anchor)
            break;
        n = node_new(b, e->type == YAML_SEQUENCE_START_EVENT ? ORA_YAML_LIST : ORA_YAML_MAP, e);
        rc = n->kind == ORA_YAML_LIST ? build_list(b, n, depth) : build_map(b, n, depth);
        if (rc < 0)
            node_free(n);
        else
            *out = n;
        return rc;
    default:
        break;
    }
    return ora_err_set(b->err, ORA_E_BAD_USAGE, "%s:%d: anchors and aliases are not read here", b->doc->name,
                       line);
}

static int build_document(struct builder *b)
{
    for (;;) {
        yaml_event_t e;
        int rc = next_event(b, &e);
        if (rc < 0)
            return rc;
        yaml_event_type_t type = e.type;
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
            type == YAML_DOCUMENT_END_EVENT) {
            yaml_event_delete(&e);
            continue;
        }
        if (type != YAML_STREAM_END_EVENT) {
            if (b->doc->root)
                rc = ora_err_set(b->err, ORA_E_BAD_USAGE, "%s:%zu: a second document", b->doc->name,
                                 e.start_mark.line + 1);
            else
                rc = build(b, &e, 0, &b->doc->root);
        }
        yaml_event_delete(&e);
        if (rc < 0 || type == YAML_STREAM_END_EVENT)
            return rc;
    }
}

struct ora_yaml *ora_yaml_parse(const char *bytes, size_t len, const char *name, struct ora_err *err)
{
    if (len > MAX_BYTES) {
        ora_err_set(err, ORA_E_LIMIT, "%s: %zu bytes, more than the %d a file of settings may have", name,
                    len, MAX_BYTES);
        return NULL;
    }
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3; /* what some editors put before UTF-8 */
        len -= 3;
    }
    struct builder b = {.doc = ora_xcalloc(1, sizeof *b.doc), .err = err};
    b.doc->name = ora_xstrdup(name);
    if (!yaml_parser_initialize(&b.parser)) {
        ora_err_set(err, ORA_E_NO_MEMORY, "%s: no memory for the YAML parser", name);
        ora_yaml_free(&b.doc);
        return NULL;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes, len);
    int rc = build_document(&b);
    yaml_parser_delete(&b.parser);
    if (rc == 0 && !b.doc->root)
        rc = ora_err_set(err, ORA_E_BAD_USAGE, "%s: empty", name);
    if (rc < 0)
        ora_yaml_free(&b.doc);
    return b.doc;
}

struct ora_yaml *ora_yaml_read(const char *path, struct ora_err *err)
{
    char *data;
    size_t len;
    if (ora_file_read(path, MAX_BYTES, &data, &len, err) < 0)
        return NULL;
    struct ora_yaml *doc = ora_yaml_parse(data, len, path, err);
    free(data);
    return doc;
}

const struct ora_yaml_node *ora_yaml_get(const struct ora_yaml_node *map, const char *key)
{
    if (map && map->kind == ORA_YAML_MAP)
        for (size_t i = 0; i < map->count; i++)
            if (strcmp(map->item[i]->key, key) == 0)
                return map->item[i];
    return NULL;
}

int ora_yaml_error(const struct ora_yaml_node *node, struct ora_err *err, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (node->key)
        return ora_err_set(err, ORA_E_BAD_USAGE, "%s:%d: field '%s': %s", node->doc->name, node->line,
                           node->key, text);
    return ora_err_set(err, ORA_E_BAD_USAGE, "%s:%d: %s", node->doc->name, node->line, text);
}

int ora_yaml_check_keys(const struct ora_yaml_node *map, const char *const *keys, size_t count,
                        struct ora_err *err)
{
    if (map->kind != ORA_YAML_MAP)
        return ora_yaml_error(map, err, "must be a map of fields");
    for (size_t i = 0; i < map->count; i++) {
        const struct ora_yaml_node *n = map->item[i];
        size_t j = 0;
        while (j < count && strcmp(n->key, keys[j]) != 0)
            j++;
        if (j < count)
            continue;
        const char *near = ora_nearest(n->key, keys, count);
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           near ? "%s:%d: unknown field '%s', did you mean '%s'?"
                                : "%s:%d: unknown field '%s'",
                           n->doc->name, n->line, n->key, near);
    }
    return 0;
}

bool ora_yaml_is_null(const struct ora_yaml_node *n)
{
    return !n || (n->kind == ORA_YAML_SCALAR && !n->quoted &&
                  (!n->text[0] || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0));
}

int ora_yaml_string(const struct ora_yaml_node *node, const char **out, struct ora_err *err)
{
    if (node->kind != ORA_YAML_SCALAR)
        return ora_yaml_error(node, err, "must be a text");
    *out = node->text;
    return 0;
}

int ora_yaml_number(const struct ora_yaml_node *node, double min, double max, double *out,
                    struct ora_err *err)
{
    char *end = NULL;
    double v = NAN;
    if (node->kind == ORA_YAML_SCALAR && !node->quoted && node->text[0])
        v = strtod(node->text, &end);
    if (!end || *end || !isfinite(v) || v < min || v > max)
        return ora_yaml_error(node, err, "must be a number from %g to %g, not '%s'", min, max,
                              node->text ? node->text : "a list or map");
    *out = v;
    return 0;
}

int ora_yaml_integer(const struct ora_yaml_node *node, int64_t min, int64_t max, int64_t *out,
                     struct ora_err *err)
{
    char *end = NULL;
    long long v = 0;
    errno = 0;
    if (node->kind == ORA_YAML_SCALAR && !node->quoted && node->text[0])
        v = strtoll(node->text, &end, 10);
    if (!end || *end || errno || v < min || v > max)
        return ora_yaml_error(node, err, "must be a whole number from %lld to %lld, not '%s'", (long long)min,
                              (long long)max, node->text ? node->text : "a list or map");
    *out = v;
    return 0;
}

int ora_yaml_bool(const struct ora_yaml_node *node, bool *out, struct ora_err *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (int i = 0; node->kind == ORA_YAML_SCALAR && i < 6; i++)
        if (strcmp(node->text, words[i]) == 0) {
            *out = i & 1;
            return 0;
        }
    return ora_yaml_error(node, err, "must be true or false, not '%s'",
                          node->text ? node->text : "a list or map");
}

int ora_yaml_choice(const struct ora_yaml_node *node, const char *const *words, size_t count, int *out,
                    struct ora_err *err)
{
    if (node->kind == ORA_YAML_SCALAR)
        for (size_t i = 0; i < count; i++)
            if (strcmp(node->text, words[i]) == 0) {
                *out = (int)i;
                return 0;
            }
    struct ora_str list = ORA_STR_INIT;
    for (size_t i = 0; i < count; i++)
        ora_str_addf(&list, "%s%s", i ? ", " : "", words[i]);
    const char *text = node->text ? node->text : "a list or map", *near = ora_nearest(text, words, count);
    int rc = near ? ora_yaml_error(node, err, "must be one of %s, not '%s'; did you mean '%s'?", list.data,
                                   text, near)
                  : ora_yaml_error(node, err, "must be one of %s, not '%s'", list.data, text);
    ora_str_release(&list);
    return rc;
}
