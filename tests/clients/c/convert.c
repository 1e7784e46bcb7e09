/* Converts a WAV with the audio codecs that are installed.
 *
 *   convert IN.wav OUT.wav TAG
 *
 * TAG is a number of mmreg.h: 1 decodes to samples of 16 bits, 2 encodes as MS ADPCM, 17 as IMA ADPCM, 49 as GSM 6.10 ... */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <mmreg.h>
#include <msacm.h>

#define PIECE 16384

static void check(int fine, const char *what)
{
    if (!fine) {
        printf("%s failed\n", what);
        exit(1);
    }
}

static void succeed(MMRESULT result, const char *what)
{
    if (result) {
        printf("%s failed: %u\n", what, result);
        exit(1);
    }
}

/* The whole file, with zeroes behind it, and its size. */
static BYTE *contents(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    check(file != NULL && fseek(file, 0, SEEK_END) == 0, "opening IN.wav");
    *size = (size_t)ftell(file);
    BYTE *bytes = calloc(1, *size + PIECE);
    rewind(file);
    check(bytes != NULL && fread(bytes, 1, *size, file) == *size, "reading IN.wav");
    fclose(file);
    return bytes;
}

/* A part of a WAV, by its name, and its size. */
static BYTE *chunk(BYTE *file, size_t end, const char *name, DWORD *size)
{
    for (size_t at = 12; at + 8 <= end; at += 8 + *size + (*size & 1)) {
        memcpy(size, file + at + 4, 4);
        if (memcmp(file + at, name, 4) == 0 && *size <= end - at - 8)
            return file + at + 8;
    }
    printf("%s has no \"%s\"\n", "IN.wav", name);
    exit(1);
}

static void write_chunk(FILE *file, const char *name, const void *bytes, DWORD size)
{
    fwrite(name, 1, 4, file);
    fwrite(&size, 1, 4, file);
    fwrite(bytes, 1, size, file);
    if (size & 1)
        fputc(0, file);
}

/* A format of this tag, as some driver would make it of the other. */
static WAVEFORMATEX *suggested(WAVEFORMATEX *from, WORD tag)
{
    DWORD size = 0;
    succeed(acmMetrics(NULL, ACM_METRIC_MAX_SIZE_FORMAT, &size), "acmMetrics");
    WAVEFORMATEX *to = calloc(1, size);
    check(to != NULL, "memory");
    to->wFormatTag = tag;
    to->wBitsPerSample = 16;
    DWORD wish = ACM_FORMATSUGGESTF_WFORMATTAG | (tag == WAVE_FORMAT_PCM ? ACM_FORMATSUGGESTF_WBITSPERSAMPLE : 0);
    succeed(acmFormatSuggest(NULL, from, to, size, wish), "acmFormatSuggest");
    return to;
}

/* All of `data` in the other format; it grows as it must. */
static BYTE *converted(WAVEFORMATEX *from, WAVEFORMATEX *to, const BYTE *data, DWORD left, DWORD *made)
{
    HACMSTREAM stream;
    DWORD room = 0, flags = ACM_STREAMCONVERTF_START;
    succeed(acmStreamOpen(&stream, NULL, from, to, NULL, 0, 0, ACM_STREAMOPENF_NONREALTIME), "acmStreamOpen");
    succeed(acmStreamSize(stream, PIECE, &room, ACM_STREAMSIZEF_SOURCE), "acmStreamSize");
    ACMSTREAMHEADER header = {.cbStruct = sizeof header, .cbSrcLength = PIECE, .cbDstLength = room};
    header.pbSrc = calloc(1, PIECE);
    header.pbDst = calloc(1, room);
    check(header.pbSrc != NULL && header.pbDst != NULL, "memory");
    succeed(acmStreamPrepareHeader(stream, &header, 0), "acmStreamPrepareHeader");

    BYTE *all = NULL;
    *made = 0;
    do {
        header.cbSrcLength = left < PIECE ? left : PIECE;
        memcpy(header.pbSrc, data, header.cbSrcLength);
        /* What is no whole block waits for the next piece; of the last, nothing waits. */
        flags |= left > PIECE ? ACM_STREAMCONVERTF_BLOCKALIGN : ACM_STREAMCONVERTF_END;
        succeed(acmStreamConvert(stream, &header, flags), "acmStreamConvert");
        flags = 0;
        all = realloc(all, *made + header.cbDstLengthUsed + 1);
        check(all != NULL, "memory");
        memcpy(all + *made, header.pbDst, header.cbDstLengthUsed);
        *made += header.cbDstLengthUsed;
        data += header.cbSrcLengthUsed;
        left -= header.cbSrcLengthUsed;
    } while (left && header.cbSrcLengthUsed);

    header.cbSrcLength = PIECE;
    succeed(acmStreamUnprepareHeader(stream, &header, 0), "acmStreamUnprepareHeader");
    succeed(acmStreamClose(stream, 0), "acmStreamClose");
    free(header.pbSrc);
    free(header.pbDst);
    return all;
}

static void describe(const char *what, const WAVEFORMATEX *format)
{
    printf("%s: tag %u, %u channels, %u Hz, %u bits, blocks of %u\n", what, format->wFormatTag, format->nChannels,
           (unsigned)format->nSamplesPerSec, format->wBitsPerSample, format->nBlockAlign);
}

int main(int count, char **words)
{
    if (count != 4) {
        printf("usage: convert IN.wav OUT.wav TAG\n");
        return 2;
    }
    size_t size;
    DWORD format_size, data_size, made;
    BYTE *file = contents(words[1], &size);
    WAVEFORMATEX *from = (WAVEFORMATEX *)chunk(file, size, "fmt ", &format_size);
    BYTE *data = chunk(file, size, "data", &data_size);
    WAVEFORMATEX *to = suggested(from, (WORD)atoi(words[3]));
    describe("from", from);
    describe("to", to);
    BYTE *all = converted(from, to, data, data_size, &made);
    printf("%u bytes became %u\n", (unsigned)data_size, (unsigned)made);

    /* The format of plain samples ends in front of its cbSize. */
    format_size = to->wFormatTag == WAVE_FORMAT_PCM ? sizeof(PCMWAVEFORMAT) : sizeof *to + to->cbSize;
    FILE *output = fopen(words[2], "wb");
    check(output != NULL, "creating OUT.wav");
    DWORD whole = 4 + 8 + format_size + (format_size & 1) + 8 + made + (made & 1);
    fwrite("RIFF", 1, 4, output);
    fwrite(&whole, 1, 4, output);
    fwrite("WAVE", 1, 4, output);
    write_chunk(output, "fmt ", to, format_size);
    write_chunk(output, "data", all, made);
    check(fclose(output) == 0, "writing OUT.wav");
    return 0;
}
