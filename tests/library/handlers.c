/*
 * A program with signal handlers of its own: handlers FLAGS NATIVE WIN64 WIN32, FLAGS as a number.
 *
 * Its own faults come to its own handler, before a driver broke and after, and a driver's faults do not.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "check.h"

static sigjmp_buf back;
static volatile sig_atomic_t own, ticks;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    CHECK(signal == SIGSEGV && info->si_addr == (void *)0x10);
    own++;
    siglongjmp(back, 1);
}

static void on_tick(int signal)
{
    (void)signal;
    ticks++;
}

static void own_fault(void)
{
    int before = own;
    if (!sigsetjmp(back, 1))
        *(volatile int *)0x10 = 1;
    CHECK(own == before + 1);
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    alarm(600);
    stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    CHECK(sigaltstack(&stack, NULL) == 0);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | atoi(argv[1])};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    own_fault();

    struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGVTALRM, &tick, NULL) == 0);
    struct itimerval often = {{0, 1000}, {0, 1000}};
    CHECK(setitimer(ITIMER_VIRTUAL, &often, NULL) == 0);

    HDRVR open[3];
    for (int i = 0; i < 3; i++) {
        CHECK((open[i] = OpenDriverA(argv[i + 2], NULL, 0)));
        own_fault();
    }
    /* Signals come while all kinds of drivers run. */
    for (int before = ticks, i = 0; ticks < before + 20; i++)
        CHECK(SendDriverMessage(open[i % 3], DRV_USER, i & 0xffff, 1) == (i & 0xffff) + 1);
    for (int i = 0; i < 3; i++) {
        CHECK(!SendDriverMessage(open[i], DRV_USER + BREAK, 0, 0));
        CHECK_ERROR(OPENDRIVER_BROKE, "write of address 0x20");
        own_fault();
        CHECK(!OpenDriverA((const char *)8, NULL, 0));
        CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    }
    opendriver_end_session();
    own_fault();
    printf("%d\n", (int)own);
    return 0;
}
