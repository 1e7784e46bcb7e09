/*
 * mmreg.h - formats of sound: their tags, and what stands behind the first 18 bytes; filters.
 *
 * Part of opendriver's subset for Linux. Formats and filters are packed, as on Windows.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef OPENDRIVER_MMREG_H
#define OPENDRIVER_MMREG_H

/* What other headers ask for. */
#ifndef _INC_MMREG
#define _INC_MMREG 158
#endif

#include "windef.h"
#include "mmsystem.h"

/* Makers of drivers; all other numbers stand in the drivers. */
#ifndef MM_MICROSOFT
#define MM_MICROSOFT 1
#endif
#ifndef MM_UNMAPPED
#define MM_UNMAPPED 0xFFFF
#endif
#ifndef MM_PID_UNMAPPED
#define MM_PID_UNMAPPED MM_UNMAPPED
#endif

/* Plain samples. */
#ifndef WAVE_FORMAT_PCM
#define WAVE_FORMAT_PCM 1
#endif
#define WAVE_FORMAT_UNKNOWN 0x0000
#define WAVE_FORMAT_IEEE_FLOAT 0x0003
#define WAVE_FORMAT_EXTENSIBLE 0xFFFE
#define WAVE_FORMAT_DEVELOPMENT (0xFFFF)

/* Telephones. */
#define WAVE_FORMAT_ALAW 0x0006
#define WAVE_FORMAT_MULAW 0x0007
#define WAVE_FORMAT_DSPGROUP_TRUESPEECH 0x0022
#define WAVE_FORMAT_GSM610 0x0031
#define WAVE_FORMAT_G721_ADPCM 0x0040
#define WAVE_FORMAT_G723_ADPCM 0x0014
#define WAVE_FORMAT_G726_ADPCM 0x0064
#define WAVE_FORMAT_VOXWARE 0x0062

/* Differences. */
#define WAVE_FORMAT_ADPCM 0x0002
#define WAVE_FORMAT_OKI_ADPCM 0x0010
#define WAVE_FORMAT_DVI_ADPCM 0x0011
#define WAVE_FORMAT_IMA_ADPCM (WAVE_FORMAT_DVI_ADPCM)
#define WAVE_FORMAT_YAMAHA_ADPCM 0x0020

/* Music. */
#define WAVE_FORMAT_MPEG 0x0050
#define WAVE_FORMAT_MPEGLAYER3 0x0055
#define WAVE_FORMAT_MSAUDIO1 0x0160
#define WAVE_FORMAT_WMAUDIO2 0x0161
#define WAVE_FORMAT_WMAUDIO3 0x0162
#define WAVE_FORMAT_WMAUDIO_LOSSLESS 0x0163

/* Which loudspeaker a channel is for: dwChannelMask of an extensible format. */
#define SPEAKER_FRONT_LEFT 0x1
#define SPEAKER_FRONT_RIGHT 0x2
#define SPEAKER_FRONT_CENTER 0x4
#define SPEAKER_LOW_FREQUENCY 0x8
#define SPEAKER_BACK_LEFT 0x10
#define SPEAKER_BACK_RIGHT 0x20
#define SPEAKER_FRONT_LEFT_OF_CENTER 0x40
#define SPEAKER_FRONT_RIGHT_OF_CENTER 0x80
#define SPEAKER_BACK_CENTER 0x100
#define SPEAKER_SIDE_LEFT 0x200
#define SPEAKER_SIDE_RIGHT 0x400

/* Behind an MPEGLAYER3WAVEFORMAT's WAVEFORMATEX stand so many bytes, with these numbers. */
#define MPEGLAYER3_WFX_EXTRA_BYTES 12
#define MPEGLAYER3_ID_UNKNOWN 0
#define MPEGLAYER3_ID_MPEG 1
#define MPEGLAYER3_ID_CONSTANTFRAMESIZE 2
#define MPEGLAYER3_FLAG_PADDING_ISO 0x00000000
#define MPEGLAYER3_FLAG_PADDING_ON 0x00000001
#define MPEGLAYER3_FLAG_PADDING_OFF 0x00000002

/* The fields of an MPEG1WAVEFORMAT. */
#define ACM_MPEG_LAYER1 (0x0001)
#define ACM_MPEG_LAYER2 (0x0002)
#define ACM_MPEG_LAYER3 (0x0004)
#define ACM_MPEG_STEREO (0x0001)
#define ACM_MPEG_JOINTSTEREO (0x0002)
#define ACM_MPEG_DUALCHANNEL (0x0004)
#define ACM_MPEG_SINGLECHANNEL (0x0008)
#define ACM_MPEG_PRIVATEBIT (0x0001)
#define ACM_MPEG_COPYRIGHT (0x0002)
#define ACM_MPEG_ORIGINALHOME (0x0004)
#define ACM_MPEG_PROTECTIONBIT (0x0008)
#define ACM_MPEG_ID_MPEG1 (0x0010)

/* Kinds of filters. */
#define WAVE_FILTER_UNKNOWN 0x0000
#define WAVE_FILTER_VOLUME 0x0001
#define WAVE_FILTER_ECHO 0x0002
#define WAVE_FILTER_DEVELOPMENT (0xFFFF)

#pragma pack(push, 1)

typedef struct {
    WAVEFORMATEX Format;
    union { WORD wValidBitsPerSample; WORD wSamplesPerBlock; WORD wReserved; } Samples;
    DWORD dwChannelMask;
    GUID SubFormat;
} WAVEFORMATEXTENSIBLE, *PWAVEFORMATEXTENSIBLE;

typedef struct adpcmcoef_tag {
    int16_t iCoef1;
    int16_t iCoef2;
} ADPCMCOEFSET, *PADPCMCOEFSET, *LPADPCMCOEFSET;

/* wNumCoef pairs follow: aCoef begins where the structure ends. */
typedef struct adpcmwaveformat_tag {
    WAVEFORMATEX wfx;
    WORD wSamplesPerBlock;
    WORD wNumCoef;
#if !defined(__cplusplus)
    ADPCMCOEFSET aCoef[];
#elif defined(__GNUC__)
    __extension__ ADPCMCOEFSET aCoef[];
#endif
} ADPCMWAVEFORMAT, *PADPCMWAVEFORMAT, *LPADPCMWAVEFORMAT;

/* Formats that only say how many samples a block has. */
typedef struct ima_adpcmwaveformat_tag {
    WAVEFORMATEX wfx;
    WORD wSamplesPerBlock;
} IMAADPCMWAVEFORMAT, *PIMAADPCMWAVEFORMAT, *LPIMAADPCMWAVEFORMAT;

typedef struct dvi_adpcmwaveformat_tag {
    WAVEFORMATEX wfx;
    WORD wSamplesPerBlock;
} DVIADPCMWAVEFORMAT, *PDVIADPCMWAVEFORMAT, *LPDVIADPCMWAVEFORMAT;

typedef struct gsm610waveformat_tag {
    WAVEFORMATEX wfx;
    WORD wSamplesPerBlock;
} GSM610WAVEFORMAT, *PGSM610WAVEFORMAT, *LPGSM610WAVEFORMAT;

typedef struct mpeglayer3waveformat_tag {
    WAVEFORMATEX wfx;
    WORD wID;
    DWORD fdwFlags;
    WORD nBlockSize;
    WORD nFramesPerBlock;
    WORD nCodecDelay;
} MPEGLAYER3WAVEFORMAT, *PMPEGLAYER3WAVEFORMAT, *LPMPEGLAYER3WAVEFORMAT;

typedef struct mpeg1waveformat_tag {
    WAVEFORMATEX wfx;
    WORD fwHeadLayer;
    DWORD dwHeadBitrate;
    WORD fwHeadMode;
    WORD fwHeadModeExt;
    WORD wHeadEmphasis;
    WORD fwHeadFlags;
    DWORD dwPTSLow;
    DWORD dwPTSHigh;
} MPEG1WAVEFORMAT, *PMPEG1WAVEFORMAT, *LPMPEG1WAVEFORMAT;

/* A filter; what its kind needs follows. */
typedef struct wavefilter_tag {
    DWORD cbStruct;
    DWORD dwFilterTag;
    DWORD fdwFilter;
    DWORD dwReserved[5];
} WAVEFILTER, *PWAVEFILTER, *LPWAVEFILTER;

typedef struct wavefilter_volume_tag {
    WAVEFILTER wfltr;
    DWORD dwVolume; /* 0x10000 leaves the sound as it is */
} VOLUMEWAVEFILTER, *PVOLUMEWAVEFILTER, *LPVOLUMEWAVEFILTER;

typedef struct wavefilter_echo_tag {
    WAVEFILTER wfltr;
    DWORD dwVolume;
    DWORD dwDelay; /* milliseconds */
} ECHOWAVEFILTER, *PECHOWAVEFILTER, *LPECHOWAVEFILTER;

#pragma pack(pop)

#endif
