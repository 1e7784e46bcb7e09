/*
 * What the functions of msacm32 answer to what is wrong and to what is right: one line a call. The same source is built for Windows
 * and for Linux. Calls that break on Wine, and those where Wine does not do what is documented, are not here; docs/msacm32.md names
 * the latter.
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <mmsystem.h>
#include <mmreg.h>
#include <msacm.h>

#define SAY(call) said(#call, (long)(call))

static void said(const char *call, long answer)
{
    printf("%s = %ld\n", call, answer);
}

static HACMDRIVERID ima;

static BOOL CALLBACK find(HACMDRIVERID hadid, DWORD_PTR user, DWORD support)
{
    ACMDRIVERDETAILSA details;
    details.cbStruct = sizeof details;
    (void)user;
    (void)support;
    if (acmDriverDetailsA(hadid, &details, 0) == 0 && strstr(details.szShortName, "IMA") != NULL)
        ima = hadid;
    return ima == NULL;
}

static BOOL CALLBACK stop(HACMDRIVERID hadid, DWORD_PTR user, DWORD support)
{
    (void)hadid;
    (void)support;
    ++*(int *)user;
    return FALSE;
}

static BOOL CALLBACK show_tag(HACMDRIVERID hadid, LPACMFORMATTAGDETAILSA tag, DWORD_PTR user, DWORD support)
{
    (void)user;
    printf("tag %lu: %lu bytes, %lu formats, %lx, \"%s\", %lx, %d\n", (unsigned long)tag->dwFormatTag,
           (unsigned long)tag->cbFormatSize, (unsigned long)tag->cStandardFormats, (unsigned long)tag->fdwSupport,
           tag->szFormatTag, (unsigned long)support, hadid == ima);
    return TRUE;
}

static int formats;

static BOOL CALLBACK show_format(HACMDRIVERID hadid, LPACMFORMATDETAILSA format, DWORD_PTR user, DWORD support)
{
    (void)user;
    printf("format %lu of %lu: %u channels, %lu Hz, %u bits, %u bytes a block, %lx, %d\n",
           (unsigned long)format->dwFormatIndex, (unsigned long)format->dwFormatTag, format->pwfx->nChannels,
           (unsigned long)format->pwfx->nSamplesPerSec, format->pwfx->wBitsPerSample, format->pwfx->nBlockAlign,
           (unsigned long)support, hadid == ima);
    ++formats;
    return TRUE;
}

static void drivers(HACMDRIVER *had)
{
    ACMDRIVERDETAILSA details;
    HACMDRIVERID hadid = NULL;
    DWORD number = 0;
    int stopped = 0;
    SAY(acmDriverEnum(find, 0, 0));
    SAY(acmDriverEnum(stop, (DWORD_PTR)&stopped, 0));
    printf("stopped behind %d\n", stopped);
    SAY(acmDriverEnum(NULL, 0, 0));
    SAY(acmDriverEnum(stop, (DWORD_PTR)&stopped, 1));
    SAY(acmMetrics(NULL, ACM_METRIC_COUNT_DRIVERS, NULL));
    SAY(acmMetrics(NULL, 0, &number));
    SAY(acmMetrics(NULL, 7, &number));
    SAY(acmMetrics(NULL, ACM_METRIC_DRIVER_SUPPORT, &number));
    SAY(acmMetrics((HACMOBJ)ima, ACM_METRIC_COUNT_DRIVERS, &number));
    SAY(acmMetrics((HACMOBJ)ima, ACM_METRIC_DRIVER_SUPPORT, NULL));
    SAY(acmMetrics((HACMOBJ)ima, ACM_METRIC_DRIVER_SUPPORT, &number));
    printf("support %lx\n", (unsigned long)number);
    SAY(acmMetrics((HACMOBJ)ima, ACM_METRIC_MAX_SIZE_FORMAT, &number));
    printf("largest format %lu\n", (unsigned long)number);
    SAY(acmDriverOpen(NULL, ima, 0));
    SAY(acmDriverOpen(had, NULL, 0));
    SAY(acmDriverOpen(had, ima, 1));
    SAY(acmDriverOpen(had, ima, 0));
    SAY(acmDriverID((HACMOBJ)*had, &hadid, 0));
    printf("the same: %d\n", hadid == ima);
    SAY(acmDriverID((HACMOBJ)ima, &hadid, 0));
    SAY(acmDriverID(NULL, &hadid, 0));
    SAY(acmDriverID((HACMOBJ)*had, NULL, 0));
    SAY(acmDriverID((HACMOBJ)*had, &hadid, 1));
    SAY(acmDriverDetailsA(ima, NULL, 0));
    details.cbStruct = 0;
    SAY(acmDriverDetailsA(ima, &details, 0));
    details.cbStruct = 60;
    SAY(acmDriverDetailsA(ima, &details, 0));
    printf("%lu bytes, \"%.16s\"\n", (unsigned long)details.cbStruct, details.szShortName);
    details.cbStruct = sizeof details;
    SAY(acmDriverDetailsA(ima, &details, 1));
    SAY(acmDriverDetailsA(NULL, &details, 0));
    SAY(acmDriverDetailsA((HACMDRIVERID)*had, &details, 0));
    SAY(acmDriverMessage(*had, DRV_QUERYCONFIGURE, 0, 0));
    SAY(acmDriverMessage(*had, ACMDM_USER + 5, 0, 0));
    SAY(acmDriverMessage(*had, ACMDM_RESERVED_LOW, 0, 0));
    SAY(acmDriverMessage(*had, DRV_OPEN, 0, 0));
    SAY(acmDriverMessage(NULL, ACMDM_USER, 0, 0));
    SAY(acmDriverPriority(NULL, 0, 0));
    SAY(acmDriverPriority(ima, 0, ACM_DRIVERPRIORITYF_ENABLE | ACM_DRIVERPRIORITYF_DISABLE));
    SAY(acmDriverPriority(ima, 0, 8));
    SAY(acmDriverPriority(NULL, 0, ACM_DRIVERPRIORITYF_BEGIN));
    SAY(acmDriverPriority(NULL, 0, ACM_DRIVERPRIORITYF_END));
    SAY(acmDriverPriority(ima, 1, ACM_DRIVERPRIORITYF_BEGIN));
    SAY(acmDriverRemove(NULL, 0));
    SAY(acmDriverRemove(ima, 1));
}

static void questions(HACMDRIVER had)
{
    static char room[256];
    WAVEFORMATEX *format = (WAVEFORMATEX *)room;
    WAVEFORMATEX plain = {WAVE_FORMAT_PCM, 1, 8000, 16000, 2, 16, 0};
    ACMFORMATTAGDETAILSA tag;
    ACMFORMATDETAILSA details;
    memset(&tag, 0, sizeof tag);
    tag.cbStruct = sizeof tag;
    SAY(acmFormatTagDetailsA(had, &tag, ACM_FORMATTAGDETAILSF_INDEX));
    tag.dwFormatTagIndex = 50;
    SAY(acmFormatTagDetailsA(had, &tag, ACM_FORMATTAGDETAILSF_INDEX));
    tag.dwFormatTag = WAVE_FORMAT_IMA_ADPCM;
    SAY(acmFormatTagDetailsA(NULL, &tag, ACM_FORMATTAGDETAILSF_FORMATTAG));
    printf("\"%s\", %lu\n", tag.szFormatTag, (unsigned long)tag.dwFormatTagIndex);
    tag.dwFormatTag = 0x4321;
    SAY(acmFormatTagDetailsA(NULL, &tag, ACM_FORMATTAGDETAILSF_FORMATTAG));
    SAY(acmFormatTagDetailsA(had, &tag, ACM_FORMATTAGDETAILSF_FORMATTAG));
    SAY(acmFormatTagDetailsA(had, &tag, 0x10));
    SAY(acmFormatTagEnumA(had, &tag, show_tag, 0, 0));
    SAY(acmFormatTagEnumA(NULL, NULL, show_tag, 0, 0));
    SAY(acmFormatTagEnumA(NULL, &tag, show_tag, 0, 1));
    tag.cbStruct = 8;
    SAY(acmFormatTagEnumA(NULL, &tag, show_tag, 0, 0));

    memset(&details, 0, sizeof details);
    details.cbStruct = sizeof details;
    details.pwfx = format;
    details.cbwfx = sizeof room;
    details.dwFormatTag = WAVE_FORMAT_PCM;
    SAY(acmFormatDetailsA(NULL, &details, ACM_FORMATDETAILSF_INDEX));
    SAY(acmFormatDetailsA(had, &details, ACM_FORMATDETAILSF_INDEX));
    printf("%u, %lu Hz\n", format->wFormatTag, (unsigned long)format->nSamplesPerSec);
    SAY(acmFormatDetailsA(had, &details, ACM_FORMATDETAILSF_INDEX));
    details.fdwSupport = 0;
    details.dwFormatIndex = 500;
    SAY(acmFormatDetailsA(had, &details, ACM_FORMATDETAILSF_INDEX));
    details.dwFormatIndex = 0;
    details.cbwfx = 10;
    SAY(acmFormatDetailsA(had, &details, ACM_FORMATDETAILSF_INDEX));
    details.cbwfx = sizeof room;
    details.pwfx = NULL;
    SAY(acmFormatDetailsA(had, &details, ACM_FORMATDETAILSF_INDEX));
    SAY(acmFormatDetailsA(NULL, NULL, ACM_FORMATDETAILSF_FORMAT));
    details.pwfx = format;
    details.dwFormatTag = 2;
    SAY(acmFormatDetailsA(NULL, &details, ACM_FORMATDETAILSF_FORMAT));

    *format = plain;
    details.dwFormatTag = 0;
    SAY(acmFormatEnumA(had, &details, show_format, 0, 0));
    printf("%d formats\n", formats);
    *format = plain;
    details.fdwSupport = 0;
    SAY(acmFormatEnumA(had, &details, show_format, 0, ACM_FORMATENUMF_NCHANNELS | ACM_FORMATENUMF_WBITSPERSAMPLE));
    details.fdwSupport = 0;
    SAY(acmFormatEnumA(NULL, &details, show_format, 0, ACM_FORMATENUMF_HARDWARE));
    SAY(acmFormatEnumA(NULL, &details, show_format, 0, ACM_FORMATENUMF_HARDWARE | ACM_FORMATENUMF_OUTPUT));
    details.cbwfx = 18;
    SAY(acmFormatEnumA(NULL, &details, show_format, 0, 0));
    SAY(acmFormatEnumA(NULL, NULL, show_format, 0, 0));
    SAY(acmFormatEnumA(NULL, &details, NULL, 0, 0));

    memset(room, 0, sizeof room);
    SAY(acmFormatSuggest(had, &plain, format, sizeof room, 0));
    printf("%u, %u bytes a block\n", format->wFormatTag, format->nBlockAlign);
    SAY(acmFormatSuggest(NULL, &plain, format, 18, ACM_FORMATSUGGESTF_WFORMATTAG));
    SAY(acmFormatSuggest(NULL, &plain, format, sizeof room, 1));
    SAY(acmFormatSuggest(NULL, NULL, format, sizeof room, 0));
    SAY(acmFormatSuggest(NULL, &plain, NULL, sizeof room, 0));
}

static void conversions(HACMDRIVER had)
{
    static char room[256];
    static BYTE sound[4000], made[4000];
    WAVEFORMATEX *format = (WAVEFORMATEX *)room;
    WAVEFORMATEX plain = {WAVE_FORMAT_PCM, 1, 8000, 16000, 2, 16, 0};
    ACMSTREAMHEADER header;
    HACMSTREAM has = NULL;
    DWORD number = 0;
    unsigned i, sum = 0;
    for (i = 0; i < sizeof sound; i++)
        sound[i] = (BYTE)(i * 7);
    SAY(acmFormatSuggest(had, &plain, format, sizeof room, 0));
    SAY(acmStreamOpen(NULL, had, &plain, format, NULL, 0, 0, ACM_STREAMOPENF_QUERY));
    plain.wFormatTag = 0x4321;
    SAY(acmStreamOpen(&has, NULL, &plain, format, NULL, 0, 0, 0));
    plain.wFormatTag = WAVE_FORMAT_PCM;
    SAY(acmStreamOpen(&has, had, &plain, format, NULL, 0, 0, 0));
    SAY(acmStreamSize(has, 1600, &number, ACM_STREAMSIZEF_SOURCE));
    printf("%lu\n", (unsigned long)number);
    SAY(acmStreamSize(has, 1024, &number, ACM_STREAMSIZEF_DESTINATION));
    printf("%lu\n", (unsigned long)number);
    SAY(acmStreamSize(has, 0, &number, ACM_STREAMSIZEF_SOURCE));
    SAY(acmStreamSize(has, 1600, &number, 2));
    SAY(acmStreamSize((HACMSTREAM)had, 1600, &number, 0));
    memset(&header, 0, sizeof header);
    header.cbStruct = sizeof header;
    header.pbSrc = sound;
    header.cbSrcLength = 1600;
    header.pbDst = made;
    header.cbDstLength = 2000;
    SAY(acmStreamConvert(has, &header, 0));
    SAY(acmStreamUnprepareHeader(has, &header, 0));
    SAY(acmStreamPrepareHeader(has, &header, 1));
    SAY(acmStreamPrepareHeader(has, NULL, 0));
    header.cbStruct = 20;
    SAY(acmStreamPrepareHeader(has, &header, 0));
    header.cbStruct = sizeof header;
    SAY(acmStreamPrepareHeader(has, &header, 0));
    SAY(acmStreamPrepareHeader(has, &header, 0));
    SAY(acmStreamConvert(has, &header, ACM_STREAMCONVERTF_START));
    for (i = 0; i < header.cbDstLengthUsed; i++)
        sum = sum * 31 + made[i];
    printf("status %lx, %lu used, %lu written, sum %x\n", (unsigned long)header.fdwStatus,
           (unsigned long)header.cbSrcLengthUsed, (unsigned long)header.cbDstLengthUsed, sum);
    SAY(acmStreamConvert(has, NULL, 0));
    SAY(acmStreamConvert(NULL, &header, 0));
    header.cbSrcLength = 1000;
    SAY(acmStreamConvert(has, &header, 0));
    header.cbSrcLength = 2000;
    SAY(acmStreamConvert(has, &header, 0));
    header.cbSrcLength = 1600;
    header.cbDstLength = 3000;
    SAY(acmStreamConvert(has, &header, 0));
    header.cbDstLength = 2000;
    header.pbSrc = sound + 2;
    SAY(acmStreamConvert(has, &header, 0));
    header.pbSrc = sound;
    SAY(acmStreamReset(has, 0));
    SAY(acmStreamReset(has, 1));
    SAY(acmStreamReset(NULL, 0));
    SAY(acmDriverClose(had, 1));
    header.pbDst = made + 1;
    SAY(acmStreamUnprepareHeader(has, &header, 0));
    header.pbDst = made;
    SAY(acmStreamUnprepareHeader(has, NULL, 0));
    SAY(acmStreamUnprepareHeader(has, &header, 0));
    SAY(acmStreamUnprepareHeader(has, &header, 0));
    SAY(acmStreamClose(has, 0));
    SAY(acmStreamClose(NULL, 0));
    SAY(acmDriverClose(had, 0));
    SAY(acmDriverClose(NULL, 0));
}

int main(void)
{
    HACMDRIVER had = NULL;
    drivers(&had);
    questions(had);
    conversions(had);
    return 0;
}
