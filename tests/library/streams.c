/*
 * A codec of the program's own, and streams of it that cannot be told of, or that do not close well: streams.
 */
#include <sys/mman.h>

#include <mmreg.h>
#include <msacm.h>

#include "check.h"

enum { DRIVER_DETAILS = 0x600A, STREAM_OPEN = 0x604C, STREAM_CLOSE, STREAM_SIZE, CONVERT, RESET, PREPARE, UNPREPARE };

static int drivers, streams, prepared, refuses, told;

static LRESULT codec(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    (void)lparam2;
    switch (message) {
    case DRV_OPEN:
        return ++drivers;
    case DRV_CLOSE:
        drivers--;
        return 1;
    case DRIVER_DETAILS: {
        ACMDRIVERDETAILSW *details = (ACMDRIVERDETAILSW *)lparam1;
        details->fccType = ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC;
        details->fdwSupport = ACMDRIVERDETAILS_SUPPORTF_CODEC | ACMDRIVERDETAILS_SUPPORTF_ASYNC;
        details->cFormatTags = 1;
        return 0;
    }
    case STREAM_OPEN:
        streams++;
        return 0;
    case STREAM_CLOSE:
        streams--;
        return 0;
    case PREPARE:
        prepared++;
        return 0;
    case UNPREPARE:
        prepared--;
        return refuses ? MMSYSERR_NOMEM : 0;
    default:
        return message < DRV_USER ? DefDriverProc(id, hdrvr, message, 0, 0) : MMSYSERR_NOTSUPPORTED;
    }
}

static void CALLBACK tell(HACMSTREAM stream, UINT message, DWORD_PTR user, LPARAM header, LPARAM nothing)
{
    (void)stream, (void)user, (void)header, (void)nothing;
    told = message;
}

static BOOL CALLBACK count(HACMDRIVERID id, DWORD_PTR counted, DWORD support)
{
    (void)id, (void)support;
    ++*(int *)counted;
    return TRUE;
}

static int counted(void)
{
    int drivers = 0;
    CHECK(acmDriverEnum(count, (DWORD_PTR)&drivers, 0) == 0);
    return drivers;
}

int main(void)
{
    alarm(600);
    WAVEFORMATEX pcm = {WAVE_FORMAT_PCM, 1, 8000, 8000, 1, 8, 0}, wide = {WAVE_FORMAT_PCM, 1, 8000, 16000, 2, 16, 0};
    void *locked = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(locked != MAP_FAILED);
    HACMDRIVERID id;
    HACMDRIVER driver;
    HACMSTREAM stream;

    /* Nothing is added or opened for a program that cannot be told of it. */
    int before = counted();
    CHECK(acmDriverAddA(locked, NULL, (LPARAM)codec, 0, ACM_DRIVERADDF_FUNCTION) == MMSYSERR_INVALPARAM);
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    CHECK(counted() == before && drivers == 0);
    CHECK(acmDriverAddA(&id, NULL, (LPARAM)codec, 0, ACM_DRIVERADDF_FUNCTION) == 0);
    CHECK(acmDriverOpen(&driver, id, 0) == 0);
    int open = drivers;
    CHECK(acmDriverOpen(locked, id, 0) == MMSYSERR_INVALPARAM);
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    CHECK(drivers == open);
    CHECK(acmStreamOpen(locked, driver, &pcm, &wide, NULL, 0, 0, 0) == MMSYSERR_INVALPARAM);
    CHECK_ERROR(OPENDRIVER_BAD_POINTER, "no such memory");
    CHECK(streams == 0);

    /* A stream whose driver does not give the buffers back closes all the same, and the first reason is the answer. */
    CHECK(acmStreamOpen(&stream, driver, &pcm, &wide, NULL, (DWORD_PTR)tell, 0,
                        CALLBACK_FUNCTION | ACM_STREAMOPENF_ASYNC) == 0);
    CHECK(told == MM_ACM_OPEN && streams == 1);
    BYTE from[2][8], to[2][16];
    ACMSTREAMHEADER headers[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        headers[i].cbStruct = sizeof *headers;
        headers[i].pbSrc = from[i], headers[i].cbSrcLength = sizeof from[i];
        headers[i].pbDst = to[i], headers[i].cbDstLength = sizeof to[i];
        CHECK(acmStreamPrepareHeader(stream, &headers[i], 0) == 0);
    }
    CHECK(prepared == 2);
    refuses = 1;
    CHECK(acmStreamClose(stream, 0) == MMSYSERR_NOMEM);
    CHECK(prepared == 0 && streams == 0 && told == MM_ACM_CLOSE);
    CHECK(acmStreamClose(stream, 0) == MMSYSERR_INVALHANDLE);
    CHECK(acmDriverClose(driver, 0) == 0 && acmDriverRemove(id, 0) == 0 && drivers == 0);
    puts("done");
    return 0;
}
