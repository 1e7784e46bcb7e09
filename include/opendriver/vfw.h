/*
 * vfw.h - the functions of msvfw32 for video codecs, and what they speak of.
 *
 * Part of opendriver's subset for Linux; link with -lmsvfw32 or -lopendriver, or ask
 * `pkg-config --cflags --libs opendriver`. What is different without a screen, and who frees what: docs/msvfw32.md.
 * A program that is a codec, too, includes this before opendriver-vfw.h.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_MSVFW32_H
#define OPENDRIVER_MSVFW32_H

#ifdef OPENDRIVER_VFW_H
#error "include <vfw.h> before opendriver-vfw.h"
#endif
/* What opendriver-vfw.h looks for. */
#define _INC_VFW

#include "mmsystem.h"
#include "wingdi.h"

#define ICVERSION 0x0104

DECLARE_HANDLE(HIC);

/* What a HIC is of: fccType. */
#define ICTYPE_VIDEO mmioFOURCC('v', 'i', 'd', 'c')
#define ICTYPE_AUDIO mmioFOURCC('a', 'u', 'd', 'c')

/* Answers of codecs, and of functions that are no BOOL and no handle. */
#define ICERR_OK 0
#define ICERR_DONTDRAW 1   /* done, and the frame need not be shown */
#define ICERR_NEWPALETTE 2 /* done, and the palette changed */
#define ICERR_GOTOKEYFRAME 3
#define ICERR_STOPDRAWING 4
#define ICERR_UNSUPPORTED (-1) /* the codec does not know the message */
#define ICERR_BADFORMAT (-2)
#define ICERR_MEMORY (-3)
#define ICERR_INTERNAL (-4) /* the codec broke */
#define ICERR_BADFLAGS (-5)
#define ICERR_BADPARAM (-6) /* a pointer leads nowhere, among others */
#define ICERR_BADSIZE (-7)
#define ICERR_BADHANDLE (-8)
#define ICERR_CANTUPDATE (-9)
#define ICERR_ABORT (-10)
#define ICERR_ERROR (-100)
#define ICERR_BADBITDEPTH (-200)
#define ICERR_BADIMAGESIZE (-201)
#define ICERR_CUSTOM (-400) /* codecs' own errors go down from here */

/* What a codec is opened for. */
#define ICMODE_COMPRESS 1
#define ICMODE_DECOMPRESS 2
#define ICMODE_FASTDECOMPRESS 3
#define ICMODE_QUERY 4
#define ICMODE_FASTCOMPRESS 5
#define ICMODE_DRAW 8

/* What a compressor tells of a frame. */
#define AVIIF_LIST 0x00000001
#define AVIIF_TWOCC 0x00000002
#define AVIIF_KEYFRAME 0x00000010

#define ICQUALITY_LOW 0
#define ICQUALITY_HIGH 10000
#define ICQUALITY_DEFAULT (-1)

/* Messages to codecs. */
#define ICM_USER (DRV_USER + 0x0000)
#define ICM_RESERVED_LOW (DRV_USER + 0x1000)
#define ICM_RESERVED_HIGH (DRV_USER + 0x2000)
#define ICM_RESERVED ICM_RESERVED_LOW

#define ICM_GETSTATE (ICM_RESERVED + 0)
#define ICM_SETSTATE (ICM_RESERVED + 1)
#define ICM_GETINFO (ICM_RESERVED + 2)
#define ICM_CONFIGURE (ICM_RESERVED + 10)
#define ICM_ABOUT (ICM_RESERVED + 11)
#define ICM_GETERRORTEXT (ICM_RESERVED + 12)
#define ICM_GETFORMATNAME (ICM_RESERVED + 20)
#define ICM_ENUMFORMATS (ICM_RESERVED + 21)
#define ICM_GETDEFAULTQUALITY (ICM_RESERVED + 30)
#define ICM_GETQUALITY (ICM_RESERVED + 31)
#define ICM_SETQUALITY (ICM_RESERVED + 32)
#define ICM_SET (ICM_RESERVED + 40)
#define ICM_GET (ICM_RESERVED + 41)
#define ICM_FRAMERATE mmioFOURCC('F', 'r', 'm', 'R')
#define ICM_KEYFRAMERATE mmioFOURCC('K', 'e', 'y', 'R')

#define ICM_COMPRESS_GET_FORMAT (ICM_USER + 4)
#define ICM_COMPRESS_GET_SIZE (ICM_USER + 5)
#define ICM_COMPRESS_QUERY (ICM_USER + 6)
#define ICM_COMPRESS_BEGIN (ICM_USER + 7)
#define ICM_COMPRESS (ICM_USER + 8)
#define ICM_COMPRESS_END (ICM_USER + 9)
#define ICM_COMPRESS_FRAMES_INFO (ICM_USER + 70)
#define ICM_COMPRESS_FRAMES (ICM_USER + 71)
#define ICM_SET_STATUS_PROC (ICM_USER + 72)

#define ICM_DECOMPRESS_GET_FORMAT (ICM_USER + 10)
#define ICM_DECOMPRESS_QUERY (ICM_USER + 11)
#define ICM_DECOMPRESS_BEGIN (ICM_USER + 12)
#define ICM_DECOMPRESS (ICM_USER + 13)
#define ICM_DECOMPRESS_END (ICM_USER + 14)
#define ICM_DECOMPRESS_SET_PALETTE (ICM_USER + 29)
#define ICM_DECOMPRESS_GET_PALETTE (ICM_USER + 30)
#define ICM_DECOMPRESSEX_BEGIN (ICM_USER + 60)
#define ICM_DECOMPRESSEX_QUERY (ICM_USER + 61)
#define ICM_DECOMPRESSEX (ICM_USER + 62)
#define ICM_DECOMPRESSEX_END (ICM_USER + 63)

#define ICM_DRAW_BEGIN (ICM_USER + 15)
#define ICM_DRAW_GET_PALETTE (ICM_USER + 16)
#define ICM_DRAW_UPDATE (ICM_USER + 17)
#define ICM_DRAW_START (ICM_USER + 18)
#define ICM_DRAW_STOP (ICM_USER + 19)
#define ICM_DRAW_BITS (ICM_USER + 20)
#define ICM_DRAW_END (ICM_USER + 21)
#define ICM_DRAW_QUERY (ICM_USER + 31)
#define ICM_DRAW_GETTIME (ICM_USER + 32)
#define ICM_DRAW (ICM_USER + 33)
#define ICM_DRAW_WINDOW (ICM_USER + 34)
#define ICM_DRAW_SETTIME (ICM_USER + 35)
#define ICM_DRAW_REALIZE (ICM_USER + 36)
#define ICM_DRAW_FLUSH (ICM_USER + 37)
#define ICM_DRAW_RENDERBUFFER (ICM_USER + 38)
#define ICM_DRAW_START_PLAY (ICM_USER + 39)
#define ICM_DRAW_STOP_PLAY (ICM_USER + 40)
#define ICM_GETBUFFERSWANTED (ICM_USER + 41)
#define ICM_GETDEFAULTKEYFRAMERATE (ICM_USER + 42)
#define ICM_DRAW_SUGGESTFORMAT (ICM_USER + 50)
#define ICM_DRAW_CHANGEPALETTE (ICM_USER + 51)
#define ICM_DRAW_IDLE (ICM_USER + 52)

/* ICINFO.dwFlags: what a codec can do. */
#define VIDCF_QUALITY 0x0001        /* it has qualities */
#define VIDCF_CRUNCH 0x0002         /* it keeps to a size */
#define VIDCF_TEMPORAL 0x0004       /* frames build on earlier ones */
#define VIDCF_COMPRESSFRAMES 0x0008 /* it wants to hear of all frames first */
#define VIDCF_DRAW 0x0010
#define VIDCF_FASTTEMPORALC 0x0020 /* it needs no earlier picture to compress */
#define VIDCF_QUALITYTIME 0x0040
#define VIDCF_FASTTEMPORALD 0x0080 /* it needs no earlier picture to decompress */
#define VIDCF_FASTTEMPORAL (VIDCF_FASTTEMPORALC | VIDCF_FASTTEMPORALD)

/* Flags of frames. */
#define ICCOMPRESS_KEYFRAME 0x00000001
#define ICCOMPRESSFRAMES_PADDING 0x00000001

#define ICDECOMPRESS_HURRYUP 0x80000000
#define ICDECOMPRESS_UPDATE 0x40000000
#define ICDECOMPRESS_PREROLL 0x20000000
#define ICDECOMPRESS_NULLFRAME 0x10000000
#define ICDECOMPRESS_NOTKEYFRAME 0x08000000

#define ICDRAW_HURRYUP 0x80000000
#define ICDRAW_UPDATE 0x40000000
#define ICDRAW_PREROLL 0x20000000
#define ICDRAW_NULLFRAME 0x10000000
#define ICDRAW_NOTKEYFRAME 0x08000000
#define ICDRAW_QUERY 0x00000001
#define ICDRAW_FULLSCREEN 0x00000002
#define ICDRAW_HDC 0x00000004
#define ICDRAW_ANIMATE 0x00000008
#define ICDRAW_CONTINUE 0x00000010
#define ICDRAW_MEMORYDC 0x00000020
#define ICDRAW_UPDATING 0x00000040
#define ICDRAW_RENDER 0x00000080
#define ICDRAW_BUFFER 0x00000100

#define ICSTATUS_START 0
#define ICSTATUS_STATUS 1
#define ICSTATUS_END 2
#define ICSTATUS_ERROR 3
#define ICSTATUS_YIELD 4

/* ICInstall: what its third parameter is. */
#define ICINSTALL_FUNCTION 0x0001 /* a DRIVERPROC of this program, and for this program only */
#define ICINSTALL_DRIVER 0x0002   /* the name of a driver's file */
#define ICINSTALL_HDRV 0x0004     /* an HDRVR: its driver, for this program only */
#define ICINSTALL_UNICODE 0x8000
#define ICINSTALL_DRIVERW 0x8002

#define ICMF_CONFIGURE_QUERY 0x00000001
#define ICMF_ABOUT_QUERY 0x00000001
#define ICMF_COMPVARS_VALID 0x00000001
#define ICMF_CHOOSE_KEYFRAME 0x0001
#define ICMF_CHOOSE_DATARATE 0x0002
#define ICMF_CHOOSE_PREVIEW 0x0004
#define ICMF_CHOOSE_ALLCOMPRESSORS 0x0008

/* What lParam2 of DRV_OPEN points at for a codec. */
typedef struct {
    DWORD dwSize;
    DWORD fccType;
    DWORD fccHandler;
    DWORD dwVersion;
    DWORD dwFlags;   /* ICMODE_* */
    LRESULT dwError; /* out: why the codec refuses */
    LPVOID pV1Reserved;
    LPVOID pV2Reserved;
    DWORD dnDevNode;
} ICOPEN;

/* What a codec says of itself. */
typedef struct {
    DWORD dwSize;
    DWORD fccType;
    DWORD fccHandler;
    DWORD dwFlags; /* VIDCF_* */
    DWORD dwVersion;
    DWORD dwVersionICM;
    WCHAR szName[16];
    WCHAR szDescription[128];
    WCHAR szDriver[128]; /* its file */
} ICINFO;

/* One picture to compress: lParam1 of ICM_COMPRESS. */
typedef struct {
    DWORD dwFlags;
    LPBITMAPINFOHEADER lpbiOutput; /* out: biSizeImage is how long the frame is */
    LPVOID lpOutput;
    LPBITMAPINFOHEADER lpbiInput;
    LPVOID lpInput;
    LPDWORD lpckid;    /* out, or NULL: the code of the chunk */
    LPDWORD lpdwFlags; /* out, or NULL: AVIIF_* */
    LONG lFrameNum;
    DWORD dwFrameSize; /* how long the frame may be; 0: any length */
    DWORD dwQuality;
    LPBITMAPINFOHEADER lpbiPrev; /* the picture before, or NULL */
    LPVOID lpPrev;
} ICCOMPRESS;

/* Pictures to come: lParam1 of ICM_COMPRESS_FRAMES_INFO. */
typedef struct {
    DWORD dwFlags;
    LPBITMAPINFOHEADER lpbiOutput;
    LPARAM lOutput;
    LPBITMAPINFOHEADER lpbiInput;
    LPARAM lInput;
    LONG lStartFrame;
    LONG lFrameCount;
    LONG lQuality;
    LONG lDataRate;
    LONG lKeyRate;
    DWORD dwRate; /* dwRate / dwScale pictures in a second */
    DWORD dwScale;
    DWORD dwOverheadPerFrame;
    DWORD dwReserved2;
    LONG(CALLBACK *GetData)(LPARAM lInput, LONG lFrame, LPVOID lpBits, LONG len);
    LONG(CALLBACK *PutData)(LPARAM lOutput, LONG lFrame, LPVOID lpBits, LONG len);
} ICCOMPRESSFRAMES;

/* Who hears how far the codec is: lParam1 of ICM_SET_STATUS_PROC. */
typedef struct {
    DWORD dwFlags;
    LPARAM lParam;
    LONG(CALLBACK *Status)(LPARAM lParam, UINT message, LONG l);
} ICSETSTATUSPROC;

/* One frame to decompress: lParam1 of ICM_DECOMPRESS. */
typedef struct {
    DWORD dwFlags;
    LPBITMAPINFOHEADER lpbiInput; /* biSizeImage is how long the frame is */
    LPVOID lpInput;
    LPBITMAPINFOHEADER lpbiOutput;
    LPVOID lpOutput; /* the picture before; the codec writes what changed */
    DWORD ckid;
} ICDECOMPRESS;

/* The same, a part of the frame to a part of the picture: lParam1 of ICM_DECOMPRESSEX. */
typedef struct {
    DWORD dwFlags;
    LPBITMAPINFOHEADER lpbiSrc;
    LPVOID lpSrc;
    LPBITMAPINFOHEADER lpbiDst;
    LPVOID lpDst;
    int xDst;
    int yDst;
    int dxDst;
    int dyDst;
    int xSrc;
    int ySrc;
    int dxSrc;
    int dySrc;
} ICDECOMPRESSEX;

typedef struct {
    DWORD dwFlags;
    HPALETTE hpal;
    HWND hwnd;
    HDC hdc;
    int xDst;
    int yDst;
    int dxDst;
    int dyDst;
    LPBITMAPINFOHEADER lpbi;
    int xSrc;
    int ySrc;
    int dxSrc;
    int dySrc;
    DWORD dwRate;
    DWORD dwScale;
} ICDRAWBEGIN;

typedef struct {
    DWORD dwFlags;
    LPVOID lpFormat;
    LPVOID lpData;
    DWORD cbData;
    LONG lTime;
} ICDRAW;

typedef struct {
    LPBITMAPINFOHEADER lpbiIn;
    LPBITMAPINFOHEADER lpbiSuggest;
    int dxSrc;
    int dySrc;
    int dxDst;
    int dyDst;
    HIC hicDecompressor;
} ICDRAWSUGGEST;

typedef struct {
    DWORD dwFlags;
    int iStart;
    int iLen;
    LPPALETTEENTRY lppe;
} ICPALETTE;

/* What a sequence of pictures is compressed by. Start with zeros; a program fills cbSize, dwFlags, hic, fccType, fccHandler,
 * lKey and lQ. */
typedef struct {
    LONG cbSize;
    DWORD dwFlags; /* ICMF_COMPVARS_VALID */
    HIC hic;
    DWORD fccType;
    DWORD fccHandler;
    LPBITMAPINFO lpbiIn;
    LPBITMAPINFO lpbiOut; /* NULL: the codec's own */
    LPVOID lpBitsOut;
    LPVOID lpBitsPrev;
    LONG lFrame;
    LONG lKey; /* each how many frames is a key frame; 0: the first one only */
    LONG lDataRate;
    LONG lQ; /* ICQUALITY_* */
    LONG lKeyCount;
    LPVOID lpState;
    LONG cbState;
} COMPVARS, *PCOMPVARS;

#ifdef __cplusplus
extern "C" {
#endif

DWORD WINAPI VideoForWindowsVersion(void);

BOOL WINAPI ICInfo(DWORD fccType, DWORD fccHandler, ICINFO *info);
BOOL WINAPI ICInstall(DWORD fccType, DWORD fccHandler, LPARAM what, LPSTR description, UINT flags);
BOOL WINAPI ICRemove(DWORD fccType, DWORD fccHandler, UINT flags);

HIC WINAPI ICOpen(DWORD fccType, DWORD fccHandler, UINT mode);
HIC WINAPI ICOpenFunction(DWORD fccType, DWORD fccHandler, UINT mode, FARPROC function);
HIC WINAPI ICLocate(DWORD fccType, DWORD fccHandler, LPBITMAPINFOHEADER input, LPBITMAPINFOHEADER output, WORD mode);
LRESULT WINAPI ICGetInfo(HIC hic, ICINFO *info, DWORD room);
LRESULT WINAPI ICClose(HIC hic);
LRESULT WINAPI ICSendMessage(HIC hic, UINT message, DWORD_PTR param1, DWORD_PTR param2);

DWORD ICCompress(HIC hic, DWORD flags, LPBITMAPINFOHEADER outputFormat, LPVOID output, LPBITMAPINFOHEADER inputFormat,
                 LPVOID input, LPDWORD chunk, LPDWORD indexFlags, LONG frame, DWORD frameSize, DWORD quality,
                 LPBITMAPINFOHEADER previousFormat, LPVOID previous);
DWORD ICDecompress(HIC hic, DWORD flags, LPBITMAPINFOHEADER inputFormat, LPVOID input, LPBITMAPINFOHEADER outputFormat,
                   LPVOID output);
DWORD ICDrawBegin(HIC hic, DWORD flags, HPALETTE palette, HWND window, HDC context, int xDst, int yDst, int dxDst,
                  int dyDst, LPBITMAPINFOHEADER inputFormat, int xSrc, int ySrc, int dxSrc, int dySrc, DWORD rate,
                  DWORD scale);
DWORD ICDraw(HIC hic, DWORD flags, LPVOID format, LPVOID data, DWORD length, LONG time);

HIC WINAPI ICGetDisplayFormat(HIC hic, LPBITMAPINFOHEADER input, LPBITMAPINFOHEADER output, int bits, int width,
                              int height);

/* These two answer memory with a BITMAPINFO and the image behind it, which the program frees with GlobalFree. */
HANDLE WINAPI ICImageCompress(HIC hic, UINT flags, LPBITMAPINFO inputFormat, LPVOID input, LPBITMAPINFO outputFormat,
                              LONG quality, LONG *size);
HANDLE WINAPI ICImageDecompress(HIC hic, UINT flags, LPBITMAPINFO inputFormat, LPVOID input,
                                LPBITMAPINFO outputFormat);

/* There is nobody to choose: it opens what a valid COMPVARS names, and answers FALSE otherwise. */
BOOL WINAPI ICCompressorChoose(HWND window, UINT flags, LPVOID input, LPVOID data, PCOMPVARS vars, LPSTR title);
void WINAPI ICCompressorFree(PCOMPVARS vars);
BOOL WINAPI ICSeqCompressFrameStart(PCOMPVARS vars, LPBITMAPINFO input);
LPVOID WINAPI ICSeqCompressFrame(PCOMPVARS vars, UINT flags, LPVOID picture, BOOL *key, LONG *size);
void WINAPI ICSeqCompressFrameEnd(PCOMPVARS vars);

/* Of kernel32: what the answers of ICImageCompress and ICImageDecompress need. Here they do not move: a handle is its address. */
#ifndef OPENDRIVER_H
int opendriver_free(void *bytes);
size_t opendriver_size(const void *bytes);
#endif

static inline LPVOID GlobalLock(HGLOBAL memory) {
    return memory;
}

static inline BOOL GlobalUnlock(HGLOBAL memory) {
    (void)memory;
    return FALSE;
}

static inline SIZE_T GlobalSize(HGLOBAL memory) {
    return opendriver_size(memory);
}

static inline HGLOBAL GlobalFree(HGLOBAL memory) {
    return opendriver_free(memory) == 0 ? (HGLOBAL)0 : memory;
}

#ifdef __cplusplus
}
#endif

/* Messages, written as calls. */
#define ICOPENDRIVER_PARAM(value) ((DWORD_PTR)(value))
#define ICOPENDRIVER_SEND(hic, message, param1, param2) \
    ICSendMessage(hic, message, ICOPENDRIVER_PARAM(param1), ICOPENDRIVER_PARAM(param2))

#define ICQueryAbout(hic) (ICOPENDRIVER_SEND(hic, ICM_ABOUT, -1, ICMF_ABOUT_QUERY) == ICERR_OK)
#define ICAbout(hic, window) ICOPENDRIVER_SEND(hic, ICM_ABOUT, window, 0)
#define ICQueryConfigure(hic) (ICOPENDRIVER_SEND(hic, ICM_CONFIGURE, -1, ICMF_CONFIGURE_QUERY) == ICERR_OK)
#define ICConfigure(hic, window) ICOPENDRIVER_SEND(hic, ICM_CONFIGURE, window, 0)

#define ICGetState(hic, state, size) ICOPENDRIVER_SEND(hic, ICM_GETSTATE, state, size)
#define ICSetState(hic, state, size) ICOPENDRIVER_SEND(hic, ICM_SETSTATE, state, size)
#define ICGetStateSize(hic) ((DWORD)ICGetState(hic, 0, 0))

#define ICCompressBegin(hic, input, output) ICOPENDRIVER_SEND(hic, ICM_COMPRESS_BEGIN, input, output)
#define ICCompressQuery(hic, input, output) ICOPENDRIVER_SEND(hic, ICM_COMPRESS_QUERY, input, output)
#define ICCompressGetFormat(hic, input, output) ICOPENDRIVER_SEND(hic, ICM_COMPRESS_GET_FORMAT, input, output)
#define ICCompressGetFormatSize(hic, input) ((DWORD)ICCompressGetFormat(hic, input, 0))
#define ICCompressGetSize(hic, input, output) ((DWORD)ICOPENDRIVER_SEND(hic, ICM_COMPRESS_GET_SIZE, input, output))
#define ICCompressEnd(hic) ICOPENDRIVER_SEND(hic, ICM_COMPRESS_END, 0, 0)

#define ICDecompressBegin(hic, input, output) ICOPENDRIVER_SEND(hic, ICM_DECOMPRESS_BEGIN, input, output)
#define ICDecompressQuery(hic, input, output) ICOPENDRIVER_SEND(hic, ICM_DECOMPRESS_QUERY, input, output)
#define ICDecompressGetFormat(hic, input, output) \
    ((LONG)ICOPENDRIVER_SEND(hic, ICM_DECOMPRESS_GET_FORMAT, input, output))
#define ICDecompressGetFormatSize(hic, input) ICDecompressGetFormat(hic, input, 0)
#define ICDecompressGetPalette(hic, input, output) ICOPENDRIVER_SEND(hic, ICM_DECOMPRESS_GET_PALETTE, input, output)
#define ICDecompressSetPalette(hic, palette) ICOPENDRIVER_SEND(hic, ICM_DECOMPRESS_SET_PALETTE, palette, 0)
#define ICDecompressEnd(hic) ICOPENDRIVER_SEND(hic, ICM_DECOMPRESS_END, 0, 0)
#define ICDecompressExEnd(hic) ICOPENDRIVER_SEND(hic, ICM_DECOMPRESSEX_END, 0, 0)

#define ICDrawWindow(hic, rectangle) ICOPENDRIVER_SEND(hic, ICM_DRAW_WINDOW, rectangle, sizeof(RECT))
#define ICDrawQuery(hic, input) ICOPENDRIVER_SEND(hic, ICM_DRAW_QUERY, input, 0)
#define ICDrawChangePalette(hic, input) ICOPENDRIVER_SEND(hic, ICM_DRAW_CHANGEPALETTE, input, 0)
#define ICGetBuffersWanted(hic, count) ICOPENDRIVER_SEND(hic, ICM_GETBUFFERSWANTED, count, 0)
#define ICDrawEnd(hic) ICOPENDRIVER_SEND(hic, ICM_DRAW_END, 0, 0)
#define ICDrawStart(hic) ICOPENDRIVER_SEND(hic, ICM_DRAW_START, 0, 0)
#define ICDrawStartPlay(hic, from, to) ICOPENDRIVER_SEND(hic, ICM_DRAW_START_PLAY, from, to)
#define ICDrawStop(hic) ICOPENDRIVER_SEND(hic, ICM_DRAW_STOP, 0, 0)
#define ICDrawStopPlay(hic) ICOPENDRIVER_SEND(hic, ICM_DRAW_STOP_PLAY, 0, 0)
#define ICDrawGetTime(hic, time) ICOPENDRIVER_SEND(hic, ICM_DRAW_GETTIME, time, 0)
#define ICDrawSetTime(hic, time) ICOPENDRIVER_SEND(hic, ICM_DRAW_SETTIME, time, 0)
#define ICDrawRealize(hic, context, background) ICOPENDRIVER_SEND(hic, ICM_DRAW_REALIZE, context, background)
#define ICDrawFlush(hic) ICOPENDRIVER_SEND(hic, ICM_DRAW_FLUSH, 0, 0)
#define ICDrawRenderBuffer(hic) ICOPENDRIVER_SEND(hic, ICM_DRAW_RENDERBUFFER, 0, 0)

#define ICDecompressOpen(type, handler, input, output) ICLocate(type, handler, input, output, ICMODE_DECOMPRESS)
#define ICDrawOpen(type, handler, input) ICLocate(type, handler, input, NULL, ICMODE_DRAW)

/* The number that a codec writes for a message. */
static inline DWORD opendriver_ic_number(HIC hic, UINT message) {
    DWORD number = 0;
    ICOPENDRIVER_SEND(hic, message, &number, sizeof number);
    return number;
}
#define ICGetDefaultQuality(hic) opendriver_ic_number(hic, ICM_GETDEFAULTQUALITY)
#define ICGetDefaultKeyFrameRate(hic) opendriver_ic_number(hic, ICM_GETDEFAULTKEYFRAMERATE)

static inline LRESULT opendriver_ic_parts(HIC hic, UINT message, DWORD flags, LPBITMAPINFOHEADER lpbiSrc, LPVOID lpSrc,
                                          int xSrc, int ySrc, int dxSrc, int dySrc, LPBITMAPINFOHEADER lpbiDst,
                                          LPVOID lpDst, int xDst, int yDst, int dxDst, int dyDst) {
    ICDECOMPRESSEX parts;
    parts.dwFlags = flags;
    parts.lpbiSrc = lpbiSrc;
    parts.lpSrc = lpSrc;
    parts.lpbiDst = lpbiDst;
    parts.lpDst = lpDst;
    parts.xDst = xDst;
    parts.yDst = yDst;
    parts.dxDst = dxDst;
    parts.dyDst = dyDst;
    parts.xSrc = xSrc;
    parts.ySrc = ySrc;
    parts.dxSrc = dxSrc;
    parts.dySrc = dySrc;
    return ICOPENDRIVER_SEND(hic, message, &parts, sizeof parts);
}

static inline LRESULT ICDecompressEx(HIC hic, DWORD flags, LPBITMAPINFOHEADER lpbiSrc, LPVOID lpSrc, int xSrc, int ySrc,
                                     int dxSrc, int dySrc, LPBITMAPINFOHEADER lpbiDst, LPVOID lpDst, int xDst, int yDst,
                                     int dxDst, int dyDst) {
    return opendriver_ic_parts(hic, ICM_DECOMPRESSEX, flags, lpbiSrc, lpSrc, xSrc, ySrc, dxSrc, dySrc, lpbiDst, lpDst,
                               xDst, yDst, dxDst, dyDst);
}

static inline LRESULT ICDecompressExBegin(HIC hic, DWORD flags, LPBITMAPINFOHEADER lpbiSrc, LPVOID lpSrc, int xSrc,
                                          int ySrc, int dxSrc, int dySrc, LPBITMAPINFOHEADER lpbiDst, LPVOID lpDst,
                                          int xDst, int yDst, int dxDst, int dyDst) {
    return opendriver_ic_parts(hic, ICM_DECOMPRESSEX_BEGIN, flags, lpbiSrc, lpSrc, xSrc, ySrc, dxSrc, dySrc, lpbiDst,
                               lpDst, xDst, yDst, dxDst, dyDst);
}

static inline LRESULT ICDecompressExQuery(HIC hic, DWORD flags, LPBITMAPINFOHEADER lpbiSrc, LPVOID lpSrc, int xSrc,
                                          int ySrc, int dxSrc, int dySrc, LPBITMAPINFOHEADER lpbiDst, LPVOID lpDst,
                                          int xDst, int yDst, int dxDst, int dyDst) {
    return opendriver_ic_parts(hic, ICM_DECOMPRESSEX_QUERY, flags, lpbiSrc, lpSrc, xSrc, ySrc, dxSrc, dySrc, lpbiDst,
                               lpDst, xDst, yDst, dxDst, dyDst);
}

static inline LRESULT ICDrawSuggestFormat(HIC hic, LPBITMAPINFOHEADER input, LPBITMAPINFOHEADER output, int dxSrc,
                                          int dySrc, int dxDst, int dyDst, HIC decompressor) {
    ICDRAWSUGGEST suggest;
    suggest.lpbiIn = input;
    suggest.lpbiSuggest = output;
    suggest.dxSrc = dxSrc;
    suggest.dySrc = dySrc;
    suggest.dxDst = dxDst;
    suggest.dyDst = dyDst;
    suggest.hicDecompressor = decompressor;
    return ICOPENDRIVER_SEND(hic, ICM_DRAW_SUGGESTFORMAT, &suggest, sizeof suggest);
}

/* The function is called by codecs of Linux's own; those of Windows cannot, and answer ICERR_UNSUPPORTED. */
static inline LRESULT ICSetStatusProc(HIC hic, DWORD flags, LPARAM param,
                                      LONG(CALLBACK *status)(LPARAM, UINT, LONG)) {
    ICSETSTATUSPROC proc;
    proc.dwFlags = flags;
    proc.lParam = param;
    proc.Status = status;
    return ICOPENDRIVER_SEND(hic, ICM_SET_STATUS_PROC, &proc, sizeof proc);
}

#endif
