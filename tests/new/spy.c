/* Stands between a system and a driver, `spied.dll` beside it, and writes each message with its answer to `heard.txt`.
 *
 * A line has six numbers of 64 bits: handle, identifier, message, both parameters, answer. */

#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <mmsystem.h>

static HINSTANCE self;
static HMODULE spied;
static DRIVERPROC driver;

/* The name of a file beside this one. */
static const char *beside(const char *name)
{
    static char path[1024];
    GetModuleFileNameA(self, path, sizeof path - 32);
    strcpy(strrchr(path, '\\') + 1, name);
    return path;
}

__declspec(dllexport) LRESULT CALLBACK DriverProc(DWORD_PTR id, HDRVR handle, UINT message, LPARAM p1, LPARAM p2)
{
    if (!spied) {
        spied = LoadLibraryA(beside("spied.dll"));
        driver = (DRIVERPROC)(void *)GetProcAddress(spied, "DriverProc");
    }
    LRESULT answer = driver(id, handle, message, p1, p2);
    FILE *file = fopen(beside("heard.txt"), "a");
    fprintf(file, "0x%llx 0x%llx 0x%llx %lld %lld %lld\n", (unsigned long long)(UINT_PTR)handle, (unsigned long long)id,
            (unsigned long long)message, (long long)p1, (long long)p2, (long long)answer);
    fclose(file);
    if (message == DRV_FREE) {
        FreeLibrary(spied);
        spied = NULL;
    }
    return answer;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    (void)reason, (void)reserved;
    self = module;
    return TRUE;
}
