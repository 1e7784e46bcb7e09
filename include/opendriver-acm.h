/*
 * opendriver-acm.h - what an audio codec in C needs to know: the driver's side of the audio compression manager.
 *
 * The manager opens a codec with an ACMDRVOPENDESCW behind lparam2 of DRV_OPEN, asks what it is and which formats it
 * has, opens streams from one format to another, and hands buffers through them. Every answer but those to DRV_*
 * messages is MMSYSERR_NOERROR or the reason why not.
 *
 * Portable C99, and C++; included behind opendriver-driver.h or instead of it. Under Windows it works with
 * <windows.h>, included first, or without it. Structures are packed, as on Windows; only the 64-bit half of Wine leaves
 * room between the fields of a suggestion, a stream and a header, and is known by their larger cbStruct.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_ACM_H
#define OPENDRIVER_ACM_H

#include "opendriver-driver.h"

#if defined(_WINDOWS_) || defined(_WINDEF_)
/* They have what applications see too. */
#include <mmreg.h>
#include <msacm.h>
#endif

/* What applications see too, unless another header has it. */
#ifndef _INC_ACM

/* Answers. */
#define MMSYSERR_NOERROR 0
#define MMSYSERR_ERROR 1
#define MMSYSERR_INVALHANDLE 5
#define MMSYSERR_NOMEM 7
#define MMSYSERR_NOTSUPPORTED 8
#define MMSYSERR_INVALFLAG 10
#define MMSYSERR_INVALPARAM 11
#define ACMERR_NOTPOSSIBLE 512 /* the codec cannot do this */
#define ACMERR_BUSY 513
#define ACMERR_UNPREPARED 514
#define ACMERR_CANCELED 515

/* Kinds of formats. */
#define WAVE_FORMAT_PCM 0x0001
#define WAVE_FORMAT_DEVELOPMENT 0xFFFF /* for codecs that have no number yet */

#define ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC mmioFOURCC('a', 'u', 'd', 'c')
#define ACMDRIVERDETAILS_FCCCOMP_UNDEFINED mmioFOURCC(0, 0, 0, 0)
#define ACMDRIVERDETAILS_SUPPORTF_CODEC 0x01     /* between two tags */
#define ACMDRIVERDETAILS_SUPPORTF_CONVERTER 0x02 /* between two formats of one tag */
#define ACMDRIVERDETAILS_SUPPORTF_FILTER 0x04    /* changes samples, not the format */
#define ACMDRIVERDETAILS_SUPPORTF_HARDWARE 0x08
#define ACMDRIVERDETAILS_SUPPORTF_ASYNC 0x10

/* lparam2 of ACMDM_FORMATTAG_DETAILS: by what a tag is asked for. */
#define ACM_FORMATTAGDETAILSF_INDEX 0
#define ACM_FORMATTAGDETAILSF_FORMATTAG 1
#define ACM_FORMATTAGDETAILSF_LARGESTSIZE 2
#define ACM_FORMATTAGDETAILSF_QUERYMASK 0x0F

/* lparam2 of ACMDM_FORMAT_DETAILS: by what a format is asked for. */
#define ACM_FORMATDETAILSF_INDEX 0
#define ACM_FORMATDETAILSF_FORMAT 1
#define ACM_FORMATDETAILSF_QUERYMASK 0x0F

/* ACMDRVFORMATSUGGEST.fdwSuggest: which fields of the destination are given. */
#define ACM_FORMATSUGGESTF_WFORMATTAG 0x10000
#define ACM_FORMATSUGGESTF_NCHANNELS 0x20000
#define ACM_FORMATSUGGESTF_NSAMPLESPERSEC 0x40000
#define ACM_FORMATSUGGESTF_WBITSPERSAMPLE 0x80000

#define ACM_STREAMOPENF_QUERY 1 /* only ask whether it could be opened */
#define ACM_STREAMOPENF_ASYNC 2
#define ACM_STREAMOPENF_NONREALTIME 4

/* ACMDRVSTREAMSIZE.fdwSize: which of the lengths is given. */
#define ACM_STREAMSIZEF_SOURCE 0
#define ACM_STREAMSIZEF_DESTINATION 1
#define ACM_STREAMSIZEF_QUERYMASK 0x0F

/* ACMDRVSTREAMHEADER.fdwConvert */
#define ACM_STREAMCONVERTF_BLOCKALIGN 0x04 /* use whole blocks only */
#define ACM_STREAMCONVERTF_START 0x10
#define ACM_STREAMCONVERTF_END 0x20

#define ACMDRIVERDETAILS_SHORTNAME_CHARS 32
#define ACMDRIVERDETAILS_LONGNAME_CHARS 128
#define ACMDRIVERDETAILS_COPYRIGHT_CHARS 80
#define ACMDRIVERDETAILS_LICENSING_CHARS 128
#define ACMDRIVERDETAILS_FEATURES_CHARS 512
#define ACMFORMATTAGDETAILS_FORMATTAG_CHARS 48
#define ACMFORMATDETAILS_FORMAT_CHARS 128

#pragma pack(push, 1)

/* A format of sound; cbSize more bytes follow. That of WAVE_FORMAT_PCM may end before cbSize. */
typedef struct tWAVEFORMATEX {
    WORD wFormatTag;
    WORD nChannels;
    DWORD nSamplesPerSec;
    DWORD nAvgBytesPerSec;
    WORD nBlockAlign;
    WORD wBitsPerSample;
    WORD cbSize;
} WAVEFORMATEX;

/* What ACMDM_DRIVER_DETAILS fills. */
typedef struct tACMDRIVERDETAILSW {
    DWORD cbStruct;
    FOURCC fccType; /* ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC: without it, this is no codec */
    FOURCC fccComp; /* ACMDRIVERDETAILS_FCCCOMP_UNDEFINED */
    WORD wMid;     /* maker */
    WORD wPid;     /* product */
    DWORD vdwACM;    /* version of the manager that the codec is for: 0xMMmmbbbb, major, minor, build */
    DWORD vdwDriver; /* version of the codec */
    DWORD fdwSupport;
    DWORD cFormatTags;
    DWORD cFilterTags;
    void *hicon;
    WCHAR szShortName[ACMDRIVERDETAILS_SHORTNAME_CHARS];
    WCHAR szLongName[ACMDRIVERDETAILS_LONGNAME_CHARS];
    WCHAR szCopyright[ACMDRIVERDETAILS_COPYRIGHT_CHARS];
    WCHAR szLicensing[ACMDRIVERDETAILS_LICENSING_CHARS];
    WCHAR szFeatures[ACMDRIVERDETAILS_FEATURES_CHARS];
} ACMDRIVERDETAILSW;

/* What ACMDM_FORMATTAG_DETAILS fills. */
typedef struct tACMFORMATTAGDETAILSW {
    DWORD cbStruct;
    DWORD dwFormatTagIndex;
    DWORD dwFormatTag;
    DWORD cbFormatSize; /* bytes in the largest format of this tag */
    DWORD fdwSupport;
    DWORD cStandardFormats;
    WCHAR szFormatTag[ACMFORMATTAGDETAILS_FORMATTAG_CHARS];
} ACMFORMATTAGDETAILSW;

/* What ACMDM_FORMAT_DETAILS fills. */
typedef struct tACMFORMATDETAILSW {
    DWORD cbStruct;
    DWORD dwFormatIndex;
    DWORD dwFormatTag;
    DWORD fdwSupport;
    WAVEFORMATEX *pwfx;
    DWORD cbwfx;
    WCHAR szFormat[ACMFORMATDETAILS_FORMAT_CHARS];
} ACMFORMATDETAILSW;

#pragma pack(pop)

/* A filter; what it needs more follows. */
typedef struct wavefilter_tag {
    DWORD cbStruct;
    DWORD dwFilterTag;
    DWORD fdwFilter;
    DWORD dwReserved[5];
} WAVEFILTER;

#endif

/* What only codecs see. */
#ifndef ACMDM_DRIVER_DETAILS

#ifndef ACMDM_BASE
#define ACMDM_USER DRV_USER /* first number of a codec's private messages */
#define ACMDM_BASE 0x6000   /* first number of the manager's own */
#endif
#define ACMDM_DRIVER_NOTIFY (ACMDM_BASE + 1)
#define ACMDM_DRIVER_DETAILS (ACMDM_BASE + 10)    /* lparam1: ACMDRIVERDETAILSW */
#define ACMDM_DRIVER_ABOUT (ACMDM_BASE + 11)      /* lparam1: parent window, or -1 to ask whether there is a box */
#define ACMDM_FORMATTAG_DETAILS (ACMDM_BASE + 25) /* lparam1: ACMFORMATTAGDETAILSW; lparam2: ACM_FORMATTAGDETAILSF_* */
#define ACMDM_FORMAT_DETAILS (ACMDM_BASE + 26)    /* lparam1: ACMFORMATDETAILSW; lparam2: ACM_FORMATDETAILSF_* */
#define ACMDM_FORMAT_SUGGEST (ACMDM_BASE + 27)    /* lparam1: ACMDRVFORMATSUGGEST */
#define ACMDM_FILTERTAG_DETAILS (ACMDM_BASE + 50)
#define ACMDM_FILTER_DETAILS (ACMDM_BASE + 51)
#define ACMDM_STREAM_OPEN (ACMDM_BASE + 76)    /* lparam1: ACMDRVSTREAMINSTANCE */
#define ACMDM_STREAM_CLOSE (ACMDM_BASE + 77)   /* lparam1: ACMDRVSTREAMINSTANCE */
#define ACMDM_STREAM_SIZE (ACMDM_BASE + 78)    /* lparam1: ACMDRVSTREAMINSTANCE; lparam2: ACMDRVSTREAMSIZE */
#define ACMDM_STREAM_CONVERT (ACMDM_BASE + 79) /* lparam1: ACMDRVSTREAMINSTANCE; lparam2: ACMDRVSTREAMHEADER */
#define ACMDM_STREAM_RESET (ACMDM_BASE + 80)
#define ACMDM_STREAM_PREPARE (ACMDM_BASE + 81) /* MMSYSERR_NOTSUPPORTED: there is nothing to prepare */
#define ACMDM_STREAM_UNPREPARE (ACMDM_BASE + 82)
#define ACMDM_STREAM_UPDATE (ACMDM_BASE + 83)

#pragma pack(push, 1)

/* What lparam2 of DRV_OPEN points at; it is 0 where the codec is only to be configured. */
typedef struct tACMDRVOPENDESCW {
    DWORD cbStruct;
    FOURCC fccType; /* ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC: refuse any other */
    FOURCC fccComp;
    DWORD dwVersion;
    DWORD dwFlags;
    DWORD dwError; /* out: why the codec refuses */
    const WCHAR *pszSectionName;
    const WCHAR *pszAliasName;
    DWORD dnDevNode;
} ACMDRVOPENDESCW;

/* What ACMDM_FORMAT_SUGGEST completes: the destination. */
typedef struct tACMDRVFORMATSUGGEST {
    DWORD cbStruct;
    DWORD fdwSuggest;
    WAVEFORMATEX *pwfxSrc;
    DWORD cbwfxSrc;
    WAVEFORMATEX *pwfxDst;
    DWORD cbwfxDst;
} ACMDRVFORMATSUGGEST;

/* A conversion stream. */
typedef struct tACMDRVSTREAMINSTANCE {
    DWORD cbStruct;
    WAVEFORMATEX *pwfxSrc;
    WAVEFORMATEX *pwfxDst;
    WAVEFILTER *pwfltr;
    DWORD_PTR dwCallback;
    DWORD_PTR dwInstance;
    DWORD fdwOpen;
    DWORD fdwDriver;    /* the codec's own */
    DWORD_PTR dwDriver; /* the codec's own */
    struct HACMSTREAM__ *has;
} ACMDRVSTREAMINSTANCE;

/* What ACMDM_STREAM_SIZE completes: the length that is not given. */
typedef struct tACMDRVSTREAMSIZE {
    DWORD cbStruct;
    DWORD fdwSize;
    DWORD cbSrcLength;
    DWORD cbDstLength;
} ACMDRVSTREAMSIZE;

/* One buffer. The codec sets cbSrcLengthUsed and cbDstLengthUsed. */
typedef struct tACMDRVSTREAMHEADER {
    DWORD cbStruct;
    DWORD fdwStatus;
    DWORD_PTR dwUser;
    BYTE *pbSrc;
    DWORD cbSrcLength;
    DWORD cbSrcLengthUsed;
    DWORD_PTR dwSrcUser;
    BYTE *pbDst;
    DWORD cbDstLength;
    DWORD cbDstLengthUsed;
    DWORD_PTR dwDstUser;
    DWORD fdwConvert;
    struct tACMDRVSTREAMHEADER *padshNext; /* the codec's own, as all that follows but the prepared buffers */
    DWORD fdwDriver;
    DWORD_PTR dwDriver;
    DWORD fdwPrepared;
    DWORD_PTR dwPrepared;
    BYTE *pbPreparedSrc;
    DWORD cbPreparedSrcLength;
    BYTE *pbPreparedDst;
    DWORD cbPreparedDstLength;
} ACMDRVSTREAMHEADER;

#pragma pack(pop)

#endif

#endif
