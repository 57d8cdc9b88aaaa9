/* Row copies. */
#include "nn/layers/reflect.h"

static void fill(struct ora_b16 x, int channels, int n, int row, int most)
{
    int from = ora_reflected(row, n, most);
    if (from < 0) {
        ora_b16_clear_rows(x, channels, row, row + 1);
        return;
    }
    for (int b = 0; b < ora_blocks(channels); b++)
        memcpy(ora_b16_at(x, b, row).p, ora_b16_at(x, b, from).p, sizeof(float) * ORA_LANES);
}

void ora_reflect_rows(struct ora_b16 x, int channels, int n, int left, int right)
{
    int most = left > right ? left : right;
    for (int i = 1; i <= left; i++)
        fill(x, channels, n, -i, most);
    for (int i = 0; i < right; i++)
        fill(x, channels, n, n + i, most);
}
