/* Encoding: marks and zero bytes tell UTF-16 and UTF-32; ICU's detector names 8-bit and East Asian encodings.
 */
#include "text/encoding.h"

#include <string.h>
#include <unicode/ucsdet.h>

#include "base/utf8.h"

static const struct {
    const char *magic;
    size_t len;
    const char *what;
} formats[] = {
    {"PK\x03\x04", 4, "a ZIP archive (EPUB, DOCX, ODT …); text was expected"},
    {"%PDF-", 5, "a PDF document; text was expected (pdftotext makes it)"},
    {"\x1F\x8B", 2, "a gzip file; unpack it first"},
    {"BZh", 3, "a bzip2 file; unpack it first"},
    {"\xFD"
     "7zXZ",
     5, "an xz file; unpack it first"},
    {"\x28\xB5\x2F\xFD", 4, "a zstd file; unpack it first"},
    {"\x7F"
     "ELF",
     4, "a program; text was expected"},
    {"{\\rtf", 5, "an RTF document; text was expected"},
    {"\xD0\xCF\x11\xE0", 4, "an old Office document; text was expected"},
    {"RIFF", 4, "a RIFF (audio or video) file; text was expected"},
    {"fLaC", 4, "a FLAC file; text was expected"},
};

static const struct {
    const char *mark;
    size_t len;
    const char *name;
} marks[] = {
    {"\xFF\xFE\0\0", 4, "UTF-32LE"},
    {"\0\0\xFE\xFF", 4, "UTF-32BE"},
    {"\xFF\xFE", 2, "UTF-16LE"},
    {"\xFE\xFF", 2, "UTF-16BE"},
};

/* Without a mark: text in UTF-16 has its zero bytes on one side only. */
static const char *wide_by_zeros(const char *bytes, size_t len)
{
    size_t zeros[4] = {0}, units = (len > 4096 ? 4096 : len) / 4;
    if (!units)
        return len == 2 && !bytes[0] != !bytes[1] ? (bytes[0] ? "UTF-16LE" : "UTF-16BE") : NULL;
    for (size_t i = 0; i < units * 4; i++)
        zeros[i % 4] += bytes[i] == 0;
    size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3], much = units * 4 / 6;
    if (zeros[1] > units / 2 && zeros[2] > units * 3 / 4 && zeros[3] > units * 3 / 4)
        return "UTF-32LE";
    if (zeros[2] > units / 2 && zeros[1] > units * 3 / 4 && zeros[0] > units * 3 / 4)
        return "UTF-32BE";
    if (odd > much && even < odd / 8)
        return "UTF-16LE";
    if (even > much && odd < even / 8)
        return "UTF-16BE";
    return NULL;
}

/* The name of an encoding the bytes may be in, for iconv; false when the detector has no opinion. */
static bool guess(const char *bytes, size_t len, char name[32])
{
    UErrorCode status = U_ZERO_ERROR;
    UCharsetDetector *detector = ucsdet_open(&status);
    bool found = false;
    if (U_FAILURE(status))
        return false;
    ucsdet_setText(detector, bytes, (int32_t)(len > 65536 ? 65536 : len), &status);
    int32_t count = 0;
    const UCharsetMatch **match = ucsdet_detectAll(detector, &count, &status);
    for (int32_t i = 0; U_SUCCESS(status) && i < count && !found; i++) {
        const char *n = ucsdet_getName(match[i], &status);
        int32_t confidence = ucsdet_getConfidence(match[i], &status);
        if (U_SUCCESS(status) && confidence >= 10 && strncmp(n, "UTF-", 4) != 0 &&
            strncmp(n, "IBM", 3) != 0) {
            strncpy(name, n, 31);
            name[31] = '\0';
            found = true;
        }
    }
    ucsdet_close(detector);
    return found;
}

/* Latin-1 and Windows-1252 by their letters: bytes from C0 up, and the quotes of Windows. */
static bool looks_western(const char *bytes, size_t len, bool *windows)
{
    size_t good = 0, high = 0;
    *windows = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x80)
            continue;
        high++;
        *windows = *windows || c < 0xA0;
        bool quote = c >= 0x91 && c <= 0x97, letter = c >= 0xC0;
        bool mark = c == 0x85 || c == 0x80 || c == 0xA0 || c == 0xA7 || c == 0xA3 || c == 0xAB || c == 0xBB ||
                    c == 0xB0;
        bool beside_high = (i && (unsigned char)bytes[i - 1] >= 0x80) ||
                           (i + 1 < len && (unsigned char)bytes[i + 1] >= 0x80);
        good += quote || mark || (letter && !beside_high);
    }
    return high && good * 10 >= high * 9;
}

static bool name_of(const char *bytes, size_t len, char name[32])
{
    bool windows;
    if (looks_western(bytes, len, &windows)) {
        strcpy(name, windows ? "WINDOWS-1252" : "ISO-8859-1");
        return true;
    }
    return guess(bytes, len, name);
}

/* Where single bytes stand that are no UTF-8, how many, and how many UTF-8 sequences beyond ASCII there are.
 */
static void count_bad(const char *bytes, size_t len, size_t *first, size_t *bad, size_t *good, uint64_t *line)
{
    *first = len;
    *bad = *good = 0;
    *line = 1;
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        size_t n = ora_utf8_decode(bytes + at, len - at, &cp);
        if (!n && len - at < 4) /* perhaps only cut off by the window */
            break;
        if (!n && *first == len)
            *first = at;
        if (n == 1 && cp == '\n' && *first == len)
            ++*line;
        *bad += n == 0;
        *good += n > 1;
        at += n ? n : 1;
    }
}

int ora_encoding_check_kind(const char *path, const char *bytes, size_t len, struct ora_err *err)
{
    const char *wide = NULL;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && !wide; i++)
        if (len >= marks[i].len && memcmp(bytes, marks[i].mark, marks[i].len) == 0)
            wide = marks[i].name;
    for (size_t i = 0; i < sizeof formats / sizeof *formats && !wide; i++)
        if (len >= formats[i].len && memcmp(bytes, formats[i].magic, formats[i].len) == 0)
            return ora_err_set(err, ORA_E_FORMAT, "input '%s' is %s", path, formats[i].what);
    if (!wide)
        wide = wide_by_zeros(bytes, len);
    if (wide)
        return ora_err_set(
            err, ORA_E_FORMAT,
            "input '%s' looks like %s; UTF-8 was expected: convert it with 'iconv -f %s -t UTF-8'", path,
            wide, wide);
    return 0;
}

int ora_encoding_check_prose(const char *path, const char *bytes, size_t len, struct ora_err *err)
{
    size_t first, bad, good;
    uint64_t line;
    char name[32];
    count_bad(bytes, len, &first, &bad, &good, &line);
    if (!bad || good >= bad || !name_of(bytes, len, name))
        return 0;
    return ora_err_set(
        err, ORA_E_FORMAT,
        "input '%s' line %llu: byte 0x%02X at offset %zu is not UTF-8; the text looks like %s: convert it "
        "with 'iconv -f %s -t UTF-8'",
        path, (unsigned long long)line, (unsigned char)bytes[first], first, name, name);
}

bool ora_encoding_line_ok(const char *text, size_t len, uint64_t offset, const char **code,
                          struct ora_str *reason)
{
    const char *nul = memchr(text, 0, len);
    size_t bad = ora_utf8_valid_prefix(text, len);
    if (!nul && bad == len)
        return true;
    ora_str_clear(reason);
    if (nul) {
        *code = "nul-byte";
        ora_str_addf(reason, "holds a NUL byte at offset %llu of the file",
                     (unsigned long long)offset + (size_t)(nul - text));
        return false;
    }
    char name[32];
    *code = "bad-utf8";
    ora_str_addf(reason, "byte 0x%02X at offset %llu of the file is not UTF-8", (unsigned char)text[bad],
                 (unsigned long long)offset + bad);
    if (name_of(text, len, name))
        ora_str_addf(reason, " (looks like %s)", name);
    return false;
}
