/* Runs the calls of cases.tsv in the C runtimes of whatever runs it, and prints them with what came out.
 *
 * x86_64-w64-mingw32-gcc -O1 -o /tmp/oracle.exe oracle.c
 * WINEDEBUG=-all WINEPREFIX=/tmp/oracle-prefix TZ=UTC wine /tmp/oracle.exe < cases.tsv > golden.tsv
 *
 * The 32-bit runtimes answer most of it alike; golden32.tsv has what they answer otherwise:
 *
 * i686-w64-mingw32-gcc -O1 -o /tmp/oracle32.exe oracle.c
 * ... wine /tmp/oracle32.exe < cases.tsv | diff --unchanged-line-format= --old-line-format= golden.tsv - > golden32.tsv
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <windows.h>

typedef unsigned long long u64;
/* What an argument takes, or half of one. */
typedef uintptr_t word;

static HMODULE msvcrt, ucrt;
static wchar_t wide_text[64][256];
static int wide_count;

static void unescape(char *to, const char *from) {
    while (*from) {
        if (*from == '\\') {
            from++;
            switch (*from++) {
            case 'n': *to++ = '\n'; break;
            case 't': *to++ = '\t'; break;
            case '\\': *to++ = '\\'; break;
            case 'x': {
                char hex[3] = {from[0], from[1], 0};
                *to++ = (char)strtoul(hex, NULL, 16);
                from += 2;
                break;
            }
            }
        } else {
            *to++ = *from++;
        }
    }
    *to = 0;
}

static void show(uint32_t unit) {
    if (unit == '\\') printf("\\\\");
    else if (unit == '\n') printf("\\n");
    else if (unit == '\t') printf("\\t");
    else if (unit >= 32 && unit < 127) putchar((int)unit);
    else if (unit < 256) printf("\\x%02x", unit);
    else printf("\\u%04x", unit);
}

static wchar_t *widen(const char *text) {
    wchar_t *to = wide_text[wide_count++ % 64];
    int i = 0;
    for (; text[i]; i++) to[i] = (unsigned char)text[i];
    to[i] = 0;
    return to;
}

/* An argument of 64 bits takes two words of 32-bit code. */
static int put_long(word *slots, int n, u64 value) {
    memcpy(&slots[n], &value, 8);
    return n + 8 / (int)sizeof(word);
}

static int arguments(char **fields, int count, word *slots) {
    static char texts[16][512];
    int n = 0;
    for (int i = 0; i < count; i++) {
        char kind = fields[i][0];
        const char *value = fields[i] + 2;
        double d;
        switch (kind) {
        case 'i': slots[n++] = (word)(int64_t)strtoll(value, NULL, 0); break;
        case 'q': n = put_long(slots, n, strtoull(value, NULL, 0)); break;
        case 'd': d = strtod(value, NULL); memcpy(&slots[n], &d, 8); n += 8 / (int)sizeof(word); break;
        case 's': unescape(texts[i], value); slots[n++] = (word)texts[i]; break;
        case 'w': { char t[512]; unescape(t, value); slots[n++] = (word)widen(t); break; }
        }
    }
    return n;
}

static void run_print(char **f, int count) {
    static char narrow[8192];
    static wchar_t wide[8192];
    word slots[32] = {0};
    char format[512];
    int result;
    arguments(f + 5, count - 5, slots);
    unescape(format, f[4]);
    size_t size = strtoull(f[3], NULL, 0);
    u64 options = strtoull(f[2] + 1, NULL, 0);
    int is_wide = f[2][0] == 'w';
    memset(narrow, '~', sizeof narrow);
    for (int i = 0; i < 8192; i++) wide[i] = '~';
    if (!strcmp(f[1], "msvcrt")) {
        if (is_wide) result = ((int(*)(wchar_t *, size_t, const wchar_t *, word *))GetProcAddress(msvcrt, "_vsnwprintf"))(wide, size, widen(format), slots);
        else result = ((int(*)(char *, size_t, const char *, word *))GetProcAddress(msvcrt, "_vsnprintf"))(narrow, size, format, slots);
    } else {
        if (is_wide) result = ((int(*)(u64, wchar_t *, size_t, const wchar_t *, void *, word *))GetProcAddress(ucrt, "__stdio_common_vswprintf"))(options, wide, size, widen(format), NULL, slots);
        else result = ((int(*)(u64, char *, size_t, const char *, void *, word *))GetProcAddress(ucrt, "__stdio_common_vsprintf"))(options, narrow, size, format, NULL, slots);
    }
    printf("\t=>\t%d\t", result);
    for (size_t i = 0; i < size; i++) {
        uint32_t unit = is_wide ? (uint32_t)wide[i] : (unsigned char)narrow[i];
        if (unit == '~') break;
        if (unit == 0) { printf("\\0"); break; }
        show(unit);
    }
}

static void run_scan(char **f, int count) {
    static unsigned char stores[12][64];
    word slots[12] = {0};
    char input[512], format[512];
    int result, n = 0, targets = 0;
    const unsigned char *where[12];
    unescape(input, f[3]);
    unescape(format, f[4]);
    u64 options = strtoull(f[2] + 1, NULL, 0);
    int is_wide = f[2][0] == 'w';
    memset(stores, 0xcc, sizeof stores);
    for (int i = 5; i < count; i++) {
        if (f[i][0] == 'n') slots[n++] = (word)strtoull(f[i] + 2, NULL, 0);
        else { where[targets] = stores[targets]; slots[n++] = (word)stores[targets++]; }
    }
    if (!strcmp(f[1], "msvcrt")) {
        typedef int (*scan)(const void *, const void *, ...);
        scan s = (scan)GetProcAddress(msvcrt, is_wide ? "swscanf" : "sscanf");
        result = s(is_wide ? (void *)widen(input) : input, is_wide ? (void *)widen(format) : format, slots[0], slots[1], slots[2], slots[3], slots[4], slots[5], slots[6], slots[7]);
    } else {
        typedef int (*scan)(u64, const void *, size_t, const void *, void *, word *);
        scan s = (scan)GetProcAddress(ucrt, is_wide ? "__stdio_common_vswscanf" : "__stdio_common_vsscanf");
        result = s(options, is_wide ? (void *)widen(input) : input, (size_t)-1, is_wide ? (void *)widen(format) : format, NULL, slots);
    }
    printf("\t=>\t%d", result);
    for (int i = 0; i < targets; i++) {
        int last = 63;
        while (last >= 0 && where[i][last] == 0xcc) last--;
        putchar('\t');
        for (int j = 0; j <= last; j++) printf("%02x", where[i][j]);
    }
}

static void run_number(char **f) {
    char text[512], *end = NULL;
    HMODULE rt = strcmp(f[1], "msvcrt") ? ucrt : msvcrt;
    FARPROC call = GetProcAddress(rt, f[2]);
    int *error = ((int *(*)(void))GetProcAddress(rt, "_errno"))();
    int base = atoi(f[4]);
    unescape(text, f[3]);
    *error = 0;
    if (!strcmp(f[2], "strtod")) {
        double d = ((double (*)(const char *, char **))call)(text, &end);
        u64 bits;
        memcpy(&bits, &d, 8);
        printf("\t=>\t%016llx\t%d\t%d", bits, (int)(end - text), *error == 34);
    } else if (strstr(f[2], "64")) {
        u64 value = ((u64 (*)(const char *, char **, int))call)(text, &end, base);
        printf("\t=>\t%016llx\t%d\t%d", value, (int)(end - text), *error == 34);
    } else {
        uint32_t value = ((uint32_t (*)(const char *, char **, int))call)(text, &end, base);
        printf("\t=>\t%08x\t%d\t%d", value, (int)(end - text), *error == 34);
    }
}

static void run_time(char **f) {
    HMODULE rt = strcmp(f[1], "msvcrt") ? ucrt : msvcrt;
    char format[512], out[512] = "";
    long long moment = strtoll(f[3], NULL, 0);
    unescape(format, f[2]);
    struct tm *tm = ((struct tm * (*)(long long *)) GetProcAddress(rt, "_gmtime64"))(&moment);
    size_t n = ((size_t(*)(char *, size_t, const char *, struct tm *))GetProcAddress(rt, "strftime"))(out, sizeof out, format, tm);
    printf("\t=>\t%d\t", (int)n);
    for (size_t i = 0; i < n; i++) show((unsigned char)out[i]);
}

/* Without a handler of its own a program ends at the first argument that is refused. */
static void go_on(const wchar_t *a, const wchar_t *b, const wchar_t *c, unsigned line, uintptr_t reserved) {
}

int main(void) {
    static char line[4096], copy[4096];
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    _setmode(1, 0x8000);
    msvcrt = LoadLibraryA("msvcrt.dll");
    ucrt = LoadLibraryA("ucrtbase.dll");
    ((void *(*)(void *))GetProcAddress(ucrt, "_set_invalid_parameter_handler"))((void *)go_on);
    while (fgets(line, sizeof line, stdin)) {
        char *f[32];
        int count = 0;
        line[strcspn(line, "\r\n")] = 0;
        if (!line[0] || line[0] == '#') continue;
        strcpy(copy, line);
        for (char *at = copy;; at++) {
            f[count++] = at;
            at = strchr(at, '\t');
            if (!at) break;
            *at = 0;
        }
        printf("%s", line);
        switch (f[0][0]) {
        case 'p': run_print(f, count); break;
        case 's': run_scan(f, count); break;
        case 'n': run_number(f); break;
        case 't': run_time(f); break;
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
