/*
 * Installs and removes in the user's registry: registry NAME FILE TIMES.
 *
 * Each of its entries is written before the one before it is taken out, so that one of NAME is always there.
 */
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    int times = atoi(argv[3]), answer = 77;
    char alias[64], before[64] = "";
    for (int i = 1; i <= times; i++) {
        snprintf(alias, sizeof alias, "%s.%d", argv[1], i);
        CHECK(opendriver_install(alias, NULL, argv[2], "some  text", &answer) == OPENDRIVER_OK && answer == DRVCNF_OK);
        HDRVR driver;
        CHECK(opendriver_open(alias, NULL, 0, &driver) == OPENDRIVER_OK);
        CHECK(SendDriverMessage(driver, DRV_USER, i, i) == 2 * i);
        CHECK(CloseDriver(driver, 0, 0));
        if (*before)
            CHECK(opendriver_remove(before, NULL, &answer) == OPENDRIVER_OK && answer == DRVCNF_OK);
        strcpy(before, alias);
    }
    puts(alias);
    return 0;
}
