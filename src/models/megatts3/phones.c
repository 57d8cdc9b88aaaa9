/* Integer arithmetic of ids and durations. */
#include "models/megatts3/phones.h"

#include <math.h>

#include "models/megatts3/dims.h"

bool mega_phone_valid(int32_t id)
{
    return (id >= 1 && id <= 173) || (id >= 201 && id <= 788);
}

void mega_phone_split(int32_t id, int32_t *phone, int32_t *tone)
{
    *phone = id;
    *tone = MEGA_TONE_NONE;
    if (id < 200 || id > 788)
        return;
    int32_t r = id - 201;
    *phone = (r < 0 ? -1 : r / 6) + 3;
    r = r < 0 ? r + 6 : r % 6;
    *tone = r == 0 ? 4 : r + 10;
}

int32_t mega_phone_join(int32_t phone, int32_t tone)
{
    if (tone == MEGA_TONE_NONE)
        return phone;
    return 201 + (phone - 3) * 6 + (tone == 4 ? 0 : tone - 10);
}

size_t mega_alignment(const int32_t *tokens, size_t count, int32_t frames, int32_t *phones, int32_t *tones,
                      int32_t *durations)
{
    size_t n = count / 2;
    int32_t before = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t end = tokens[2 * i + 1] - MEGA_ALIGN_TIME;
        mega_phone_split(tokens[2 * i], &phones[i], &tones[i]);
        durations[i] = end > before ? end - before : 0;
        before = end > before ? end : before;
        sum += durations[i];
    }
    if (n && sum < frames)
        durations[n - 1] += frames - sum;
    for (size_t i = 0; n && sum > frames; i = (i + 1) % n)
        if (durations[i] > 0) {
            durations[i]--;
            sum--;
        }
    return n;
}

size_t mega_mel2ph(const int32_t *durations, size_t count, int32_t *mel2ph, size_t room)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        for (int32_t j = 0; j < durations[i] && at < room; j++)
            mel2ph[at++] = (int32_t)i + 1;
    return at;
}

void mega_prompt_codes(const int32_t *durations, size_t count, int32_t *codes)
{
    for (size_t i = 0; i < count; i++)
        codes[i] = (durations[i] < 127 ? durations[i] : 127) + 1;
}

/* ---- durations of a chunk --------------------------------------------------------------------------------
 */

enum { LONGEST = 127, LAST_LEAST = 64, LAST_MOST = 128, CROSS_FADE_FRAMES = 32, FIRST_FRAMES = 8 };

static double clamp(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static int32_t floor_of(int32_t phone, const struct mega_timing *how)
{
    switch (phone) {
    case 145: /* sil */
    case 148: /* 。 */
    case 153: /* ！ */
    case 166: /* ？ */
        return how->floor_stop;
    case 163: /* ， */
    case 165: /* ； */
        return how->floor_comma;
    default:
        return 0;
    }
}

/* In single precision, as the reference's tensors are: ties of the rounding depend on it. */
static float disturbed(float d, const struct mega_timing *how, size_t i)
{
    if (how->disturb <= 0)
        return d;
    float r = 1.0f + how->amount[i] * (float)how->disturb;
    return how->choice[i] > 0.5f ? d * r : d / r;
}

static bool is_given(const struct mega_timing *how, size_t i)
{
    return how->given && how->given[i] > 0;
}

static size_t taker(const struct mega_timing *how, size_t count)
{
    if (!is_given(how, count - 1) || !is_given(how, 0))
        return is_given(how, count - 1) ? 0 : count - 1;
    for (size_t i = count; i-- > 0;)
        if (!is_given(how, i))
            return i;
    return count - 1;
}

void mega_durations(const int32_t *phones, const int32_t *codes, size_t count, const struct mega_timing *how,
                    int32_t *durations)
{
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        double d = clamp(codes[i] - 1, 0, LONGEST);
        if (i + 1 == count)
            d = how->last_chunk ? clamp(d, LAST_LEAST, LAST_MOST) : d + CROSS_FADE_FRAMES;
        d = (double)(disturbed((float)d, how, i) * (float)how->alpha);
        int32_t frames = (int32_t)clamp(nearbyint(d), 0, LONGEST), least = floor_of(phones[i], how);
        durations[i] = frames < least ? least : frames;
        if (i == 0 && how->first_chunk)
            durations[i] = FIRST_FRAMES;
        if (is_given(how, i))
            durations[i] = how->given[i];
        sum += durations[i];
    }
    if (count && sum % MEGA_FRAME_MULTIPLE)
        durations[taker(how, count)] += MEGA_FRAME_MULTIPLE - sum % MEGA_FRAME_MULTIPLE;
}
