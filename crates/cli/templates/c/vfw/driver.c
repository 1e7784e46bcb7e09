/*
 * {{name}}: a video codec.
 *
 * Pixels of 24 bits that are the same, side by side in a line, become one count and one pixel: nothing is lost.
 * Your own codec takes the place of `compress_line` and `decompress_line`, and of what is said about their formats.
 */
#include <stdlib.h>
#include <string.h>

#include "opendriver-vfw.h"

#define NAME "{{name}}"

/* The code that files know the format by. */
#define CODE mmioFOURCC('R', 'U', 'N', 'S')

/* A larger picture would not fit in memory of 32 bits. */
#define LARGEST 16384

/* Bytes of a run: how many pixels, blue, green, red. */
#define RUN 4

/* Appends the runs of a line. Answers where they end. */
static BYTE *compress_line(const BYTE *pixels, int width, BYTE *to)
{
    for (int at = 0; at < width;) {
        const BYTE *pixel = pixels + 3 * at;
        int count = 1;
        while (count < 255 && at + count < width && !memcmp(pixel, pixel + 3 * count, 3))
            count++;
        *to = (BYTE)count;
        memcpy(to + 1, pixel, 3);
        to += RUN;
        at += count;
    }
    return to;
}

/* Fills a line from its runs. Answers where they end, or NULL: what comes from a file may be anything. */
static const BYTE *decompress_line(const BYTE *from, const BYTE *end, BYTE *pixels, int width)
{
    for (int at = 0; at < width;) {
        if (end - from < RUN || from[0] == 0 || from[0] > width - at)
            return NULL;
        for (int count = from[0]; count > 0; count--, at++)
            memcpy(pixels + 3 * at, from + 1, 3);
        from += RUN;
    }
    return from;
}

/* Formats. */

static int is_plain(const BITMAPINFOHEADER *format)
{
    return format->biCompression == BI_RGB && format->biBitCount == 24 && format->biWidth > 0 &&
           format->biWidth <= LARGEST && format->biHeight != 0 && format->biHeight >= -LARGEST &&
           format->biHeight <= LARGEST;
}

static int is_compressed(const BITMAPINFOHEADER *format)
{
    return format->biCompression == CODE && format->biBitCount == 24 && format->biWidth > 0 &&
           format->biWidth <= LARGEST && format->biHeight > 0 && format->biHeight <= LARGEST;
}

static int is_same_size(const BITMAPINFOHEADER *one, const BITMAPINFOHEADER *other)
{
    return one->biWidth == other->biWidth && labs(one->biHeight) == labs(other->biHeight);
}

/* Bytes of a line of a plain picture. */
static LONG line_size(const BITMAPINFOHEADER *format) { return (format->biWidth * 3 + 3) / 4 * 4; }

static DWORD most_compressed(const BITMAPINFOHEADER *format)
{
    return (DWORD)(format->biWidth * labs(format->biHeight)) * RUN;
}

/* Plain pictures begin with the lowest line, but where their height is negative. Ours begin with it always. */
static BYTE *lowest_line(const BITMAPINFOHEADER *plain, void *picture)
{
    LONG lines_above = plain->biHeight < 0 ? -plain->biHeight - 1 : 0;
    return (BYTE *)picture + (size_t)lines_above * (size_t)line_size(plain);
}

/* How many bytes it is from a line to the next higher one. */
static LONG upwards(const BITMAPINFOHEADER *plain)
{
    return plain->biHeight < 0 ? -line_size(plain) : line_size(plain);
}

static BITMAPINFOHEADER format_of(const BITMAPINFOHEADER *like, DWORD compression)
{
    BITMAPINFOHEADER format = {.biSize = sizeof format, .biWidth = like->biWidth};
    format.biHeight = (LONG)labs(like->biHeight);
    format.biPlanes = 1;
    format.biBitCount = 24;
    format.biCompression = compression;
    /* How large a compressed picture is differs. */
    format.biSizeImage = compression == CODE ? 0 : (DWORD)(line_size(like) * format.biHeight);
    return format;
}

/* What the codec says of itself. Text in structures is UTF-16. */

static void put_text(WCHAR *to, size_t characters, const char *from)
{
    for (size_t i = 0; from[i] && i + 1 < characters; i++)
        to[i] = (BYTE)from[i];
}

static LRESULT info(ICINFO *to, LPARAM room)
{
    ICINFO info = {.dwSize = sizeof info, .fccType = ICTYPE_VIDEO, .fccHandler = CODE};
    if (!to)
        return sizeof info;
    if (room < (LPARAM)sizeof info)
        return 0;
    info.dwVersion = 0x00010000;
    info.dwVersionICM = 0x0104;
    put_text(info.szName, sizeof info.szName / sizeof(WCHAR), NAME);
    put_text(info.szDescription, sizeof info.szDescription / sizeof(WCHAR), "Equal pixels, counted");
    *to = info;
    return sizeof info;
}

/* Compressing. `output` is NULL where any would do. */

static LRESULT compress_query(const BITMAPINFOHEADER *input, const BITMAPINFOHEADER *output)
{
    int good = is_plain(input) && (!output || (is_compressed(output) && is_same_size(input, output)));
    return good ? ICERR_OK : ICERR_BADFORMAT;
}

static LRESULT compress_format(const BITMAPINFOHEADER *input, BITMAPINFOHEADER *output)
{
    if (!is_plain(input))
        return ICERR_BADFORMAT;
    if (!output)
        return sizeof *output;
    *output = format_of(input, CODE);
    return ICERR_OK;
}

static LRESULT compress(const ICCOMPRESS *frame)
{
    if (compress_query(frame->lpbiInput, frame->lpbiOutput))
        return ICERR_BADFORMAT;
    const BITMAPINFOHEADER *plain = frame->lpbiInput;
    const BYTE *line = lowest_line(plain, frame->lpInput);
    BYTE *end = frame->lpOutput;
    for (LONG y = 0; y < frame->lpbiOutput->biHeight; y++, line += upwards(plain))
        end = compress_line(line, plain->biWidth, end);
    frame->lpbiOutput->biSizeImage = (DWORD)(end - (BYTE *)frame->lpOutput);
    /* Each frame stands for itself. */
    if (frame->lpdwFlags)
        *frame->lpdwFlags = AVIIF_KEYFRAME;
    return ICERR_OK;
}

/* Decompressing. */

static LRESULT decompress_query(const BITMAPINFOHEADER *input, const BITMAPINFOHEADER *output)
{
    int good = is_compressed(input) && (!output || (is_plain(output) && is_same_size(input, output)));
    return good ? ICERR_OK : ICERR_BADFORMAT;
}

static LRESULT decompress_format(const BITMAPINFOHEADER *input, BITMAPINFOHEADER *output)
{
    if (!is_compressed(input))
        return ICERR_BADFORMAT;
    if (!output)
        return sizeof *output;
    *output = format_of(input, BI_RGB);
    return ICERR_OK;
}

static LRESULT decompress(const ICDECOMPRESS *frame)
{
    if (decompress_query(frame->lpbiInput, frame->lpbiOutput))
        return ICERR_BADFORMAT;
    /* A frame without bytes means: as the last one was. */
    if (frame->lpbiInput->biSizeImage == 0)
        return ICERR_OK;
    const BITMAPINFOHEADER *plain = frame->lpbiOutput;
    const BYTE *from = frame->lpInput, *end = from + frame->lpbiInput->biSizeImage;
    BYTE *line = lowest_line(plain, frame->lpOutput);
    for (LONG y = 0; y < frame->lpbiInput->biHeight; y++, line += upwards(plain)) {
        from = decompress_line(from, end, line, plain->biWidth);
        if (!from)
            return ICERR_ERROR;
    }
    return ICERR_OK;
}

/* What lparam2 of DRV_OPEN points at says who asks; without it, the codec is only to be configured. */
static int is_asked_for(const ICOPEN *open) { return !open || open->fccType == ICTYPE_VIDEO; }

OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    const BITMAPINFOHEADER *input = (const BITMAPINFOHEADER *)lparam1;
    BITMAPINFOHEADER *output = (BITMAPINFOHEADER *)lparam2;

    switch (message) {
    case DRV_OPEN:
        return is_asked_for((const ICOPEN *)lparam2);
    case DRV_CLOSE:
        return 1;
    case ICM_GETINFO:
        return info((ICINFO *)lparam1, lparam2);
    case ICM_COMPRESS_QUERY:
    case ICM_COMPRESS_BEGIN:
        return compress_query(input, output);
    case ICM_COMPRESS_GET_FORMAT:
        return compress_format(input, output);
    case ICM_COMPRESS_GET_SIZE:
        return is_plain(input) ? most_compressed(input) : 0;
    case ICM_COMPRESS:
        return compress((const ICCOMPRESS *)lparam1);
    case ICM_DECOMPRESS_QUERY:
    case ICM_DECOMPRESS_BEGIN:
        return decompress_query(input, output);
    case ICM_DECOMPRESS_GET_FORMAT:
        return decompress_format(input, output);
    case ICM_DECOMPRESS:
        return decompress((const ICDECOMPRESS *)lparam1);
    case ICM_COMPRESS_END:
    case ICM_DECOMPRESS_END:
        return ICERR_OK;
    default:
        if (message >= ICM_USER)
            return ICERR_UNSUPPORTED;
        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
    }
}
