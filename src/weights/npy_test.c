#include "weights/npy.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/test.h"

/* A file of this version and header with `floats` elements. */
static unsigned char *npy(int version, const char *header, size_t floats, size_t *len)
{
    size_t n = strlen(header), at = version > 1 ? 12 : 10;
    unsigned char *f = ora_xcalloc(at + n + 4 * floats + 1, 1);
    memcpy(f, "\x93NUMPY", 6);
    f[6] = (unsigned char)version;
    f[8] = (unsigned char)n;
    f[9] = (unsigned char)(n >> 8);
    memcpy(f + at, header, n);
    for (size_t i = 0; i < floats; i++) {
        float v = (float)i + 0.5f;
        memcpy(f + at + n + 4 * i, &v, 4);
    }
    *len = at + n + 4 * floats;
    return f;
}

ORA_TEST(reads_what_numpy_writes)
{
    static const struct {
        int version;
        const char *header;
        size_t rank, count;
    } cases[] = {
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 2), }          \n", 3, 6},
        {2, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n", 1, 6},
        {3, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 0, 1},
        {1, "{'shape': (0, 4), 'fortran_order': False, 'descr': '<f4'}\n", 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_npy a;
        struct ora_err err = {0};
        size_t len;
        unsigned char *f = npy(cases[i].version, cases[i].header, cases[i].count, &len);
        ORA_CHECK_OK(ora_npy_parse(&a, f, len, "x.npy", &err), err);
        ORA_CHECK_INT(a.shape.rank, cases[i].rank);
        ORA_CHECK_INT(a.count, cases[i].count);
        if (a.count) {
            float v;
            memcpy(&v, a.data + 4 * (a.count - 1), 4);
            ORA_CHECK_NEAR((double)v, (double)a.count - 0.5, 0);
        }
        free(f);
    }
}

ORA_TEST(refuses_all_else)
{
    static const struct {
        int version;
        const char *header, *message;
    } cases[] = {
        {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), }\n",
         "x.npy: an array of '<f8', wanted '<f4' (float32)"},
        {1, "{'descr': '|O', 'fortran_order': False, 'shape': (6,), }\n",
         "x.npy: an array of '|O', wanted '<f4' (float32)"},
        {1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }\n",
         "x.npy: an array of records, wanted '<f4'"},
        {1, "{'descr': '<f4', 'fortran_order': True, 'shape': (6,), }\n",
         "x.npy: an array in Fortran order, wanted C order (numpy.ascontiguousarray)"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }\n",
         "x.npy: 24 bytes of elements do not make the shape [7] of float32"},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }\n",
         NULL},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }\n", NULL},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6), }\n", NULL},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }\n", NULL},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6 6,), }\n", NULL},
        {1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n", NULL},
        {1, "{'descr': '<f4', 'shape': (6,), }\n", NULL},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } import os\n", NULL},
        {1, "__import__('os').system('true')\n", NULL},
        {1, "", NULL},
        {4, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n",
         "x.npy: .npy of version 4.0, wanted 1.0 to 3.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_npy a;
        struct ora_err err = {0};
        size_t len;
        unsigned char *f = npy(cases[i].version, cases[i].header, 6, &len);
        ORA_CHECK_INT(ora_npy_parse(&a, f, len, "x.npy", &err), ORA_E_FORMAT);
        if (cases[i].message)
            ORA_CHECK_STR(err.message, cases[i].message);
        free(f);
    }
}

/* Every file cut short is refused, and nothing beyond its end is read (asan). */
ORA_TEST(refuses_cut_files)
{
    size_t len;
    unsigned char *f = npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 2), }\n", 6, &len);
    for (size_t n = 0; n < len; n++) {
        unsigned char *cut = ora_xmalloc(n + 1);
        struct ora_npy a;
        struct ora_err err = {0};
        memcpy(cut, f, n);
        ORA_CHECK_INT(ora_npy_parse(&a, cut, n, "x.npy", &err), ORA_E_FORMAT);
        free(cut);
    }
    free(f);
}
