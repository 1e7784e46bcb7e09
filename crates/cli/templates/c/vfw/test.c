/* The test of {{name}}. */
#include <string.h>

#include "host.h"
#include "opendriver-vfw.h"

/* 5 pixels take 15 bytes, and a line begins at a multiple of 4. */
#define WIDTH 5
#define HEIGHT 2
#define STRIDE 16

static BITMAPINFOHEADER plain = {sizeof plain, WIDTH, HEIGHT, 1, 24, BI_RGB, STRIDE * HEIGHT, 0, 0, 0, 0};
static BITMAPINFOHEADER compressed;

static BYTE picture[STRIDE * HEIGHT + 1] = "aaaaaaaaabbbbbb\0"
                                           "cccccccccccczyx";

/* The same, the topmost line first. */
static BITMAPINFOHEADER upside_down = {sizeof plain, WIDTH, -HEIGHT, 1, 24, BI_RGB, STRIDE * HEIGHT, 0, 0, 0, 0};

static void it_says_what_it_is(Instance codec)
{
    ICINFO info = {0};
    expect("it says how long that is", ask(codec, ICM_GETINFO, 0, 0), sizeof info);
    expect("it needs as much room", ask(codec, ICM_GETINFO, (LPARAM)&info, sizeof info - 1), 0);
    expect("it says what it is", ask(codec, ICM_GETINFO, (LPARAM)&info, sizeof info), sizeof info);
    expect("it is a video codec", info.fccType, ICTYPE_VIDEO);
}

static void it_goes_there_and_back(Instance codec)
{
    expect("it compresses this", ask(codec, ICM_COMPRESS_QUERY, (LPARAM)&plain, 0), ICERR_OK);
    expect("to this", ask(codec, ICM_COMPRESS_GET_FORMAT, (LPARAM)&plain, (LPARAM)&compressed), ICERR_OK);

    BYTE packet[64], again[STRIDE * HEIGHT] = {0};
    LRESULT most = ask(codec, ICM_COMPRESS_GET_SIZE, (LPARAM)&plain, (LPARAM)&compressed);
    expect("there is room", most <= (LRESULT)sizeof packet, 1);
    DWORD flags = 0;
    ICCOMPRESS in = {.dwFlags = ICCOMPRESS_KEYFRAME, .lpbiInput = &plain, .lpInput = picture, .lpbiOutput = &compressed, .lpOutput = packet, .lpdwFlags = &flags};
    expect("it begins", ask(codec, ICM_COMPRESS_BEGIN, (LPARAM)&plain, (LPARAM)&compressed), ICERR_OK);
    expect("it compresses", ask(codec, ICM_COMPRESS, (LPARAM)&in, sizeof in), ICERR_OK);
    expect("it ends", ask(codec, ICM_COMPRESS_END, 0, 0), ICERR_OK);
    expect("a key frame", flags, AVIIF_KEYFRAME);
    expect("four runs", compressed.biSizeImage, 16);
    expect("three, two, four and one", memcmp(packet, "\3aaa\2bbb\4ccc\1zyx", 16), 0);

    ICDECOMPRESS out = {.lpbiInput = &compressed, .lpInput = packet, .lpbiOutput = &plain, .lpOutput = again};
    expect("it begins again", ask(codec, ICM_DECOMPRESS_BEGIN, (LPARAM)&compressed, (LPARAM)&plain), ICERR_OK);
    expect("it decompresses", ask(codec, ICM_DECOMPRESS, (LPARAM)&out, sizeof out), ICERR_OK);
    expect("it ends again", ask(codec, ICM_DECOMPRESS_END, 0, 0), ICERR_OK);
    expect("the picture comes back", memcmp(again, picture, sizeof again), 0);

    out.lpbiOutput = &upside_down;
    expect("it decompresses from top to bottom", ask(codec, ICM_DECOMPRESS, (LPARAM)&out, sizeof out), ICERR_OK);
    expect("the last line is the lowest", memcmp(again + STRIDE, picture, STRIDE), 0);
    in.lpbiInput = &upside_down;
    in.lpInput = again;
    expect("it compresses from top to bottom", ask(codec, ICM_COMPRESS, (LPARAM)&in, sizeof in), ICERR_OK);
    expect("to the same runs", memcmp(packet, "\3aaa\2bbb\4ccc\1zyx", 16), 0);
}

/* What a broken file may hold: no packet may lead out of the picture. */
static void it_survives_a_broken_frame(Instance codec)
{
    static const char *const BROKEN[] = {"\6aaa", "\0aaa", "\3aaa\2bb", "\5aaa"};
    for (int i = 0; i < 4; i++) {
        BYTE again[STRIDE * HEIGHT];
        compressed.biSizeImage = i == 2 ? 7 : 4;
        ICDECOMPRESS out = {.lpbiInput = &compressed, .lpInput = (void *)BROKEN[i], .lpbiOutput = &plain, .lpOutput = again};
        expect("a broken frame", ask(codec, ICM_DECOMPRESS, (LPARAM)&out, sizeof out), ICERR_ERROR);
    }
}

static void it_refuses_what_it_does_not_know(Instance codec)
{
    BITMAPINFOHEADER deep = plain;
    deep.biBitCount = 32;
    expect("32 bits", ask(codec, ICM_COMPRESS_QUERY, (LPARAM)&deep, 0), ICERR_BADFORMAT);
    BITMAPINFOHEADER wide = plain;
    wide.biWidth = 0x7fffffff;
    expect("too wide", ask(codec, ICM_COMPRESS_QUERY, (LPARAM)&wide, 0), ICERR_BADFORMAT);
    expect("an unknown message", ask(codec, ICM_GETQUALITY, 0, 0), ICERR_UNSUPPORTED);
    ICOPEN open = {.dwSize = sizeof open, .fccType = mmioFOURCC('a', 'u', 'd', 'c')};
    expect("sound", open_instance("", &open).id, 0);
}

int main(int count, char **words)
{
    load(count, words);
    ICOPEN open = {.dwSize = sizeof open, .fccType = ICTYPE_VIDEO, .fccHandler = mmioFOURCC('R', 'U', 'N', 'S')};
    Instance first = open_instance("", &open), second = open_instance("", &open);
    it_says_what_it_is(first);
    it_goes_there_and_back(first);
    it_survives_a_broken_frame(first);
    it_refuses_what_it_does_not_know(second);
    expect("the first closes", ask(first, DRV_CLOSE, 0, 0), 1);
    expect("the second closes", ask(second, DRV_CLOSE, 0, 0), 1);
    return unload();
}
