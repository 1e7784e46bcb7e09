/*
 * Checks that say where they failed, and what the driver tests/fixtures/obliging.c can be asked.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <windows.h>

#include <opendriver.h>

enum { ADD, ADD_STRUCT, BREAK, BLOCK, WRITE_AT, SIZE_OF_OPEN, SAY };

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            const char *why = opendriver_last_error();                                                               \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, why ? why : "no error");             \
            fflush(stderr);                                                                                          \
            abort();                                                                                                 \
        }                                                                                                            \
    } while (0)

/* The last failure was of this kind, and its text has this in it. */
#define CHECK_ERROR(code, text)                                                                                      \
    do {                                                                                                             \
        CHECK(opendriver_last_code() == (code));                                                                     \
        CHECK(strstr(opendriver_last_error(), text));                                                                \
        opendriver_clear_error();                                                                                    \
    } while (0)

#endif
