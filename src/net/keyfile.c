/* Both files are one table of fields each, written and read by the same two functions. */
#include "net/keyfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium/utils.h>
#include <zmq.h>

#include "base/file.h"

enum { MAX_FILE_BYTES = 4096, MAX_FIELDS = 8 };

struct field {
    const char *name;
    char *value;
    size_t size; /* of value; ORA_NET_KEY_SIZE: a key */
};

int ora_net_pair_make(struct ora_net_pair *pair, struct ora_err *err)
{
    if (zmq_curve_keypair(pair->public_key, pair->secret_key) < 0)
        return ora_err_set(err, ORA_E_UNSUPPORTED, "no keys can be made: libzmq was built without CURVE");
    return 0;
}

static int write_fields(const char *path, const char *title, const struct field *fields, size_t count,
                        struct ora_err *err)
{
    struct ora_str text = ORA_STR_INIT;
    ora_str_addf(&text, "# %s\n", title);
    for (size_t i = 0; i < count; i++)
        ora_str_addf(&text, "%s %s\n", fields[i].name, fields[i].value);
    int rc = ora_file_write_atomic(path, text.data, text.len, 0600, err);
    sodium_memzero(text.data, text.len);
    ora_str_release(&text);
    return rc;
}

static int check_mode(const char *path, struct ora_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return ora_err_errno(err, errno, "%s", path);
    if (st.st_mode & 077)
        return ora_err_set(err, ORA_E_PERMISSION,
                           "%s: others may read this key file (mode %03o, it must be 600)", path,
                           st.st_mode & 0777u);
    return 0;
}

static const struct field *find(const struct field *fields, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0)
            return &fields[i];
    return NULL;
}

static int take_line(const struct field *fields, size_t count, const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    const struct field *f = space ? find(fields, count, line, (size_t)(space - line)) : NULL;
    if (!f)
        return 0; /* a comment, or a field of a later version */
    size_t n = len - (size_t)(space + 1 - line);
    uint8_t key[32];
    if (n == 0 || n >= f->size)
        return -1;
    memcpy(f->value, space + 1, n);
    f->value[n] = '\0';
    if (f->size == ORA_NET_KEY_SIZE && (n != 40 || !zmq_z85_decode(key, f->value)))
        return -1;
    return 0;
}

static int read_fields(const char *path, const struct field *fields, size_t count, struct ora_err *err)
{
    char *text = NULL;
    size_t len = 0;
    int rc = check_mode(path, err);
    if (rc < 0 || (rc = ora_file_read(path, MAX_FILE_BYTES, &text, &len, err)) < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        fields[i].value[0] = '\0';
    for (size_t at = 0; rc == 0 && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        if (take_line(fields, count, text + at, n) < 0)
            rc = ora_err_set(err, ORA_E_FORMAT, "%s: the line \"%.*s …\" is no part of a key file", path,
                             (int)strcspn(text + at, " \n"), text + at);
        at += n + 1;
    }
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (!fields[i].value[0])
            rc = ora_err_set(err, ORA_E_FORMAT, "%s: not a whole key file: %s is missing", path,
                             fields[i].name);
    sodium_memzero(text, len);
    free(text);
    return rc;
}

#define TICKET_FIELDS(t)                                                                                     \
    {                                                                                                        \
        {"run_id", (t)->run_id, sizeof(t)->run_id},                                                          \
            {"server_public", (t)->keys.server_public, ORA_NET_KEY_SIZE},                                    \
            {"client_public", (t)->keys.client.public_key, ORA_NET_KEY_SIZE},                                \
            {"client_secret", (t)->keys.client.secret_key, ORA_NET_KEY_SIZE},                                \
    }
#define SERVER_FIELDS(k)                                                                                     \
    {                                                                                                        \
        {"server_public", (k)->server.public_key, ORA_NET_KEY_SIZE},                                         \
            {"server_secret", (k)->server.secret_key, ORA_NET_KEY_SIZE},                                     \
            {"client_public", (k)->client_public, ORA_NET_KEY_SIZE},                                         \
    }

int ora_net_ticket_write(const char *path, const struct ora_net_ticket *ticket, struct ora_err *err)
{
    struct ora_net_ticket copy = *ticket;
    const struct field fields[] = TICKET_FIELDS(&copy);
    int rc = write_fields(path, "Oratorio: lets a worker join this run. Keep it secret.", fields,
                          sizeof fields / sizeof *fields, err);
    sodium_memzero(&copy, sizeof copy);
    return rc;
}

int ora_net_ticket_read(const char *path, struct ora_net_ticket *ticket, struct ora_err *err)
{
    const struct field fields[] = TICKET_FIELDS(ticket);
    return read_fields(path, fields, sizeof fields / sizeof *fields, err);
}

int ora_net_server_keys_write(const char *path, const struct ora_net_server_keys *keys, struct ora_err *err)
{
    struct ora_net_server_keys copy = *keys;
    const struct field fields[] = SERVER_FIELDS(&copy);
    int rc = write_fields(path, "Oratorio: the coordinator's keys of this run. Keep it secret.", fields,
                          sizeof fields / sizeof *fields, err);
    sodium_memzero(&copy, sizeof copy);
    return rc;
}

int ora_net_server_keys_read(const char *path, struct ora_net_server_keys *keys, struct ora_err *err)
{
    const struct field fields[] = SERVER_FIELDS(keys);
    return read_fields(path, fields, sizeof fields / sizeof *fields, err);
}
