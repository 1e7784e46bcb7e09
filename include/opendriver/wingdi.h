/*
 * wingdi.h - formats of pictures, as video codecs take and give them.
 *
 * Part of opendriver's subset for Linux. Nothing here draws.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_WINGDI_H
#define OPENDRIVER_WINGDI_H

#include "windef.h"

/* biCompression, where it is not the code of a codec. */
#ifndef BI_RGB
#define BI_RGB 0
#endif
#define BI_RLE8 1
#define BI_RLE4 2
#define BI_BITFIELDS 3 /* three masks follow: red, green, blue */

typedef struct tagRGBQUAD {
    BYTE rgbBlue;
    BYTE rgbGreen;
    BYTE rgbRed;
    BYTE rgbReserved;
} RGBQUAD, *LPRGBQUAD;

typedef struct tagPALETTEENTRY {
    BYTE peRed;
    BYTE peGreen;
    BYTE peBlue;
    BYTE peFlags;
} PALETTEENTRY, *PPALETTEENTRY, *LPPALETTEENTRY;

/* A format of pictures; masks, a palette or tables of a codec's own may follow. A line begins at a multiple of 4 bytes, the
 * lowest line first. */
typedef struct tagBITMAPINFOHEADER {
    DWORD biSize; /* of this, and of what else belongs to the header */
    LONG biWidth;
    LONG biHeight; /* negative: the topmost line comes first */
    WORD biPlanes; /* 1 */
    WORD biBitCount;
    DWORD biCompression; /* BI_RGB, or the code of a codec */
    DWORD biSizeImage;   /* how many bytes the picture or the frame has */
    LONG biXPelsPerMeter;
    LONG biYPelsPerMeter;
    DWORD biClrUsed; /* how many colours follow; 0: as many as the depth allows */
    DWORD biClrImportant;
} BITMAPINFOHEADER, *PBITMAPINFOHEADER, *LPBITMAPINFOHEADER;

/* The same with the palette; there may be more colours than one. */
typedef struct tagBITMAPINFO {
    BITMAPINFOHEADER bmiHeader;
    RGBQUAD bmiColors[1];
} BITMAPINFO, *PBITMAPINFO, *LPBITMAPINFO;

#endif
