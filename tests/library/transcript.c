/*
 * What a program may wish before the first use, and what it is told then: transcript LEVEL NATIVE WIN64 WIN32.
 */
#include <libgen.h>

#include "check.h"

static int messages, reports;

static void on_message(const OpendriverRecord *record, void *user)
{
    CHECK(user == &messages && record->size == sizeof *record);
    CHECK(record->seq && record->hdrvr && record->module && record->message_name);
    CHECK(strstr(record->line, record->message_name) && strstr(record->json, record->message_name));
    CHECK((record->message == DRV_OPEN) == (record->text != NULL));
    if (record->state == OPENDRIVER_ASKED) {
        messages++;
        CHECK(strstr(record->line, "...") && !record->fault);
        return;
    }
    printf("%s %s", record->module, record->message_name);
    if (record->state == OPENDRIVER_ANSWERED)
        printf(" = %ld\n", (long)record->answer);
    else
        printf(" ! %s\n", record->fault);
}

static void on_report(const OpendriverReport *report, void *user)
{
    CHECK(user == &reports && report->size == sizeof *report);
    if (strstr(report->text, "hello")) {
        reports++;
        printf("%s %s: %s\n", report->module, report->kind, report->text);
    }
}

static int count_module(const OpendriverModule *module, void *user)
{
    CHECK(module->size == sizeof *module && module->name && module->kind && module->module);
    CHECK(!module->path == !strcmp(module->kind, "builtin"));
    CHECK(module->width == 64 || (module->width == 32 && !strcmp(module->kind, "windows")));
    CHECK(module->state == 1 && module->instances == 1);
    ++*(int *)user;
    return 1;
}

static int first_instance(const OpendriverInstance *instance, void *user)
{
    CHECK(instance->size == sizeof *instance && instance->name && instance->module);
    CHECK(instance->id && instance->state == 1 && instance->first);
    *(HDRVR *)user = instance->hdrvr;
    return 0;
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    alarm(600);
    int level = atoi(argv[1]);
    char folder[4096], other[4096];
    CHECK(opendriver_on_message(on_message, &messages) == OPENDRIVER_OK);
    CHECK(opendriver_on_report(on_report, &reports) == OPENDRIVER_OK);
    CHECK(opendriver_set_isolation(OPENDRIVER_ISOLATION_OWN_PROCESS) == OPENDRIVER_NOT_SUPPORTED);
    CHECK_ERROR(OPENDRIVER_NOT_SUPPORTED, "not supported by this version");
    CHECK(opendriver_set_isolation(4) == OPENDRIVER_BAD_PARAMETER && opendriver_set_isolation(-1) == OPENDRIVER_BAD_PARAMETER);
    CHECK(opendriver_set_isolation(level) == OPENDRIVER_OK);
    CHECK(opendriver_set_registry(NULL) == OPENDRIVER_BAD_POINTER);
    CHECK(opendriver_add_search_path(NULL) == OPENDRIVER_BAD_POINTER);
    strcpy(folder, argv[2]);
    CHECK(opendriver_add_search_path(dirname(folder)) == OPENDRIVER_OK);
    opendriver_clear_error();

    HDRVR first = NULL, driver;
    CHECK(opendriver_instances(first_instance, &first) == OPENDRIVER_OK && !first);
    CHECK(opendriver_modules(NULL, NULL) == OPENDRIVER_BAD_POINTER);
    for (int i = 2; i < argc; i++) {
        strcpy(other, argv[i]);
        int opened = opendriver_open(basename(other), NULL, 0, &driver);
        if (level == OPENDRIVER_ISOLATION_BUILTIN) {
            CHECK(opened == OPENDRIVER_UNTRUSTED && !driver);
            continue;
        }
        CHECK(opened == OPENDRIVER_OK && driver);
        CHECK(SendDriverMessage(driver, DRV_USER + SAY, 0, 0) == 1);
        char *block = opendriver_alloc(driver, 10);
        CHECK(block && SendDriverMessage(driver, DRV_USER + WRITE_AT, (LPARAM)block, 9) == 1);
        CHECK(block[9] == 1 && opendriver_free(block) == OPENDRIVER_OK);
        block = opendriver_alloc(driver, 10);
        CHECK(SendDriverMessage(driver, DRV_USER + WRITE_AT, (LPARAM)block, 10) == 1);
        int watched = level == OPENDRIVER_ISOLATION_WATCHED;
        CHECK(opendriver_free(block) == (watched ? OPENDRIVER_OVERRUN : OPENDRIVER_OK));
        CHECK(!watched || strstr(opendriver_last_error(), "behind a block of 10 bytes, at offset 10"));
    }
    CHECK(opendriver_open("echo", NULL, 0, &driver) == OPENDRIVER_OK);
    int modules = 0;
    CHECK(opendriver_modules(count_module, &modules) == OPENDRIVER_OK);
    CHECK(modules == (level == OPENDRIVER_ISOLATION_BUILTIN ? 1 : 4));
    CHECK(opendriver_instances(first_instance, &first) == OPENDRIVER_OK && first == GetNextDriver(NULL, 0));
    CHECK(opendriver_send(driver, DRV_USER, 1, 2, NULL) == OPENDRIVER_OK);
    if (level != OPENDRIVER_ISOLATION_BUILTIN) {
        CHECK(!SendDriverMessage(first, DRV_USER + BREAK, 0, 0));
        CHECK_ERROR(OPENDRIVER_BROKE, "DRV_USER+2");
    }
    CHECK(opendriver_end_session() == OPENDRIVER_OK);
    printf("%d messages, %d reports\n", messages, reports);
    return 0;
}
