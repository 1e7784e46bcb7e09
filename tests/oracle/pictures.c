/* Converts the pictures of a whole AVI with one driver file, as an application does: avifil32 reads, msvfw32 converts.
 *
 *   pictures.exe FILE HANDLER IN.avi OUT [BITS]              decodes to what the driver prefers, or to BITS
 *   pictures.exe FILE HANDLER IN.avi OUT compress QUALITY         encodes, each as a key frame
 *
 * Writes the bare pictures one behind the other; of compressing, each has its length in 4 bytes before it.
 * Prints the format of what it wrote as `format HEX`. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <vfw.h>

static void *must(void *answer, const char *what)
{
    if (!answer) {
        printf("%s failed\n", what);
        exit(1);
    }
    return answer;
}

static void succeed(LRESULT result, const char *what)
{
    if (result) {
        printf("%s failed: %ld\n", what, (long)result);
        exit(1);
    }
}

static void print_format(const BITMAPINFOHEADER *format, LONG size)
{
    printf("format ");
    for (LONG i = 0; i < size; i++)
        printf("%02x", ((const BYTE *)format)[i]);
    printf("\n");
}

/* One picture of the file, whole; the buffer grows as it must. */
static LONG read_picture(PAVISTREAM stream, LONG number, BYTE **data, LONG *room)
{
    LONG length = 0;
    if (!*room || AVIStreamRead(stream, number, 1, *data, *room, &length, NULL) == AVIERR_BUFFERTOOSMALL) {
        succeed(AVIStreamRead(stream, number, 1, NULL, 0, &length, NULL), "asking for the length");
        *room = length + length / 2 + 4096;
        *data = must(realloc(*data, *room), "memory");
        succeed(AVIStreamRead(stream, number, 1, *data, *room, &length, NULL), "AVIStreamRead");
    }
    return length;
}

static void decode(HIC codec, PAVISTREAM stream, BITMAPINFOHEADER *from, FILE *output, WORD bits)
{
    LONG size = ICDecompressGetFormatSize(codec, from), room = 0;
    BITMAPINFOHEADER *to = must(calloc(1, size + 1024 + sizeof *to), "memory");
    succeed(ICDecompressGetFormat(codec, from, to), "ICDecompressGetFormat");
    if (bits && bits != to->biBitCount) {
        to->biBitCount = bits;
        to->biCompression = BI_RGB;
        to->biClrUsed = 0;
        size = sizeof *to;
    }
    to->biSizeImage = (to->biWidth * to->biBitCount + 31) / 32 * 4 * abs(to->biHeight);
    print_format(to, size);
    /* Some write more than fits. */
    BYTE *data = NULL, *picture = must(calloc(1, to->biSizeImage + 65536), "memory");
    succeed(ICDecompressQuery(codec, from, to), "ICDecompressQuery");
    succeed(ICDecompressBegin(codec, from, to), "ICDecompressBegin");
    for (LONG number = AVIStreamStart(stream), end = number + AVIStreamLength(stream); number < end; number++) {
        DWORD flags = AVIStreamIsKeyFrame(stream, number) ? 0 : ICDECOMPRESS_NOTKEYFRAME;
        from->biSizeImage = read_picture(stream, number, &data, &room);
        if (from->biSizeImage)
            succeed(ICDecompress(codec, flags, from, data, to, picture), "ICDecompress");
        fwrite(picture, 1, to->biSizeImage, output);
    }
    ICDecompressEnd(codec);
}

static void encode(HIC codec, PAVISTREAM stream, BITMAPINFOHEADER *from, FILE *output, DWORD quality)
{
    LONG size = ICCompressGetFormatSize(codec, from), room = 0;
    BITMAPINFOHEADER *to = must(calloc(1, size + 1024), "memory");
    succeed(ICCompressGetFormat(codec, from, to), "ICCompressGetFormat");
    print_format(to, size);
    /* Some write more than they say. */
    DWORD most = 2 * ICCompressGetSize(codec, from, to) + 4096;
    BYTE *data = NULL, *packet = must(calloc(1, most), "memory");
    succeed(ICCompressBegin(codec, from, to), "ICCompressBegin");
    LONG start = AVIStreamStart(stream), end = start + AVIStreamLength(stream);
    for (LONG number = start; number < end; number++) {
        DWORD chunk = 0, index = 0;
        read_picture(stream, number, &data, &room);
        to->biSizeImage = 0;
        succeed(ICCompress(codec, ICCOMPRESS_KEYFRAME, to, packet, from, data, &chunk, &index, number - start, 0,
                           quality, NULL, NULL),
                "ICCompress");
        fwrite(&to->biSizeImage, 4, 1, output);
        fwrite(packet, 1, to->biSizeImage, output);
    }
    ICCompressEnd(codec);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    /* Who dies, dies at once and without a dialog. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    HMODULE module = must(LoadLibraryA(argv[1]), "loading the driver");
    FARPROC proc = must(GetProcAddress(module, "DriverProc"), "finding DriverProc");
    BOOL compress = argc == 7;
    HIC codec = must(ICOpenFunction(ICTYPE_VIDEO, mmioStringToFOURCCA(argv[2], 0),
                                    compress ? ICMODE_COMPRESS : ICMODE_DECOMPRESS, (FARPROC)proc), "opening the codec");
    PAVIFILE file;
    PAVISTREAM stream;
    AVIFileInit();
    succeed(AVIFileOpenA(&file, argv[3], OF_READ, NULL), "AVIFileOpen");
    succeed(AVIFileGetStream(file, &stream, streamtypeVIDEO, 0), "AVIFileGetStream");
    LONG size = 0;
    succeed(AVIStreamReadFormat(stream, AVIStreamStart(stream), NULL, &size), "asking for the format's size");
    BITMAPINFOHEADER *from = must(calloc(1, size + 1024), "memory");
    succeed(AVIStreamReadFormat(stream, AVIStreamStart(stream), from, &size), "AVIStreamReadFormat");
    FILE *output = must(fopen(argv[4], "wb"), "creating the output");
    setvbuf(output, NULL, _IOFBF, 1 << 18);
    if (compress)
        encode(codec, stream, from, output, strtoul(argv[6], NULL, 0));
    else
        decode(codec, stream, from, output, argc > 5 ? (WORD)atoi(argv[5]) : 0);
    if (fclose(output))
        return 1;
    ICClose(codec);
    AVIStreamRelease(stream);
    AVIFileRelease(file);
    AVIFileExit();
    return 0;
}
