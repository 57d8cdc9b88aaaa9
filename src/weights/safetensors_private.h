/* Limits and conventions that the safetensors reader and writer share. */
#ifndef ORA_WEIGHTS_SAFETENSORS_PRIVATE_H
#define ORA_WEIGHTS_SAFETENSORS_PRIVATE_H

#define ORA_WEIGHTS_PAD_PREFIX "_pad."

enum {
    ORA_WEIGHTS_ALIGN = 64,
    ORA_WEIGHTS_NAME_MAX = 255,
    ORA_WEIGHTS_HEADER_MAX = 4 << 20, /* a model of 10,000 tensors has about 1 MiB */
};

#endif
