/*
 * What the fuzz targets of the reader share: any bytes as an input of one format. The reader may refuse the
 * input or reject its records; what it lets through must keep the contract of text/item.h, or the target
 * aborts.
 */
#ifndef ORA_TESTS_FUZZ_READER_FUZZ_H
#define ORA_TESTS_FUZZ_READER_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "text/chars.h"
#include "text/ids.h"
#include "text/reader.h"

enum { READER_FUZZ_MAX_CHARS = 48 };

static int reader_fuzz_item(void *ctx, const struct ora_item *i, struct ora_err *err)
{
    (void)ctx;
    (void)err;
    if (i->id && !ora_id_is_safe(i->id, strlen(i->id)))
        abort();
    if (strlen(i->text) != i->text_len || ora_utf8_valid_prefix(i->text, i->text_len) != i->text_len ||
        i->line > i->last_line)
        abort();
    if (i->kind == ORA_ITEM_REJECTED && (!i->reason || !i->reason_code))
        abort();
    if (i->kind != ORA_ITEM_UTTERANCE)
        return 0;
    if (!i->id || !ora_has_words(i->text, i->text_len) ||
        ora_utf8_length(i->text, i->text_len) > READER_FUZZ_MAX_CHARS || i->text[0] == ' ' ||
        i->text[i->text_len - 1] == ' ' || strpbrk(i->text, "\t\n\r"))
        abort();
    return 0;
}

static int reader_fuzz(const uint8_t *data, size_t size, enum ora_format format, enum ora_layout layout)
{
    struct ora_reader_limits limits = {READER_FUZZ_MAX_CHARS, "en"};
    struct ora_err err = {0};
    char path[64];
    int fd = memfd_create("input", MFD_CLOEXEC);
    struct ora_reader *r = ora_reader_create(&limits, &err);
    if (fd < 0 || !r || ora_fd_write_all(fd, data, size, &err) < 0)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct ora_input input = {.path = path, .doc_id = "f", .format = format, .layout = layout};
    if (ora_reader_input(r, &input, reader_fuzz_item, NULL, &err) == 0 &&
        ora_reader_finish(r, reader_fuzz_item, NULL, &err) < 0)
        abort();
    ora_reader_destroy(&r);
    close(fd);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
