/*
 * opendriver.h - Windows drivers on Linux, for programs in C: what Windows itself has no function for.
 *
 * OpenDriver, SendDriverMessage and CloseDriver of <mmsystem.h>, which are as on Windows, answer 0 for
 * all that goes wrong, and 0 is also an answer of drivers. The functions here answer a code and give
 * the driver's answer apart; the two kinds may be mixed, and handles are the same.
 *
 *     #include <stdio.h>
 *     #include <opendriver.h>
 *
 *     int main(void)
 *     {
 *         HDRVR echo;
 *         LRESULT sum;
 *         if (opendriver_open("echo", NULL, 0, &echo) != OPENDRIVER_OK ||
 *             opendriver_send(echo, DRV_USER, 40, 2, &sum) != OPENDRIVER_OK) {
 *             fprintf(stderr, "%s\n", opendriver_last_error());
 *             return 1;
 *         }
 *         printf("%ld\n", (long)sum);
 *         return opendriver_close(echo, 0, 0, NULL) != OPENDRIVER_OK;
 *     }
 *
 *     cc program.c $(pkg-config --cflags --libs opendriver)
 *
 * C99 and C++. Text is UTF-8. Every function may be called from every thread, also from inside a driver;
 * none may be called in a signal handler. What is guaranteed beyond that: docs/c-api.md.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_H
#define OPENDRIVER_H

#include "opendriver/mmsystem.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Why a function failed. The tens say whose fault it is.
 */

#define OPENDRIVER_OK 0

/* The caller's. */
#define OPENDRIVER_BAD_POINTER 1   /* a pointer leads nowhere, or is NULL where it may not be */
#define OPENDRIVER_BAD_TEXT 2      /* a text does not end, or is not UTF-8 or UTF-16 */
#define OPENDRIVER_BAD_HANDLE 3    /* a handle is of another kind, closed, or none */
#define OPENDRIVER_BAD_PARAMETER 4 /* a number or a structure that the function does not know */
#define OPENDRIVER_NOT_INSTALLED 5 /* no driver has this name */
#define OPENDRIVER_BAD_MESSAGE 6   /* DRV_OPEN and its like are not an application's to send */
#define OPENDRIVER_BUSY 7          /* being opened or closed, or waiting for it would never end */
#define OPENDRIVER_TOO_WIDE 8      /* a 32-bit driver was to be given more than 32 bits */
#define OPENDRIVER_UNTRUSTED 9     /* OPENDRIVER_ISOLATION_BUILTIN lets no code from files run */
#define OPENDRIVER_TOO_LATE 10     /* to be said before the first use */
#define OPENDRIVER_NOT_SUPPORTED 11

/* The file's. */
#define OPENDRIVER_BAD_FILE 20 /* cannot be read, or loaded */
#define OPENDRIVER_NOT_A_DRIVER 21
#define OPENDRIVER_WRONG_MACHINE 22

/* The driver said no. That is an answer, no malfunction. */
#define OPENDRIVER_REFUSED 30

/* The driver's. */
#define OPENDRIVER_BROKE 40   /* it broke, now or before */
#define OPENDRIVER_OVERRUN 41 /* it wrote behind a block that it was given */

/* The library's own. */
#define OPENDRIVER_OUR_FAULT 50

/* The system's. */
#define OPENDRIVER_SYSTEM 60
#define OPENDRIVER_REGISTRY 61 /* the registry cannot be read or written */
#define OPENDRIVER_NO_MEMORY 62

/* opendriver_last_blame */
#define OPENDRIVER_BLAME_NOBODY 0
#define OPENDRIVER_BLAME_CALLER 1
#define OPENDRIVER_BLAME_FILE 2
#define OPENDRIVER_BLAME_REFUSED 3
#define OPENDRIVER_BLAME_BROKE 4
#define OPENDRIVER_BLAME_OURS 5
#define OPENDRIVER_BLAME_SYSTEM 6

/* Why the last function that failed on this thread did so, and what caused that; NULL where none has. Of every function
 * of the library, those of Windows included. Good until the next one fails on this thread. */
const char *opendriver_last_error(void);
/* The code of that failure, and whose fault it was. */
int opendriver_last_code(void);
int opendriver_last_blame(void);
void opendriver_clear_error(void);

/* The library's version, "0.1.0". */
const char *opendriver_version(void);

/*
 * Before the first use. What comes later answers OPENDRIVER_TOO_LATE; the first open is the first use.
 */

/* The registry that lies above the machine's and the user's, in the place of $OPENDRIVER_REGISTRY. It need not exist. */
int opendriver_set_registry(const char *file);
/* A folder in which bare file names are looked for, before those of $OPENDRIVER_PATH. */
int opendriver_add_search_path(const char *folder);

/* How much drivers are kept apart from the program. */
#define OPENDRIVER_ISOLATION_BUILTIN 0    /* no code from files */
#define OPENDRIVER_ISOLATION_PROCESS 1    /* in this process; a fault comes back as an error. Unless said otherwise */
#define OPENDRIVER_ISOLATION_WATCHED 2    /* as that, and what lies behind blocks that drivers are given is watched */
#define OPENDRIVER_ISOLATION_OWN_PROCESS 3 /* each driver in a process of its own: OPENDRIVER_NOT_SUPPORTED in this version */
int opendriver_set_isolation(int level);

/* A message to a driver. Texts are good until the function returns. */
typedef struct OpendriverRecord {
    size_t size;              /* of this structure; a newer library has a longer one */
    uint64_t seq;             /* the place among all messages, in the order in which they began, from 1 */
    uint32_t depth;           /* how many messages its thread is inside */
    uint32_t message;
    const char *message_name; /* "DRV_OPEN", "DRV_USER+1" */
    const char *module;       /* the driver */
    HDRVR hdrvr;
    DWORD_PTR id;             /* the driver's identifier of the instance */
    LPARAM param1;
    LPARAM param2;
    const char *text;         /* the parameter text of DRV_OPEN; NULL in other messages */
    int state;                /* OPENDRIVER_ASKED, and then one of the others */
    LRESULT answer;           /* where it answered */
    const char *fault;        /* where it broke; NULL where not */
    uint64_t nanoseconds;     /* how long it took */
    const char *line;         /* all this in one line, nested messages indented */
    const char *json;         /* all this as a JSON object, as `drv open --json` prints it */
} OpendriverRecord;

#define OPENDRIVER_ASKED 0
#define OPENDRIVER_ANSWERED 1
#define OPENDRIVER_DRIVER_BROKE 2

/* Has a function called before and after each message, on the thread that carries it; NULL for none. It must return: no
 * exception, no longjmp. Messages cost more then, and nothing without. */
typedef void (*opendriver_message_fn)(const OpendriverRecord *record, void *user);
int opendriver_on_message(opendriver_message_fn function, void *user);

/* Something that a person should hear of: a message box that a driver wanted to show, an overrun, a panic. */
typedef struct OpendriverReport {
    size_t size;
    const char *module;
    const char *kind;
    const char *text;
} OpendriverReport;

typedef void (*opendriver_report_fn)(const OpendriverReport *report, void *user);
int opendriver_on_report(opendriver_report_fn function, void *user);

/*
 * Drivers.
 */

/* Opens an instance by an alias of a section (NULL: the usual ones), or by the file of a driver. */
int opendriver_open(const char *driver, const char *section, LPARAM param2, HDRVR *hdrvr);
/* Sends a message. `answer` may be NULL, here and below. */
int opendriver_send(HDRVR hdrvr, UINT message, LPARAM param1, LPARAM param2, LRESULT *answer);
/* Closes an instance. A driver may refuse (OPENDRIVER_REFUSED), and it stays open. */
int opendriver_close(HDRVR hdrvr, LPARAM param1, LPARAM param2, LRESULT *answer);
/* Tells every instance that the session ends, and closes them all, newest first, whatever they answer. Waits for messages
 * that other threads are inside of. The library may be used on. */
int opendriver_end_session(void);

/* Zeroed bytes at an address that the driver of an instance can reach: one that fits into 32 bits where it has 32. A
 * structure for it is laid out there as wide as its addresses. NULL where there is no such memory. The bytes outlive the
 * instance. */
void *opendriver_alloc(HDRVR hdrvr, size_t size);
/* Takes them back. Answers OPENDRIVER_OVERRUN where a driver wrote behind them and that is watched. NULL is fine. */
int opendriver_free(void *bytes);

/* How many bytes an answer of ICImageCompress and its like has, or opendriver_alloc gave; 0 where none did. */
size_t opendriver_size(const void *bytes);

/*
 * Installing: entries of the registry. `section` may be NULL: "Drivers32".
 */

/* Writes an entry and tells the driver, which may veto (OPENDRIVER_REFUSED). `params` is what it is opened with, and may be
 * NULL. `answer` is given DRVCNF_*. */
int opendriver_install(const char *alias, const char *section, const char *file, const char *params, int *answer);
int opendriver_remove(const char *alias, const char *section, int *answer);
/* Whether a driver has something to configure; and its dialog, where DRVCNF_CANCEL is an answer. */
int opendriver_query_configure(const char *alias, const char *section, int *answer);
int opendriver_configure(const char *alias, const char *section, HWND parent, int *answer);

/*
 * Listing. The function is called with each, until it answers 0; texts are good until it returns.
 */

typedef struct OpendriverModule {
    size_t size;
    const char *name;   /* the file's name, or the built-in name */
    const char *path;   /* NULL where it is built in */
    const char *kind;   /* "builtin", "native", "windows" */
    HMODULE module;     /* what GetDriverModuleHandle answers */
    uint32_t width;     /* 32 or 64 */
    uint32_t state;     /* 0 starting, 1 enabled, 2 stopping, 3 broke */
    size_t instances;
} OpendriverModule;

typedef struct OpendriverInstance {
    size_t size;
    HDRVR hdrvr;
    DWORD_PTR id;
    const char *name;   /* that it was opened by */
    const char *module;
    uint32_t state;     /* 0 opening, 1 open, 2 closing */
    int first;          /* whether it is the oldest of its driver */
} OpendriverInstance;

int opendriver_modules(int (*function)(const OpendriverModule *module, void *user), void *user);
int opendriver_instances(int (*function)(const OpendriverInstance *instance, void *user), void *user);

#ifdef __cplusplus
}
#endif

#endif
