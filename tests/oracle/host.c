/* Runs a script of opens, messages and closes through winmm and writes what the functions answer.
 *
 *   host.exe SCRIPT TRANSCRIPT      (the driver appends to the same transcript)
 *
 * Words of a line:  open INSTANCE NAME SECTION LPARAM   send INSTANCE MESSAGE P1 P2   close INSTANCE P1 P2
 *                   module INSTANCE                      `-` is no section; numbers are decimal or 0x hex. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <mmsystem.h>

static const char *transcript;
static HDRVR instances[128]; /* by the letter that the script gives an instance */

static void say(const char *line)
{
    FILE *file = fopen(transcript, "ab");
    if (!file)
        exit(3);
    fprintf(file, "%s\n", line);
    fclose(file);
}

static LPARAM number(const char *word) { return (LPARAM)strtoull(word, NULL, 0); }

static const WCHAR *wide(const char *word, WCHAR *to)
{
    if (!strcmp(word, "-"))
        return NULL;
    MultiByteToWideChar(CP_UTF8, 0, word, -1, to, 512);
    return to;
}

int main(int argc, char **argv)
{
    char line[1024], out[1200];
    if (argc != 3)
        return 2;
    FILE *script = fopen(argv[1], "r");
    transcript = argv[2];
    if (!script)
        return 2;
    while (fgets(line, sizeof line, script)) {
        char verb[32] = "", who[8] = "", a[512] = "", b[64] = "", c[64] = "";
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == 0 || line[0] == '#')
            continue;
        sscanf(line, "%31s %7s %511s %63s %63s", verb, who, a, b, c);
        HDRVR *instance = &instances[who[0] & 127];
        LPARAM answer;
        if (!strcmp(verb, "open")) {
            WCHAR name[512], section[512];
            *instance = OpenDriver(wide(a, name), wide(b, section), number(c));
            snprintf(out, sizeof out, "%s -> handle=%#llx", line, (unsigned long long)(ULONG_PTR)*instance);
            say(out);
            continue;
        } else if (!strcmp(verb, "send")) {
            answer = SendDriverMessage(*instance, number(a), number(b), number(c));
        } else if (!strcmp(verb, "close")) {
            answer = CloseDriver(*instance, number(a), number(b));
        } else if (!strcmp(verb, "module")) {
            answer = GetDriverModuleHandle(*instance) != NULL;
        } else {
            return 2;
        }
        snprintf(out, sizeof out, "%s -> %#llx", line, (unsigned long long)answer);
        say(out);
    }
    return 0;
}
