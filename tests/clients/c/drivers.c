/* Tells which audio codecs are installed and what they take, and what single driver files say of themselves.
 *
 *   drivers [FILE ...] */

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#include <mmreg.h>
#include <msacm.h>

static void succeed(MMRESULT result, const char *what)
{
    if (result) {
        printf("%s failed: %u\n", what, result);
        exit(1);
    }
}

static BOOL CALLBACK on_format(HACMDRIVERID id, LPACMFORMATDETAILSA format, DWORD_PTR instance, DWORD support)
{
    (void)id;
    (void)instance;
    (void)support;
    /* `szFormat` has all this as text, which each system words in its own way. */
    printf("    %u Hz, %u bits, %u channels: %u bytes a second\n", (unsigned)format->pwfx->nSamplesPerSec,
           format->pwfx->wBitsPerSample, format->pwfx->nChannels, (unsigned)format->pwfx->nAvgBytesPerSec);
    return TRUE;
}

static void list_formats(HACMDRIVER driver, DWORD tag)
{
    DWORD size = 0;
    succeed(acmMetrics((HACMOBJ)driver, ACM_METRIC_MAX_SIZE_FORMAT, &size), "acmMetrics");
    ACMFORMATDETAILSA format = {.cbStruct = sizeof format, .dwFormatTag = tag, .cbwfx = size};
    format.pwfx = calloc(1, size);
    if (format.pwfx == NULL)
        exit(1);
    format.pwfx->wFormatTag = (WORD)tag;
    succeed(acmFormatEnumA(driver, &format, on_format, 0, ACM_FORMATENUMF_WFORMATTAG), "acmFormatEnum");
    free(format.pwfx);
}

static BOOL CALLBACK on_driver(HACMDRIVERID id, DWORD_PTR instance, DWORD support)
{
    unsigned *count = (unsigned *)instance;
    ACMDRIVERDETAILSA details = {.cbStruct = sizeof details};
    succeed(acmDriverDetailsA(id, &details, 0), "acmDriverDetails");
    printf("%s (%s), by %s\n", details.szShortName, details.szLongName, details.szCopyright);
    printf("  version %x of ACM %x, %u tags, %u filters, can %x of %x\n", (unsigned)details.vdwDriver,
           (unsigned)details.vdwACM, (unsigned)details.cFormatTags, (unsigned)details.cFilterTags,
           (unsigned)details.fdwSupport, (unsigned)support);
    HACMDRIVER driver;
    succeed(acmDriverOpen(&driver, id, 0), "acmDriverOpen");
    for (DWORD index = 0; index < details.cFormatTags; index++) {
        ACMFORMATTAGDETAILSA tag = {.cbStruct = sizeof tag, .dwFormatTagIndex = index};
        succeed(acmFormatTagDetailsA(driver, &tag, ACM_FORMATTAGDETAILSF_INDEX), "acmFormatTagDetails");
        printf("  %#x %s: %u formats of %u bytes\n", (unsigned)tag.dwFormatTag, tag.szFormatTag,
               (unsigned)tag.cStandardFormats, (unsigned)tag.cbFormatSize);
        list_formats(driver, tag.dwFormatTag);
    }
    succeed(acmDriverClose(driver, 0), "acmDriverClose");
    ++*count;
    return TRUE;
}

static int ask(const char *file)
{
    WCHAR name[MAX_PATH] = {0};
    for (int unit = 0; file[unit] && unit < MAX_PATH - 1; unit++)
        name[unit] = (unsigned char)file[unit];
    HDRVR driver = OpenDriver(name, NULL, 0), again = OpenDriver(name, NULL, 0);
    if (driver == NULL || again == NULL) {
        printf("%s does not open\n", file);
        return 1;
    }
    printf("%s: two instances of one module: %d\n", file, GetDriverModuleHandle(driver) == GetDriverModuleHandle(again));
    printf("  can be configured: %d\n", (int)SendDriverMessage(driver, DRV_QUERYCONFIGURE, 0, 0));
    /* What it does not know, it leaves to DefDriverProc. */
    printf("  to a message of nobody: %d\n", (int)SendDriverMessage(driver, DRV_USER + 4000, 1, 2));
    /* Of an answer to closing, only that it is not 0 means something. */
    printf("  closed: %d\n", CloseDriver(driver, 0, 0) != 0);
    printf("  closed again: %d\n", CloseDriver(driver, 0, 0) != 0);
    printf("  the other goes on: %d\n", (int)SendDriverMessage(again, DRV_QUERYCONFIGURE, 0, 0));
    CloseDriver(again, 0, 0);
    return 0;
}

int main(int count, char **words)
{
    unsigned drivers = 0;
    DWORD metric = 0;
    succeed(acmDriverEnum(on_driver, (DWORD_PTR)&drivers, 0), "acmDriverEnum");
    succeed(acmMetrics(NULL, ACM_METRIC_COUNT_DRIVERS, &metric), "acmMetrics");
    printf("drivers: %u, by the metric %u\n", drivers, (unsigned)metric);
    for (int word = 1; word < count; word++)
        if (ask(words[word]))
            return 1;
    return 0;
}
