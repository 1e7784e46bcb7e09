/*
 * Loads the library when it is told to, and lets go of it with drivers open: loading LIBRARY DRIVER.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);               \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

static void on_fault(int signal)
{
    static const char text[] = "own fault\n";
    (void)signal;
    _exit(write(1, text, sizeof text - 1) == sizeof text - 1 ? 0 : 1);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    alarm(600);
    signal(SIGSEGV, on_fault);
    uintptr_t driver = 0;
    for (int i = 0; i < 20; i++) {
        void *library = dlopen(argv[1], RTLD_NOW);
        CHECK(library);
        uintptr_t (*open)(const char *, const char *, intptr_t) = dlsym(library, "OpenDriverA");
        intptr_t (*send)(uintptr_t, unsigned, intptr_t, intptr_t) = dlsym(library, "SendDriverMessage");
        CHECK(open && send);
        /* What was open when the library was let go is open still. */
        CHECK(i == 0 || send(driver, 0x4000, 1, i) == 1 + i);
        driver = open(argv[2], NULL, 0);
        CHECK(driver && send(driver, 0x4000, 40, 2) == 42);
        CHECK(dlclose(library) == 0);
    }
    puts("loaded");
    fflush(stdout);
    *(volatile int *)0x10 = 1;
    return 1;
}
