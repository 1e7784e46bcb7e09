/*
 * windows.h - what of Windows' own header opendriver has: types, formats of pictures, and the driver functions of winmm.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_WINDOWS_H
#define OPENDRIVER_WINDOWS_H

#include "windef.h"
#include "wingdi.h"

#ifndef WIN32_LEAN_AND_MEAN
#include "mmsystem.h"
#endif

#endif
