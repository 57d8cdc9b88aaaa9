#include "base/hash.h"

#include "base/test.h"

ORA_TEST(known_answers)
{
    char hex[65];
    ora_sha256_of("", 0, hex); /* FIPS 180-4 examples */
    ORA_CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ora_sha256_of("abc", 3, hex);
    ORA_CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
