#include "net/keyfile.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/test.h"

static struct ora_net_ticket sample(void)
{
    struct ora_net_ticket t = {.run_id = "0123456789abcdef"};
    struct ora_net_pair server;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_net_pair_make(&server, &err), err);
    ORA_CHECK_OK(ora_net_pair_make(&t.keys.client, &err), err);
    memcpy(t.keys.server_public, server.public_key, ORA_NET_KEY_SIZE);
    return t;
}

ORA_TEST(a_ticket_reads_back)
{
    struct ora_net_ticket t = sample(), got;
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "worker.key");
    ORA_CHECK_OK(ora_net_ticket_write(path, &t, &err), err);
    struct stat st;
    ORA_REQUIRE(stat(path, &st) == 0);
    ORA_CHECK_INT(st.st_mode & 0777, 0600);
    ORA_CHECK_OK(ora_net_ticket_read(path, &got, &err), err);
    ORA_CHECK_STR(got.run_id, t.run_id);
    ORA_CHECK_STR(got.keys.client.secret_key, t.keys.client.secret_key);
    ORA_CHECK_STR(got.keys.server_public, t.keys.server_public);
    free(path);
}

ORA_TEST(a_key_file_others_may_read_is_refused)
{
    struct ora_net_ticket t = sample(), got;
    struct ora_err err = {0};
    char *path = ora_path_join(ora_test_tmpdir(), "open.key");
    ORA_CHECK_OK(ora_net_ticket_write(path, &t, &err), err);
    ORA_CHECK_INT(chmod(path, 0640), 0);
    ORA_CHECK_INT(ora_net_ticket_read(path, &got, &err), ORA_E_PERMISSION);
    free(path);
}

ORA_TEST(broken_key_files_are_named)
{
    static const char *const texts[] = {
        "",
        "run_id x\n",
        "run_id x\nserver_public short\n",
        "run_id\n\n\n",
        "run_id x\nserver_public ''''''''''''''''''''''''''''''''''''''''\n",
    };
    char *path = ora_path_join(ora_test_tmpdir(), "broken.key");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ora_net_ticket got;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_file_write_atomic(path, texts[i], strlen(texts[i]), 0600, &err), err);
        ORA_CHECK_INT(ora_net_ticket_read(path, &got, &err), ORA_E_FORMAT);
        ORA_CHECK(strstr(err.message, "broken.key") != NULL);
    }
    free(path);
}
