/*
 * YAML as a small tree with positions (libyaml), for files that people write: job files and voice.yaml.
 * Bounded: at most 1 MiB, depth 16, no aliases or anchors, duplicate keys refused. Everything is text;
 * the typed getters below say file, line and field when a value is not what was expected.
 *
 *     struct ora_yaml *doc = ora_yaml_read(path, &err);        // or ora_yaml_parse(bytes, len, name, &err)
 *     static const char *const keys[] = {"name", "voice"};
 *     rc = ora_yaml_check_keys(doc->root, keys, 2, &err);      // "job.yaml:3: unknown field 'voise', did you mean 'voice'?"
 *     ora_yaml_free(&doc);
 *
 * Ownership: nodes belong to the document and live as long as it. Threads: read-only after parse.
 */
#ifndef ORA_BASE_YAML_H
#define ORA_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum ora_yaml_kind { ORA_YAML_SCALAR, ORA_YAML_LIST, ORA_YAML_MAP };

struct ora_yaml_node {
    enum ora_yaml_kind kind;
    int line;                        /* 1-based */
    const struct ora_yaml *doc;      /* for the file's name in errors */
    char *key;                       /* this node's key in its parent map; NULL elsewhere */
    char *text;                      /* scalar: its text, never NULL */
    bool quoted;                     /* scalar: written in quotes (so never a number, bool or null) */
    struct ora_yaml_node **item;     /* list and map: children in order */
    size_t count;
};

struct ora_yaml {
    char *name; /* for messages */
    struct ora_yaml_node *root;
};

struct ora_yaml *ora_yaml_read(const char *path, struct ora_err *err);
struct ora_yaml *ora_yaml_parse(const char *bytes, size_t len, const char *name, struct ora_err *err);
void ora_yaml_free(struct ora_yaml **doc);

/* The child of a map, or NULL (also when map is NULL). */
const struct ora_yaml_node *ora_yaml_get(const struct ora_yaml_node *map, const char *key);
/* Refuses a key that is not in the list, with "did you mean". The node must be a map. */
int ora_yaml_check_keys(const struct ora_yaml_node *map, const char *const *keys, size_t count, struct ora_err *err);
/* "name:line: field 'key': <message>" with BAD_USAGE. */
int ora_yaml_error(const struct ora_yaml_node *node, struct ora_err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool ora_yaml_is_null(const struct ora_yaml_node *node); /* NULL node, `~`, `null`, or empty and unquoted */

/* Typed reads of a scalar; the bounds are inclusive. */
int ora_yaml_string(const struct ora_yaml_node *node, const char **out, struct ora_err *err);
int ora_yaml_number(const struct ora_yaml_node *node, double min, double max, double *out, struct ora_err *err);
int ora_yaml_integer(const struct ora_yaml_node *node, int64_t min, int64_t max, int64_t *out, struct ora_err *err);
int ora_yaml_bool(const struct ora_yaml_node *node, bool *out, struct ora_err *err);
/* One of the words; *out is its index. The error lists them, with "did you mean". */
int ora_yaml_choice(const struct ora_yaml_node *node, const char *const *words, size_t count, int *out, struct ora_err *err);

#endif
