/* A driver that writes down what happens to it, for Windows, for Wine and as a shared object.
 *
 * Lines go to `transcript.txt` beside the module. What it answers is in its file name, so that one
 * build, copied, gives every kind of driver: `load0` answers 0 to DRV_LOAD, `close7` answers 7 to
 * DRV_CLOSE, `second0` refuses each DRV_OPEN but the first, `top` gives identifiers with the top
 * bit set, `default` answers everything as DefDriverProc does, `nested` opens its partner in
 * DRV_LOAD and closes it in DRV_FREE.
 *
 *   0x800   answers lParam1 + lParam2           0x4002  sends 0x800 on to the partner
 *   0x4001  opens the partner; 1 if it opened   0x4003  closes the partner
 *                                               0x4004  sends 0x800 to itself */

#ifndef _WIN32
#define _GNU_SOURCE /* dladdr */
#endif

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char path[1024]; /* of this module */
static unsigned opened; /* how many DRV_OPEN were answered with an identifier */
static void *partner;   /* the driver that this one opened */

/* What differs between the systems. */
static void append(const char *line);
static void find_path(void);
static void *open_driver(void);
static intptr_t send_driver(void *handle, unsigned message, intptr_t p1, intptr_t p2);
static intptr_t close_driver(void *handle);

static void say(const char *format, ...)
{
    char line[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    append(line);
}

static const char *name(void)
{
    const char *start = path;
    for (const char *p = path; *p; p++)
        if (*p == '/' || *p == '\\')
            start = p + 1;
    return start;
}

static void stem(char *to, size_t size)
{
    snprintf(to, size, "%s", name());
    if (strrchr(to, '.'))
        *strrchr(to, '.') = 0;
}

static int is_called(const char *what)
{
    return strncmp(name(), what, strlen(what)) == 0;
}

#ifdef _WIN32
#include <windows.h>
#include <mmsystem.h>
#define EXPORT __declspec(dllexport)

static HINSTANCE self;

static void append(const char *line)
{
    char log[1040];
    DWORD written;
    snprintf(log, sizeof log, "%s", path);
    char *end = strrchr(log, '\\');
    strcpy(end ? end + 1 : log, "transcript.txt");
    HANDLE file = CreateFileA(log, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, line, strlen(line), &written, NULL);
    WriteFile(file, "\n", 1, &written, NULL);
    CloseHandle(file);
}

static void find_path(void)
{
    GetModuleFileNameA(self, path, sizeof path);
}

static void text(char *to, size_t size, intptr_t from)
{
    const wchar_t *wide = (const wchar_t *)from;
    size_t i = 0;
    for (; wide[i] && i + 1 < size; i++)
        to[i] = (char)wide[i];
    to[i] = 0;
}

static void *open_driver(void)
{
    return OpenDriver(L"partner", L"oracle", 0);
}

static intptr_t send_driver(void *handle, unsigned message, intptr_t p1, intptr_t p2)
{
    return SendDriverMessage(handle, message, p1, p2);
}

static intptr_t close_driver(void *handle)
{
    return CloseDriver(handle, 0, 0);
}
#else
#include <dlfcn.h>
#include "opendriver-driver.h"
#define EXPORT OPENDRIVER_EXPORT
#define CALLBACK

static const OpendriverHost *host;

EXPORT void DriverHost(const OpendriverHost *given)
{
    host = given;
}

static void *open_driver(void)
{
    return (void *)host->open(host->context, "partner", "oracle", 0);
}

static intptr_t send_driver(void *handle, unsigned message, intptr_t p1, intptr_t p2)
{
    return host->send(host->context, (uintptr_t)handle, message, p1, p2);
}

static intptr_t close_driver(void *handle)
{
    return host->close(host->context, (uintptr_t)handle, 0, 0);
}

static void append(const char *line)
{
    char log[1040];
    snprintf(log, sizeof log, "%s", path);
    char *end = strrchr(log, '/');
    strcpy(end ? end + 1 : log, "transcript.txt");
    FILE *file = fopen(log, "a");
    if (!file)
        return;
    fprintf(file, "%s\n", line);
    fclose(file);
}

static void find_path(void)
{
    Dl_info info;
    if (dladdr((void *)find_path, &info))
        snprintf(path, sizeof path, "%s", info.dli_fname);
}

static void text(char *to, size_t size, intptr_t from)
{
    snprintf(to, size, "%s", (const char *)from);
}

#endif

static intptr_t answer(uintptr_t id, void *handle, unsigned message, intptr_t p1, intptr_t p2)
{
    if (is_called("default"))
        return DefDriverProc(id, handle, message, p1, p2);
    switch (message) {
    case DRV_LOAD:
        if (is_called("nested"))
            partner = open_driver();
        return is_called("load0") ? 0 : is_called("load2") ? 2 : 1;
    case DRV_ENABLE:
        return !is_called("enable0");
    case DRV_DISABLE:
        return 1;
    case DRV_FREE:
        if (is_called("nested"))
            close_driver(partner);
        return 1;
    case DRV_OPEN:
        if (is_called("open0") || (is_called("second0") && opened > 0))
            return 0;
        if (is_called("same"))
            return 0x101;
        return (is_called("top") ? (intptr_t)((uintptr_t)1 << (8 * sizeof(void *) - 1)) : 0) + 0x101 + opened++;
    case DRV_CLOSE:
        if (is_called("close0"))
            return p1 == 1; /* yields to one who insists */
        return is_called("close7") ? 7 : 1;
    case 0x800:
        return p1 + p2;
    case 0x4001:
        partner = open_driver();
        return partner != NULL;
    case 0x4002:
        return send_driver(partner, 0x800, p1, p2);
    case 0x4003:
        return close_driver(partner);
    case 0x4004:
        return send_driver(handle, 0x800, p1, p2);
    default:
        return DefDriverProc(id, handle, message, p1, p2);
    }
}

EXPORT LRESULT CALLBACK DriverProc(DWORD_PTR id, HDRVR handle, UINT message, LPARAM p1, LPARAM p2)
{
    char file[256], first[600];
    stem(file, sizeof file);
    if (message == DRV_OPEN && !p1) {
        snprintf(first, sizeof first, "NULL");
    } else if (message == DRV_OPEN) {
        char words[512];
        text(words, sizeof words, p1);
        snprintf(first, sizeof first, "\"%s\"", words);
    } else {
        snprintf(first, sizeof first, "%#llx", (unsigned long long)p1);
    }
    intptr_t result = answer(id, handle, message, p1, p2);
    say("  %s message=%#x id=%#llx handle=%#llx p1=%s p2=%#llx -> %#llx", file, message, (unsigned long long)id,
        (unsigned long long)(uintptr_t)handle, first, (unsigned long long)p2, (unsigned long long)result);
    return result;
}

/* Who finds out that a file is no driver may or may not load it first; that is no matter of the rules. */
static void note(const char *what)
{
    char file[256];
    stem(file, sizeof file);
    if (!is_called("silent"))
        say("  %s is %s", file, what);
}

static void attach(void)
{
    find_path();
    note("loaded");
}

static void detach(void)
{
    note("unloaded");
}

#ifdef _WIN32
BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    (void)reserved;
    self = module;
    if (reason == DLL_PROCESS_ATTACH)
        attach();
    else if (reason == DLL_PROCESS_DETACH)
        detach();
    return TRUE;
}
#else
__attribute__((constructor)) static void at_start(void) { attach(); }
__attribute__((destructor)) static void at_end(void) { detach(); }
#endif
