/* Converts a whole WAV with one driver file, as an application does: mmio reads, msacm32 converts.
 *
 *   sound.exe FILE IN.wav OUT [FORMAT]
 *
 * Writes the bare bytes of the other side, whose format is FORMAT (the bytes of a WAVEFORMATEX, in hexadecimal) or the samples
 * of 16 bits that the driver suggests. Prints that format, as `format HEX`. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <mmsystem.h>
#include <mmreg.h>
#include <msacm.h>

#define PIECE 65536

static void *must(void *answer, const char *what)
{
    if (!answer) {
        printf("%s failed\n", what);
        exit(1);
    }
    return answer;
}

static void succeed(MMRESULT result, const char *what)
{
    if (result) {
        printf("%s failed: %u\n", what, result);
        exit(1);
    }
}

/* The format, with room behind it so that drivers that look further find zeroes. */
static WAVEFORMATEX *read_format(HMMIO file, MMCKINFO *riff)
{
    MMCKINFO chunk = {.ckid = mmioFOURCC('f', 'm', 't', ' ')};
    succeed(mmioDescend(file, &chunk, riff, MMIO_FINDCHUNK), "finding fmt");
    WAVEFORMATEX *format = must(calloc(1, sizeof *format + chunk.cksize), "memory");
    mmioRead(file, (HPSTR)format, chunk.cksize);
    succeed(mmioAscend(file, &chunk, 0), "leaving fmt");
    return format;
}

static WAVEFORMATEX *parse_format(const char *digits)
{
    WAVEFORMATEX *format = must(calloc(1, sizeof *format + strlen(digits)), "memory");
    for (BYTE *byte = (BYTE *)format; sscanf(digits, "%2hhx", byte) == 1; byte++)
        digits += 2;
    return format;
}

static WAVEFORMATEX *suggest_format(HACMDRIVER driver, WAVEFORMATEX *from)
{
    DWORD size;
    succeed(acmMetrics((HACMOBJ)driver, ACM_METRIC_MAX_SIZE_FORMAT, &size), "acmMetrics");
    size += sizeof(WAVEFORMATEX);
    WAVEFORMATEX *format = must(calloc(1, size), "memory");
    format->wFormatTag = WAVE_FORMAT_PCM;
    format->wBitsPerSample = 16;
    DWORD wish = ACM_FORMATSUGGESTF_WFORMATTAG | ACM_FORMATSUGGESTF_WBITSPERSAMPLE;
    succeed(acmFormatSuggest(driver, from, format, size, wish), "acmFormatSuggest");
    return format;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    /* Who dies, dies at once and without a dialog. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    HMODULE module = must(LoadLibraryA(argv[1]), "loading the driver");
    FARPROC proc = must(GetProcAddress(module, "DriverProc"), "finding DriverProc");
    HACMDRIVERID id;
    HACMDRIVER driver;
    succeed(acmDriverAddA(&id, module, (LPARAM)proc, 0, ACM_DRIVERADDF_FUNCTION), "acmDriverAdd");
    succeed(acmDriverOpen(&driver, id, 0), "acmDriverOpen");

    HMMIO file = must(mmioOpenA(argv[2], NULL, MMIO_READ | MMIO_ALLOCBUF), "opening the file");
    MMCKINFO riff = {.fccType = mmioFOURCC('W', 'A', 'V', 'E')}, data = {.ckid = mmioFOURCC('d', 'a', 't', 'a')};
    succeed(mmioDescend(file, &riff, NULL, MMIO_FINDRIFF), "finding RIFF");
    WAVEFORMATEX *from = read_format(file, &riff);
    succeed(mmioDescend(file, &data, &riff, MMIO_FINDCHUNK), "finding data");

    WAVEFORMATEX *to = argc > 4 ? parse_format(argv[4]) : suggest_format(driver, from);
    printf("format ");
    DWORD whole = to->wFormatTag == WAVE_FORMAT_PCM ? sizeof(PCMWAVEFORMAT) : sizeof *to + to->cbSize;
    for (DWORD i = 0; i < whole; i++)
        printf("%02x", ((BYTE *)to)[i]);
    printf("\n");

    HACMSTREAM stream;
    succeed(acmStreamOpen(&stream, driver, from, to, NULL, 0, 0, ACM_STREAMOPENF_NONREALTIME), "acmStreamOpen");
    DWORD room;
    succeed(acmStreamSize(stream, PIECE, &room, ACM_STREAMSIZEF_SOURCE), "acmStreamSize");
    ACMSTREAMHEADER header = {.cbStruct = sizeof header, .cbSrcLength = PIECE, .cbDstLength = room};
    header.pbSrc = must(malloc(PIECE), "memory");
    header.pbDst = must(malloc(room), "memory");
    succeed(acmStreamPrepareHeader(stream, &header, 0), "acmStreamPrepareHeader");
    FILE *output = must(fopen(argv[3], "wb"), "creating the output");
    setvbuf(output, NULL, _IOFBF, 1 << 18);

    DWORD left = data.cksize, held = 0, flags = ACM_STREAMCONVERTF_START;
    for (;;) {
        DWORD wanted = PIECE - held < left ? PIECE - held : left;
        LONG got = mmioRead(file, (HPSTR)header.pbSrc + held, wanted);
        if (got < 0)
            return 1;
        left = got < (LONG)wanted ? 0 : left - got;
        held += got;
        header.cbSrcLength = held;
        /* What is no whole block waits for the next piece; of the last, nothing waits. */
        flags |= left ? ACM_STREAMCONVERTF_BLOCKALIGN : ACM_STREAMCONVERTF_END;
        succeed(acmStreamConvert(stream, &header, flags), "acmStreamConvert");
        flags = 0;
        fwrite(header.pbDst, 1, header.cbDstLengthUsed, output);
        held -= header.cbSrcLengthUsed;
        memmove(header.pbSrc, header.pbSrc + header.cbSrcLengthUsed, held);
        if (!left && (!held || !header.cbSrcLengthUsed))
            break;
    }
    if (fclose(output))
        return 1;
    header.cbSrcLength = PIECE;
    acmStreamUnprepareHeader(stream, &header, 0);
    acmStreamClose(stream, 0);
    acmDriverClose(driver, 0);
    acmDriverRemove(id, 0);
    mmioClose(file, 0);
    return 0;
}
