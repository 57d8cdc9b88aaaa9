/*
 * Where benchmarks leave their figures: one JSON object a line ("row") in a file that the caller names.
 * README.md of this folder has the fields.
 *
 *     rows_open(path);                                             // NULL: rows go nowhere
 *     rows_add(json_pack("{s:s, s:f}", "what", "gate", "value", 1.5));
 *     rows_close();
 *
 * One thread at a time. A file that cannot be written ends the program.
 */
#ifndef ORA_TESTS_BENCH_ROWS_H
#define ORA_TESTS_BENCH_ROWS_H

#include <jansson.h>

void rows_open(const char *path);
/* Takes the row. */
void rows_add(json_t *row);
void rows_close(void);

#endif
