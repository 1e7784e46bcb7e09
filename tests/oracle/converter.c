/* Converts plain samples with whatever the system has for it, as an application that names no driver does.
 *
 *   converter.exe IN OUT  CHANNELS RATE BITS  CHANNELS RATE BITS
 *
 * Both files are bare samples. Prints the driver's long name, or the refusal. */

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#include <mmsystem.h>
#include <mmreg.h>
#include <msacm.h>

static WAVEFORMATEX format(char **words)
{
    WAVEFORMATEX format = {.wFormatTag = WAVE_FORMAT_PCM};
    format.nChannels = (WORD)atoi(words[0]);
    format.nSamplesPerSec = (DWORD)atoi(words[1]);
    format.wBitsPerSample = (WORD)atoi(words[2]);
    format.nBlockAlign = (WORD)(format.nChannels * format.wBitsPerSample / 8);
    format.nAvgBytesPerSec = format.nSamplesPerSec * format.nBlockAlign;
    return format;
}

static int succeeded(MMRESULT result, const char *what)
{
    if (result)
        printf("%s: %u\n", what, result);
    return !result;
}

int main(int argc, char **argv)
{
    if (argc != 9)
        return 2;
    FILE *input = fopen(argv[1], "rb");
    if (!input)
        return 2;
    fseek(input, 0, SEEK_END);
    DWORD length = (DWORD)ftell(input), room;
    rewind(input);
    BYTE *bytes = malloc(length);
    if (!bytes || fread(bytes, 1, length, input) != length)
        return 2;
    fclose(input);

    WAVEFORMATEX from = format(argv + 3), to = format(argv + 6);
    HACMSTREAM stream;
    if (!succeeded(acmStreamOpen(&stream, NULL, &from, &to, NULL, 0, 0, ACM_STREAMOPENF_NONREALTIME), "acmStreamOpen"))
        return 0;
    HACMDRIVERID id;
    ACMDRIVERDETAILSA details = {.cbStruct = sizeof details};
    if (acmDriverID((HACMOBJ)stream, &id, 0) || acmDriverDetailsA(id, &details, 0))
        return 3;
    if (!succeeded(acmStreamSize(stream, length, &room, ACM_STREAMSIZEF_SOURCE), "acmStreamSize"))
        return 0;
    /* Wine's answer is a frame too small for some depths. */
    room += to.nBlockAlign;
    ACMSTREAMHEADER header = {.cbStruct = sizeof header, .pbSrc = bytes, .cbSrcLength = length};
    header.pbDst = malloc(room);
    header.cbDstLength = room;
    if (!succeeded(acmStreamPrepareHeader(stream, &header, 0), "acmStreamPrepareHeader"))
        return 3;
    if (!succeeded(acmStreamConvert(stream, &header, ACM_STREAMCONVERTF_START | ACM_STREAMCONVERTF_END), "acmStreamConvert"))
        return 0;
    FILE *output = fopen(argv[2], "wb");
    if (!output || fwrite(header.pbDst, 1, header.cbDstLengthUsed, output) != header.cbDstLengthUsed || fclose(output))
        return 3;
    printf("%s used %lu\n", details.szLongName, header.cbSrcLengthUsed);
    acmStreamUnprepareHeader(stream, &header, 0);
    acmStreamClose(stream, 0);
    return 0;
}
