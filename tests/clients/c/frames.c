/* Decodes the pictures of an AVI with the video codecs that are installed.
 *
 *   frames IN.avi OUT.raw [BITS]
 *
 * Writes bare pictures, the top line first, in the depth that the codec prefers, or in BITS bits a pixel. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <vfw.h>

static void check(int fine, const char *what)
{
    if (!fine) {
        printf("%s failed\n", what);
        exit(1);
    }
}

static void succeed(LRESULT result, const char *what)
{
    if (result) {
        printf("%s failed: %d\n", what, (int)result);
        exit(1);
    }
}

static BYTE *contents(const char *name, DWORD *size)
{
    FILE *file = fopen(name, "rb");
    check(file != NULL && fseek(file, 0, SEEK_END) == 0, "opening IN.avi");
    *size = (DWORD)ftell(file);
    BYTE *bytes = calloc(1, *size + 1024);
    rewind(file);
    check(bytes != NULL && fread(bytes, 1, *size, file) == *size, "reading IN.avi");
    fclose(file);
    return bytes;
}

/* Goes to the next chunk in a file, into lists; gives what is in it and where the next one is. */
static BYTE *next_chunk(BYTE *file, DWORD end, DWORD *at, DWORD *name, DWORD *size)
{
    while (*at + 8 <= end) {
        BYTE *here = file + *at;
        memcpy(name, here, 4);
        memcpy(size, here + 4, 4);
        if (*name == mmioFOURCC('R', 'I', 'F', 'F') || *name == mmioFOURCC('L', 'I', 'S', 'T')) {
            *at += 12;
            continue;
        }
        *at += 8 + *size + (*size & 1);
        check(*size <= end - (DWORD)(here - file) - 8, "finding a chunk's end");
        return here + 8;
    }
    return NULL;
}

/* What the codec makes of the pictures: as it prefers, or of so many bits. */
static BITMAPINFOHEADER *target(HIC codec, BITMAPINFOHEADER *from, WORD bits)
{
    DWORD size = (DWORD)ICDecompressGetFormatSize(codec, from);
    BITMAPINFOHEADER *to = calloc(1, sizeof *to + 1024 + size);
    check(to != NULL, "memory");
    succeed(ICDecompressGetFormat(codec, from, to), "ICDecompressGetFormat");
    if (bits) {
        to->biBitCount = bits;
        to->biCompression = BI_RGB;
        to->biClrUsed = 0;
    }
    to->biSizeImage = (DWORD)((to->biWidth * to->biBitCount + 31) / 32 * 4 * abs(to->biHeight));
    succeed(ICDecompressQuery(codec, from, to), "ICDecompressQuery");
    return to;
}

static void write_picture(FILE *output, const BITMAPINFOHEADER *format, const BYTE *picture)
{
    LONG stride = (format->biWidth * format->biBitCount + 31) / 32 * 4, lines = abs(format->biHeight);
    for (LONG line = 0; line < lines; line++) {
        LONG stored = format->biHeight > 0 ? lines - 1 - line : line;
        fwrite(picture + stored * stride, 1, (size_t)(format->biWidth * format->biBitCount / 8), output);
    }
}

/* A number that tells pictures apart (FNV-1a). */
static unsigned sum(const BYTE *bytes, DWORD count)
{
    unsigned sum = 2166136261u;
    while (count--)
        sum = (sum ^ *bytes++) * 16777619u;
    return sum;
}

int main(int count, char **words)
{
    if (count < 3) {
        printf("usage: frames IN.avi OUT.raw [BITS]\n");
        return 2;
    }
    DWORD end, at = 0, name, size, handler = 0, frames = 0;
    BYTE *file = contents(words[1], &end), *chunk;
    BITMAPINFOHEADER *from = NULL, *to = NULL;
    HIC codec = NULL;
    BYTE *picture = NULL;
    FILE *output = fopen(words[2], "wb");
    check(output != NULL, "creating OUT.raw");

    while ((chunk = next_chunk(file, end, &at, &name, &size)) != NULL) {
        if (name == mmioFOURCC('s', 't', 'r', 'h')) {
            memcpy(&handler, chunk + 4, 4);
        } else if (name == mmioFOURCC('s', 't', 'r', 'f') && from == NULL) {
            from = calloc(1, size + 1024);
            check(from != NULL, "memory");
            memcpy(from, chunk, size);
            codec = ICLocate(ICTYPE_VIDEO, handler, from, NULL, ICMODE_DECOMPRESS);
            check(codec != NULL, "finding a codec");
            to = target(codec, from, count > 3 ? (WORD)atoi(words[3]) : 0);
            picture = calloc(1, to->biSizeImage);
            check(picture != NULL, "memory");
            succeed(ICDecompressBegin(codec, from, to), "ICDecompressBegin");
            printf("%d x %d, %u bits\n", (int)to->biWidth, abs(to->biHeight), to->biBitCount);
        } else if (from != NULL && (name >> 16 == 0x6364 || name >> 16 == 0x6264)) { /* ..dc, ..db */
            from->biSizeImage = size;
            if (size)
                succeed(ICDecompress(codec, frames ? ICDECOMPRESS_NOTKEYFRAME : 0, from, chunk, to, picture), "ICDecompress");
            printf("frame %u: %08x\n", (unsigned)frames++, sum(picture, to->biSizeImage));
            write_picture(output, to, picture);
        }
    }
    check(codec != NULL, "finding pictures");
    succeed(ICDecompressEnd(codec), "ICDecompressEnd");
    succeed(ICClose(codec), "ICClose");
    check(fclose(output) == 0, "writing OUT.raw");
    return 0;
}
