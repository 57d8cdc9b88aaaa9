/*
 * Pieces: how a text is cut before byte pairs are merged; no merge crosses a cut. The pattern of Qwen 2's
 * tokenizer, in its order: a contraction ('s 't 're 've 'm 'll 'd); letters with one mark or space before
 * them; one number; marks with a space before them and the line ends after them; white space up to its last
 * line end; white space but for the last, which belongs to what follows; white space.
 */
#ifndef ORA_TEXT_BPE_PIECES_H
#define ORA_TEXT_BPE_PIECES_H

#include <stddef.h>

/* The length of the piece at text[0..len), len > 0. text must be valid UTF-8. */
size_t ora_bpe_piece(const char *text, size_t len);

#endif
