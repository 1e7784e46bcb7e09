/*
 * {{name}}: an audio codec.
 *
 * Of each sample of 16 bits it keeps the sign and the root, in one byte, so that quiet sound loses least.
 * Your own codec takes the place of `encode` and `decode`, and of what is said about their formats.
 */
#include <string.h>

#include "opendriver-acm.h"

#define NAME "{{name}}"

/* The number of the format in files. One of your own is had from Microsoft; this one is for the time until then. */
#define TAG WAVE_FORMAT_DEVELOPMENT

static const DWORD RATES[] = {8000, 11025, 22050, 44100};
/* Each rate in mono and in stereo. */
#define FORMATS (2 * sizeof RATES / sizeof *RATES)

static BYTE encode(int sample)
{
    int most = (sample < 0 ? -sample : sample) / 2, root = 0;
    for (int bit = 64; bit; bit /= 2)
        if ((root + bit) * (root + bit) <= most)
            root += bit;
    return (BYTE)(sample < 0 ? 128 - root : 128 + root);
}

static int decode(BYTE byte)
{
    int root = byte - 128;
    return root < 0 ? -2 * root * root : 2 * root * root;
}

/* Formats. */

static WAVEFORMATEX format_of(DWORD tag, DWORD channels, DWORD rate)
{
    WAVEFORMATEX format = {.wFormatTag = (WORD)tag, .nChannels = (WORD)channels, .nSamplesPerSec = rate};
    format.wBitsPerSample = tag == TAG ? 8 : 16;
    format.nBlockAlign = (WORD)(channels * format.wBitsPerSample / 8);
    format.nAvgBytesPerSec = rate * format.nBlockAlign;
    return format;
}

/* Of plain samples, the format may end before the count of what follows it. */
static DWORD size_of(DWORD tag) { return tag == TAG ? sizeof(WAVEFORMATEX) : sizeof(WAVEFORMATEX) - sizeof(WORD); }

static int is_known(const WAVEFORMATEX *format)
{
    if (format->wFormatTag != TAG && format->wFormatTag != WAVE_FORMAT_PCM)
        return 0;
    if (format->nChannels < 1 || format->nChannels > 2 || format->nSamplesPerSec < 1 || format->nSamplesPerSec > 192000)
        return 0;
    WAVEFORMATEX good = format_of(format->wFormatTag, format->nChannels, format->nSamplesPerSec);
    return format->wBitsPerSample == good.wBitsPerSample && format->nBlockAlign == good.nBlockAlign;
}

/* The other side of a format: what is encoded for plain samples, and plain samples for what is encoded. */
static WAVEFORMATEX other_side(const WAVEFORMATEX *format)
{
    DWORD tag = format->wFormatTag == TAG ? WAVE_FORMAT_PCM : TAG;
    return format_of(tag, format->nChannels, format->nSamplesPerSec);
}

/* What the codec says of itself. */

/* Text in structures is UTF-16, and filled up with zeroes. */
static void put_text(void *to, size_t characters, const char *from)
{
    BYTE *bytes = to;
    memset(bytes, 0, 2 * characters);
    for (size_t i = 0; from[i] && i + 1 < characters; i++)
        bytes[2 * i] = (BYTE)from[i];
}

static LRESULT driver_details(ACMDRIVERDETAILSW *to)
{
    ACMDRIVERDETAILSW details = {
        .cbStruct = to->cbStruct < sizeof details ? to->cbStruct : sizeof details,
        .fccType = ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC,
        .fccComp = ACMDRIVERDETAILS_FCCCOMP_UNDEFINED,
        /* Makers and products that have no number. */
        .wMid = 0xFFFF,
        .wPid = 0xFFFF,
        .vdwACM = 0x03320000,
        .vdwDriver = 0x01000000,
        .fdwSupport = ACMDRIVERDETAILS_SUPPORTF_CODEC,
        .cFormatTags = 2,
    };
    put_text(details.szShortName, ACMDRIVERDETAILS_SHORTNAME_CHARS, NAME);
    put_text(details.szLongName, ACMDRIVERDETAILS_LONGNAME_CHARS, "The root of every sample");
    /* A program may know less of the structure than we do. */
    memcpy(to, &details, details.cbStruct);
    return MMSYSERR_NOERROR;
}

static LRESULT tag_details(ACMFORMATTAGDETAILSW *details, DWORD asked_by)
{
    DWORD tag;
    switch (asked_by) {
    case ACM_FORMATTAGDETAILSF_INDEX:
        if (details->dwFormatTagIndex > 1)
            return ACMERR_NOTPOSSIBLE;
        tag = details->dwFormatTagIndex == 0 ? WAVE_FORMAT_PCM : TAG;
        break;
    case ACM_FORMATTAGDETAILSF_FORMATTAG:
        tag = details->dwFormatTag;
        break;
    case ACM_FORMATTAGDETAILSF_LARGESTSIZE:
        /* Of the given tag, or of all. */
        tag = details->dwFormatTag ? details->dwFormatTag : TAG;
        break;
    default:
        return MMSYSERR_NOTSUPPORTED;
    }
    if (tag != WAVE_FORMAT_PCM && tag != TAG)
        return ACMERR_NOTPOSSIBLE;
    details->dwFormatTagIndex = tag == TAG;
    details->dwFormatTag = tag;
    details->cbFormatSize = size_of(tag);
    details->fdwSupport = ACMDRIVERDETAILS_SUPPORTF_CODEC;
    details->cStandardFormats = FORMATS;
    put_text(details->szFormatTag, ACMFORMATTAGDETAILS_FORMATTAG_CHARS, tag == TAG ? NAME : "PCM");
    return MMSYSERR_NOERROR;
}

static LRESULT format_details(ACMFORMATDETAILSW *details, DWORD asked_by)
{
    if (asked_by == ACM_FORMATDETAILSF_INDEX) {
        DWORD index = details->dwFormatIndex, tag = details->dwFormatTag;
        if (index >= FORMATS || (tag != WAVE_FORMAT_PCM && tag != TAG))
            return ACMERR_NOTPOSSIBLE;
        if (details->cbwfx < size_of(tag))
            return MMSYSERR_INVALPARAM;
        WAVEFORMATEX format = format_of(tag, 1 + index % 2, RATES[index / 2]);
        memcpy(details->pwfx, &format, size_of(tag));
    } else if (asked_by != ACM_FORMATDETAILSF_FORMAT) {
        return MMSYSERR_NOTSUPPORTED;
    } else if (!is_known(details->pwfx)) {
        return ACMERR_NOTPOSSIBLE;
    }
    details->fdwSupport = ACMDRIVERDETAILS_SUPPORTF_CODEC;
    /* With no name of ours, the system makes one of rate, bits and channels. */
    put_text(details->szFormat, ACMFORMATDETAILS_FORMAT_CHARS, "");
    return MMSYSERR_NOERROR;
}

static LRESULT suggest(const ACMDRVFORMATSUGGEST *asked)
{
    /* Another size is another layout: see README.md. */
    if (asked->cbStruct != sizeof *asked)
        return MMSYSERR_INVALPARAM;
    if (!is_known(asked->pwfxSrc))
        return ACMERR_NOTPOSSIBLE;
    WAVEFORMATEX format = other_side(asked->pwfxSrc);
    const WAVEFORMATEX *wish = asked->pwfxDst;
    DWORD given = asked->fdwSuggest;
    if ((given & ACM_FORMATSUGGESTF_WFORMATTAG && wish->wFormatTag != format.wFormatTag) ||
        (given & ACM_FORMATSUGGESTF_NCHANNELS && wish->nChannels != format.nChannels) ||
        (given & ACM_FORMATSUGGESTF_NSAMPLESPERSEC && wish->nSamplesPerSec != format.nSamplesPerSec) ||
        (given & ACM_FORMATSUGGESTF_WBITSPERSAMPLE && wish->wBitsPerSample != format.wBitsPerSample))
        return ACMERR_NOTPOSSIBLE;
    if (asked->cbwfxDst < size_of(format.wFormatTag))
        return MMSYSERR_INVALPARAM;
    memcpy(asked->pwfxDst, &format, size_of(format.wFormatTag));
    return MMSYSERR_NOERROR;
}

/* Streams. A codec that remembers something from one buffer to the next keeps it behind dwDriver. */

static int encodes(const ACMDRVSTREAMINSTANCE *stream) { return stream->pwfxDst->wFormatTag == TAG; }

static LRESULT stream_open(const ACMDRVSTREAMINSTANCE *stream)
{
    if (stream->cbStruct != sizeof *stream)
        return MMSYSERR_INVALPARAM;
    if (stream->pwfltr || stream->fdwOpen & ACM_STREAMOPENF_ASYNC)
        return ACMERR_NOTPOSSIBLE;
    if (!is_known(stream->pwfxSrc) || !is_known(stream->pwfxDst))
        return ACMERR_NOTPOSSIBLE;
    WAVEFORMATEX format = other_side(stream->pwfxSrc);
    int fits = !memcmp(stream->pwfxDst, &format, size_of(WAVE_FORMAT_PCM));
    return fits ? MMSYSERR_NOERROR : ACMERR_NOTPOSSIBLE;
}

/* How long the other side of a buffer is: a sample takes one byte when it is encoded, two when it is plain. */
static LRESULT stream_size(const ACMDRVSTREAMINSTANCE *stream, ACMDRVSTREAMSIZE *size)
{
    DWORD asked_by = size->fdwSize & ACM_STREAMSIZEF_QUERYMASK;
    if (asked_by != ACM_STREAMSIZEF_SOURCE && asked_by != ACM_STREAMSIZEF_DESTINATION)
        return MMSYSERR_INVALFLAG;
    int shrinks = encodes(stream) == (asked_by == ACM_STREAMSIZEF_SOURCE);
    DWORD given = asked_by == ACM_STREAMSIZEF_SOURCE ? size->cbSrcLength : size->cbDstLength;
    DWORD other = shrinks ? given / 2 : given * 2;
    if (other == 0 || (!shrinks && given > UINT32_MAX / 2))
        return ACMERR_NOTPOSSIBLE;
    if (asked_by == ACM_STREAMSIZEF_SOURCE)
        size->cbDstLength = other;
    else
        size->cbSrcLength = other;
    return MMSYSERR_NOERROR;
}

/* Converts as much as there is and as there is room for, in whole blocks. */
static LRESULT stream_convert(const ACMDRVSTREAMINSTANCE *stream, ACMDRVSTREAMHEADER *header)
{
    DWORD from = stream->pwfxSrc->nBlockAlign, to = stream->pwfxDst->nBlockAlign;
    DWORD blocks = header->cbSrcLength / from, room = header->cbDstLength / to;
    if (blocks > room)
        blocks = room;
    DWORD samples = blocks * stream->pwfxSrc->nChannels;
    const BYTE *source = header->pbSrc;
    BYTE *destination = header->pbDst;
    for (DWORD i = 0; i < samples; i++) {
        if (encodes(stream)) {
            destination[i] = encode((int16_t)(source[2 * i] | source[2 * i + 1] << 8));
        } else {
            int sample = decode(source[i]);
            destination[2 * i] = (BYTE)sample;
            destination[2 * i + 1] = (BYTE)(sample >> 8);
        }
    }
    header->cbSrcLengthUsed = blocks * from;
    header->cbDstLengthUsed = blocks * to;
    return MMSYSERR_NOERROR;
}

/* What lparam2 of DRV_OPEN points at says who asks; without it, the codec is only to be configured. */
static int is_asked_for(const ACMDRVOPENDESCW *open)
{
    return !open || open->fccType == ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC;
}

OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    const ACMDRVSTREAMINSTANCE *stream = (const ACMDRVSTREAMINSTANCE *)lparam1;

    switch (message) {
    case DRV_OPEN:
        return is_asked_for((const ACMDRVOPENDESCW *)lparam2);
    case DRV_CLOSE:
        return 1;
    case ACMDM_DRIVER_DETAILS:
        return driver_details((ACMDRIVERDETAILSW *)lparam1);
    case ACMDM_FORMATTAG_DETAILS:
        return tag_details((ACMFORMATTAGDETAILSW *)lparam1, lparam2 & ACM_FORMATTAGDETAILSF_QUERYMASK);
    case ACMDM_FORMAT_DETAILS:
        return format_details((ACMFORMATDETAILSW *)lparam1, lparam2 & ACM_FORMATDETAILSF_QUERYMASK);
    case ACMDM_FORMAT_SUGGEST:
        return suggest((const ACMDRVFORMATSUGGEST *)lparam1);
    case ACMDM_STREAM_OPEN:
        return stream_open(stream);
    case ACMDM_STREAM_CLOSE:
        return MMSYSERR_NOERROR;
    case ACMDM_STREAM_SIZE:
        return stream_size(stream, (ACMDRVSTREAMSIZE *)lparam2);
    case ACMDM_STREAM_CONVERT:
        return stream_convert(stream, (ACMDRVSTREAMHEADER *)lparam2);
    default:
        if (message >= ACMDM_BASE)
            return MMSYSERR_NOTSUPPORTED;
        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
    }
}
