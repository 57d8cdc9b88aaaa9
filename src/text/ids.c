/* Ids: mapping of what users and file systems allow to what every tool downstream allows. */
#include "text/ids.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/file.h"
#include "base/hash.h"
#include "text/chars.h"

enum { HASH_DIGITS = 10 };

static bool is_safe_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

bool ora_id_is_safe(const char *id, size_t len)
{
    if (!len || len > ORA_ID_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_safe_byte(id[i]))
            return false;
    return memmem(id, len, "-sub", 4) == NULL;
}

/* The ASCII letter under an accented one, or 0. */
static char plain_letter(uint32_t cp)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar parts[8];
    const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&status);
    int32_t n = cp < 0x80 ? 0 : unorm2_getDecomposition(nfkd, (UChar32)cp, parts, 8, &status);
    return U_SUCCESS(status) && n > 0 && parts[0] < 0x80 && isalnum(parts[0]) ? (char)parts[0] : '\0';
}

/* Appends the safe bytes of the text, at most `room` of them. */
static void add_safe(struct ora_str *out, const char *text, size_t len, size_t room)
{
    size_t first = out->len;
    for (size_t at = 0, end; at < len && out->len - first < room; at = end) {
        uint32_t cp = ora_cp_at(text, len, at, &end);
        char plain = cp < 0x80 ? (char)cp : plain_letter(cp);
        if (plain && is_safe_byte(plain))
            ora_str_addc(out, plain);
        else if (cp >= 0x80 && (U_MASK(u_charType((UChar32)cp)) & U_GC_M_MASK))
            continue;
        else if (out->len > first && out->data[out->len - 1] != '_')
            ora_str_addc(out, '_');
    }
    while (out->len > first && (out->data[out->len - 1] == '_' || out->data[out->len - 1] == '-'))
        out->data[--out->len] = '\0';
    for (char *p = out->data ? out->data + first : NULL; p && (p = strstr(p, "-sub"));)
        *p = '_';
}

/* The part of a given id that names the sound: without "./", "wavs/" and an audio file's extension. */
static size_t bare_name(const char **given)
{
    static const char *const extensions[] = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"};
    const char *s = *given;
    if (ora_starts_with(s, "./"))
        s += 2;
    if (ora_starts_with(s, "wavs/"))
        s += 5;
    size_t len = strlen(s);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t n = strlen(extensions[i]);
        if (len > n && strcasecmp(s + len - n, extensions[i]) == 0) {
            len -= n;
            break;
        }
    }
    *given = s;
    return len;
}

bool ora_id_map(const char *given, size_t max_len, struct ora_str *out)
{
    const char *name = given;
    size_t len = bare_name(&name);
    ora_str_clear(out);
    if (len <= max_len && ora_id_is_safe(name, len)) {
        ora_str_addn(out, name, len);
        return strcmp(given, out->data) != 0;
    }
    char hex[65];
    ora_sha256_of(given, strlen(given), hex);
    add_safe(out, name, len, max_len - HASH_DIGITS - 1);
    ora_str_addf(out, "%s%.*s", out->len ? "-" : "id-", HASH_DIGITS, hex);
    return true;
}

void ora_doc_id_from_path(const char *path, struct ora_str *out)
{
    const char *base = strcmp(path, "-") ? ora_path_base(path) : "stdin";
    const char *dot = strrchr(base, '.');
    size_t len = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    ora_str_clear(out);
    add_safe(out, base, len, ORA_DOC_ID_MAX);
    if (!out->len) {
        char hex[65];
        ora_sha256_of(base, strlen(base), hex);
        ora_str_addf(out, "doc-%.8s", hex);
    }
}
