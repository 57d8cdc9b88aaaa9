/* The table is code, because its lengths follow from the dims: one function a module of the reference. */
#include "models/megatts3/official.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *mega_part_name(enum mega_part part)
{
    static const char *const names[] = {"dit", "dur", "align", "vae", "vae_encoder", "g2p"};
    return names[part];
}

const char *mega_part_folder(enum mega_part part)
{
    static const char *const folders[] = {
        "diffusion_transformer", "duration_lm", "aligner_lm", "wavvae", "wavvae", "g2p"};
    return folders[part];
}

enum ora_dtype mega_part_dtype(enum mega_part part)
{
    return part == MEGA_PART_G2P ? ORA_BF16 : ORA_F32;
}

/* ---- adding --------------------------------------------------------------------------------------- */

static void add(struct mega_official *l, const char *stem, const char *leaf, struct ora_shape shape)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->item = ora_xrealloc(l->item, l->room * sizeof *l->item);
    }
    struct mega_official_tensor *t = &l->item[l->count++];
    *t = (struct mega_official_tensor){.shape = shape};
    snprintf(t->name, sizeof t->name, "%s%s", stem, leaf);
}

#define STEM(stem, fmt)                                                                                      \
    do {                                                                                                     \
        va_list ap_;                                                                                         \
        va_start(ap_, fmt);                                                                                  \
        vsnprintf(stem, sizeof(stem), fmt, ap_);                                                             \
        va_end(ap_);                                                                                         \
    } while (0)

enum bias { BARE, BIASED };

static void table(struct mega_official *l, int rows, int columns, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void table(struct mega_official *l, int rows, int columns, const char *fmt, ...)
{
    char stem[MEGA_TENSOR_NAME];
    STEM(stem, fmt);
    add(l, stem, "", ORA_SHAPE((size_t)rows, (size_t)columns));
}

static void linear(struct mega_official *l, int out, int in, enum bias bias, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void linear(struct mega_official *l, int out, int in, enum bias bias, const char *fmt, ...)
{
    char stem[MEGA_TENSOR_NAME];
    STEM(stem, fmt);
    add(l, stem, ".weight", ORA_SHAPE((size_t)out, (size_t)in));
    if (bias == BIASED)
        add(l, stem, ".bias", ORA_SHAPE((size_t)out));
}

/* first x second x taps; the bias is as long as the output, which a transposed convolution has second. */
static void conv(struct mega_official *l, int first, int second, int taps, int out, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
static void conv(struct mega_official *l, int first, int second, int taps, int out, const char *fmt, ...)
{
    char stem[MEGA_TENSOR_NAME];
    STEM(stem, fmt);
    add(l, stem, ".weight", ORA_SHAPE((size_t)first, (size_t)second, (size_t)taps));
    add(l, stem, ".bias", ORA_SHAPE((size_t)out));
}

static void norm(struct mega_official *l, int n, const char *scale, const char *shift, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
static void norm(struct mega_official *l, int n, const char *scale, const char *shift, const char *fmt, ...)
{
    char stem[MEGA_TENSOR_NAME];
    STEM(stem, fmt);
    add(l, stem, scale, ORA_SHAPE((size_t)n));
    if (shift)
        add(l, stem, shift, ORA_SHAPE((size_t)n));
}

/* ---- the shared text encoder ---------------------------------------------------------------------- */

static void rel_encoder(struct mega_official *l, const struct ora_rel_encoder_dims *d, const char *p)
{
    int dim = d->dim;
    struct ora_shape rel = ORA_SHAPE(1, 9, (size_t)(dim / d->heads));
    char stem[MEGA_TENSOR_NAME];
    table(l, d->symbols, dim, "%s.emb.weight", p);
    for (int i = 0; i < 3; i++) {
        conv(l, dim, dim, 5, dim, "%s.pre.conv_layers.%d", p, i);
        norm(l, dim, ".gamma", ".beta", "%s.pre.norm_layers.%d", p, i);
    }
    conv(l, dim, dim, 1, dim, "%s.pre.proj", p);
    for (int i = 0; i < d->layers; i++) {
        for (const char *c = "qkvo"; *c; c++)
            conv(l, dim, dim, 1, dim, "%s.encoder.attn_layers.%d.conv_%c", p, i, *c);
        snprintf(stem, sizeof stem, "%s.encoder.attn_layers.%d", p, i);
        add(l, stem, ".emb_rel_k", rel);
        add(l, stem, ".emb_rel_v", rel);
        norm(l, dim, ".gamma", ".beta", "%s.encoder.norm_layers_1.%d", p, i);
        norm(l, dim, ".gamma", ".beta", "%s.encoder.norm_layers_2.%d", p, i);
        conv(l, d->ffn, dim, 3, d->ffn, "%s.encoder.ffn_layers.%d.conv_1", p, i);
        conv(l, dim, d->ffn, 1, dim, "%s.encoder.ffn_layers.%d.conv_2", p, i);
    }
    norm(l, dim, ".gamma", ".beta", "%s.encoder.last_ln", p);
}

/* ---- parts ---------------------------------------------------------------------------------------- */

static void dit(struct mega_official *l, const struct mega_dit_dims *d)
{
    int dim = d->dim;
    rel_encoder(l, &d->text, "dit.ph_encoder");
    table(l, d->text.tones, dim, "dit.tone_embed.weight");
    for (int i = 0; i < 2; i++)
        conv(l, dim, dim, 4, dim, "dit.ling_pre_net.%d", i);
    linear(l, d->ctx_mask, 1, BIASED, "dit.ctx_mask_proj");
    linear(l, d->local_cond, d->latent + d->ctx_mask, BIASED, "dit.local_cond_project");
    linear(l, dim, d->local_cond, BIASED, "dit.prenet");
    linear(l, dim, d->latent, BIASED, "dit.x_prenet");
    linear(l, dim, d->time_freqs, BIASED, "dit.f5_time_embed.time_mlp.0");
    linear(l, dim, dim, BIASED, "dit.f5_time_embed.time_mlp.2");
    for (int i = 0; i < d->layers; i++) {
        for (const char *c = "qkvo"; *c; c++)
            linear(l, dim, dim, BIASED, "dit.encoder.layers.%d.attention.w%c", i, *c);
        linear(l, d->ffn, dim, BIASED, "dit.encoder.layers.%d.feed_forward.w1", i);
        linear(l, dim, d->ffn, BIASED, "dit.encoder.layers.%d.feed_forward.w2", i);
        linear(l, 6 * dim, dim, BIASED, "dit.encoder.layers.%d.attention_norm.linear", i);
    }
    linear(l, 2 * dim, dim, BIASED, "dit.encoder.norm.linear");
    linear(l, dim, dim, BIASED, "dit.encoder.out_proj");
    linear(l, d->latent, dim, BIASED, "dit.postnet");
}

static void dur(struct mega_official *l, const struct mega_dur_dims *d)
{
    int dec = d->dec;
    rel_encoder(l, &d->text, "dur.encoder");
    table(l, d->text.tones, d->text.dim, "dur.ling_label_embed_layers.tone.weight");
    linear(l, dec, d->text.dim, BIASED, "dur.enc_proj");
    table(l, d->code_size + 2, dec, "dur.code_emb.weight");
    for (int i = 0; i < d->layers; i++) {
        norm(l, dec, ".weight", ".bias", "dur.layers.%d.op.layer_norm1", i);
        norm(l, dec, ".weight", ".bias", "dur.layers.%d.op.layer_norm2", i);
        table(l, 3 * dec, dec, "dur.layers.%d.op.self_attn.in_proj_weight", i);
        linear(l, dec, dec, BARE, "dur.layers.%d.op.self_attn.out_proj", i);
        conv(l, d->ffn, dec, 1, d->ffn, "dur.layers.%d.op.ffn.ffn_1.1", i);
        linear(l, dec, d->ffn, BIASED, "dur.layers.%d.op.ffn.ffn_2", i);
    }
    norm(l, dec, ".weight", ".bias", "dur.layer_norm");
    linear(l, 1, dec, BIASED, "dur.project_out_dim.0");
}

static void align_attention(struct mega_official *l, int state, const char *p, int i, const char *which)
{
    static const char *const biased[] = {"query", "value", "out"};
    for (int k = 0; k < 3; k++)
        linear(l, state, state, BIASED, "%s.%d.%s.%s", p, i, which, biased[k]);
    linear(l, state, state, BARE, "%s.%d.%s.key", p, i, which);
    norm(l, state, ".weight", ".bias", "%s.%d.%s_ln", p, i, which);
}

static void align_blocks(struct mega_official *l, const struct mega_align_dims *d, const char *p, int layers,
                         bool cross)
{
    for (int i = 0; i < layers; i++) {
        align_attention(l, d->state, p, i, "attn");
        if (cross)
            align_attention(l, d->state, p, i, "cross_attn");
        linear(l, d->mlp, d->state, BIASED, "%s.%d.mlp.0", p, i);
        linear(l, d->state, d->mlp, BIASED, "%s.%d.mlp.2", p, i);
        norm(l, d->state, ".weight", ".bias", "%s.%d.mlp_ln", p, i);
    }
}

static void align(struct mega_official *l, const struct mega_align_dims *d)
{
    int state = d->state;
    conv(l, state, d->mels, 3, state, "align.encoder.conv1");
    conv(l, state, state, 3, state, "align.encoder.conv2");
    table(l, d->audio_ctx, state, "align.encoder.positional_embedding");
    align_blocks(l, d, "align.encoder.blocks", d->enc_layers, false);
    norm(l, state, ".weight", ".bias", "align.encoder.ln_post");
    table(l, d->vocab, state, "align.decoder.token_embedding.weight");
    table(l, d->text_ctx, state, "align.decoder.positional_embedding");
    align_blocks(l, d, "align.decoder.blocks", d->dec_layers, true);
    norm(l, state, ".weight", ".bias", "align.decoder.ln");
    linear(l, d->vocab, state, BIASED, "align.decoder.out_proj");
}

static void upsampler(struct mega_official *l, int in, int out, const char *p)
{
    conv(l, out, in, 7, out, "%s.upsample.3", p);
    conv(l, in, out, 10, out, "%s.trans_upsample.1", p);
}

static void vae_decoder(struct mega_official *l, const struct mega_vae_dims *d)
{
    static const int taps[] = {3, 7, 11};
    int channels = d->ngf << MEGA_STAGES;
    char stem[MEGA_TENSOR_NAME];
    linear(l, d->dec_in, d->z, BIASED, "vae.proj_to_decoder");
    upsampler(l, d->dec_in, d->dec_up, "vae.latent_upsampler");
    conv(l, channels, d->dec_up, 7, channels, "vae.decoder.model_up.1");
    for (int s = 0; s < MEGA_STAGES; s++, channels /= 2) {
        snprintf(stem, sizeof stem, "vae.decoder.model_up.%d", 2 + 2 * s);
        upsampler(l, channels, channels / 2, stem);
        for (int b = 0; b < 3; b++)
            for (int c = 0; c < 6; c++)
                conv(l, channels / 2, channels / 2, taps[b], channels / 2,
                     "vae.decoder.model_up.%d.block%d.convs%d.%d", 3 + 2 * s, b + 1, c / 3 + 1, c % 3);
    }
    conv(l, 1, channels, 7, 1, "vae.decoder.model_up.12");
}

static void lstm(struct mega_official *l, int n, const char *p)
{
    char leaf[24];
    for (int i = 0; i < 2; i++)
        for (int side = 0; side < 2; side++) {
            const char *which = side ? "hh" : "ih";
            snprintf(leaf, sizeof leaf, ".weight_%s_l%d", which, i);
            add(l, p, leaf, ORA_SHAPE(4 * (size_t)n, (size_t)n));
            snprintf(leaf, sizeof leaf, ".bias_%s_l%d", which, i);
            add(l, p, leaf, ORA_SHAPE(4 * (size_t)n));
        }
}

static void vae_encoder(struct mega_official *l, const struct mega_vae_dims *d)
{
    static const char p[] = "vae.encoder.encoder.model";
    int c = d->enc_filters, at = 1;
    conv(l, c, 1, 7, c, "%s.0.conv.conv", p);
    for (int s = 0; s < MEGA_ENC_STAGES; s++, c *= 2, at += 3) {
        conv(l, c / 2, c, 3, c / 2, "%s.%d.block.1.conv.conv", p, at);
        conv(l, c, c / 2, 1, c, "%s.%d.block.3.conv.conv", p, at);
        conv(l, c, c, 1, c, "%s.%d.shortcut.conv.conv", p, at);
        conv(l, 2 * c, c, 2 * d->enc_ratios[s], 2 * c, "%s.%d.conv.conv", p, at + 2);
    }
    lstm(l, c, "vae.encoder.encoder.model.16.lstm");
    conv(l, d->enc_dim, c, 7, d->enc_dim, "%s.18.conv.conv", p);
    linear(l, 2 * d->z, d->enc_dim, BIASED, "vae.proj_to_z");
}

static void g2p(struct mega_official *l, const struct mega_g2p_dims *d)
{
    static const char p[] = "g2p.model.layers";
    int h = d->hidden, kv = h / d->heads * d->kv_heads;
    table(l, d->vocab, h, "g2p.model.embed_tokens.weight");
    for (int i = 0; i < d->layers; i++) {
        norm(l, h, ".weight", NULL, "%s.%d.input_layernorm", p, i);
        linear(l, h, h, BIASED, "%s.%d.self_attn.q_proj", p, i);
        linear(l, kv, h, BIASED, "%s.%d.self_attn.k_proj", p, i);
        linear(l, kv, h, BIASED, "%s.%d.self_attn.v_proj", p, i);
        linear(l, h, h, BARE, "%s.%d.self_attn.o_proj", p, i);
        norm(l, h, ".weight", NULL, "%s.%d.post_attention_layernorm", p, i);
        linear(l, d->mlp, h, BARE, "%s.%d.mlp.gate_proj", p, i);
        linear(l, d->mlp, h, BARE, "%s.%d.mlp.up_proj", p, i);
        linear(l, h, d->mlp, BARE, "%s.%d.mlp.down_proj", p, i);
    }
    norm(l, h, ".weight", NULL, "g2p.model.norm");
}

void mega_official_list(struct mega_official *l, enum mega_part part, const struct mega_dims *d)
{
    *l = (struct mega_official){0};
    switch (part) {
    case MEGA_PART_DIT:
        dit(l, &d->dit);
        break;
    case MEGA_PART_DUR:
        dur(l, &d->dur);
        break;
    case MEGA_PART_ALIGN:
        align(l, &d->align);
        break;
    case MEGA_PART_VAE:
        vae_decoder(l, &d->vae);
        break;
    case MEGA_PART_VAE_ENCODER:
        vae_encoder(l, &d->vae);
        break;
    case MEGA_PART_G2P:
    case MEGA_PARTS:
        g2p(l, &d->g2p);
        break;
    }
}

void mega_official_release(struct mega_official *l)
{
    free(l->item);
    *l = (struct mega_official){0};
}
