/*
 * Ids: the names of utterances, safe in every tool that will read them.
 *
 * A safe id matches ^[A-Za-z0-9_-]{1,90}$ and does not hold "-sub": WebDataset cuts names at the first dot,
 * NeMo replaces slashes and reserves "-sub", Kaldi forbids spaces, ustar names end at 100 bytes.
 *
 * - An id that is safe stays as given. "name.wav" (also flac, mp3, ogg, opus, m4a) and "wavs/name.wav" mean
 * "name".
 * - Any other is mapped: accents are taken off, each run of forbidden bytes becomes one '_', "-sub" becomes
 * "_sub", and
 *   "-" and 10 hex digits of the SHA-256 of the id as given follow, so that two ids never fall together and
 * the result depends on the id alone. The id as given is kept as source_id.
 * - A record without one gets "<doc>-<nnnnnn>": the document's id and its place among the document's records
 *   (prose: among its utterances), from 1.
 *   A rejected one is named so too, except a paragraph that could not be read: "<doc>-line<n>".
 * - No speaker is put in front: ids must not change with the voice. Views that sort by speaker (Kaldi) do
 * that.
 */
#ifndef ORA_TEXT_IDS_H
#define ORA_TEXT_IDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { ORA_ID_MAX = 90, ORA_DOC_ID_MAX = 60 };

bool ora_id_is_safe(const char *id, size_t len);
/* Writes the safe form of an id as given (not empty) of at most max_len bytes; true when it differs from what
 * was given. */
bool ora_id_map(const char *given, size_t max_len, struct ora_str *out);
/* A document's id from its file's name: base name without extension, unsafe bytes to '_', at most
 * ORA_DOC_ID_MAX bytes. Not unique by itself. */
void ora_doc_id_from_path(const char *path, struct ora_str *out);

#endif
