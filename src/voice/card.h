/*
 * Model cards: the MODEL_CARD that lies beside a public Piper voice says under which licence its data set is
 * and what it was trained from. A card is read for two lines and copied whole; no card, or a strange one, is
 * no error.
 */
#ifndef ORA_VOICE_CARD_H
#define ORA_VOICE_CARD_H

#include <stddef.h>

struct ora_voice_card {
    char *text; /* the whole card, NULL when there is none */
    size_t len;
    char *license; /* of "* License: CC0": "CC0 (data set)"; or NULL */
    char *note;    /* of "Finetuned from …": what that means for a user; or NULL */
};

/* model_path: the model's file (the card is beside it), or the folder that holds both. */
void ora_voice_card_read(const char *model_path, struct ora_voice_card *card);
void ora_voice_card_release(struct ora_voice_card *card);

#endif
