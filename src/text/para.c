/* Paragraph: joining of lines, decided at the first character of the next one. */
#include "text/para.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/mem.h"
#include "text/chars.h"

void ora_para_release(struct ora_para *p)
{
    ora_str_release(&p->text);
    free(p->mark);
    *p = (struct ora_para){0};
}

void ora_para_clear(struct ora_para *p)
{
    ora_str_clear(&p->text);
    p->marks = 0;
    p->first_line = p->last_line = 0;
    p->space = true;
    p->joint = p->soft = false;
}

static void mark(struct ora_para *p, size_t at, uint64_t line)
{
    if (p->marks == p->marks_cap) {
        p->marks_cap = p->marks_cap ? p->marks_cap * 2 : 16;
        p->mark = ora_xrealloc(p->mark, p->marks_cap * sizeof *p->mark);
    }
    p->mark[p->marks++] = (struct ora_para_mark){at, line, false};
}

void ora_para_line(struct ora_para *p, uint64_t number)
{
    if (!p->first_line)
        p->first_line = number;
    p->last_line = number;
    p->joint = p->text.len > 0;
    mark(p, p->text.len, number);
}

static bool is_hyphen(uint32_t cp)
{
    return cp == '-' || cp == 0x2010;
}

/* "exam-|ple", but not "he paused --|then" nor "pre- |and". */
static bool hyphen_joins(const struct ora_para *p, uint32_t next)
{
    size_t start, before;
    if (p->space || !p->text.len || !u_isalpha((UChar32)next) ||
        !is_hyphen(ora_cp_before(p->text.data, p->text.len, &start)))
        return false;
    return start && u_isalpha((UChar32)ora_cp_before(p->text.data, start, &before));
}

static bool cjk_joins(const struct ora_para *p, uint32_t next)
{
    size_t start;
    return p->text.len && ora_cp_is_cjk(next) &&
           ora_cp_is_cjk(ora_cp_before(p->text.data, p->text.len, &start));
}

static void join(struct ora_para *p, uint32_t next)
{
    bool glued = p->soft || hyphen_joins(p, next);
    p->joint = false;
    if (!glued)
        ora_trim_end(&p->text);
    if (!glued && !cjk_joins(p, next))
        ora_str_addc(&p->text, ' ');
    p->space = p->text.len && p->text.data[p->text.len - 1] == ' ';
    if (p->marks)
        p->mark[p->marks - 1].at = p->text.len;
    p->soft = false;
}

void ora_para_add(struct ora_para *p, const char *text, size_t len)
{
    size_t at = 0, end;
    if (p->joint) {
        uint32_t cp = 0;
        for (; at < len; at = end) {
            cp = ora_cp_at(text, len, at, &end);
            if (!ora_cp_is_space(cp) && !ora_cp_is_dropped(cp))
                break;
        }
        if (at == len)
            return;
        join(p, cp);
    }
    ora_clean(&p->text, text + at, len - at, &p->space);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    p->soft = len >= 2 && memcmp(text + len - 2, "\xC2\xAD", 2) == 0;
}

uint64_t ora_para_line_at(const struct ora_para *p, size_t offset)
{
    size_t low = 0, high = p->marks;
    while (low + 1 < high) {
        size_t mid = low + (high - low) / 2;
        if (p->mark[mid].at <= offset)
            low = mid;
        else
            high = mid;
    }
    return p->marks ? p->mark[low].line : p->first_line;
}

void ora_para_keep_from(struct ora_para *p, size_t offset)
{
    uint64_t line = ora_para_line_at(p, offset);
    size_t kept = 0;
    memmove(p->text.data, p->text.data + offset, p->text.len - offset + 1);
    p->text.len -= offset;
    for (size_t i = 0; i < p->marks; i++)
        if (p->mark[i].at > offset)
            p->mark[kept++] =
                (struct ora_para_mark){p->mark[i].at - offset, p->mark[i].line, p->mark[i].parted};
    memmove(p->mark + 1, p->mark, kept * sizeof *p->mark);
    p->mark[0] = (struct ora_para_mark){0, line, false};
    p->marks = kept + 1;
    p->first_line = line;
}
