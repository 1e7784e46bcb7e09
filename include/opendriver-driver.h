/*
 * opendriver-driver.h - what an installable driver in C needs to know.
 *
 * Portable C99, and C++. Nothing to link: on Linux a driver is a shared object that exports
 * DriverProc; the same source compiled for Windows is an installable driver there.
 *
 *     #include "opendriver-driver.h"
 *
 *     OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
 *     DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
 *     {
 *         switch (message) {
 *         case DRV_OPEN:  return 1;
 *         case DRV_CLOSE: return 1;
 *         case DRV_USER:  return lparam1 + lparam2;
 *         default:        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
 *         }
 *     }
 *
 *     gcc -shared -fPIC -I include driver.c -o driver.so
 *     x86_64-w64-mingw32-gcc -shared -I include driver.c -o driver.dll
 *     i686-w64-mingw32-gcc -shared -Wl,--kill-at -I include driver.c -o driver.dll
 *
 * Under Windows the header works with <windows.h>, included first, or without it. On Linux, a program
 * that opens drivers and is one may include it beside opendriver's own <mmsystem.h>; where that comes
 * first, DRVCONFIGINFO and DefDriverProc are the application's.
 * What drivers of a class need more is in opendriver-acm.h (sound) and opendriver-vfw.h (pictures).
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_DRIVER_H
#define OPENDRIVER_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define OPENDRIVER_EXPORT __declspec(dllexport)
#define OPENDRIVER_CALL __stdcall
/* Text that a driver gets: UTF-16 under Windows, UTF-8 elsewhere. Never longer-lived than the message. */
typedef wchar_t OpendriverChar;
#else
#if defined(__GNUC__)
#define OPENDRIVER_EXPORT __attribute__((visibility("default")))
#else
#define OPENDRIVER_EXPORT
#endif
#define OPENDRIVER_CALL
typedef char OpendriverChar;
#endif

#if defined(_WINDOWS_) || defined(_WINDEF_)
/* <windows.h> has the types, and its <mmsystem.h> the messages and DefDriverProc of winmm.dll. */
#include <mmsystem.h>
#elif !defined(OPENDRIVER_WINDEF_H)
typedef unsigned int UINT;
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef int32_t LONG;
typedef uintptr_t DWORD_PTR;
typedef intptr_t LPARAM;
typedef intptr_t LRESULT;
/* The system's handle of an instance. It fits in 32 bits. */
typedef struct HDRVR__ *HDRVR;
/* Text in structures is UTF-16 everywhere. */
#ifdef _WIN32
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef uint16_t WCHAR;
#endif
#endif

#if !defined(_WINDOWS_) && !defined(_WINDEF_) && !defined(OPENDRIVER_MMSYSTEM_H)
/* Four characters, the first in the lowest byte. */
typedef uint32_t FOURCC;
#endif

#ifndef mmioFOURCC
#define mmioFOURCC(a, b, c, d) ((FOURCC)(BYTE)(a) | (FOURCC)(BYTE)(b) << 8 | (FOURCC)(BYTE)(c) << 16 | (FOURCC)(BYTE)(d) << 24)
#endif

/*
 * Messages. Every one from DRV_LOAD to DRV_FREE carries a real handle; the identifier is 0 in all
 * six but DRV_CLOSE, and afterwards what the driver answered to DRV_OPEN.
 */
#ifndef DRV_LOAD
#define DRV_LOAD 0x0001           /* first message ever; 0 refuses */
#define DRV_ENABLE 0x0002         /* hardware may be touched from here on */
#define DRV_OPEN 0x0003           /* an instance: lparam1 is the parameter text, lparam2 the application's value; 0 refuses */
#define DRV_CLOSE 0x0004          /* 0 refuses */
#define DRV_DISABLE 0x0005        /* hardware must be left alone from here on */
#define DRV_FREE 0x0006           /* last message ever */
#define DRV_CONFIGURE 0x0007      /* lparam1: parent window; lparam2: DRVCONFIGINFO or NULL; answers DRVCNF_* */
#define DRV_QUERYCONFIGURE 0x0008 /* nonzero: there is a dialog */
#define DRV_INSTALL 0x0009        /* as DRV_CONFIGURE */
#define DRV_REMOVE 0x000A         /* answers DRVCNF_* */
#define DRV_EXITSESSION 0x000B
#define DRV_POWER 0x000F
#define DRV_RESERVED 0x0800 /* first number of a class's messages */
#define DRV_USER 0x4000     /* first number of a driver's own messages */
#endif

/* Some versions of <mmsystem.h> lack it. */
#ifndef DRV_EXITAPPLICATION
#define DRV_EXITAPPLICATION 0x000C /* lparam1: DRVEA_* */
#endif

#ifndef DRVCNF_CANCEL
#define DRVCNF_CANCEL 0x0000
#define DRVCNF_OK 0x0001
#define DRVCNF_RESTART 0x0002
#endif

#ifndef DRVEA_NORMALEXIT
#define DRVEA_NORMALEXIT 0x0001
#define DRVEA_ABNORMALEXIT 0x0002
#endif

#if !defined(_WINDOWS_) && !defined(_WINDEF_) && !defined(OPENDRIVER_MMSYSTEM_H)

/* What lparam2 of DRV_CONFIGURE and DRV_INSTALL points at, where it is not NULL. Packed, as in <mmsystem.h>. */
#pragma pack(push, 1)
typedef struct tagDRVCONFIGINFO {
    DWORD dwDCISize; /* test it with >= */
    const OpendriverChar *lpszDCISectionName;
    const OpendriverChar *lpszDCIAliasName;
} DRVCONFIGINFO;
#pragma pack(pop)

/* What a driver answers to a message that it does not handle. Of no use for DRV_OPEN and DRV_CLOSE. */
static inline LRESULT OPENDRIVER_CALL
DefDriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    (void)id, (void)hdrvr, (void)lparam1, (void)lparam2;
    switch (message) {
    case DRV_LOAD:
    case DRV_ENABLE:
    case DRV_DISABLE:
    case DRV_FREE:
    case DRV_INSTALL:
    case DRV_REMOVE:
        return 1;
    default:
        return 0;
    }
}

#endif

#ifndef _WIN32

/*
 * What the host offers to a native driver. A driver that wants it exports
 *
 *     OPENDRIVER_EXPORT void DriverHost(const OpendriverHost *host);
 *
 * which is called once before DRV_LOAD, and once with NULL after DRV_FREE; the table is good in
 * between, from every thread. Each function takes `context` first. Text is UTF-8.
 * (Under Windows, a driver asks winmm.dll and the registry functions instead.)
 */
typedef struct OpendriverHost {
    size_t size; /* of this table; a newer host offers a longer one */
    const void *context;

    /* Opens another driver; `section` may be NULL. Answers its handle, or 0. */
    uintptr_t (*open)(const void *context, const char *name, const char *section, LPARAM lparam2);
    /* Sends a message to an open instance. Answers what the driver answers, or 0. */
    LRESULT (*send)(const void *context, uintptr_t hdrvr, uint32_t message, LPARAM lparam1, LPARAM lparam2);
    /* Closes an open instance. Answers what the driver answers, or 0. */
    LRESULT (*close)(const void *context, uintptr_t hdrvr, LPARAM lparam1, LPARAM lparam2);

    /* Reads one of the driver's settings: fills at most `length` bytes, sets `kind` to one of the
     * OPENDRIVER_SETTING_* numbers, answers the whole length, or -1 if there is no such setting. */
    intptr_t (*read_setting)(const void *context, const char *name, uint32_t *kind, uint8_t *buffer, size_t length);
    /* Writes one of the driver's settings. Answers 1, or 0 if that failed. */
    int32_t (*write_setting)(const void *context, const char *name, uint32_t kind, const uint8_t *bytes, size_t length);

    /* Copy from and to an address that the application named. Answer 0 where it is not memory. */
    int32_t (*read_memory)(const void *context, uintptr_t address, uint8_t *into, size_t length);
    int32_t (*write_memory)(const void *context, uintptr_t address, const uint8_t *from, size_t length);

    /* Tells a person something. */
    void (*report)(const void *context, const char *text);
} OpendriverHost;

#define OPENDRIVER_SETTING_TEXT 1    /* UTF-8, without a zero byte */
#define OPENDRIVER_SETTING_INTEGER 2 /* 8 bytes in the machine's order */
#define OPENDRIVER_SETTING_BINARY 3

#ifdef __cplusplus
extern "C" OPENDRIVER_EXPORT void DriverHost(const OpendriverHost *host);
#else
OPENDRIVER_EXPORT void DriverHost(const OpendriverHost *host);
#endif

#endif

#ifdef __cplusplus
extern "C"
#endif
OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2);

#endif
