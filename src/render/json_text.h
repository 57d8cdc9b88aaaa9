/* JSON, written by hand into a string: records must have their fields in a fixed order and numbers of fixed
 * decimals, and are written a thousand times a second. */
#ifndef ORA_RENDER_JSON_TEXT_H
#define ORA_RENDER_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* "text" with quotes; NULL is written as "". What is not UTF-8 becomes U+FFFD. */
void ora_json_string(struct ora_str *s, const char *text, size_t len);
void ora_json_uint(struct ora_str *s, uint64_t value);
/* samples / rate in seconds, rounded half up to `decimals` (at most 9), by integers alone. */
void ora_json_seconds(struct ora_str *s, uint64_t samples, uint64_t rate_hz, int decimals);
/* Rounded to `decimals`; "null" when not finite. */
void ora_json_fixed(struct ora_str *s, double value, int decimals);
/* A number as short as it can be with 9 digits, always with a point or an exponent (readers infer types from
 * the first rows). */
void ora_json_real(struct ora_str *s, double value);

#endif
