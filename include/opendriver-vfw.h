/*
 * opendriver-vfw.h - what a video codec in C needs to know: the driver's side of Video for Windows.
 *
 * The manager opens a codec with an ICOPEN behind lparam2 of DRV_OPEN, asks what it is (ICM_GETINFO), whether it does
 * what is wanted (*_QUERY, *_GET_FORMAT), and then hands it one frame after the other. Every answer but those to DRV_*
 * messages is ICERR_OK, a size, or the reason why not; to a message that it does not know, ICERR_UNSUPPORTED.
 *
 * Portable C99, and C++; included behind opendriver-driver.h or instead of it. Under Windows it works with
 * <windows.h>, included first, or without it.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_VFW_H
#define OPENDRIVER_VFW_H

#include "opendriver-driver.h"

#if defined(_WINDOWS_) || defined(_WINDEF_)
#include <vfw.h>
#endif

/* Unless another header has it. */
#ifndef _INC_VFW

#define ICTYPE_VIDEO mmioFOURCC('v', 'i', 'd', 'c')

/* Answers. */
#define ICERR_OK 0
#define ICERR_UNSUPPORTED (-1) /* the codec does not know the message */
#define ICERR_BADFORMAT (-2)
#define ICERR_MEMORY (-3)
#define ICERR_INTERNAL (-4)
#define ICERR_BADFLAGS (-5)
#define ICERR_BADPARAM (-6)
#define ICERR_BADSIZE (-7)
#define ICERR_ERROR (-100)

/* ICOPEN.dwFlags: what the codec is opened for. */
#define ICMODE_COMPRESS 1
#define ICMODE_DECOMPRESS 2
#define ICMODE_FASTDECOMPRESS 3
#define ICMODE_QUERY 4
#define ICMODE_FASTCOMPRESS 5
#define ICMODE_DRAW 8

/* ICINFO.dwFlags: what the codec can do. */
#define VIDCF_QUALITY 0x01       /* it has qualities */
#define VIDCF_CRUNCH 0x02        /* it keeps to a data rate */
#define VIDCF_TEMPORAL 0x04      /* frames build on earlier ones */
#define VIDCF_COMPRESSFRAMES 0x08
#define VIDCF_DRAW 0x10
#define VIDCF_FASTTEMPORALC 0x20 /* it needs no earlier frame to compress */
#define VIDCF_FASTTEMPORALD 0x80 /* it needs no earlier frame to decompress */

#define ICCOMPRESS_KEYFRAME 0x00000001
#define AVIIF_KEYFRAME 0x00000010

#define ICDECOMPRESS_HURRYUP 0x80000000
#define ICDECOMPRESS_UPDATE 0x40000000
#define ICDECOMPRESS_PREROLL 0x20000000
#define ICDECOMPRESS_NULLFRAME 0x10000000
#define ICDECOMPRESS_NOTKEYFRAME 0x08000000

#define BI_RGB 0

/* A format of pictures; a palette or masks may follow. Lines begin at multiples of 4 bytes, the lowest line first. */
typedef struct tagBITMAPINFOHEADER {
    DWORD biSize;
    LONG biWidth;
    LONG biHeight; /* negative: the topmost line comes first */
    WORD biPlanes; /* 1 */
    WORD biBitCount;
    DWORD biCompression; /* BI_RGB, or the code of a codec */
    DWORD biSizeImage;
    LONG biXPelsPerMeter;
    LONG biYPelsPerMeter;
    DWORD biClrUsed;
    DWORD biClrImportant;
} BITMAPINFOHEADER;

/* Messages. Formats are BITMAPINFOHEADERs, with what follows them. */
#define ICM_USER DRV_USER
#define ICM_COMPRESS_GET_FORMAT (ICM_USER + 4) /* lparam1: input; lparam2: output to fill, or 0: answer its size */
#define ICM_COMPRESS_GET_SIZE (ICM_USER + 5)   /* lparam1: input; lparam2: output; answers the most bytes of a frame */
#define ICM_COMPRESS_QUERY (ICM_USER + 6)      /* lparam1: input; lparam2: output, or 0: any */
#define ICM_COMPRESS_BEGIN (ICM_USER + 7)      /* lparam1: input; lparam2: output */
#define ICM_COMPRESS (ICM_USER + 8)            /* lparam1: ICCOMPRESS; lparam2: its size */
#define ICM_COMPRESS_END (ICM_USER + 9)
#define ICM_DECOMPRESS_GET_FORMAT (ICM_USER + 10) /* as ICM_COMPRESS_GET_FORMAT */
#define ICM_DECOMPRESS_QUERY (ICM_USER + 11)      /* as ICM_COMPRESS_QUERY */
#define ICM_DECOMPRESS_BEGIN (ICM_USER + 12)      /* lparam1: input; lparam2: output */
#define ICM_DECOMPRESS (ICM_USER + 13)            /* lparam1: ICDECOMPRESS; lparam2: its size */
#define ICM_DECOMPRESS_END (ICM_USER + 14)
#define ICM_DECOMPRESS_SET_PALETTE (ICM_USER + 29)
#define ICM_DECOMPRESS_GET_PALETTE (ICM_USER + 30)
#define ICM_GETDEFAULTKEYFRAMERATE (ICM_USER + 42) /* lparam1: address for the number */
#define ICM_DECOMPRESSEX_BEGIN (ICM_USER + 60)     /* lparam1: ICDECOMPRESSEX; lparam2: its size */
#define ICM_DECOMPRESSEX_QUERY (ICM_USER + 61)
#define ICM_DECOMPRESSEX (ICM_USER + 62)
#define ICM_DECOMPRESSEX_END (ICM_USER + 63)
#define ICM_COMPRESS_FRAMES_INFO (ICM_USER + 70) /* lparam1: ICCOMPRESSFRAMES; lparam2: its size */
#define ICM_RESERVED 0x5000
#define ICM_GETSTATE (ICM_RESERVED + 0) /* lparam1: address, or 0: answer the size; lparam2: bytes there */
#define ICM_SETSTATE (ICM_RESERVED + 1)
#define ICM_GETINFO (ICM_RESERVED + 2)    /* lparam1: ICINFO, or 0: answer its size; lparam2: bytes there; answers its size */
#define ICM_CONFIGURE (ICM_RESERVED + 10) /* lparam1: parent window, or -1: is there a dialog? */
#define ICM_ABOUT (ICM_RESERVED + 11)
#define ICM_GETDEFAULTQUALITY (ICM_RESERVED + 30) /* lparam1: address for the number */
#define ICM_GETQUALITY (ICM_RESERVED + 31)
#define ICM_SETQUALITY (ICM_RESERVED + 32)

/* What lparam2 of DRV_OPEN points at; it is 0 where the codec is only to be configured. */
typedef struct {
    DWORD dwSize;
    FOURCC fccType; /* ICTYPE_VIDEO: refuse any other */
    FOURCC fccHandler;
    DWORD dwVersion;
    DWORD dwFlags;   /* ICMODE_* */
    LRESULT dwError; /* out: why the codec refuses */
    void *pV1Reserved;
    void *pV2Reserved;
    DWORD dnDevNode;
} ICOPEN;

/* What ICM_GETINFO fills. */
typedef struct {
    DWORD dwSize;
    FOURCC fccType;    /* ICTYPE_VIDEO */
    FOURCC fccHandler; /* the codec's code */
    DWORD dwFlags;     /* VIDCF_* */
    DWORD dwVersion;
    DWORD dwVersionICM;
    WCHAR szName[16];
    WCHAR szDescription[128];
    WCHAR szDriver[128]; /* the manager fills it */
} ICINFO;

/* One frame to compress. */
typedef struct {
    DWORD dwFlags;                /* ICCOMPRESS_KEYFRAME or 0 */
    BITMAPINFOHEADER *lpbiOutput; /* out: biSizeImage is the frame's length */
    void *lpOutput;
    BITMAPINFOHEADER *lpbiInput;
    void *lpInput;
    DWORD *lpckid;    /* out: code of the chunk; may be NULL */
    DWORD *lpdwFlags; /* out: AVIIF_KEYFRAME or 0; may be NULL */
    LONG lFrameNum;
    DWORD dwFrameSize; /* bytes that the frame may take; 0: any */
    DWORD dwQuality;   /* 0 to 10000 */
    BITMAPINFOHEADER *lpbiPrev;
    void *lpPrev;
} ICCOMPRESS;

/* The frames that follow. */
typedef struct {
    DWORD dwFlags;
    BITMAPINFOHEADER *lpbiOutput;
    LPARAM lOutput;
    BITMAPINFOHEADER *lpbiInput;
    LPARAM lInput;
    LONG lStartFrame;
    LONG lFrameCount;
    LONG lQuality;
    LONG lDataRate; /* bytes in a second; 0: any */
    LONG lKeyRate;
    DWORD dwRate; /* with dwScale: frames in a second are dwRate / dwScale */
    DWORD dwScale;
    DWORD dwOverheadPerFrame;
    DWORD dwReserved2;
    void *GetData;
    void *PutData;
} ICCOMPRESSFRAMES;

/* One frame to decompress. */
typedef struct {
    DWORD dwFlags;               /* ICDECOMPRESS_* */
    BITMAPINFOHEADER *lpbiInput; /* biSizeImage is the frame's length */
    void *lpInput;
    BITMAPINFOHEADER *lpbiOutput;
    void *lpOutput;
    DWORD ckid;
} ICDECOMPRESS;

/* One frame to decompress, from a rectangle to a rectangle. */
typedef struct {
    DWORD dwFlags; /* ICDECOMPRESS_* */
    BITMAPINFOHEADER *lpbiSrc;
    void *lpSrc;
    BITMAPINFOHEADER *lpbiDst;
    void *lpDst;
    int xDst, yDst, dxDst, dyDst;
    int xSrc, ySrc, dxSrc, dySrc;
} ICDECOMPRESSEX;

#endif

#endif
