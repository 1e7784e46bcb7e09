/*
 * mmsystem.h - the driver functions of winmm, and what the headers of codecs build on.
 *
 * Part of opendriver's subset for Linux; link with -lwinmm or -lopendriver, or ask
 * `pkg-config --cflags --libs opendriver`. What each function answers: docs/winmm.md.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_MMSYSTEM_H
#define OPENDRIVER_MMSYSTEM_H

#include "windef.h"

#define MAXPNAMELEN 32
#define MAXERRORLENGTH 256

typedef UINT MMRESULT;
typedef UINT MMVERSION;
#ifndef OPENDRIVER_DRIVER_H
typedef DWORD FOURCC;
#endif

#define MAKEFOURCC(ch0, ch1, ch2, ch3) \
    ((DWORD)(BYTE)(ch0) | ((DWORD)(BYTE)(ch1) << 8) | ((DWORD)(BYTE)(ch2) << 16) | ((DWORD)(BYTE)(ch3) << 24))
#ifndef mmioFOURCC
#define mmioFOURCC(ch0, ch1, ch2, ch3) MAKEFOURCC(ch0, ch1, ch2, ch3)
#endif

/* Answers of multimedia functions. */
#define MMSYSERR_BASE 0
#define WAVERR_BASE 32
#define MCIERR_BASE 256

#define MMSYSERR_NOERROR 0
#define MMSYSERR_ERROR (MMSYSERR_BASE + 1)
#define MMSYSERR_BADDEVICEID (MMSYSERR_BASE + 2)
#define MMSYSERR_NOTENABLED (MMSYSERR_BASE + 3)
#define MMSYSERR_ALLOCATED (MMSYSERR_BASE + 4)
#define MMSYSERR_INVALHANDLE (MMSYSERR_BASE + 5)
#define MMSYSERR_NODRIVER (MMSYSERR_BASE + 6)
#define MMSYSERR_NOMEM (MMSYSERR_BASE + 7)
#define MMSYSERR_NOTSUPPORTED (MMSYSERR_BASE + 8)
#define MMSYSERR_BADERRNUM (MMSYSERR_BASE + 9)
#define MMSYSERR_INVALFLAG (MMSYSERR_BASE + 10)
#define MMSYSERR_INVALPARAM (MMSYSERR_BASE + 11)
#define MMSYSERR_HANDLEBUSY (MMSYSERR_BASE + 12)
#define MMSYSERR_INVALIDALIAS (MMSYSERR_BASE + 13)
#define MMSYSERR_BADDB (MMSYSERR_BASE + 14)
#define MMSYSERR_KEYNOTFOUND (MMSYSERR_BASE + 15)
#define MMSYSERR_READERROR (MMSYSERR_BASE + 16)
#define MMSYSERR_WRITEERROR (MMSYSERR_BASE + 17)
#define MMSYSERR_DELETEERROR (MMSYSERR_BASE + 18)
#define MMSYSERR_VALNOTFOUND (MMSYSERR_BASE + 19)
#define MMSYSERR_NODRIVERCB (MMSYSERR_BASE + 20)
#define MMSYSERR_MOREDATA (MMSYSERR_BASE + 21)
#define MMSYSERR_LASTERROR (MMSYSERR_BASE + 21)

/* Messages to drivers. opendriver-driver.h has them, too. */
#ifndef DRV_LOAD
#define DRV_LOAD 0x0001
#define DRV_ENABLE 0x0002
#define DRV_OPEN 0x0003
#define DRV_CLOSE 0x0004
#define DRV_DISABLE 0x0005
#define DRV_FREE 0x0006
#define DRV_CONFIGURE 0x0007
#define DRV_QUERYCONFIGURE 0x0008
#define DRV_INSTALL 0x0009
#define DRV_REMOVE 0x000A
#define DRV_EXITSESSION 0x000B
#define DRV_POWER 0x000F
#define DRV_RESERVED 0x0800
#define DRV_USER 0x4000
#endif
#ifndef DRV_EXITAPPLICATION
#define DRV_EXITAPPLICATION 0x000C
#endif

#ifndef DRVCNF_CANCEL
#define DRVCNF_CANCEL 0x0000
#define DRVCNF_OK 0x0001
#define DRVCNF_RESTART 0x0002
#endif
#define DRV_CANCEL DRVCNF_CANCEL
#define DRV_OK DRVCNF_OK
#define DRV_RESTART DRVCNF_RESTART
#define DRV_MCI_FIRST DRV_RESERVED
#define DRV_MCI_LAST (DRV_RESERVED + 0xFFF)

/* How an application wants to be told of something: a flag of functions that open ... */
#define CALLBACK_TYPEMASK 0x00070000
#define CALLBACK_NULL 0x00000000
#define CALLBACK_WINDOW 0x00010000
#define CALLBACK_TASK 0x00020000
#define CALLBACK_FUNCTION 0x00030000
#define CALLBACK_THREAD (CALLBACK_TASK)
#define CALLBACK_EVENT 0x00050000

/* ... and of DriverCallback. Here an event is an eventfd(2), by its number; windows and message queues are none. */
#define DCB_NULL 0x0000
#define DCB_WINDOW 0x0001
#define DCB_TASK 0x0002
#define DCB_FUNCTION 0x0003
#define DCB_EVENT 0x0005
#define DCB_TYPEMASK 0x0007
#define DCB_NOSWITCH 0x0008

/* What a callback is told. */
#define MM_WOM_OPEN 0x3BB
#define MM_WOM_CLOSE 0x3BC
#define MM_WOM_DONE 0x3BD
#define MM_WIM_OPEN 0x3BE
#define MM_WIM_CLOSE 0x3BF
#define MM_WIM_DATA 0x3C0
#define MM_DRVM_OPEN 0x3D0
#define MM_DRVM_CLOSE 0x3D1
#define MM_DRVM_DATA 0x3D2
#define MM_DRVM_ERROR 0x3D3
#define MM_STREAM_OPEN 0x3D4
#define MM_STREAM_CLOSE 0x3D5
#define MM_STREAM_DONE 0x3D6
#define MM_STREAM_ERROR 0x3D7

/* GetNextDriver, of Windows 3.1. */
#define GND_FORWARD 0x00000000
#define GND_FIRSTINSTANCEONLY 0x00000001
#define GND_REVERSE 0x00000002

/* Structures of multimedia stand without gaps. */
#pragma pack(push, 1)

/* What lParam2 of DRV_CONFIGURE and DRV_INSTALL points at, where it is not NULL. A driver of Linux's own reads other
 * text, so that opendriver-driver.h declares it otherwise. */
#ifndef OPENDRIVER_DRIVER_H
typedef struct tagDRVCONFIGINFO {
    DWORD dwDCISize;
    LPCWSTR lpszDCISectionName;
    LPCWSTR lpszDCIAliasName;
} DRVCONFIGINFO, *PDRVCONFIGINFO, *LPDRVCONFIGINFO;
#endif

/* GetDriverInfo, of Windows 3.1. `length` is set before the call. */
typedef struct tagDRIVERINFOSTRUCT {
    UINT length;
    HDRVR hDriver;
    HINSTANCE hModule;
    char szAliasName[128];
} DRIVERINFOSTRUCT, *LPDRIVERINFOSTRUCT;

/* Formats of sound. */
#ifndef WAVE_FORMAT_PCM
#define WAVE_FORMAT_PCM 1
#endif

typedef struct waveformat_tag {
    WORD wFormatTag;
    WORD nChannels;
    DWORD nSamplesPerSec;
    DWORD nAvgBytesPerSec;
    WORD nBlockAlign;
} WAVEFORMAT, *PWAVEFORMAT, *LPWAVEFORMAT;

typedef struct pcmwaveformat_tag {
    WAVEFORMAT wf;
    WORD wBitsPerSample;
} PCMWAVEFORMAT, *PPCMWAVEFORMAT, *LPPCMWAVEFORMAT;

#ifndef _WAVEFORMATEX_
#define _WAVEFORMATEX_
typedef struct tWAVEFORMATEX {
    WORD wFormatTag;
    WORD nChannels;
    DWORD nSamplesPerSec;
    DWORD nAvgBytesPerSec;
    WORD nBlockAlign;
    WORD wBitsPerSample;
    WORD cbSize; /* how many bytes follow */
} WAVEFORMATEX, *PWAVEFORMATEX, *LPWAVEFORMATEX;
#endif
typedef const WAVEFORMATEX *LPCWAVEFORMATEX;

#pragma pack(pop)

typedef LRESULT(CALLBACK *DRIVERPROC)(DWORD_PTR, HDRVR, UINT, LPARAM, LPARAM);
typedef void(CALLBACK DRVCALLBACK)(HDRVR hdrvr, UINT message, DWORD_PTR user, DWORD_PTR param1, DWORD_PTR param2);
typedef DRVCALLBACK *LPDRVCALLBACK, *PDRVCALLBACK;

#ifdef __cplusplus
extern "C" {
#endif

HDRVR WINAPI OpenDriver(LPCWSTR driver, LPCWSTR section, LPARAM param2);
HDRVR WINAPI OpenDriverA(LPCSTR driver, LPCSTR section, LPARAM param2);
LRESULT WINAPI CloseDriver(HDRVR hdrvr, LPARAM param1, LPARAM param2);
LRESULT WINAPI SendDriverMessage(HDRVR hdrvr, UINT message, LPARAM param1, LPARAM param2);
HMODULE WINAPI GetDriverModuleHandle(HDRVR hdrvr);
UINT WINAPI GetDriverFlags(HDRVR hdrvr);

HDRVR WINAPI DrvOpen(LPCWSTR driver, LPCWSTR section, LPARAM param2);
HDRVR WINAPI DrvOpenA(LPCSTR driver, LPCSTR section, LPARAM param2);
LRESULT WINAPI DrvClose(HDRVR hdrvr, LPARAM param1, LPARAM param2);
LRESULT WINAPI DrvSendMessage(HDRVR hdrvr, UINT message, LPARAM param1, LPARAM param2);
HMODULE WINAPI DrvGetModuleHandle(HDRVR hdrvr);
LRESULT WINAPI DrvDefDriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM param1, LPARAM param2);

/* opendriver-driver.h has one of its own, so that a driver needs no library. */
#ifndef OPENDRIVER_DRIVER_H
LRESULT WINAPI DefDriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM param1, LPARAM param2);
#endif

BOOL WINAPI DriverCallback(DWORD_PTR callback, DWORD flags, HDRVR hdrvr, DWORD message, DWORD_PTR user,
                           DWORD_PTR param1, DWORD_PTR param2);

HDRVR WINAPI GetNextDriver(HDRVR hdrvr, DWORD flags);
BOOL WINAPI GetDriverInfo(HDRVR hdrvr, DRIVERINFOSTRUCT *info);

#ifdef __cplusplus
}
#endif

#endif
