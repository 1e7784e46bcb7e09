/* Asks one driver file what it is, through msacm32 or msvfw32, and prints the answers as tab-separated lines.
 *
 *   describe.exe acm FILE            describe.exe vfw FILE HANDLER
 *
 * Text is UTF-8. Lines: `names SHORT LONG`, then for ACM one `tag NUMBER FORMATS NAME` for each format tag,
 * for VfW `handler CODE`. */

#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <mmsystem.h>
#include <mmreg.h>
#include <msacm.h>
#include <vfw.h>

static const char *utf8(const WCHAR *text)
{
    static char buffers[4][1024];
    static unsigned next;
    char *to = buffers[next++ % 4];
    WideCharToMultiByte(CP_UTF8, 0, text, -1, to, 1024, NULL, NULL);
    return to;
}

static BOOL CALLBACK tag(HACMDRIVERID id, LPACMFORMATTAGDETAILSW details, DWORD_PTR user, DWORD support)
{
    (void)id, (void)user, (void)support;
    printf("tag\t%lu\t%lu\t%s\n", details->dwFormatTag, details->cStandardFormats, utf8(details->szFormatTag));
    return TRUE;
}

static int acm(HMODULE module, FARPROC proc)
{
    HACMDRIVERID id;
    HACMDRIVER driver;
    ACMDRIVERDETAILSW details = {.cbStruct = sizeof details};
    ACMFORMATTAGDETAILSW format = {.cbStruct = sizeof format};
    if (acmDriverAddW(&id, module, (LPARAM)proc, 0, ACM_DRIVERADDF_FUNCTION) ||
        acmDriverDetailsW(id, &details, 0) || acmDriverOpen(&driver, id, 0))
        return 1;
    printf("names\t%s\t%s\n", utf8(details.szShortName), utf8(details.szLongName));
    if (acmFormatTagEnumW(driver, &format, tag, 0, 0))
        return 1;
    acmDriverClose(driver, 0);
    acmDriverRemove(id, 0);
    return 0;
}

static int vfw(FARPROC proc, const char *handler)
{
    ICINFO info = {.dwSize = sizeof info};
    HIC codec = ICOpenFunction(ICTYPE_VIDEO, mmioStringToFOURCCA(handler, 0), ICMODE_QUERY, (FARPROC)proc);
    if (!codec || !ICGetInfo(codec, &info, sizeof info))
        return 1;
    printf("names\t%s\t%s\n", utf8(info.szName), utf8(info.szDescription));
    printf("handler\t%.4s\n", (char *)&info.fccHandler);
    ICClose(codec);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    HMODULE module = LoadLibraryA(argv[2]);
    FARPROC proc = module ? GetProcAddress(module, "DriverProc") : NULL;
    if (!proc) {
        fprintf(stderr, "%s: no DriverProc (error %lu)\n", argv[2], GetLastError());
        return 3;
    }
    return argc > 3 ? vfw(proc, argv[3]) : acm(module, proc);
}
