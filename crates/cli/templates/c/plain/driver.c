/*
 * {{name}}: an installable driver.
 *
 * Each instance is a counter. It starts at the number in its parameter text, and refuses a text that is no number.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "messages.h"

/* One instance, from DRV_OPEN to DRV_CLOSE. Programs may send it messages from several threads at once. */
typedef struct {
    LRESULT start;
    _Atomic LRESULT count;
} Counter;

/* Reads up to nine digits. Answers 0 where there is anything else. No text is the number 0. */
static int read_number(const OpendriverChar *text, LRESULT *number)
{
    *number = 0;
    if (!text)
        return 1;
    for (int digits = 0; *text; text++, digits++) {
        if (digits == 9 || *text < '0' || *text > '9')
            return 0;
        *number = *number * 10 + (*text - '0');
    }
    return 1;
}

/* Answers the new instance's identifier, which comes back with each of its messages, or 0: the open is refused. */
static LRESULT open_counter(const OpendriverChar *text)
{
    LRESULT start;
    if (!read_number(text, &start))
        return 0;
    Counter *counter = malloc(sizeof *counter);
    if (!counter)
        return 0;
    counter->start = start;
    atomic_init(&counter->count, start);
    return (LRESULT)counter;
}

OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    /* Messages to the driver as a whole, DRV_LOAD for one, come with the identifier 0. */
    Counter *counter = (Counter *)id;

    switch (message) {
    case DRV_OPEN:
        return open_counter((const OpendriverChar *)lparam1);
    case DRV_CLOSE:
        free(counter);
        return 1;
    case COUNTER_ADD:
        return atomic_fetch_add(&counter->count, lparam1) + lparam1;
    case COUNTER_READ:
        return atomic_load(&counter->count);
    case COUNTER_RESET:
        atomic_store(&counter->count, counter->start);
        return counter->start;
    default:
        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
    }
}
