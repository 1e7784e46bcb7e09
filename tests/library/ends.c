/*
 * Ends of programs, threads and processes, with drivers open: ends CASE NATIVE WIN64 WIN32.
 *
 * The messages that drivers hear go to the standard output, as "module message".
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>

#include <vfw.h>

#include "check.h"

static char **drivers;
static sem_t inside;
static int exit_inside;
static HDRVR left;
static const char *which;

static void on_message(const OpendriverRecord *record, void *user)
{
    (void)user;
    if (record->state == OPENDRIVER_ASKED && record->message == DRV_USER + BLOCK)
        sem_post(&inside);
    if (record->state == OPENDRIVER_ASKED && record->message < DRV_USER) {
        printf("%s %s\n", record->module, record->message_name);
        fflush(stdout);
    }
    if (record->state == OPENDRIVER_ASKED && record->message == DRV_USER && exit_inside)
        exit(0);
}

static HDRVR opened(const char *name)
{
    HDRVR driver = OpenDriverA(name, NULL, 0);
    CHECK(driver);
    CHECK(SendDriverMessage(driver, DRV_USER, 1, 2) == 3);
    return driver;
}

/* What a library would do in its destructor, behind all handlers of atexit. */
__attribute__((destructor)) static void destructor(void)
{
    if (!which || strcmp(which, "destructor"))
        return;
    CHECK(!SendDriverMessage(left, DRV_USER, 1, 2));
    CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "closed");
    CHECK(CloseDriver(opened("echo"), 0, 0));
    puts("destructor");
    fflush(stdout);
}

static void before_first_use(void)
{
    puts("registered first");
    fflush(stdout);
    /* The session has ended, and another begins. */
    CHECK(!SendDriverMessage(left, DRV_USER, 1, 2));
    CHECK_ERROR(OPENDRIVER_BAD_HANDLE, "closed");
    CHECK(OpenDriverA("pcm", NULL, 0));
}

static void after_first_use(void)
{
    puts("registered last");
    fflush(stdout);
    CHECK(SendDriverMessage(left, DRV_USER, 1, 2) == 3);
}

static void *blocked(void *file)
{
    HDRVR driver = opened(file);
    SendDriverMessage(driver, DRV_USER + BLOCK, 0, 0);
    return NULL;
}

static void blocks(void *file)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, blocked, file) == 0);
    while (sem_wait(&inside) && errno == EINTR)
        ;
}

/* Calls from the destructors of a thread's own data, which run behind all that Rust keeps for a thread. */
static pthread_key_t key;

struct last {
    HDRVR drivers[4];
    int rounds;
};

static void last_words(void *data)
{
    struct last *last = data;
    for (int i = 0; i < 4; i++)
        CHECK(SendDriverMessage(last->drivers[i], DRV_USER, 20, i) == 20 + i);
    CHECK(!SendDriverMessage((HDRVR)1, DRV_USER, 1, 1));
    for (int i = 0; i < 3; i++)
        CHECK(CloseDriver(opened(drivers[i]), 0, 0));
    if (--last->rounds)
        pthread_setspecific(key, last);
    else
        for (int i = 0; i < 4; i++)
            CHECK(CloseDriver(last->drivers[i], 0, 0));
}

static void *ending_thread(void *entered)
{
    static __thread struct last last;
    last.rounds = 3;
    for (int i = 0; i < 3; i++)
        last.drivers[i] = OpenDriverA(drivers[i], NULL, 0);
    last.drivers[3] = OpenDriverA("echo", NULL, 0);
    for (int i = 0; i < 4 && entered; i++)
        CHECK(SendDriverMessage(last.drivers[i], DRV_USER, 1, 2) == 3);
    CHECK(pthread_setspecific(key, &last) == 0);
    return NULL;
}

static int rounds;

/* Never ends: the program does. */
static void *restless_thread(void *file)
{
    for (;;) {
        HDRVR driver = OpenDriverA(file, NULL, 0);
        SendDriverMessage(driver, DRV_USER, 1, 2);
        if (__atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED) % 3)
            CloseDriver(driver, 0, 0);
    }
    return NULL;
}

static void *busy_thread(void *unused)
{
    (void)unused;
    for (int round = 0; round < 50; round++) {
        HDRVR driver = opened(round % 4 == 3 ? "echo" : drivers[round % 4]);
        for (HDRVR each = GetNextDriver(NULL, 0); each; each = GetNextDriver(each, 0))
            GetDriverModuleHandle(each);
        CHECK(!SendDriverMessage(NULL, DRV_USER, 1, 1) && opendriver_last_code() == OPENDRIVER_BAD_HANDLE);
        CHECK(CloseDriver(driver, 0, 0));
        CHECK(!SendDriverMessage(driver, DRV_USER, 1, 1) && opendriver_last_code() == OPENDRIVER_BAD_HANDLE);
    }
    return NULL;
}

static void threads(void *(*function)(void *), void *argument)
{
    pthread_t running[8];
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&running[i], NULL, function, argument) == 0);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_join(running[i], NULL) == 0);
    CHECK(!GetNextDriver(NULL, 0));
}

static void forks(void)
{
    HDRVR open[4] = {opened("echo"), opened(drivers[0]), opened(drivers[1]), opened(drivers[2])};
    uint32_t *block = opendriver_alloc(open[3], 12);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child) {
        alarm(600);
        /* What the parent opened is the parent's. */
        for (int i = 0; i < 4; i++) {
            CHECK(!SendDriverMessage(open[i], DRV_USER, 1, 2) && opendriver_last_code() == OPENDRIVER_BAD_HANDLE);
            CHECK(!CloseDriver(open[i], 0, 0) && !GetNextDriver(NULL, 0));
        }
        CHECK(opendriver_free(block) == OPENDRIVER_BAD_POINTER);
        puts("child");
        left = opened("echo");
        CHECK(CloseDriver(opened(drivers[0]), 0, 0));
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    puts("parent");
    for (int i = 0; i < 4; i++)
        CHECK(SendDriverMessage(open[i], DRV_USER, 1, 2) == 3);
    for (int i = 0; i < 4; i++)
        CHECK(CloseDriver(open[i], 0, 0));
}

/* A child that forks while its other thread is at its first use: the grandchild has neither that thread nor its manager. */
static sem_t first;

static void *first_use(void *unused)
{
    (void)unused;
    sem_post(&first);
    CHECK(CloseDriver(opened("echo"), 0, 0));
    return NULL;
}

static void good(pid_t child)
{
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void forks_at_first_use(void)
{
    pthread_t thread;
    sem_init(&first, 0, 0);
    CHECK(pthread_create(&thread, NULL, first_use, NULL) == 0);
    while (sem_wait(&first) && errno == EINTR)
        ;
    pid_t child = fork();
    if (!child) {
        alarm(60);
        CHECK(!GetNextDriver(NULL, 0));
        CHECK(CloseDriver(opened("echo"), 0, 0));
        exit(0);
    }
    good(child);
    CHECK(pthread_join(thread, NULL) == 0);
    exit(0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    alarm(600);
    which = argv[1];
    drivers = argv + 2;
    sem_init(&inside, 0, 0);
    pthread_key_create(&key, last_words);
    if (strncmp(which, "thread", 6))
        CHECK(opendriver_on_message(on_message, NULL) == OPENDRIVER_OK);
    if (!strcmp(which, "left")) {
        for (int i = 0; i < 3; i++)
            opened(drivers[i]);
        opened(drivers[0]);
        puts("end");
    } else if (!strcmp(which, "blocked")) {
        for (int i = 0; i < 3; i++)
            blocks(drivers[i]);
        opened("echo");
        opened(drivers[0]);
        puts("end");
        exit(0);
    } else if (!strcmp(which, "inside")) {
        opened("echo");
        HDRVR driver = opened(drivers[0]);
        exit_inside = 1;
        puts("end");
        SendDriverMessage(driver, DRV_USER, 1, 2);
        CHECK(0);
    } else if (!strcmp(which, "atexit")) {
        atexit(before_first_use);
        left = opened("echo");
        atexit(after_first_use);
    } else if (!strcmp(which, "destructor")) {
        left = opened("echo");
    } else if (!strcmp(which, "thread ends")) {
        threads(ending_thread, "entered");
        threads(ending_thread, NULL);
    } else if (!strcmp(which, "threads at once")) {
        threads(busy_thread, NULL);
    } else if (!strcmp(which, "threads go on")) {
        pthread_t thread;
        for (int i = 0; i < 6; i++)
            CHECK(pthread_create(&thread, NULL, restless_thread, drivers[i % 3]) == 0);
        while (__atomic_load_n(&rounds, __ATOMIC_RELAXED) < 200)
            sched_yield();
        exit(0);
    } else if (!strcmp(which, "fork")) {
        forks();
    } else if (!strcmp(which, "thread forks")) {
        for (int round = 0; round < 100; round++) {
            pid_t child = fork();
            if (!child)
                forks_at_first_use();
            good(child);
        }
    } else if (!strcmp(which, "codec left")) {
        CHECK(opendriver_install("vidc.left", NULL, drivers[0], NULL, NULL) == OPENDRIVER_OK);
        puts("installed");
        fflush(stdout);
        CHECK(ICOpen(mmioFOURCC('v', 'i', 'd', 'c'), mmioFOURCC('l', 'e', 'f', 't'), ICMODE_QUERY));
    } else if (!strcmp(which, "killed")) {
        opened("echo");
        fflush(stdout);
        _exit(0);
    } else {
        CHECK(!"a known case");
    }
    fflush(stdout);
    return 0;
}
