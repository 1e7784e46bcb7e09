/* The test of {{name}}. */
#include <string.h>

#include "host.h"
#include "opendriver-acm.h"

static WAVEFORMATEX plain = {WAVE_FORMAT_PCM, 1, 8000, 16000, 2, 16, 0};
static WAVEFORMATEX encoded;

/* Converts bytes from one format to another. Answers how many bytes that makes. */
static DWORD convert(Instance codec, WAVEFORMATEX *from, WAVEFORMATEX *to, void *source, DWORD length, void *destination, DWORD room)
{
    ACMDRVSTREAMINSTANCE stream = {.cbStruct = sizeof stream, .pwfxSrc = from, .pwfxDst = to};
    expect("the stream opens", ask(codec, ACMDM_STREAM_OPEN, (LPARAM)&stream, 0), MMSYSERR_NOERROR);

    ACMDRVSTREAMSIZE size = {sizeof size, ACM_STREAMSIZEF_SOURCE, length, 0};
    expect("it knows its size", ask(codec, ACMDM_STREAM_SIZE, (LPARAM)&stream, (LPARAM)&size), MMSYSERR_NOERROR);
    expect("there is room", size.cbDstLength <= room, 1);

    ACMDRVSTREAMHEADER header = {.cbStruct = sizeof header, .pbSrc = source, .cbSrcLength = length, .pbDst = destination, .cbDstLength = room};
    expect("it converts", ask(codec, ACMDM_STREAM_CONVERT, (LPARAM)&stream, (LPARAM)&header), MMSYSERR_NOERROR);
    expect("it uses all", header.cbSrcLengthUsed, length);
    expect("the stream closes", ask(codec, ACMDM_STREAM_CLOSE, (LPARAM)&stream, 0), MMSYSERR_NOERROR);
    return header.cbDstLengthUsed;
}

static void it_says_what_it_is(Instance codec)
{
    ACMDRIVERDETAILSW details = {.cbStruct = sizeof details};
    expect("it has details", ask(codec, ACMDM_DRIVER_DETAILS, (LPARAM)&details, 0), MMSYSERR_NOERROR);
    expect("it is an audio codec", details.fccType, ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC);
    expect("it has two tags", details.cFormatTags, 2);

    ACMFORMATTAGDETAILSW tag = {.cbStruct = sizeof tag, .dwFormatTagIndex = 1};
    expect("the second is its own", ask(codec, ACMDM_FORMATTAG_DETAILS, (LPARAM)&tag, ACM_FORMATTAGDETAILSF_INDEX), MMSYSERR_NOERROR);
    for (DWORD index = 0; index < tag.cStandardFormats; index++) {
        WAVEFORMATEX format;
        ACMFORMATDETAILSW listed = {.cbStruct = sizeof listed, .dwFormatIndex = index, .dwFormatTag = tag.dwFormatTag, .pwfx = &format, .cbwfx = sizeof format};
        expect("a format is listed", ask(codec, ACMDM_FORMAT_DETAILS, (LPARAM)&listed, ACM_FORMATDETAILSF_INDEX), MMSYSERR_NOERROR);
        expect("it is of the tag", format.wFormatTag, (LRESULT)tag.dwFormatTag);
    }
    tag.dwFormatTagIndex = 2;
    expect("there is no third", ask(codec, ACMDM_FORMATTAG_DETAILS, (LPARAM)&tag, ACM_FORMATTAGDETAILSF_INDEX), ACMERR_NOTPOSSIBLE);
}

static void it_goes_there_and_back(Instance codec)
{
    ACMDRVFORMATSUGGEST wish = {sizeof wish, 0, &plain, sizeof plain, &encoded, sizeof encoded};
    expect("it suggests a format", ask(codec, ACMDM_FORMAT_SUGGEST, (LPARAM)&wish, 0), MMSYSERR_NOERROR);
    expect("with one byte a sample", encoded.nBlockAlign, 1);

    int16_t samples[] = {0, 2, -2, 8, -18, 1000, -1000, 32767, -32768};
    int16_t expected[] = {0, 2, -2, 8, -18, 968, -968, 32258, -32258};
    BYTE bytes[sizeof samples];
    DWORD length = convert(codec, &plain, &encoded, samples, sizeof samples, bytes, sizeof bytes);
    expect("half the bytes are left", length, sizeof samples / 2);
    expect("silence is in the middle", bytes[0], 128);
    int16_t again[9] = {0};
    convert(codec, &encoded, &plain, bytes, length, again, sizeof again);
    for (int i = 0; i < 9; i++)
        expect("a sample comes back", again[i], expected[i]);
}

static void it_refuses_what_it_does_not_know(Instance codec)
{
    WAVEFORMATEX deep = {WAVE_FORMAT_PCM, 1, 8000, 32000, 4, 32, 0};
    ACMDRVSTREAMINSTANCE stream = {.cbStruct = sizeof stream, .pwfxSrc = &deep, .pwfxDst = &encoded};
    expect("32 bits", ask(codec, ACMDM_STREAM_OPEN, (LPARAM)&stream, 0), ACMERR_NOTPOSSIBLE);
    stream.pwfxSrc = &plain;
    stream.cbStruct = sizeof stream + 4;
    expect("another layout", ask(codec, ACMDM_STREAM_OPEN, (LPARAM)&stream, 0), MMSYSERR_INVALPARAM);
    expect("an unknown message", ask(codec, ACMDM_STREAM_UPDATE, 0, 0), MMSYSERR_NOTSUPPORTED);
    ACMDRVOPENDESCW open = {.cbStruct = sizeof open, .fccType = mmioFOURCC('v', 'i', 'd', 'c')};
    expect("pictures", open_instance("", &open).id, 0);
}

int main(int count, char **words)
{
    load(count, words);
    ACMDRVOPENDESCW open = {.cbStruct = sizeof open, .fccType = ACMDRIVERDETAILS_FCCTYPE_AUDIOCODEC};
    Instance first = open_instance("", &open), second = open_instance("", &open);
    it_says_what_it_is(first);
    it_goes_there_and_back(first);
    it_refuses_what_it_does_not_know(second);
    expect("the first closes", ask(first, DRV_CLOSE, 0, 0), 1);
    expect("the second closes", ask(second, DRV_CLOSE, 0, 0), 1);
    return unload();
}
