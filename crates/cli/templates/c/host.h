/* A small host for tests: loads a driver and leads it through its life, as `drv` and Windows do. */
#ifndef HOST_H
#define HOST_H

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "opendriver-driver.h"

/* An instance as the host knows it. Its identifier is what the driver answered to DRV_OPEN. */
typedef struct {
    HDRVR handle;
    DWORD_PTR id;
} Instance;

typedef LRESULT OPENDRIVER_CALL Procedure(DWORD_PTR, HDRVR, UINT, LPARAM, LPARAM);

static Procedure *driver;
static void *library;
static int failures;

static inline void expect(const char *what, LRESULT found, LRESULT expected)
{
    if (found == expected)
        return;
    failures++;
    fprintf(stderr, "%s: expected %td, found %td\n", what, expected, found);
}

/* Handles begin with the first instance's, which messages to the driver as a whole carry too. */
static inline HDRVR handle(unsigned number) { return (HDRVR)(uintptr_t)(0x400001 + number); }

static inline LRESULT ask_driver(UINT message) { return driver(0, handle(0), message, 0, 0); }

static inline LRESULT ask(Instance instance, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    return driver(instance.id, instance.handle, message, lparam1, lparam2);
}

/* Loads the file that the command line names. */
static inline void load(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "%s: name the driver's file\n", words[0]);
        exit(2);
    }
    library = dlopen(words[1], RTLD_NOW);
    driver = library ? (Procedure *)dlsym(library, "DriverProc") : NULL;
    if (!driver) {
        fprintf(stderr, "%s: %s\n", words[0], dlerror());
        exit(2);
    }
    expect("DRV_LOAD", ask_driver(DRV_LOAD), 1);
    expect("DRV_ENABLE", ask_driver(DRV_ENABLE), 1);
}

/* Opens an instance; its identifier is 0 where the driver refuses. */
static inline Instance open_instance(const char *text, void *structure)
{
    static unsigned opened;
    Instance instance = {handle(opened++), 0};
    instance.id = (DWORD_PTR)ask(instance, DRV_OPEN, (LPARAM)text, (LPARAM)structure);
    return instance;
}

/* Unloads the driver. Answers what the test ends with. */
static inline int unload(void)
{
    expect("DRV_DISABLE", ask_driver(DRV_DISABLE), 1);
    expect("DRV_FREE", ask_driver(DRV_FREE), 1);
    dlclose(library);
    puts(failures ? "the test failed" : "all is well");
    return failures != 0;
}

#endif
